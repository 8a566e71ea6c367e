/* ABI gw.state/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/state.h"

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


/* gateway/ext/state.h */
TEXT(GW_EXT_STATE, "gw.state/1");
VALUE(GW_STATE_WHOLE, uint32_t, 1);
VALUE(GW_STATE_REST, uint32_t, 2);
VALUE(GW_STATE_MAX_BYTES, uint64_t, 67108864);

LEAST_SIZE(gw_state_v1, 24);
FIELD(gw_state_v1, struct_size, 0, uint32_t *);
FIELD(gw_state_v1, version, 4, uint32_t *);
FIELD(gw_state_v1, save, 8, int32_t (**)(void* self, uint32_t part, gw_str* bytes, gw_error* err));
FIELD(gw_state_v1, load, 16, int32_t (**)(void* self, uint32_t part, uint32_t version, gw_str bytes, gw_error* err));
