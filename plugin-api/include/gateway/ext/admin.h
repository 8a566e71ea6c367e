/* gateway/ext/admin.h - gw.admin/1: HTTP routes of a plugin's own on the gateway's admin listener.
 *
 * The host listens, checks the API key, Host and Origin, reads the body (bounded; application/json or none)
 * and finds the route; the plugin's handler gets the request and answers it, at once or later from any
 * thread.
 *
 * Paths. A plugin owns everything below /api/v1/plugins/{instance}/, with the instance's name in
 * plugins.load: the path "/customers/{user_id}" of the instance `crm` is
 * /api/v1/plugins/crm/customers/{user_id}. A part in braces takes any text of 1 to 128 bytes without control
 * characters, decoded. Top-level names belong to stages: a path that begins with "/api/v1/groups" may be
 * claimed by a plugin of GW_STAGE_GROUPS, and "/api/v1/tickets" by one of GW_STAGE_TICKETS. The gateway's own
 * routes cannot be taken.
 *
 * An unknown path is 404, another method 405 with Allow; HEAD is served by GET. */
#ifndef GATEWAY_EXT_ADMIN_H
#define GATEWAY_EXT_ADMIN_H

#include "gateway/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_ADMIN "gw.admin/1"

/* The host's, during the handler. */
typedef struct gw_admin_request {
    uint32_t struct_size;
    uint32_t reserved;
    gw_token call;       /* for answer                                      */
    gw_str method;       /* "GET", "POST", "PUT", "PATCH", "DELETE"         */
    gw_str path;         /* "/api/v1/plugins/crm/customers/u%201", as it came, without the query */
    gw_str body;         /* UTF-8 is not checked                            */
    const void* details; /* the host's: for parameter and query             */
} gw_admin_request;

/* [control] Must not block. It answers request->call before it returns, or later. */
typedef void (*gw_admin_fn)(void* ud, const gw_admin_request* request);

typedef struct gw_admin_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control] In create or start. Served from the return of start until stop has returned. At most 64 a
     * plugin. GW_E_ARG: another method, or a path that is none: parts of [A-Za-z0-9._~-] or {name}, at most
     * 16 and 256 bytes. GW_E_STATE: started already, the route is the gateway's or another plugin's, or the
     * name belongs to another stage. GW_E_LIMIT. */
    int32_t (*route)(gw_inst* inst, gw_str method, gw_str path, gw_admin_fn handler, void* ud);
    /* [control] In the handler: a part of the path that the route names in braces; GW_E_NOTFOUND. */
    int32_t (*parameter)(gw_inst* inst, const gw_admin_request* request, gw_str name, gw_str* out);
    /* [control] In the handler: the first such parameter of the query, decoded; GW_E_NOTFOUND. */
    int32_t (*query)(gw_inst* inst, const gw_admin_request* request, gw_str name, gw_str* out);
    /* [any] Answers once, within 9 seconds: after that the host has answered 503. status: 200..599. An empty
     * content_type is application/json. Body: at most 4 MB.
     * GW_E_STALE: answered, too late, or no such call of this plugin. GW_E_ARG; GW_E_LIMIT: the body; in both
     * cases it may still be answered otherwise. */
    int32_t (*answer)(gw_inst* inst, gw_token call, int32_t status, gw_str content_type, gw_str body);
} gw_admin_v1;

#ifdef __cplusplus
}
#endif
#endif
