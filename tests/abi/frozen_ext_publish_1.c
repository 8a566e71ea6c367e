/* ABI gw.publish/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/publish.h"

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


/* gateway/ext/publish.h */
TEXT(GW_EXT_PUBLISH, "gw.publish/1");
CALLBACK(gw_publish_done_fn, void (*)(void* ud, const gw_published* published));

LEAST_SIZE(gw_published, 64);
FIELD(gw_published, struct_size, 0, uint32_t *);
FIELD(gw_published, status, 4, int32_t *);
FIELD(gw_published, delivered, 8, uint64_t *);
FIELD(gw_published, msg_id, 16, gw_str *);
FIELD(gw_published, code, 32, gw_str *);
FIELD(gw_published, message, 48, gw_str *);

LEAST_SIZE(gw_publish_v1, 16);
FIELD(gw_publish_v1, struct_size, 0, uint32_t *);
FIELD(gw_publish_v1, reserved, 4, uint32_t *);
FIELD(gw_publish_v1, publish, 8, int32_t (**)(gw_inst* inst, const gw_destination* to, gw_str message, gw_publish_done_fn done, void* ud, gw_error* err));
