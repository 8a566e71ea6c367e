/* gw.work/1: all that its header declares, within reach of one function. */
#include "gateway/ext/work.h"

void ext_work_1(const gw_work_v1* table, const gw_work* work);
void ext_work_1(const gw_work_v1* table, const gw_work* work) {
    (void)table;
    (void)work;
}
