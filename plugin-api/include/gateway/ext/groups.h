/* gateway/ext/groups.h - gw.groups/1: a service (gateway/ext/service.h) of the bundled plugin `group`: groups
 * of users, for other plugins. gateway/sdk/groups.hpp is its C++ side.
 *
 * What changes something only submits: done comes when it is durable, once for each call that returned GW_OK,
 * on any thread; it does not block and may be null. Other plugins may everything that the API may. */
#ifndef GATEWAY_EXT_GROUPS_H
#define GATEWAY_EXT_GROUPS_H

#include "gateway/ext/service.h"
#include "gateway/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_GROUPS "gw.groups/1"

/* role of a member. */
#define GW_GROUPS_MEMBER UINT32_C(0)
#define GW_GROUPS_MODERATOR UINT32_C(1)
#define GW_GROUPS_OWNER UINT32_C(2)

/* The provider's, during the visit. */
typedef struct gw_groups_member {
    uint32_t struct_size;
    uint32_t role; /* GW_GROUPS_                                             */
    gw_str group_id;
    gw_str user_id;
    int64_t joined_ms;      /* since 1970, UTC                                        */
    int64_t muted_until_ms; /* 0: not muted; INT64_MAX: for ever                      */
    uint32_t online;        /* 1: the user has a connection                           */
    uint32_t reserved;
} gw_groups_member;

/* The caller's, during create(). */
typedef struct gw_groups_traits {
    uint32_t struct_size;
    uint32_t by_invitation; /* 1: only who is invited or added comes in; 0: anybody   */
    gw_str owner;           /* a user, or empty: none                                 */
    gw_str metadata;        /* a JSON object, or empty                                */
} gw_groups_traits;

/* Return 0 to go on, anything else to stop. Must not call the service. */
typedef int32_t (*gw_groups_member_fn)(void* ud, const gw_groups_member* member);
/* status: GW_OK; GW_E_NOTFOUND: no such group or member; GW_E_STATE: a conflict, as a group that is there or
 * is full; GW_E_FAIL: the store failed, nothing was changed. message: why, in words. */
typedef void (*gw_groups_done_fn)(void* ud, int32_t status, gw_str message);

/* The table. Every function: [any]. GW_E_ARG: an id that is none, a message or metadata that is no JSON
 * object, no such role; GW_E_STATE: the provider ends; GW_E_LIMIT: the queues are full. Then done is not
 * called. */
typedef struct gw_groups_v1 {
    gw_service_head head;
    /* A Hub message to every connection of every member; `group_id` is added to it. done: how many
     * connections' queues took it. GW_E_NOTFOUND: no such group. */
    int32_t (*broadcast)(void* self, gw_str group_id, gw_str message, gw_published_fn done, void* ud);
    /* The role of a member: GW_GROUPS_, or GW_E_NOTFOUND. */
    int32_t (*role_of)(void* self, gw_str group_id, gw_str user_id);
    /* Calls each for the members after this user id, in order, at most limit (1..1000) times. The number of
     * calls, or GW_E_NOTFOUND. */
    int64_t (*members)(void* self, gw_str group_id, gw_str after, uint32_t limit, gw_groups_member_fn each,
                       void* ud);
    /* The same for the groups of a user, after this group id. A user in none has 0. */
    int64_t (*groups)(void* self, gw_str user_id, gw_str after, uint32_t limit, gw_groups_member_fn each,
                      void* ud);
    int32_t (*create)(void* self, gw_str group_id, const gw_groups_traits* traits, gw_groups_done_fn done,
                      void* ud);
    int32_t (*remove)(void* self, gw_str group_id, gw_groups_done_fn done, void* ud);
    /* Adds the user, whatever the visibility; who is in it already gets the role. */
    int32_t (*add_member)(void* self, gw_str group_id, gw_str user_id, uint32_t role, gw_groups_done_fn done,
                          void* ud);
    int32_t (*remove_member)(void* self, gw_str group_id, gw_str user_id, gw_groups_done_fn done, void* ud);
} gw_groups_v1;

#ifdef __cplusplus
}
#endif
#endif
