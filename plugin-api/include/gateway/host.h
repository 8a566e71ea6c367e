/* gateway/host.h - what the host offers to plugins, ABI 1.0. The rules at the top of gateway/plugin.h hold
 * here too: [control], [conn], [any]; views die with the hook; what you hand in is copied.
 *
 * The table grows at its end. A function that an older host lacks, or that this build does not offer, is
 * found by GW_HAS(host, fn) before it is called. */
#ifndef GATEWAY_HOST_H
#define GATEWAY_HOST_H

#include "gateway/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_HAS(host, fn) ((host)->struct_size > offsetof(gw_host, fn) && (host)->fn)

/* level of log. */
#define GW_LOG_DEBUG INT32_C(0)
#define GW_LOG_INFO INT32_C(1)
#define GW_LOG_WARN INT32_C(2)
#define GW_LOG_ERROR INT32_C(3)

/* Result of field: the value is not text; *out is its JSON. */
#define GW_FIELD_JSON INT32_C(1)

/* kind of gw_destination. */
#define GW_DEST_NONE UINT32_C(0)   /* nobody claimed it: at the end of the chain it answers `unavailable` */
#define GW_DEST_CLIENT UINT32_C(1) /* id is a client_id                                                  */
#define GW_DEST_USER UINT32_C(2)   /* id is a user_id: every connection of that user                     */
#define GW_DEST_TOPIC UINT32_C(3)  /* id is a topic's name                                               */
#define GW_DEST_ALL UINT32_C(4)    /* every connection                                                   */
/* flags of gw_destination. */
#define GW_DEST_NOT_SENDER UINT32_C(1) /* all but the connection that sent it */

/* The caller sets struct_size to sizeof. */
typedef struct gw_destination {
    uint32_t struct_size;
    uint32_t kind;
    uint32_t flags;
    uint32_t reserved; /* 0 */
    gw_str id;
} gw_destination;

/* The host's, during the call that hands it out. */
typedef struct gw_client {
    uint32_t struct_size;
    uint32_t reserved;
    gw_conn_id conn;
    gw_str client_id;
    gw_str user_id;
    gw_str user_type;
    gw_str remote_address;   /* "192.0.2.1:52110", "[2001:db8::1]:52110" */
    int64_t connected_at_ms; /* since 1970, UTC                          */
} gw_client;

/* The caller sets struct_size to sizeof; the host fills. */
typedef struct gw_stats {
    uint32_t struct_size;
    uint32_t running; /* 1: the WebSocket listener accepts */
    uint64_t current_connections;
    uint64_t total_connections;
    uint64_t total_messages_received;
    uint64_t total_messages_sent;
} gw_stats;

/* [any] A completion of publish: how many connections' queues took the message. */
typedef void (*gw_published_fn)(void* ud, uint64_t delivered);
/* One client of client_list; return 0 to go on, anything else to stop. */
typedef int32_t (*gw_client_fn)(void* ud, const gw_client* client);

/* type of a configuration node. */
#define GW_NODE_NULL INT32_C(0)
#define GW_NODE_SCALAR INT32_C(1)
#define GW_NODE_LIST INT32_C(2)
#define GW_NODE_MAP INT32_C(3)

/* One immutable table a process. */
struct gw_host {
    uint32_t struct_size;
    uint32_t abi_minor;

    /* --- [any] --- */
    /* To the gateway's log, with the instance's name. Cheap; repeated lines are counted by the host. */
    void (*log)(gw_inst* inst, int32_t level, gw_str text);
    /* An optional capability such as "gw.timer/1": its table, or null when this host has none. */
    const void* (*extension)(gw_inst* inst, gw_str name);
    /* The instance's unique name: `name` in plugins.load. Lives until destroy returns. */
    gw_str (*instance_name)(gw_inst* inst);
    uint64_t (*now_ns)(void); /* monotonic, from an arbitrary start; steps once a reactor turn in hooks */
    int64_t (*wall_time_ms)(void); /* since 1970, UTC; same */

    /* --- [any] the Hub. All are asynchronous: they take effect after the running hook returned. --- */
    /* A Hub message (a JSON object) to a destination; passes the publish hooks of the other plugins, then
     * goes out. from is `system` unless the message says otherwise. flags of to: 0. done may be null; it is
     * called once, from any thread, if GW_OK was returned.
     * GW_E_ARG: not a Hub message, or no such destination kind; GW_E_LIMIT: the queues are full. */
    int32_t (*publish)(gw_inst* inst, const gw_destination* to, gw_str message, gw_published_fn done,
                       void* ud);
    /* Topics are named sets of connections; they exist while somebody is in them. Names: 1..256 bytes; a
     * connection is in at most 1024. A subscribe counts from its call on: what is published to the topic
     * after it, by any thread, reaches the connection. GW_E_STALE: no such connection; one that goes
     * meanwhile is passed over. */
    int32_t (*subscribe)(gw_inst* inst, gw_conn_id conn, gw_str topic);
    int32_t (*unsubscribe)(gw_inst* inst, gw_conn_id conn, gw_str topic);
    /* Closes a connection with 1008 and disconnect reason `kicked`. */
    int32_t (*kick)(gw_inst* inst, gw_conn_id conn, gw_str why);
    /* Calls each during the call, at most limit times, in no order; user_id empty: everyone. Returns the
     * number of calls, or an error. */
    int64_t (*client_list)(gw_inst* inst, gw_str user_id, uint32_t limit, gw_client_fn each, void* ud);
    /* Calls each once, for the client with this id. GW_E_NOTFOUND. */
    int32_t (*client_get)(gw_inst* inst, gw_str client_id, gw_client_fn each, void* ud);
    int32_t (*stats)(gw_inst* inst, gw_stats* out);
    /* Ends the gateway as SIGTERM does. */
    void (*shutdown)(gw_inst* inst, gw_str why);
    /* Claims a deferred request of this instance and posts its on_resume, which comes on the connection's
     * thread; when the connection ends before that, on_cancel comes instead. May be called before the hook
     * that deferred has returned. GW_E_STALE: too late or not the first, nothing was touched. */
    int32_t (*resume)(gw_inst* inst, gw_token token);

    /* --- [control], in create: the configuration. A null node is allowed everywhere, of type null. --- */
    int32_t (*node_type)(const gw_node* node);
    const gw_node* (*node_get)(const gw_node* map, gw_str key);     /* null: no such key        */
    const gw_node* (*node_at)(const gw_node* node, uint64_t index); /* of a list or map; null */
    uint64_t (*node_size)(const gw_node* node);                     /* entries of a list or map */
    gw_str (*node_key)(const gw_node* map, uint64_t index);
    /* GW_OK, or GW_E_ARG when the scalar is of another type; *out is then untouched. */
    int32_t (*node_bool)(const gw_node* node, int32_t* out); /* 0 or 1 */
    int32_t (*node_i64)(const gw_node* node, int64_t* out);
    int32_t (*node_f64)(const gw_node* node, double* out);
    int32_t (*node_str)(const gw_node* node, gw_str* out);
    gw_str (*node_location)(const gw_node* node); /* "gateway.yaml:12:5", for error messages */
    /* Absolute path of a file named in the configuration: relative ones are relative to the YAML's folder.
     * GW_E_ARG: not a scalar. */
    int32_t (*node_path)(const gw_node* node, gw_str* out);

    /* --- [conn], in a hook: the way on --- */
    /* Runs the rest of the chain now. Return what it returned: GW_DONE, or GW_PENDING when a plugin there
     * deferred; done runs later then. Below 0: nothing ran, done will not run. */
    int32_t (*next)(gw_next* next, gw_done_fn done, void* ud);
    /* handshake, frame, message: puts the request aside until resume; return GW_PENDING. Exactly one of
     * on_resume and on_cancel follows, with ud; another verdict withdraws the token, and neither does.
     * timeout_ms: at most 30 s, of a handshake what is left of its time; 0: that.
     * GW_E_STATE: another kind, the second next or defer of this call, or no on_resume and on_cancel;
     * GW_E_LIMIT: too many wait. */
    int32_t (*defer)(gw_next* next, uint32_t timeout_ms, void* ud, gw_token* out);

    /* --- [conn], in a hook: the request --- */
    uint32_t (*kind)(const gw_req* req);     /* one GW_KIND_ bit                       */
    int32_t (*is_binary)(const gw_req* req); /* frame: 1 for a binary message, else 0 */
    /* message, publish, delivery: a top-level field. GW_OK: it is text, unescaped in *out. GW_FIELD_JSON: it
     * is another value, *out its JSON.
     * handshake: "method", "path", "client_id", "user_id", "user_type", "ticket_id", "group_id",
     * "remote_address", "subprotocol", "tls" ("TLSv1.3"; absent without TLS). GW_E_NOTFOUND: absent. */
    int32_t (*field)(const gw_req* req, gw_str name, gw_str* out);
    int32_t (*header)(const gw_req* req, gw_str name, gw_str* out); /* handshake; any case; GW_E_NOTFOUND */
    int32_t (*query)(const gw_req* req, gw_str name, gw_str* out);  /* handshake; decoded; GW_E_NOTFOUND  */
    /* frame: the bytes. message, publish: the JSON object without the stamped fields. delivery: with them. */
    gw_str (*payload)(const gw_req* req);
    /* message, publish, delivery: sets a text field; handshake: "client_id", "user_id", "user_type" and
     * "subprotocol" (the one offered protocol to select).
     * GW_E_ARG: a stamped field (from, msg_id, create_at), or not valid UTF-8. GW_E_STATE: not now. */
    int32_t (*set_field)(gw_req* req, gw_str name, gw_str value);
    /* message, publish, delivery: sets a field to any JSON value; an empty json removes it. */
    int32_t (*set_json)(gw_req* req, gw_str name, gw_str json);
    /* frame: other bytes. message, publish, delivery: another Hub message; GW_E_ARG when it is none. */
    int32_t (*replace_payload)(gw_req* req, gw_str payload);
    int32_t (*set_response_header)(gw_req* req, gw_str name, gw_str value); /* handshake */
    /* Answers with a frame to the sender (message, frame). Then return GW_DONE. */
    int32_t (*answer)(gw_req* req, gw_str message);
    /* handshake: the HTTP status (400..599) and why, as JSON. message: code is ignored, the sender gets
     * {"type":"error","code":`word`,"content":why}. publish: whoever published it gets the code,
     * `forbidden` for a word that is no code of the gateway. Then return GW_DONE. */
    int32_t (*reject)(gw_req* req, int32_t status, gw_str word, gw_str why);
    int32_t (*get_destination)(const gw_req* req, gw_destination* out); /* message, publish */
    int32_t (*set_destination)(gw_req* req, const gw_destination* to);  /* message, publish */

    /* --- [conn], in a hook: the connection --- */
    gw_conn_id (*conn_id)(gw_ctx* ctx);
    int32_t (*client)(gw_ctx* ctx, gw_client* out); /* caller sets struct_size; GW_E_STATE in a handshake */
    /* String attributes: shared by all plugins, at most 64 of 4096 bytes a connection. A handshake's stay. */
    int32_t (*attr_get)(gw_ctx* ctx, gw_str name, gw_str* out);
    int32_t (*attr_set)(gw_ctx* ctx, gw_str name, gw_str value); /* an empty value removes */
    /* Queues a Hub message to this connection, past all hooks, after the running hook. */
    int32_t (*send)(gw_ctx* ctx, gw_str message);
    /* Closes with this code (1000, 1008, 1011, 1013, 3000..4999) after the hooks returned. */
    int32_t (*close)(gw_ctx* ctx, int32_t code, gw_str reason);
};

#ifdef __cplusplus
}
#endif
#endif
