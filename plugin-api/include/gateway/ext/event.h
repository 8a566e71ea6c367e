/* gateway/ext/event.h - gw.event/1: plugins tell other plugins what happened, by a name and a JSON object:
 * "ticket.assigned", "group.member_joined". Who emits knows no listener, who listens knows no emitter.
 *
 * Listeners are called on the control thread, after emit() returned, one event after the other in the order
 * of their numbers: for two calls of emit() of which one returned before the other began, in that order. A
 * plugin does not hear its own events (those of another generation of it included).
 *
 * An event goes to who listens when its turn comes. What is emitted while plugins start reaches all that
 * called listen() in create, once they are started. At a reload each event is heard by one generation: by the
 * old one until the new chain is in place, by the new one from then on; while an exclusive plugin is being
 * restarted its events wait for it. At the end of the gateway what was emitted before a plugin's stop, or in
 * the stop of one that stops before it, still reaches it. What waits for a plugin that leaves for good goes.
 *
 * For each listening plugin at most GW_EVENT_MAX_WAITING events and GW_EVENT_MAX_WAITING_BYTES of them wait,
 * then the newest is lost for that plugin, and counted: gateway_plugin_events_lost_total. */
#ifndef GATEWAY_EXT_EVENT_H
#define GATEWAY_EXT_EVENT_H

#include "gateway/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_EVENT "gw.event/1"

/* Bytes of a name, of the JSON. */
#define GW_EVENT_MAX_NAME UINT32_C(64)
#define GW_EVENT_MAX_JSON UINT32_C(262144)
/* Of one listening plugin. */
#define GW_EVENT_MAX_WAITING UINT32_C(65536)
#define GW_EVENT_MAX_WAITING_BYTES UINT32_C(33554432) /* of names and JSON */
#define GW_EVENT_MAX_PATTERNS UINT32_C(64)
/* An event that a listener emits while it hears another is one hop further; more are refused. */
#define GW_EVENT_MAX_HOPS UINT32_C(8)

/* The host's, during the listener. */
typedef struct gw_plugin_event {
    uint32_t struct_size;
    uint32_t reserved;
    gw_str name;
    gw_str json;     /* an object */
    gw_str emitter;  /* the instance's name: `name` in plugins.load */
    int64_t at_ms;   /* when it was emitted: since 1970, UTC */
    uint64_t number; /* rises from event to event of this process; who hears all sees what is lost as a gap */
} gw_plugin_event;

/* [control] Must not block. No exception leaves it. */
typedef void (*gw_event_fn)(void* ud, const gw_plugin_event* event);

typedef struct gw_event_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] From start to the end of stop. name: parts of [a-z0-9_-] with dots between, whose first is none
     * of the gateway's own: client, message, websocket, gateway, files, service, error. Both are copied.
     * GW_OK also when nobody listens, which costs a look at the name and no look at the JSON. GW_E_ARG: no
     * such name, or json is no object in UTF-8 or too long; GW_E_STATE: not started; GW_E_LIMIT: too many
     * wait for some listener, or too many hops: it is lost there, and counted. */
    int32_t (*emit)(gw_inst* inst, gw_str name, gw_str json);
    /* [any] 1: some other plugin listens to events of this name, so that it is worth to make the JSON; else
     * 0, or an error as emit(). */
    int32_t (*wanted)(gw_inst* inst, gw_str name);
    /* [control] In create or start: events whose name is `pattern`, or begins with it up to its last dot when
     * it ends in ".*" ("ticket.*" hears "ticket.assigned" and "ticket.note.added"); "*" is all. Until the
     * host has taken the plugin out of service: before its stop. Who matches several patterns of a plugin is
     * heard by each, in the order of listen(). At most GW_EVENT_MAX_PATTERNS a plugin. GW_E_ARG: no such
     * pattern; GW_E_STATE: started already; GW_E_LIMIT. */
    int32_t (*listen)(gw_inst* inst, gw_str pattern, gw_event_fn fn, void* ud);
} gw_event_v1;

#ifdef __cplusplus
}
#endif
#endif
