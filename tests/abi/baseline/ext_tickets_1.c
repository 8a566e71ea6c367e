/* gw.tickets/1: all that its header declares, within reach of one function. */
#include "gateway/ext/tickets.h"

void ext_tickets_1(const gw_tickets_v1* table, const gw_tickets_ticket* ticket,
                   const gw_tickets_traits* traits);
void ext_tickets_1(const gw_tickets_v1* table, const gw_tickets_ticket* ticket,
                   const gw_tickets_traits* traits) {
    (void)table;
    (void)ticket;
    (void)traits;
}
