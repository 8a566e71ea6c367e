/* gateway/ext/publish.h - gw.publish/1: gw_host.publish with the whole answer: the id that the message got,
 * and in words why it was not sent. */
#ifndef GATEWAY_EXT_PUBLISH_H
#define GATEWAY_EXT_PUBLISH_H

#include "gateway/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_PUBLISH "gw.publish/1"

/* The host's, during done. */
typedef struct gw_published {
    uint32_t struct_size;
    int32_t status;     /* GW_OK: sent. GW_E_FAIL: refused, by a publish hook or at its destination */
    uint64_t delivered; /* connections whose queue took it                                          */
    gw_str msg_id;      /* the stamp that it got; empty when it was refused                         */
    gw_str code;        /* of a refusal: "forbidden", "unavailable", as in error frames             */
    gw_str message;     /* of a refusal, in words                                                   */
} gw_published;

/* [any] Once for each publish that returned GW_OK. Must not block. */
typedef void (*gw_publish_done_fn)(void* ud, const gw_published* published);

typedef struct gw_publish_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] As gw_host.publish, and in one order with it. done may be null. err, which may be null, gets the
     * words of an error: GW_E_ARG: no Hub message, or no such destination; GW_E_LIMIT: the queues are full.
     * Then done is not called. */
    int32_t (*publish)(gw_inst* inst, const gw_destination* to, gw_str message, gw_publish_done_fn done,
                       void* ud, gw_error* err);
} gw_publish_v1;

#ifdef __cplusplus
}
#endif
#endif
