/* gateway/ext/http.h - gw.http/1: HTTP requests to a back end, so that a plugin needs no thread and no
 * socket of its own. HTTP/1.1 over TCP and TLS, connections kept and shared by all plugins.
 *
 *     const gw_http_v1* http = host->extension(inst, GW_STR(GW_EXT_HTTP));   null: not in this gateway
 *
 * The rules at the top of gateway/plugin.h hold here too. TLS verifies the server's certificate and name,
 * always. Redirects are not followed: they are answers like others. There are no proxies and no cookies. */
#ifndef GATEWAY_EXT_HTTP_H
#define GATEWAY_EXT_HTTP_H

#include "gateway/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_HTTP "gw.http/1"

/* outcome of gw_http_response. */
#define GW_HTTP_OK INT32_C(0)        /* an answer, whatever its status                                */
#define GW_HTTP_TIMEOUT INT32_C(1)   /* timeout_ms or connect_timeout_ms is over                      */
#define GW_HTTP_RESOLVE INT32_C(2)   /* the host's name has no address                                */
#define GW_HTTP_CONNECT INT32_C(3)   /* no TCP connection: refused, unreachable                       */
#define GW_HTTP_TLS INT32_C(4)       /* no TLS: a certificate or name that is not trusted, an alert   */
#define GW_HTTP_BROKEN INT32_C(5)    /* no HTTP, or the connection ended before the answer did        */
#define GW_HTTP_TOO_LARGE INT32_C(6) /* an answer over max_response_bytes, or a head over 32 KB       */
#define GW_HTTP_CANCELLED INT32_C(7) /* by cancel(), or because the instance ends                     */
#define GW_HTTP_LIMIT INT32_C(8)     /* all requests together hold as much memory as they may         */

/* flags of gw_http_request. */
#define GW_HTTP_REPEATABLE UINT32_C(1) /* a POST or PATCH that does no harm when it arrives twice */

/* A value type: frozen for ever. Names are compared without case. */
typedef struct gw_http_header {
    gw_str name;
    gw_str value;
} gw_http_header;

/* The caller sets struct_size to sizeof and zeroes the rest. All is copied before request() returns. */
typedef struct gw_http_request {
    uint32_t struct_size;
    uint32_t flags;                /* GW_HTTP_REPEATABLE or 0                                       */
    gw_str method;                 /* GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS; empty: GET      */
    gw_str url;                    /* "https://host[:port]/path?query": ASCII, at most 8192 bytes   */
    gw_str body;                   /* at most 16 MB; GET and HEAD have none                         */
    const gw_http_header* headers; /* none that concern the connection (Host, Content-Length, ...)  */
    uint64_t header_count;         /* at most 64, together 32 KB                                    */
    uint32_t timeout_ms;           /* from request() to the whole answer: 1..300000; 0: 10000       */
    uint32_t connect_timeout_ms;   /* of it for name, TCP and TLS: 1..300000; 0: 5000               */
    uint64_t max_response_bytes;   /* of the answer's body: 1..67108864; 0: 1048576                 */
} gw_http_request;

/* The host's, during done(); copy what you keep. */
typedef struct gw_http_response {
    uint32_t struct_size;
    int32_t outcome;               /* GW_HTTP_                                                      */
    int32_t status;                /* 200, 404, ...; 0 unless GW_HTTP_OK                            */
    uint32_t reserved;             /* 0                                                             */
    gw_str error;                  /* what went wrong, for the log; no query, no body, no header    */
    gw_str body;                   /* whole, chunks put together; bytes as they came                */
    const gw_http_header* headers; /* in their order; values are bytes as they came                 */
    uint64_t header_count;
} gw_http_response;

/* [any] Once for each request() that returned GW_OK, on a thread of the gateway that all plugins share: do
 * not wait in it. It may run before request() has returned, never inside of it. request(), cancel() and
 * host->resume() may be called from it. */
typedef void (*gw_http_done_fn)(void* ud, const gw_http_response* response);

typedef struct gw_http_v1 {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */
    /* [any] from start on. Sends, and calls done once. *out names the request for cancel(); it is written
     * before done can run. out and err may be null.
     * GW_E_ARG: not valid, *err says what: a URL, method, header or number. GW_E_LIMIT: too many requests
     * wait, of this plugin or of all, or they hold too much memory (plugins.http in the YAML). GW_E_STATE:
     * in create, or after stop. */
    int32_t (*request)(gw_inst* inst, const gw_http_request* request, gw_http_done_fn done, void* ud,
                       gw_token* out, gw_error* err);
    /* [any] done() comes soon, with GW_HTTP_CANCELLED unless the answer was there first.
     * GW_E_STALE: no such request of this instance; done() has been called or is running. */
    int32_t (*cancel)(gw_inst* inst, gw_token token);
    /* [any] Whether request() would take this URL: for create, where nothing is sent. err may be null.
     * GW_E_ARG: *err says why not. */
    int32_t (*check_url)(gw_inst* inst, gw_str url, gw_error* err);
} gw_http_v1;

#ifdef __cplusplus
}
#endif
#endif
