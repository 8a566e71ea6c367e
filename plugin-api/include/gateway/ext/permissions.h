/* gateway/ext/permissions.h - gw.permissions/1: who may do what, in one place. A rule has a name and a list
 * of user types; the operator changes the list under wsc.security.permissions. The core's own rules are
 * broadcast, message_users, see_presence, use_groups and use_tickets; plugins read them, add their own, and
 * grant or deny one for a single connection. docs/security.md says what each is for.
 *
 * The rules at the top of gateway/plugin.h hold here too. */
#ifndef GATEWAY_EXT_PERMISSIONS_H
#define GATEWAY_EXT_PERMISSIONS_H

#include "gateway/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_PERMISSIONS "gw.permissions/1"

/* decision of set. */
#define GW_PERMIT_DEFAULT INT32_C(0) /* what the rule says of the connection's user type */
#define GW_PERMIT_GRANT INT32_C(1)
#define GW_PERMIT_DENY INT32_C(2) /* until it is granted or reset */

/* The caller's; struct_size is sizeof. All texts are copied. */
typedef struct gw_permission_rule {
    uint32_t struct_size;
    uint32_t reserved;        /* 0                                                                         */
    gw_str name;              /* 1..64 of [a-z0-9_.-]; begin it with the plugin's name: "acme.upload"      */
    gw_str description;       /* after "may not": "upload files"; at most 200 bytes of UTF-8               */
    const gw_str* user_types; /* whom it allows unless the configuration says otherwise; "*" is all        */
    uint64_t user_type_count; /* at most 16                                                                */
} gw_permission_rule;

typedef struct gw_permissions_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control], in create. *rule is this rule's number until the process ends; a later generation of the
     * same instance gets the same. GW_E_ARG: name, description or types are not as above; GW_E_STATE: another
     * plugin or the core has that name; GW_E_LIMIT: there are 64 rules. */
    int32_t (*define)(gw_inst* inst, const gw_permission_rule* definition, uint32_t* rule);
    /* [any] The number of a rule that the core or another plugin defines. GW_E_NOTFOUND: nobody does (yet).
     */
    int32_t (*find)(gw_inst* inst, gw_str name, uint32_t* rule);
    /* [any] 1: clients of this user type may; 0: they may not, or there is no such type or rule. */
    int32_t (*type_may)(gw_inst* inst, gw_str user_type, uint32_t rule);
    /* [conn], in a hook. 1 or 0, for this connection. GW_E_STATE: a handshake, whose identity is not fixed;
     * GW_E_ARG: no such rule. */
    int32_t (*may)(gw_ctx* ctx, uint32_t rule);
    /* [conn], in a hook; a handshake's too: then it counts from the first message on. decision: GW_PERMIT_.
     * GW_E_ARG: no such rule or decision. */
    int32_t (*set)(gw_ctx* ctx, uint32_t rule, int32_t decision);
    /* [conn], in a hook of a message: rejects it with `forbidden` and a text that names the rule. Then return
     * GW_DONE. GW_E_STATE: no request that can be rejected, or no identity; GW_E_ARG: no such rule. */
    int32_t (*refuse)(gw_ctx* ctx, gw_req* req, uint32_t rule);
} gw_permissions_v1;

#ifdef __cplusplus
}
#endif
#endif
