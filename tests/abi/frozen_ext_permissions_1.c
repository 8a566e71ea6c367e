/* ABI gw.permissions/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/permissions.h"

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


/* gateway/ext/permissions.h */
TEXT(GW_EXT_PERMISSIONS, "gw.permissions/1");
VALUE(GW_PERMIT_DEFAULT, int32_t, 0);
VALUE(GW_PERMIT_GRANT, int32_t, 1);
VALUE(GW_PERMIT_DENY, int32_t, 2);

LEAST_SIZE(gw_permission_rule, 56);
FIELD(gw_permission_rule, struct_size, 0, uint32_t *);
FIELD(gw_permission_rule, reserved, 4, uint32_t *);
FIELD(gw_permission_rule, name, 8, gw_str *);
FIELD(gw_permission_rule, description, 24, gw_str *);
FIELD(gw_permission_rule, user_types, 40, const gw_str* *);
FIELD(gw_permission_rule, user_type_count, 48, uint64_t *);

LEAST_SIZE(gw_permissions_v1, 56);
FIELD(gw_permissions_v1, struct_size, 0, uint32_t *);
FIELD(gw_permissions_v1, reserved, 4, uint32_t *);
FIELD(gw_permissions_v1, define, 8, int32_t (**)(gw_inst* inst, const gw_permission_rule* definition, uint32_t* rule));
FIELD(gw_permissions_v1, find, 16, int32_t (**)(gw_inst* inst, gw_str name, uint32_t* rule));
FIELD(gw_permissions_v1, type_may, 24, int32_t (**)(gw_inst* inst, gw_str user_type, uint32_t rule));
FIELD(gw_permissions_v1, may, 32, int32_t (**)(gw_ctx* ctx, uint32_t rule));
FIELD(gw_permissions_v1, set, 40, int32_t (**)(gw_ctx* ctx, uint32_t rule, int32_t decision));
FIELD(gw_permissions_v1, refuse, 48, int32_t (**)(gw_ctx* ctx, gw_req* req, uint32_t rule));
