/* gw.admin/1: all that its header declares, within reach of one function. */
#include "gateway/ext/admin.h"

void ext_admin_1(const gw_admin_v1* table, const gw_admin_request* request, gw_admin_fn handler);
void ext_admin_1(const gw_admin_v1* table, const gw_admin_request* request, gw_admin_fn handler) {
    (void)table;
    (void)request;
    (void)handler;
}
