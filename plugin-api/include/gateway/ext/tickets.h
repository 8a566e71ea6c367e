/* gateway/ext/tickets.h - gw.tickets/1: a service (gateway/ext/service.h) of the bundled plugin `ticket`:
 * tickets between customers and agents, for other plugins. gateway/sdk/tickets.hpp is its C++ side.
 *
 * What changes something only submits: done comes when it is durable, once for each call that returned GW_OK,
 * on any thread; it does not block and may be null. Other plugins may everything that the API may. */
#ifndef GATEWAY_EXT_TICKETS_H
#define GATEWAY_EXT_TICKETS_H

#include "gateway/ext/service.h"
#include "gateway/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_TICKETS "gw.tickets/1"

/* state of a ticket. */
#define GW_TICKETS_QUEUED UINT32_C(0)
#define GW_TICKETS_REOPENED UINT32_C(1)
#define GW_TICKETS_OFFERED UINT32_C(2)
#define GW_TICKETS_ACTIVE UINT32_C(3)
#define GW_TICKETS_PAUSED UINT32_C(4)
#define GW_TICKETS_CLOSED UINT32_C(5)

/* priority of a ticket. */
#define GW_TICKETS_LOW UINT32_C(0)
#define GW_TICKETS_NORMAL UINT32_C(1)
#define GW_TICKETS_HIGH UINT32_C(2)
#define GW_TICKETS_URGENT UINT32_C(3)

/* The provider's, during the visit. Empty: it has none. */
typedef struct gw_tickets_ticket {
    uint32_t struct_size;
    uint32_t state;    /* GW_TICKETS_QUEUED..                                    */
    uint32_t priority; /* GW_TICKETS_LOW..                                       */
    uint32_t reserved;
    gw_str ticket_id;
    gw_str customer; /* a user                                                 */
    gw_str agent_id; /* a user, who has it or had it last                      */
    gw_str subject;
    gw_str data;        /* a JSON object                                          */
    int64_t created_ms; /* since 1970, UTC                                        */
} gw_tickets_ticket;

/* The caller's, during open(). Empty texts: not said. */
typedef struct gw_tickets_traits {
    uint32_t struct_size;
    uint32_t priority; /* GW_TICKETS_LOW..                                       */
    gw_str ticket_id;  /* empty: one is made                                     */
    gw_str customer;   /* a user; needed                                         */
    gw_str subject;    /* at most 500 bytes                                      */
    gw_str data;       /* a JSON object                                          */
    const gw_str* skills;
    uint64_t skill_count; /* at most 16, of 1..64 bytes                             */
} gw_tickets_traits;

/* Return 0 to go on, anything else to stop. Must not call the service. */
typedef int32_t (*gw_tickets_ticket_fn)(void* ud, const gw_tickets_ticket* ticket);
/* status: GW_OK; GW_E_NOTFOUND: no such ticket; GW_E_STATE: a conflict, as a ticket that is closed or an
 * agent without room; GW_E_FAIL: the store failed, nothing was changed. message: of GW_OK the ticket's id,
 * else why, in words. */
typedef void (*gw_tickets_done_fn)(void* ud, int32_t status, gw_str message);

/* The table. Every function: [any]. GW_E_ARG: an id that is none, a message or data that is no JSON object;
 * GW_E_STATE: the provider ends; GW_E_LIMIT: the queues are full. Then done is not called. */
typedef struct gw_tickets_v1 {
    gw_service_head head;
    /* A Hub message to every connection of who takes part, and into the history; `ticket_id` is added to it.
     */
    int32_t (*send)(void* self, gw_str ticket_id, gw_str message, gw_tickets_done_fn done, void* ud);
    /* Calls each with the ticket, once. GW_OK, or GW_E_NOTFOUND. */
    int32_t (*find)(void* self, gw_str ticket_id, gw_tickets_ticket_fn each, void* ud);
    /* Calls each for the open tickets that the user takes part in, after this ticket id, in order, at most
     * limit (1..1000) times. The number of calls. */
    int64_t (*tickets_of)(void* self, gw_str user_id, gw_str after, uint32_t limit, gw_tickets_ticket_fn each,
                          void* ud);
    int32_t (*open)(void* self, const gw_tickets_traits* traits, gw_tickets_done_fn done, void* ud);
    /* agent_id empty: whoever is free. */
    int32_t (*assign)(void* self, gw_str ticket_id, gw_str agent_id, gw_tickets_done_fn done, void* ud);
    /* agent_id empty: back to the queue. note: for the staff, or empty. */
    int32_t (*transfer)(void* self, gw_str ticket_id, gw_str agent_id, gw_str note, gw_tickets_done_fn done,
                        void* ud);
    int32_t (*close)(void* self, gw_str ticket_id, gw_str reason, gw_tickets_done_fn done, void* ud);
} gw_tickets_v1;

#ifdef __cplusplus
}
#endif
#endif
