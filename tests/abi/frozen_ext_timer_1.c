/* ABI gw.timer/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/timer.h"

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


/* gateway/ext/timer.h */
TEXT(GW_EXT_TIMER, "gw.timer/1");
VALUE(GW_TIMER_ON_CONTROL, uint32_t, 0);
VALUE(GW_TIMER_ON_CONN, uint32_t, 1);
VALUE(GW_TIMER_AGAIN, int32_t, 0);
VALUE(GW_TIMER_LAST, int32_t, 1);
VALUE(GW_TIMER_MIN_MS, uint32_t, 10);
VALUE(GW_TIMER_MAX_MS, uint32_t, 2592000000);
VALUE(GW_TIMER_MAX_PER_CONN, uint32_t, 16);
VALUE(GW_TIMER_MAX_PER_INSTANCE, uint32_t, 1048576);
CALLBACK(gw_timer_fn, void (*)(void* ud, void* slot, gw_ctx* ctx, int32_t status));

LEAST_SIZE(gw_timer, 48);
FIELD(gw_timer, struct_size, 0, uint32_t *);
FIELD(gw_timer, home, 4, uint32_t *);
FIELD(gw_timer, after_ms, 8, uint32_t *);
FIELD(gw_timer, every_ms, 12, uint32_t *);
FIELD(gw_timer, conn, 16, gw_conn_id *);
FIELD(gw_timer, fn, 32, gw_timer_fn *);
FIELD(gw_timer, ud, 40, void* *);

LEAST_SIZE(gw_timer_v1, 24);
FIELD(gw_timer_v1, struct_size, 0, uint32_t *);
FIELD(gw_timer_v1, reserved, 4, uint32_t *);
FIELD(gw_timer_v1, start, 8, int32_t (**)(gw_inst* inst, const gw_timer* timer, gw_token* out));
FIELD(gw_timer_v1, cancel, 16, int32_t (**)(gw_inst* inst, gw_token token));
