/* gw.service/1: all that its header declares, within reach of one function. */
#include "gateway/ext/service.h"

void ext_service_1(const gw_service_v1* table, const gw_service_head* head);
void ext_service_1(const gw_service_v1* table, const gw_service_head* head) {
    (void)table;
    (void)head;
}
