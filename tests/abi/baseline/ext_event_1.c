/* gw.event/1: all that its header declares, within reach of one function. */
#include "gateway/ext/event.h"

void ext_event_1(const gw_event_v1* table, const gw_plugin_event* event);
void ext_event_1(const gw_event_v1* table, const gw_plugin_event* event) {
    (void)table;
    (void)event;
}
