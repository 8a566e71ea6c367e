/* ABI gw.work/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/work.h"

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


/* gateway/ext/work.h */
TEXT(GW_EXT_WORK, "gw.work/1");
VALUE(GW_WORK_ON_CONTROL, uint32_t, 0);
VALUE(GW_WORK_ON_CONN, uint32_t, 1);
VALUE(GW_WORK_ANYWHERE, uint32_t, 2);
VALUE(GW_WORK_MAX_PER_INSTANCE, uint32_t, 16384);
CALLBACK(gw_work_fn, void (*)(void* ud));
CALLBACK(gw_work_done_fn, void (*)(void* ud, void* slot, gw_ctx* ctx, int32_t status));

LEAST_SIZE(gw_work, 48);
FIELD(gw_work, struct_size, 0, uint32_t *);
FIELD(gw_work, home, 4, uint32_t *);
FIELD(gw_work, conn, 8, gw_conn_id *);
FIELD(gw_work, run, 24, gw_work_fn *);
FIELD(gw_work, done, 32, gw_work_done_fn *);
FIELD(gw_work, ud, 40, void* *);

LEAST_SIZE(gw_work_v1, 24);
FIELD(gw_work_v1, struct_size, 0, uint32_t *);
FIELD(gw_work_v1, reserved, 4, uint32_t *);
FIELD(gw_work_v1, start, 8, int32_t (**)(gw_inst* inst, const gw_work* work, gw_token* out));
FIELD(gw_work_v1, cancel, 16, int32_t (**)(gw_inst* inst, gw_token token));
