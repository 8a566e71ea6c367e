/* ABI gw.store/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/store.h"

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


/* gateway/ext/store.h */
TEXT(GW_STORE, "gw.store/1");
VALUE(GW_STORE_MAX_KEY, uint32_t, 512);
VALUE(GW_STORE_MAX_VALUE, uint32_t, 1048576);
VALUE(GW_STORE_MAX_OPS, uint32_t, 4096);
VALUE(GW_STORE_MAX_COMMIT, uint32_t, 8388608);
VALUE(GW_STORE_MAX_SCAN, uint32_t, 10000);
VALUE(GW_STORE_MAX_WAITING, uint32_t, 65536);
VALUE(GW_STORE_PUT, uint32_t, 1);
VALUE(GW_STORE_DELETE, uint32_t, 2);
VALUE(GW_STORE_APPEND, uint32_t, 3);
VALUE(GW_STORE_DELETE_PREFIX, uint32_t, 4);
VALUE(GW_STORE_EXPECT, uint32_t, 5);
VALUE(GW_STORE_EXPECT_NONE, uint32_t, 6);
CALLBACK(gw_store_done_fn, void (*)(void* ud, const gw_store_result* result));

SIZE(gw_store_op, 40);
FIELD(gw_store_op, kind, 0, uint32_t *);
FIELD(gw_store_op, reserved, 4, uint32_t *);
FIELD(gw_store_op, key, 8, gw_str *);
FIELD(gw_store_op, value, 24, gw_str *);

SIZE(gw_store_entry, 32);
FIELD(gw_store_entry, key, 0, gw_str *);
FIELD(gw_store_entry, value, 16, gw_str *);

LEAST_SIZE(gw_store_range, 48);
FIELD(gw_store_range, struct_size, 0, uint32_t *);
FIELD(gw_store_range, limit, 4, uint32_t *);
FIELD(gw_store_range, from, 8, gw_str *);
FIELD(gw_store_range, to, 24, gw_str *);
FIELD(gw_store_range, reverse, 40, uint32_t *);
FIELD(gw_store_range, reserved, 44, uint32_t *);

LEAST_SIZE(gw_store_result, 48);
FIELD(gw_store_result, struct_size, 0, uint32_t *);
FIELD(gw_store_result, status, 4, int32_t *);
FIELD(gw_store_result, entries, 8, const gw_store_entry* *);
FIELD(gw_store_result, count, 16, uint64_t *);
FIELD(gw_store_result, more, 24, uint32_t *);
FIELD(gw_store_result, reserved, 28, uint32_t *);
FIELD(gw_store_result, message, 32, gw_str *);

LEAST_SIZE(gw_store_v1, 48);
FIELD(gw_store_v1, head, 0, gw_service_head *);
FIELD(gw_store_v1, get, 16, int32_t (**)(void* self, gw_str space, gw_str key, gw_store_done_fn done, void* ud));
FIELD(gw_store_v1, scan, 24, int32_t (**)(void* self, gw_str space, const gw_store_range* range, gw_store_done_fn done, void* ud));
FIELD(gw_store_v1, commit, 32, int32_t (**)(void* self, gw_str space, const gw_store_op* ops, uint64_t count, gw_store_done_fn done, void* ud));
FIELD(gw_store_v1, recover, 40, int32_t (**)(void* self, gw_str space));
