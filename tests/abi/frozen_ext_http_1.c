/* ABI gw.http/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/http.h"

#define VALUE(name, type, value) \
    _Static_assert(_Generic((name), type: 1, default: 0) && (name) == (value), #name " is " #type " " #value)
#define TEXT(name, value) _Static_assert(__builtin_strcmp(name, value) == 0, #name)
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), "size of " #type)
#define LEAST_SIZE(type, size) _Static_assert(sizeof(type) >= (size), "size of " #type)
#define FIELD(struct_type, field, offset, ...) \
    _Static_assert(offsetof(struct_type, field) == (offset), #struct_type "." #field " moved"); \
    _Static_assert(_Generic(&((struct_type *)0)->field, __VA_ARGS__: 1, default: 0), \
                   #struct_type "." #field " is no longer what it was")
#define CALLBACK(name, ...) \
    _Static_assert(_Generic((name)0, __VA_ARGS__: 1, default: 0), #name " is no longer what it was")


/* gateway/ext/http.h */
TEXT(GW_EXT_HTTP, "gw.http/1");
VALUE(GW_HTTP_OK, int32_t, 0);
VALUE(GW_HTTP_TIMEOUT, int32_t, 1);
VALUE(GW_HTTP_RESOLVE, int32_t, 2);
VALUE(GW_HTTP_CONNECT, int32_t, 3);
VALUE(GW_HTTP_TLS, int32_t, 4);
VALUE(GW_HTTP_BROKEN, int32_t, 5);
VALUE(GW_HTTP_TOO_LARGE, int32_t, 6);
VALUE(GW_HTTP_CANCELLED, int32_t, 7);
VALUE(GW_HTTP_LIMIT, int32_t, 8);
VALUE(GW_HTTP_REPEATABLE, uint32_t, 1);
CALLBACK(gw_http_done_fn, void (*)(void* ud, const gw_http_response* response));

SIZE(gw_http_header, 32);
FIELD(gw_http_header, name, 0, gw_str *);
FIELD(gw_http_header, value, 16, gw_str *);

LEAST_SIZE(gw_http_request, 88);
FIELD(gw_http_request, struct_size, 0, uint32_t *);
FIELD(gw_http_request, flags, 4, uint32_t *);
FIELD(gw_http_request, method, 8, gw_str *);
FIELD(gw_http_request, url, 24, gw_str *);
FIELD(gw_http_request, body, 40, gw_str *);
FIELD(gw_http_request, headers, 56, const gw_http_header* *);
FIELD(gw_http_request, header_count, 64, uint64_t *);
FIELD(gw_http_request, timeout_ms, 72, uint32_t *);
FIELD(gw_http_request, connect_timeout_ms, 76, uint32_t *);
FIELD(gw_http_request, max_response_bytes, 80, uint64_t *);

LEAST_SIZE(gw_http_response, 64);
FIELD(gw_http_response, struct_size, 0, uint32_t *);
FIELD(gw_http_response, outcome, 4, int32_t *);
FIELD(gw_http_response, status, 8, int32_t *);
FIELD(gw_http_response, reserved, 12, uint32_t *);
FIELD(gw_http_response, error, 16, gw_str *);
FIELD(gw_http_response, body, 32, gw_str *);
FIELD(gw_http_response, headers, 48, const gw_http_header* *);
FIELD(gw_http_response, header_count, 56, uint64_t *);

LEAST_SIZE(gw_http_v1, 32);
FIELD(gw_http_v1, struct_size, 0, uint32_t *);
FIELD(gw_http_v1, reserved, 4, uint32_t *);
FIELD(gw_http_v1, request, 8, int32_t (**)(gw_inst* inst, const gw_http_request* request, gw_http_done_fn done, void* ud, gw_token* out, gw_error* err));
FIELD(gw_http_v1, cancel, 16, int32_t (**)(gw_inst* inst, gw_token token));
FIELD(gw_http_v1, check_url, 24, int32_t (**)(gw_inst* inst, gw_str url, gw_error* err));
