/* gw.groups/1: all that its header declares, within reach of one function. */
#include "gateway/ext/groups.h"

void ext_groups_1(const gw_groups_v1* table, const gw_groups_member* member, const gw_groups_traits* traits);
void ext_groups_1(const gw_groups_v1* table, const gw_groups_member* member, const gw_groups_traits* traits) {
    (void)table;
    (void)member;
    (void)traits;
}
