/* gw.permissions/1: all that its header declares, within reach of one function. */
#include "gateway/ext/permissions.h"

void ext_permissions_1(const gw_permissions_v1* table, const gw_permission_rule* rule);
void ext_permissions_1(const gw_permissions_v1* table, const gw_permission_rule* rule) {
    (void)table;
    (void)rule;
}
