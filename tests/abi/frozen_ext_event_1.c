/* ABI gw.event/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/event.h"

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


/* gateway/ext/event.h */
TEXT(GW_EXT_EVENT, "gw.event/1");
VALUE(GW_EVENT_MAX_NAME, uint32_t, 64);
VALUE(GW_EVENT_MAX_JSON, uint32_t, 262144);
VALUE(GW_EVENT_MAX_WAITING, uint32_t, 65536);
VALUE(GW_EVENT_MAX_WAITING_BYTES, uint32_t, 33554432);
VALUE(GW_EVENT_MAX_PATTERNS, uint32_t, 64);
VALUE(GW_EVENT_MAX_HOPS, uint32_t, 8);
CALLBACK(gw_event_fn, void (*)(void* ud, const gw_plugin_event* event));

LEAST_SIZE(gw_plugin_event, 72);
FIELD(gw_plugin_event, struct_size, 0, uint32_t *);
FIELD(gw_plugin_event, reserved, 4, uint32_t *);
FIELD(gw_plugin_event, name, 8, gw_str *);
FIELD(gw_plugin_event, json, 24, gw_str *);
FIELD(gw_plugin_event, emitter, 40, gw_str *);
FIELD(gw_plugin_event, at_ms, 56, int64_t *);
FIELD(gw_plugin_event, number, 64, uint64_t *);

LEAST_SIZE(gw_event_v1, 32);
FIELD(gw_event_v1, struct_size, 0, uint32_t *);
FIELD(gw_event_v1, reserved, 4, uint32_t *);
FIELD(gw_event_v1, emit, 8, int32_t (**)(gw_inst* inst, gw_str name, gw_str json));
FIELD(gw_event_v1, wanted, 16, int32_t (**)(gw_inst* inst, gw_str name));
FIELD(gw_event_v1, listen, 24, int32_t (**)(gw_inst* inst, gw_str pattern, gw_event_fn fn, void* ud));
