/* gw.store/1: all that its header declares, within reach of one function. */
#include "gateway/ext/store.h"

void ext_store_1(const gw_store_v1* table, const gw_store_op* op, const gw_store_range* range,
                 const gw_store_result* result);
void ext_store_1(const gw_store_v1* table, const gw_store_op* op, const gw_store_range* range,
                 const gw_store_result* result) {
    (void)table;
    (void)op;
    (void)range;
    (void)result;
}
