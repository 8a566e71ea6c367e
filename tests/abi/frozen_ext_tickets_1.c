/* ABI gw.tickets/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/tickets.h"

#define VALUE(name, type, value) \
    _Static_assert(_Generic((name), type: 1, default: 0) && (name) == (value), #name " is " #type " " #value)
#define TEXT(name, value) _Static_assert(__builtin_strcmp(name, value) == 0, #name)
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), "size of " #type)
#define LEAST_SIZE(type, size) _Static_assert(sizeof(type) >= (size), "size of " #type)
#define FIELD(struct_type, field, offset, ...) \
    _Static_assert(offsetof(struct_type, field) == (offset), #struct_type "." #field " moved"); \
    _Static_assert(_Generic(&((struct_type *)0)->field, __VA_ARGS__: 1, default: 0), \
                   #struct_type "." #field " is no longer what it was")
#define CALLBACK(name, ...) \
    _Static_assert(_Generic((name)0, __VA_ARGS__: 1, default: 0), #name " is no longer what it was")


/* gateway/ext/tickets.h */
TEXT(GW_TICKETS, "gw.tickets/1");
VALUE(GW_TICKETS_QUEUED, uint32_t, 0);
VALUE(GW_TICKETS_REOPENED, uint32_t, 1);
VALUE(GW_TICKETS_OFFERED, uint32_t, 2);
VALUE(GW_TICKETS_ACTIVE, uint32_t, 3);
VALUE(GW_TICKETS_PAUSED, uint32_t, 4);
VALUE(GW_TICKETS_CLOSED, uint32_t, 5);
VALUE(GW_TICKETS_LOW, uint32_t, 0);
VALUE(GW_TICKETS_NORMAL, uint32_t, 1);
VALUE(GW_TICKETS_HIGH, uint32_t, 2);
VALUE(GW_TICKETS_URGENT, uint32_t, 3);
CALLBACK(gw_tickets_ticket_fn, int32_t (*)(void* ud, const gw_tickets_ticket* ticket));
CALLBACK(gw_tickets_done_fn, void (*)(void* ud, int32_t status, gw_str message));

LEAST_SIZE(gw_tickets_ticket, 104);
FIELD(gw_tickets_ticket, struct_size, 0, uint32_t *);
FIELD(gw_tickets_ticket, state, 4, uint32_t *);
FIELD(gw_tickets_ticket, priority, 8, uint32_t *);
FIELD(gw_tickets_ticket, reserved, 12, uint32_t *);
FIELD(gw_tickets_ticket, ticket_id, 16, gw_str *);
FIELD(gw_tickets_ticket, customer, 32, gw_str *);
FIELD(gw_tickets_ticket, agent_id, 48, gw_str *);
FIELD(gw_tickets_ticket, subject, 64, gw_str *);
FIELD(gw_tickets_ticket, data, 80, gw_str *);
FIELD(gw_tickets_ticket, created_ms, 96, int64_t *);

LEAST_SIZE(gw_tickets_traits, 88);
FIELD(gw_tickets_traits, struct_size, 0, uint32_t *);
FIELD(gw_tickets_traits, priority, 4, uint32_t *);
FIELD(gw_tickets_traits, ticket_id, 8, gw_str *);
FIELD(gw_tickets_traits, customer, 24, gw_str *);
FIELD(gw_tickets_traits, subject, 40, gw_str *);
FIELD(gw_tickets_traits, data, 56, gw_str *);
FIELD(gw_tickets_traits, skills, 72, const gw_str* *);
FIELD(gw_tickets_traits, skill_count, 80, uint64_t *);

LEAST_SIZE(gw_tickets_v1, 72);
FIELD(gw_tickets_v1, head, 0, gw_service_head *);
FIELD(gw_tickets_v1, send, 16, int32_t (**)(void* self, gw_str ticket_id, gw_str message, gw_tickets_done_fn done, void* ud));
FIELD(gw_tickets_v1, find, 24, int32_t (**)(void* self, gw_str ticket_id, gw_tickets_ticket_fn each, void* ud));
FIELD(gw_tickets_v1, tickets_of, 32, int64_t (**)(void* self, gw_str user_id, gw_str after, uint32_t limit, gw_tickets_ticket_fn each, void* ud));
FIELD(gw_tickets_v1, open, 40, int32_t (**)(void* self, const gw_tickets_traits* traits, gw_tickets_done_fn done, void* ud));
FIELD(gw_tickets_v1, assign, 48, int32_t (**)(void* self, gw_str ticket_id, gw_str agent_id, gw_tickets_done_fn done, void* ud));
FIELD(gw_tickets_v1, transfer, 56, int32_t (**)(void* self, gw_str ticket_id, gw_str agent_id, gw_str note, gw_tickets_done_fn done, void* ud));
FIELD(gw_tickets_v1, close, 64, int32_t (**)(void* self, gw_str ticket_id, gw_str reason, gw_tickets_done_fn done, void* ud));
