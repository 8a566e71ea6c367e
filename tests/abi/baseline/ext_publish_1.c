/* gw.publish/1: all that its header declares, within reach of one function. */
#include "gateway/ext/publish.h"

void ext_publish_1(const gw_publish_v1* table, const gw_published* published);
void ext_publish_1(const gw_publish_v1* table, const gw_published* published) {
    (void)table;
    (void)published;
}
