/* gw.timer/1: all that its header declares, within reach of one function. */
#include "gateway/ext/timer.h"

void ext_timer_1(const gw_timer_v1* table, const gw_timer* timer);
void ext_timer_1(const gw_timer_v1* table, const gw_timer* timer) {
    (void)table;
    (void)timer;
}
