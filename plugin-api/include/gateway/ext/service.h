/* gateway/ext/service.h - gw.service/1: plugins that offer functions to other plugins, by a name.
 *
 * A service is a struct of the provider's own, mostly of functions, that both sides know from a header of the
 * provider. Its name has a version, "acme.crm/1": a struct that changes otherwise than by appending to its
 * end gets another one. It is written into the note of both sides: offers=acme.crm/1    of the plugin that
 * publishes it: one loaded plugin for each name uses=acme.crm/1      of the plugin that acquires it, needed
 * or not The host starts providers before their users, whatever their order in the chain, and stops them
 * after.
 *
 * Whoever acquired a service has a pin on that generation of its provider: it is neither stopped nor
 * destroyed before release, or before its user is. A provider that was swapped or that went is told to the
 * plugins that want GW_EV_SERVICE_CHANGED: they release what they have, and acquire anew.
 *
 * Functions of a service are called on any thread, never block, and let no exception out. Who answers later
 * says so by a callback, on any thread; the user comes back to its connection by gw_host.defer and resume. */
#ifndef GATEWAY_EXT_SERVICE_H
#define GATEWAY_EXT_SERVICE_H

#include "gateway/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_SERVICE "gw.service/1"

/* code of GW_EV_SERVICE_CHANGED, whose reason is the service's name. */
#define GW_SERVICE_OFFERED INT32_C(1) /* there is another table, or one at last: release, acquire anew */
#define GW_SERVICE_GONE INT32_C(2)    /* there is none any more: release                               */

/* What a service's struct may begin with; self goes into each call. A value type: it never changes. */
typedef struct gw_service_head {
    uint32_t struct_size; /* of the whole struct, which grows at its end only */
    uint32_t reserved;
    void* self; /* the provider's */
} gw_service_head;

typedef struct gw_service_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control] In create or start. The table is the provider's and stays valid until its destroy; others get
     * it when start has returned. At most 64 a plugin.
     * GW_E_ARG: no name of the form NAME/VERSION, or a null table. GW_E_STATE: started already, the note does
     * not offer the name, or it is published already. GW_E_LIMIT. */
    int32_t (*publish)(gw_inst* inst, gw_str name, const void* table);
    /* [control] In create: this plugin cannot do without. The host refuses to start, in words, when no loaded
     * plugin offers it. GW_E_ARG; GW_E_STATE: not in create, or the note does not use the name. */
    int32_t (*require)(gw_inst* inst, gw_str name);
    /* [any] From start on. *table is valid until *pin is released; several pins of one service are allowed,
     * 1024 a plugin. GW_E_NOTFOUND: nobody offers it now. GW_E_ARG; GW_E_STATE: in create, or the note does
     * not use the name. GW_E_LIMIT. */
    int32_t (*acquire)(gw_inst* inst, gw_str name, const void** table, uint64_t* pin);
    /* [any] When no thread of the user is in the table's functions any more; at the latest in stop.
     * GW_E_STALE: no such pin of this plugin. */
    int32_t (*release)(gw_inst* inst, uint64_t pin);
} gw_service_v1;

#ifdef __cplusplus
}
#endif
#endif
