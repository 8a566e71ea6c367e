/* gateway/plugin.h - the plugin ABI of gatewayd, version 1.1: types, entry, interceptor.
 *
 * Plain C that compiles as C99..C17 and C++11..C++20. A plugin is a shared library that exports one
 * symbol, gw_plugin_entry_v1, and carries one ELF note (GW_PLUGIN_NOTE below). docs/writing-a-plugin.md says
 * the promise.
 *
 * Where a function may be called, and where the host calls yours:
 *   [control]  the control thread, one call at a time;
 *   [conn]     one call at a time for each connection, on the thread that owns the connection now; calls for
 *              different connections run at the same time on different threads;
 *   [any]      any thread, any time between create and the end of destroy.
 *
 * Text is UTF-8 in a gw_str and is not NUL-terminated. A gw_str that the host hands out is a view: it dies
 * when the hook that took it returns. A gw_str that you hand in is copied before the call returns. */
#ifndef GATEWAY_PLUGIN_H
#define GATEWAY_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GW_ABI_MAJOR 1
#define GW_ABI_MINOR 1

/* Verdicts of intercept and on_resume. Below 0: an error, and on_error of the YAML decides. */
#define GW_CONTINUE INT32_C(0) /* the next plugin sees the request                          */
#define GW_DONE INT32_C(1)     /* answered, rejected or claimed here; or next() returned it  */
#define GW_PENDING INT32_C(2)  /* defer() succeeded; or next() returned it                   */
#define GW_DROP INT32_C(3)     /* ended here without any answer                              */

/* Results of attach. */
#define GW_OK INT32_C(0)
#define GW_SKIP INT32_C(1) /* this plugin wants nothing of this connection; no detach follows */

/* Status of a finished request, as done() of next() sees it. Below 0: one of the errors. */
#define GW_ST_PASSED INT32_C(0) /* reached the end: routed, queued, accepted */
#define GW_ST_ANSWERED INT32_C(1)
#define GW_ST_DROPPED INT32_C(2)

/* Errors. */
#define GW_E_FAIL INT32_C(-1)
#define GW_E_ARG INT32_C(-2)   /* an argument is not valid; nothing was done            */
#define GW_E_STATE INT32_C(-3) /* not allowed now; nothing was done                     */
#define GW_E_STALE INT32_C(-4) /* the token or connection is over; nothing was touched  */
#define GW_E_TIMEOUT INT32_C(-5)
#define GW_E_CANCELLED INT32_C(-6) /* the connection went before the request ended          */
#define GW_E_VERDICT INT32_C(-7)   /* a hook returned a value that is no verdict            */
#define GW_E_NOTFOUND INT32_C(-8)
#define GW_E_LIMIT INT32_C(-9) /* a limit of the host would be passed; nothing was done */

/* Kinds of request: bits of wants and attach. */
#define GW_KIND_HANDSHAKE UINT32_C(1) /* the HTTP upgrade: headers may be read, set, the upgrade refused */
#define GW_KIND_FRAME UINT32_C(2)     /* a whole text or binary message before decoding; GW_DONE claims it */
#define GW_KIND_MESSAGE UINT32_C(4)   /* a Hub message of a client                                         */
#define GW_KIND_PUBLISH UINT32_C(8)   /* a Hub message of a back end or a plugin; no connection, no slot   */
#define GW_KIND_DELIVERY UINT32_C(16) /* a Hub message on its way to one recipient; defer is refused */

/* Events: bits of wants. The name in the comment is the event's name in logs. */
#define GW_EV_CONNECTED UINT64_C(1)         /* client.connected                                        */
#define GW_EV_DISCONNECTED UINT64_C(2)      /* client.disconnected: reason names why                   */
#define GW_EV_MESSAGE_RECEIVED UINT64_C(4)  /* message.received: valid, before the chain               */
#define GW_EV_MESSAGE_SENT UINT64_C(8)      /* message.sent: once for each recipient that queued it    */
#define GW_EV_ERROR UINT64_C(16)            /* error: code is a GW_SEVERITY_, reason says what         */
#define GW_EV_INITIALIZE UINT64_C(32)       /* websocket.initialize: plugins are created, nothing runs */
#define GW_EV_STARTED UINT64_C(64)          /* websocket.started: the listener accepts                 */
#define GW_EV_STOPPED UINT64_C(128)         /* websocket.stopped: the last connection is gone          */
#define GW_EV_REOPEN UINT64_C(256)          /* files.reopen: open files anew by name (SIGUSR1); no ctx */
#define GW_EV_SERVICE_CHANGED UINT64_C(512) /* service.changed: gateway/ext/service.h; no ctx          */

/* code of GW_EV_ERROR. */
#define GW_SEVERITY_WARNING INT32_C(1) /* one connection or message suffered      */
#define GW_SEVERITY_ERROR INT32_C(2)   /* the service suffered, and goes on       */

/* why of on_cancel. */
#define GW_WHY_DISCONNECT INT32_C(1) /* the request ends with its connection */
#define GW_WHY_DEADLINE INT32_C(2)   /* on_error decides                     */
#define GW_WHY_DRAIN INT32_C(3)      /* swap or shutdown; on_error decides   */

/* Where a plugin stands when plugins.load does not place it: handshake first, message last. */
#define GW_STAGE_MESSAGE UINT32_C(0) /* the default */
#define GW_STAGE_HANDSHAKE UINT32_C(1)
#define GW_STAGE_AUTH UINT32_C(2)
#define GW_STAGE_LIMITS UINT32_C(3)
#define GW_STAGE_GROUPS UINT32_C(4)
#define GW_STAGE_TICKETS UINT32_C(5)

/* Value types: passed by value and frozen for ever, so without struct_size. */
typedef struct gw_str {
    const char* ptr; /* may be null when len is 0 */
    uint64_t len;    /* bytes                     */
} gw_str;
typedef struct gw_token {
    uint64_t slot;
    uint64_t generation; /* {0, 0}: none */
} gw_token;
typedef struct gw_conn_id {
    uint64_t slot;
    uint64_t generation; /* unique in this process, never used again; {0, 0}: none */
} gw_conn_id;

/* Opaque, the host's. */
typedef struct gw_inst gw_inst; /* this instance of the plugin: until destroy returns */
typedef struct gw_node gw_node; /* configuration, read-only: until create returns */
typedef struct gw_ctx gw_ctx; /* a connection: during a hook                                               */
typedef struct gw_req gw_req; /* a request: during a hook                                                  */
typedef struct gw_next
    gw_next; /* the rest of the chain: during this intercept or on_resume; null: no chain */

typedef struct gw_host gw_host; /* gateway/host.h */

/* The caller's; the host sets struct_size and zeroes the rest. */
typedef struct gw_error {
    uint32_t struct_size;
    int32_t code;      /* a GW_E_                                                     */
    char message[256]; /* NUL-terminated UTF-8: what is wrong and what to do about it */
} gw_error;

/* The host's, during on_event. */
typedef struct gw_event {
    uint32_t struct_size;
    int32_t code;      /* disconnected: close code; error: GW_SEVERITY_               */
    uint64_t type;     /* one GW_EV_ bit                                              */
    gw_ctx* ctx;       /* null: not about one connection; then the hook is [control]  */
    const gw_req* req; /* message.received and message.sent: the message; else null   */
    gw_str reason;     /* disconnected: its name ("client_close"); error: in words    */
} gw_event;

/* [conn] Exactly once for each next() that returned GW_DONE (before it returned) or GW_PENDING (later).
 * Reads, attributes, log and publish are allowed. Changing the message is GW_E_STATE; of a handshake the
 * response headers may still change. status: GW_ST_ or an error. */
typedef void (*gw_done_fn)(void* ud, gw_ctx* ctx, gw_req* req, int32_t status);

/* The plugin's; constant from the return of create until destroy returns. Optional members may be null. */
typedef struct gw_interceptor {
    uint32_t struct_size;
    uint32_t flags;    /* 0 */
    uint32_t stage;    /* GW_STAGE_ */
    uint32_t reserved; /* 0 */
    /* [control] Once, after create. */
    gw_str (*name)(void* self);
    int32_t (*order)(void* self); /* among unlisted plugins of one stage: smaller goes first */
    void (*wants)(void* self, uint32_t* kinds, uint64_t* events);
    /* [conn] Optional. After the accepted handshake, before client.connected. *slot comes back in every
     * later hook of this connection. *kinds: what wants() said; clear the bits that this connection does not
     * need. Below 0 is an error: the connection is closed with 1011. */
    int32_t (*attach)(void* self, gw_ctx* ctx, void** slot, uint32_t* kinds);
    /* [conn] Optional. Once for each attach that returned GW_OK, after client.disconnected. */
    void (*detach)(void* self, void* slot, gw_ctx* ctx);
    /* [conn] A verdict. handshake: slot is null. publish: slot and ctx are null. One next or one defer a
     * call. */
    int32_t (*intercept)(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next);
    /* [conn] Optional unless the plugin defers. As intercept, with the ud that was given to defer. */
    int32_t (*on_resume)(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next, void* ud);
    /* [conn] Optional unless the plugin defers. Ends a deferral that will not be resumed; frees ud. */
    void (*on_cancel)(void* self, void* slot, gw_ctx* ctx, const gw_req* req, void* ud, int32_t why);
    /* [conn] when event->ctx is set, else [control]. Optional unless wants() asks for events. */
    void (*on_event)(void* self, void* slot, const gw_event* event);
} gw_interceptor;

/* The plugin's, constant, with static storage. */
typedef struct gw_plugin {
    uint32_t struct_size;
    uint32_t flags; /* 0 */
    /* [control] Reads the configuration, checks it, allocates; opens nothing and starts nothing, so that
     * `gatewayd check` can run it. GW_OK, or an error with its message in *err; then no destroy follows. */
    int32_t (*create)(const gw_host* host, gw_inst* inst, const gw_node* config, void** self, gw_error* err);
    int32_t (*start)(void* self, gw_error* err); /* [control] optional: opens files, starts threads      */
    void (*quiesce)(void* self);                 /* [control] optional: no new work; [conn] hooks go on   */
    void (*stop)(void* self);                    /* [control] optional: no hook runs; ends what start did */
    void (*destroy)(void* self);                 /* [control] frees self                                  */
    const gw_interceptor* interceptor;           /* null: a plugin that only offers services              */
    /* 1.1 [control] optional: what the plugin offers beside the above, by a versioned name such as
     * "gw.state/1" (gateway/ext/state.h). Its table, constant until destroy returns; null: not offered. */
    const void* (*extension)(void* self, gw_str name);
} gw_plugin;

/* The one exported symbol. [control] Returns the plugin's static table, or null with *err filled. */
typedef const gw_plugin* (*gw_plugin_entry_fn)(const gw_host* host, gw_error* err);
#define GW_PLUGIN_ENTRY_NAME "gw_plugin_entry_v1"

#if defined(__GNUC__)
#define GW_EXPORT __attribute__((visibility("default")))
#else
#define GW_EXPORT
#endif
GW_EXPORT const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err);

/* The ELF note (section .note.gateway, owner "gateway", type 1) that lets `gatewayd plugin inspect` and the
 * loader read a file without running any of its code. Its text is lines of key=value:
 *   abi=MAJOR.MINOR       of the header that the plugin was built against (written by the macro)
 *   id=acme.filter        required: reverse-dotted or plain, [a-z0-9._-]
 *   version=1.2.0         required: the plugin's own
 *   kinds=message,...     handshake, frame, message, publish, delivery, events, service
 *   needs=gw.timer/1,...  optional capabilities of the host that it cannot do without
 *   offers=acme.crm/1,... services that it publishes, and uses=: that it acquires (gateway/ext/service.h)
 *   exclusive=yes         two instances cannot run at once (a port, a lock): a reload stops the old one first
 *   description=...       one line
 * Write it once, in one source file, outside of any function:
 *   GW_PLUGIN_NOTE("id=acme.filter\nversion=1.2.0\nkinds=message\n"); */
#define GW_NOTE_OWNER "gateway"
#define GW_NOTE_TYPE UINT32_C(1)
#define GW_STRINGIFY_(x) #x
#define GW_STRINGIFY(x) GW_STRINGIFY_(x)
#define GW_NOTE_ABI "abi=" GW_STRINGIFY(GW_ABI_MAJOR) "." GW_STRINGIFY(GW_ABI_MINOR) "\n"
#if defined(__GNUC__)
#define GW_PLUGIN_NOTE(text)                                                                      \
    struct gw_plugin_note_t {                                                                     \
        uint32_t owner_size, text_size, type;                                                     \
        char owner[8];                                                                            \
        char body[(sizeof(GW_NOTE_ABI text) + 3) / 4 * 4]; /* no padding */                       \
    };                                                                                            \
    extern const struct gw_plugin_note_t gw_plugin_note_v1 __attribute__((visibility("hidden"))); \
    const struct gw_plugin_note_t gw_plugin_note_v1                                               \
        __attribute__((section(".note.gateway"), used, aligned(4))) = {                           \
            sizeof(GW_NOTE_OWNER), sizeof(GW_NOTE_ABI text), GW_NOTE_TYPE, GW_NOTE_OWNER, GW_NOTE_ABI text}
#endif

/* A string literal as gw_str. */
#ifdef __cplusplus
#define GW_STR(literal) (gw_str{(literal), sizeof(literal) - 1})
#else
#define GW_STR(literal) ((gw_str){(literal), sizeof(literal) - 1})
#endif

#ifdef __cplusplus
}
#endif
#endif
