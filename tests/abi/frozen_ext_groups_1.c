/* ABI gw.groups/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/groups.h"

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


/* gateway/ext/groups.h */
TEXT(GW_GROUPS, "gw.groups/1");
VALUE(GW_GROUPS_MEMBER, uint32_t, 0);
VALUE(GW_GROUPS_MODERATOR, uint32_t, 1);
VALUE(GW_GROUPS_OWNER, uint32_t, 2);
CALLBACK(gw_groups_member_fn, int32_t (*)(void* ud, const gw_groups_member* member));
CALLBACK(gw_groups_done_fn, void (*)(void* ud, int32_t status, gw_str message));

LEAST_SIZE(gw_groups_member, 64);
FIELD(gw_groups_member, struct_size, 0, uint32_t *);
FIELD(gw_groups_member, role, 4, uint32_t *);
FIELD(gw_groups_member, group_id, 8, gw_str *);
FIELD(gw_groups_member, user_id, 24, gw_str *);
FIELD(gw_groups_member, joined_ms, 40, int64_t *);
FIELD(gw_groups_member, muted_until_ms, 48, int64_t *);
FIELD(gw_groups_member, online, 56, uint32_t *);
FIELD(gw_groups_member, reserved, 60, uint32_t *);

LEAST_SIZE(gw_groups_traits, 40);
FIELD(gw_groups_traits, struct_size, 0, uint32_t *);
FIELD(gw_groups_traits, by_invitation, 4, uint32_t *);
FIELD(gw_groups_traits, owner, 8, gw_str *);
FIELD(gw_groups_traits, metadata, 24, gw_str *);

LEAST_SIZE(gw_groups_v1, 80);
FIELD(gw_groups_v1, head, 0, gw_service_head *);
FIELD(gw_groups_v1, broadcast, 16, int32_t (**)(void* self, gw_str group_id, gw_str message, gw_published_fn done, void* ud));
FIELD(gw_groups_v1, role_of, 24, int32_t (**)(void* self, gw_str group_id, gw_str user_id));
FIELD(gw_groups_v1, members, 32, int64_t (**)(void* self, gw_str group_id, gw_str after, uint32_t limit, gw_groups_member_fn each, void* ud));
FIELD(gw_groups_v1, groups, 40, int64_t (**)(void* self, gw_str user_id, gw_str after, uint32_t limit, gw_groups_member_fn each, void* ud));
FIELD(gw_groups_v1, create, 48, int32_t (**)(void* self, gw_str group_id, const gw_groups_traits* traits, gw_groups_done_fn done, void* ud));
FIELD(gw_groups_v1, remove, 56, int32_t (**)(void* self, gw_str group_id, gw_groups_done_fn done, void* ud));
FIELD(gw_groups_v1, add_member, 64, int32_t (**)(void* self, gw_str group_id, gw_str user_id, uint32_t role, gw_groups_done_fn done, void* ud));
FIELD(gw_groups_v1, remove_member, 72, int32_t (**)(void* self, gw_str group_id, gw_str user_id, gw_groups_done_fn done, void* ud));
