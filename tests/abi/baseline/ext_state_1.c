/* gw.state/1: all that its header declares, within reach of one function. */
#include "gateway/ext/state.h"

void ext_state_1(const gw_state_v1* table);
void ext_state_1(const gw_state_v1* table) {
    (void)table;
}
