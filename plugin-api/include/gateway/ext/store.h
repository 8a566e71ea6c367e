/* gateway/ext/store.h - gw.store/1: a service (gateway/ext/service.h) that keeps what must survive. One
 * ordered map from keys to values for each space; the bundled provider is `store-sqlite`.
 *
 * Its functions only submit: they copy what they are given and return. The answer comes to `done`, once for
 * each call that returned GW_OK, on the provider's own thread, never inside the call; `done` does not block.
 * gateway/sdk/store.hpp brings it to the control thread or to a connection.
 *
 * Order: what one space was asked is done in the order of the calls, so that a read sees every commit that
 * was submitted before it, and `done` comes in that order too. A commit is atomic, and durable when its
 * `done` says GW_OK: a killed process or a power failure does not undo it. */
#ifndef GATEWAY_EXT_STORE_H
#define GATEWAY_EXT_STORE_H

#include "gateway/ext/service.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_STORE "gw.store/1"

/* Limits. Bytes; operations of one commit and the bytes of its keys and values; entries of one scan; calls of
 * all users that wait. */
#define GW_STORE_MAX_KEY UINT32_C(512)
#define GW_STORE_MAX_VALUE UINT32_C(1048576)
#define GW_STORE_MAX_OPS UINT32_C(4096)
#define GW_STORE_MAX_COMMIT UINT32_C(8388608)
#define GW_STORE_MAX_SCAN UINT32_C(10000)
#define GW_STORE_MAX_WAITING UINT32_C(65536)

/* kind of gw_store_op. */
#define GW_STORE_PUT UINT32_C(1)    /* value under key                                              */
#define GW_STORE_DELETE UINT32_C(2) /* no value under key; fine when there is none                  */
#define GW_STORE_APPEND \
    UINT32_C(3) /* value under key + 8 bytes, big endian: one more than the greatest such, from 1 */
#define GW_STORE_DELETE_PREFIX UINT32_C(4) /* everything whose key begins with key */
#define GW_STORE_EXPECT UINT32_C(5)        /* the commit fails with GW_E_STATE unless key has this value   */
#define GW_STORE_EXPECT_NONE UINT32_C(6)   /* the same unless there is no such key                         */

/* Value types: frozen for ever, so without struct_size. */
typedef struct gw_store_op {
    uint32_t kind;     /* GW_STORE_ */
    uint32_t reserved; /* 0 */
    gw_str key;
    gw_str value;
} gw_store_op;
typedef struct gw_store_entry {
    gw_str key;
    gw_str value;
} gw_store_entry;

/* The caller's, during scan(): keys in [from, to), in order of their bytes. An empty `to` is the end of the
 * space. */
typedef struct gw_store_range {
    uint32_t struct_size;
    uint32_t limit; /* entries, 1..GW_STORE_MAX_SCAN */
    gw_str from;
    gw_str to;
    uint32_t reverse; /* 1: from the end backwards */
    uint32_t reserved;
} gw_store_range;

/* The provider's, during done. */
typedef struct gw_store_result {
    uint32_t struct_size;
    /* GW_OK. GW_E_NOTFOUND: get, no such key. GW_E_STATE: an expectation of the commit does not hold, or its
     * space failed before and was not recovered. GW_E_FAIL: the disk is full, read-only, broken: message says
     * what to do. GW_E_CANCELLED: the provider ends. */
    int32_t status;
    const gw_store_entry* entries; /* get: one; scan: what was found; commit: none */
    uint64_t count;
    uint32_t more; /* scan: 1: the range has more entries than the limit */
    uint32_t reserved;
    gw_str message; /* of a failure, in words */
} gw_store_result;

typedef void (*gw_store_done_fn)(void* ud, const gw_store_result* result);

/* The table. Every function: [any]; space: 1..64 of [a-z0-9_.-], of its user alone. GW_E_ARG: a space, key,
 * value, kind or range that is none, or nothing to do. GW_E_LIMIT: too large, or too many calls wait.
 * GW_E_STATE: the provider ends. Then done is not called. */
typedef struct gw_store_v1 {
    gw_service_head head;
    int32_t (*get)(void* self, gw_str space, gw_str key, gw_store_done_fn done, void* ud);
    int32_t (*scan)(void* self, gw_str space, const gw_store_range* range, gw_store_done_fn done, void* ud);
    /* After a commit that failed with GW_E_FAIL every later commit of its space fails with GW_E_STATE, until
     * recover(): so that whoever has submitted several, each built on the one before, knows that none after
     * the first failure happened. done may be null. */
    int32_t (*commit)(void* self, gw_str space, const gw_store_op* ops, uint64_t count, gw_store_done_fn done,
                      void* ud);
    /* In its turn: commits that are submitted after it are tried again. */
    int32_t (*recover)(void* self, gw_str space);
} gw_store_v1;

#ifdef __cplusplus
}
#endif
#endif
