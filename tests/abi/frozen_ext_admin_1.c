/* ABI gw.admin/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/admin.h"

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


/* gateway/ext/admin.h */
TEXT(GW_EXT_ADMIN, "gw.admin/1");
CALLBACK(gw_admin_fn, void (*)(void* ud, const gw_admin_request* request));

LEAST_SIZE(gw_admin_request, 80);
FIELD(gw_admin_request, struct_size, 0, uint32_t *);
FIELD(gw_admin_request, reserved, 4, uint32_t *);
FIELD(gw_admin_request, call, 8, gw_token *);
FIELD(gw_admin_request, method, 24, gw_str *);
FIELD(gw_admin_request, path, 40, gw_str *);
FIELD(gw_admin_request, body, 56, gw_str *);
FIELD(gw_admin_request, details, 72, const void* *);

LEAST_SIZE(gw_admin_v1, 40);
FIELD(gw_admin_v1, struct_size, 0, uint32_t *);
FIELD(gw_admin_v1, reserved, 4, uint32_t *);
FIELD(gw_admin_v1, route, 8, int32_t (**)(gw_inst* inst, gw_str method, gw_str path, gw_admin_fn handler, void* ud));
FIELD(gw_admin_v1, parameter, 16, int32_t (**)(gw_inst* inst, const gw_admin_request* request, gw_str name, gw_str* out));
FIELD(gw_admin_v1, query, 24, int32_t (**)(gw_inst* inst, const gw_admin_request* request, gw_str name, gw_str* out));
FIELD(gw_admin_v1, answer, 32, int32_t (**)(gw_inst* inst, gw_token call, int32_t status, gw_str content_type, gw_str body));
