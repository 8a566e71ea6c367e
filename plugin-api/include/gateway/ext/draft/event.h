/* gateway/ext/draft/event.h - gw.event/1, a draft that no host offers yet: plugins tell other plugins what
 * happened, by a name and a JSON object: "ticket.assigned", "group.member_joined". Who emits knows no
 * listener, who listens knows no emitter.
 *
 * Events come to listeners on the control thread, in the order of emit() of one thread, after emit()
 * returned. */
#ifndef GATEWAY_EXT_DRAFT_EVENT_H
#define GATEWAY_EXT_DRAFT_EVENT_H

#include "gateway/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_EVENT "gw.event/1"

/* Bytes of a name, of the JSON; events on their way in the whole gateway. */
#define GW_EVENT_MAX_NAME UINT32_C(64)
#define GW_EVENT_MAX_JSON UINT32_C(262144)
#define GW_EVENT_MAX_WAITING UINT32_C(65536)

/* The host's, during the listener. */
typedef struct gw_plugin_event {
    uint32_t struct_size;
    uint32_t reserved;
    gw_str name;
    gw_str json;     /* an object */
    gw_str emitter;  /* the instance's name */
    int64_t at_ms;   /* when it was emitted: since 1970, UTC */
    uint64_t number; /* one more for each event of this process */
} gw_plugin_event;

/* [control] Must not block. */
typedef void (*gw_event_fn)(void* ud, const gw_plugin_event* event);

typedef struct gw_event_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] From start to stop. name: parts of [a-z0-9_-] with dots between. GW_OK also when nobody listens,
     * which costs a look. GW_E_ARG: no such name, or json is no object; GW_E_LIMIT: too many are on their
     * way: it is lost, and counted. */
    int32_t (*emit)(gw_inst* inst, gw_str name, gw_str json);
    /* [control] In create or start: events whose name is `pattern`, or begins with it when it ends in ".*";
     * "*" is all. Until stop. At most 64 a plugin. */
    int32_t (*listen)(gw_inst* inst, gw_str pattern, gw_event_fn fn, void* ud);
} gw_event_v1;

#ifdef __cplusplus
}
#endif
#endif
