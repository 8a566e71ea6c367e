/* gateway/ext/state.h - gw.state/1: what a plugin takes along when it is reloaded while connections stay.
 *
 * Offered by the plugin, not by the host: gw_plugin.extension answers GW_EXT_STATE with its gw_state_v1. When
 * a new generation of the plugin takes the place of an old one, both of which offer it, the host calls
 *
 *   1. save(WHOLE) of the old one, load(WHOLE) of the new one: after its create, before its start. The old
 * one serves on meanwhile: its [conn] hooks run at the same time as its save, and change what was saved;
 *   2. save(REST) of the old one, load(REST) of the new one: when no hook of the old one runs any more,
 * before its stop. That is what changed since WHOLE was saved: a count that is to be added, entries to be
 * taken. The new one serves already: its [conn] hooks run at the same time as its load.
 *
 * So the new generation has the state from its first request on, and nothing that the old one did until its
 * last is lost. A plugin to which 1 is enough saves nothing at 2. One that is restarted (exclusive=yes in its
 * note) has one step: save(WHOLE) when no hook runs any more, load(WHOLE) before the new one's start.
 *
 * What belongs to one connection goes along in its string attributes: detach writes them, attach reads them.
 */
#ifndef GATEWAY_EXT_STATE_H
#define GATEWAY_EXT_STATE_H

#include "gateway/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_STATE "gw.state/1"

/* part of save and load. */
#define GW_STATE_WHOLE UINT32_C(1)
#define GW_STATE_REST UINT32_C(2)

/* The most that save may hand out. */
#define GW_STATE_MAX_BYTES UINT64_C(67108864)

/* The plugin's; constant until destroy returns. */
typedef struct gw_state_v1 {
    uint32_t struct_size;
    uint32_t
        version; /* of the bytes that save makes: the plugin's own, handed to the load of any other version */
    /* [control] *bytes: the plugin's, unchanged until its next save or its stop; the host copies them at
     * once. Empty: nothing to take along, no load follows. Below 0 with *err filled: the reload does not take
     * place (WHOLE), or is logged (REST). */
    int32_t (*save)(void* self, uint32_t part, gw_str* bytes, gw_error* err);
    /* [control] bytes: the host's, during the call. version: the saver's, older or newer than this one's.
     * Below 0 with *err filled: the reload does not take place (WHOLE), or is logged (REST). */
    int32_t (*load)(void* self, uint32_t part, uint32_t version, gw_str bytes, gw_error* err);
} gw_state_v1;

#ifdef __cplusplus
}
#endif
#endif
