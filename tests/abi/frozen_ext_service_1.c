/* ABI gw.service/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/service.h"

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


/* gateway/ext/service.h */
TEXT(GW_EXT_SERVICE, "gw.service/1");
VALUE(GW_SERVICE_OFFERED, int32_t, 1);
VALUE(GW_SERVICE_GONE, int32_t, 2);

SIZE(gw_service_head, 16);
FIELD(gw_service_head, struct_size, 0, uint32_t *);
FIELD(gw_service_head, reserved, 4, uint32_t *);
FIELD(gw_service_head, self, 8, void* *);

LEAST_SIZE(gw_service_v1, 40);
FIELD(gw_service_v1, struct_size, 0, uint32_t *);
FIELD(gw_service_v1, reserved, 4, uint32_t *);
FIELD(gw_service_v1, publish, 8, int32_t (**)(gw_inst* inst, gw_str name, const void* table));
FIELD(gw_service_v1, require, 16, int32_t (**)(gw_inst* inst, gw_str name));
FIELD(gw_service_v1, acquire, 24, int32_t (**)(gw_inst* inst, gw_str name, const void** table, uint64_t* pin));
FIELD(gw_service_v1, release, 32, int32_t (**)(gw_inst* inst, uint64_t pin));
