/* ABI 1.0, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/plugin.h"
#include "gateway/host.h"

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

_Static_assert(GW_ABI_MAJOR == 1, "another major version is another ABI");
_Static_assert(_Generic(&gw_plugin_entry_v1, const gw_plugin *(*)(const gw_host *, gw_error *): 1, default: 0), "the entry");

/* gateway/plugin.h */
TEXT(GW_PLUGIN_ENTRY_NAME, "gw_plugin_entry_v1");
TEXT(GW_NOTE_OWNER, "gateway");
VALUE(GW_CONTINUE, int32_t, 0);
VALUE(GW_DONE, int32_t, 1);
VALUE(GW_PENDING, int32_t, 2);
VALUE(GW_DROP, int32_t, 3);
VALUE(GW_OK, int32_t, 0);
VALUE(GW_SKIP, int32_t, 1);
VALUE(GW_ST_PASSED, int32_t, 0);
VALUE(GW_ST_ANSWERED, int32_t, 1);
VALUE(GW_ST_DROPPED, int32_t, 2);
VALUE(GW_E_FAIL, int32_t, -1);
VALUE(GW_E_ARG, int32_t, -2);
VALUE(GW_E_STATE, int32_t, -3);
VALUE(GW_E_STALE, int32_t, -4);
VALUE(GW_E_TIMEOUT, int32_t, -5);
VALUE(GW_E_CANCELLED, int32_t, -6);
VALUE(GW_E_VERDICT, int32_t, -7);
VALUE(GW_E_NOTFOUND, int32_t, -8);
VALUE(GW_E_LIMIT, int32_t, -9);
VALUE(GW_KIND_HANDSHAKE, uint32_t, 1);
VALUE(GW_KIND_FRAME, uint32_t, 2);
VALUE(GW_KIND_MESSAGE, uint32_t, 4);
VALUE(GW_KIND_PUBLISH, uint32_t, 8);
VALUE(GW_KIND_DELIVERY, uint32_t, 16);
VALUE(GW_EV_CONNECTED, uint64_t, 1);
VALUE(GW_EV_DISCONNECTED, uint64_t, 2);
VALUE(GW_EV_MESSAGE_RECEIVED, uint64_t, 4);
VALUE(GW_EV_MESSAGE_SENT, uint64_t, 8);
VALUE(GW_EV_ERROR, uint64_t, 16);
VALUE(GW_EV_INITIALIZE, uint64_t, 32);
VALUE(GW_EV_STARTED, uint64_t, 64);
VALUE(GW_EV_STOPPED, uint64_t, 128);
VALUE(GW_EV_REOPEN, uint64_t, 256);
VALUE(GW_SEVERITY_WARNING, int32_t, 1);
VALUE(GW_SEVERITY_ERROR, int32_t, 2);
VALUE(GW_WHY_DISCONNECT, int32_t, 1);
VALUE(GW_WHY_DEADLINE, int32_t, 2);
VALUE(GW_WHY_DRAIN, int32_t, 3);
VALUE(GW_STAGE_MESSAGE, uint32_t, 0);
VALUE(GW_STAGE_HANDSHAKE, uint32_t, 1);
VALUE(GW_STAGE_AUTH, uint32_t, 2);
VALUE(GW_STAGE_LIMITS, uint32_t, 3);
VALUE(GW_STAGE_GROUPS, uint32_t, 4);
VALUE(GW_STAGE_TICKETS, uint32_t, 5);
VALUE(GW_NOTE_TYPE, uint32_t, 1);
CALLBACK(gw_done_fn, void (*)(void* ud, gw_ctx* ctx, gw_req* req, int32_t status));
CALLBACK(gw_plugin_entry_fn, const gw_plugin* (*)(const gw_host* host, gw_error* err));

/* gateway/host.h */
VALUE(GW_LOG_DEBUG, int32_t, 0);
VALUE(GW_LOG_INFO, int32_t, 1);
VALUE(GW_LOG_WARN, int32_t, 2);
VALUE(GW_LOG_ERROR, int32_t, 3);
VALUE(GW_FIELD_JSON, int32_t, 1);
VALUE(GW_DEST_NONE, uint32_t, 0);
VALUE(GW_DEST_CLIENT, uint32_t, 1);
VALUE(GW_DEST_USER, uint32_t, 2);
VALUE(GW_DEST_TOPIC, uint32_t, 3);
VALUE(GW_DEST_ALL, uint32_t, 4);
VALUE(GW_DEST_NOT_SENDER, uint32_t, 1);
VALUE(GW_NODE_NULL, int32_t, 0);
VALUE(GW_NODE_SCALAR, int32_t, 1);
VALUE(GW_NODE_LIST, int32_t, 2);
VALUE(GW_NODE_MAP, int32_t, 3);
CALLBACK(gw_published_fn, void (*)(void* ud, uint64_t delivered));
CALLBACK(gw_client_fn, int32_t (*)(void* ud, const gw_client* client));

SIZE(gw_str, 16);
FIELD(gw_str, ptr, 0, const char* *);
FIELD(gw_str, len, 8, uint64_t *);

SIZE(gw_token, 16);
FIELD(gw_token, slot, 0, uint64_t *);
FIELD(gw_token, generation, 8, uint64_t *);

SIZE(gw_conn_id, 16);
FIELD(gw_conn_id, slot, 0, uint64_t *);
FIELD(gw_conn_id, generation, 8, uint64_t *);

LEAST_SIZE(gw_error, 264);
FIELD(gw_error, struct_size, 0, uint32_t *);
FIELD(gw_error, code, 4, int32_t *);
FIELD(gw_error, message, 8, char (*)[256]);

LEAST_SIZE(gw_event, 48);
FIELD(gw_event, struct_size, 0, uint32_t *);
FIELD(gw_event, code, 4, int32_t *);
FIELD(gw_event, type, 8, uint64_t *);
FIELD(gw_event, ctx, 16, gw_ctx* *);
FIELD(gw_event, req, 24, const gw_req* *);
FIELD(gw_event, reason, 32, gw_str *);

LEAST_SIZE(gw_interceptor, 88);
FIELD(gw_interceptor, struct_size, 0, uint32_t *);
FIELD(gw_interceptor, flags, 4, uint32_t *);
FIELD(gw_interceptor, stage, 8, uint32_t *);
FIELD(gw_interceptor, reserved, 12, uint32_t *);
FIELD(gw_interceptor, name, 16, gw_str (**)(void* self));
FIELD(gw_interceptor, order, 24, int32_t (**)(void* self));
FIELD(gw_interceptor, wants, 32, void (**)(void* self, uint32_t* kinds, uint64_t* events));
FIELD(gw_interceptor, attach, 40, int32_t (**)(void* self, gw_ctx* ctx, void** slot, uint32_t* kinds));
FIELD(gw_interceptor, detach, 48, void (**)(void* self, void* slot, gw_ctx* ctx));
FIELD(gw_interceptor, intercept, 56, int32_t (**)(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next));
FIELD(gw_interceptor, on_resume, 64, int32_t (**)(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next, void* ud));
FIELD(gw_interceptor, on_cancel, 72, void (**)(void* self, void* slot, gw_ctx* ctx, const gw_req* req, void* ud, int32_t why));
FIELD(gw_interceptor, on_event, 80, void (**)(void* self, void* slot, const gw_event* event));

LEAST_SIZE(gw_plugin, 56);
FIELD(gw_plugin, struct_size, 0, uint32_t *);
FIELD(gw_plugin, flags, 4, uint32_t *);
FIELD(gw_plugin, create, 8, int32_t (**)(const gw_host* host, gw_inst* inst, const gw_node* config, void** self, gw_error* err));
FIELD(gw_plugin, start, 16, int32_t (**)(void* self, gw_error* err));
FIELD(gw_plugin, quiesce, 24, void (**)(void* self));
FIELD(gw_plugin, stop, 32, void (**)(void* self));
FIELD(gw_plugin, destroy, 40, void (**)(void* self));
FIELD(gw_plugin, interceptor, 48, const gw_interceptor* *);

LEAST_SIZE(gw_destination, 32);
FIELD(gw_destination, struct_size, 0, uint32_t *);
FIELD(gw_destination, kind, 4, uint32_t *);
FIELD(gw_destination, flags, 8, uint32_t *);
FIELD(gw_destination, reserved, 12, uint32_t *);
FIELD(gw_destination, id, 16, gw_str *);

LEAST_SIZE(gw_client, 96);
FIELD(gw_client, struct_size, 0, uint32_t *);
FIELD(gw_client, reserved, 4, uint32_t *);
FIELD(gw_client, conn, 8, gw_conn_id *);
FIELD(gw_client, client_id, 24, gw_str *);
FIELD(gw_client, user_id, 40, gw_str *);
FIELD(gw_client, user_type, 56, gw_str *);
FIELD(gw_client, remote_address, 72, gw_str *);
FIELD(gw_client, connected_at_ms, 88, int64_t *);

LEAST_SIZE(gw_stats, 40);
FIELD(gw_stats, struct_size, 0, uint32_t *);
FIELD(gw_stats, running, 4, uint32_t *);
FIELD(gw_stats, current_connections, 8, uint64_t *);
FIELD(gw_stats, total_connections, 16, uint64_t *);
FIELD(gw_stats, total_messages_received, 24, uint64_t *);
FIELD(gw_stats, total_messages_sent, 32, uint64_t *);

LEAST_SIZE(gw_host, 384);
FIELD(gw_host, struct_size, 0, uint32_t *);
FIELD(gw_host, abi_minor, 4, uint32_t *);
FIELD(gw_host, log, 8, void (**)(gw_inst* inst, int32_t level, gw_str text));
FIELD(gw_host, extension, 16, const void* (**)(gw_inst* inst, gw_str name));
FIELD(gw_host, instance_name, 24, gw_str (**)(gw_inst* inst));
FIELD(gw_host, now_ns, 32, uint64_t (**)(void));
FIELD(gw_host, wall_time_ms, 40, int64_t (**)(void));
FIELD(gw_host, publish, 48, int32_t (**)(gw_inst* inst, const gw_destination* to, gw_str message, gw_published_fn done, void* ud));
FIELD(gw_host, subscribe, 56, int32_t (**)(gw_inst* inst, gw_conn_id conn, gw_str topic));
FIELD(gw_host, unsubscribe, 64, int32_t (**)(gw_inst* inst, gw_conn_id conn, gw_str topic));
FIELD(gw_host, kick, 72, int32_t (**)(gw_inst* inst, gw_conn_id conn, gw_str why));
FIELD(gw_host, client_list, 80, int64_t (**)(gw_inst* inst, gw_str user_id, uint32_t limit, gw_client_fn each, void* ud));
FIELD(gw_host, client_get, 88, int32_t (**)(gw_inst* inst, gw_str client_id, gw_client_fn each, void* ud));
FIELD(gw_host, stats, 96, int32_t (**)(gw_inst* inst, gw_stats* out));
FIELD(gw_host, shutdown, 104, void (**)(gw_inst* inst, gw_str why));
FIELD(gw_host, resume, 112, int32_t (**)(gw_inst* inst, gw_token token));
FIELD(gw_host, node_type, 120, int32_t (**)(const gw_node* node));
FIELD(gw_host, node_get, 128, const gw_node* (**)(const gw_node* map, gw_str key));
FIELD(gw_host, node_at, 136, const gw_node* (**)(const gw_node* node, uint64_t index));
FIELD(gw_host, node_size, 144, uint64_t (**)(const gw_node* node));
FIELD(gw_host, node_key, 152, gw_str (**)(const gw_node* map, uint64_t index));
FIELD(gw_host, node_bool, 160, int32_t (**)(const gw_node* node, int32_t* out));
FIELD(gw_host, node_i64, 168, int32_t (**)(const gw_node* node, int64_t* out));
FIELD(gw_host, node_f64, 176, int32_t (**)(const gw_node* node, double* out));
FIELD(gw_host, node_str, 184, int32_t (**)(const gw_node* node, gw_str* out));
FIELD(gw_host, node_location, 192, gw_str (**)(const gw_node* node));
FIELD(gw_host, node_path, 200, int32_t (**)(const gw_node* node, gw_str* out));
FIELD(gw_host, next, 208, int32_t (**)(gw_next* next, gw_done_fn done, void* ud));
FIELD(gw_host, defer, 216, int32_t (**)(gw_next* next, uint32_t timeout_ms, void* ud, gw_token* out));
FIELD(gw_host, kind, 224, uint32_t (**)(const gw_req* req));
FIELD(gw_host, is_binary, 232, int32_t (**)(const gw_req* req));
FIELD(gw_host, field, 240, int32_t (**)(const gw_req* req, gw_str name, gw_str* out));
FIELD(gw_host, header, 248, int32_t (**)(const gw_req* req, gw_str name, gw_str* out));
FIELD(gw_host, query, 256, int32_t (**)(const gw_req* req, gw_str name, gw_str* out));
FIELD(gw_host, payload, 264, gw_str (**)(const gw_req* req));
FIELD(gw_host, set_field, 272, int32_t (**)(gw_req* req, gw_str name, gw_str value));
FIELD(gw_host, set_json, 280, int32_t (**)(gw_req* req, gw_str name, gw_str json));
FIELD(gw_host, replace_payload, 288, int32_t (**)(gw_req* req, gw_str payload));
FIELD(gw_host, set_response_header, 296, int32_t (**)(gw_req* req, gw_str name, gw_str value));
FIELD(gw_host, answer, 304, int32_t (**)(gw_req* req, gw_str message));
FIELD(gw_host, reject, 312, int32_t (**)(gw_req* req, int32_t status, gw_str word, gw_str why));
FIELD(gw_host, get_destination, 320, int32_t (**)(const gw_req* req, gw_destination* out));
FIELD(gw_host, set_destination, 328, int32_t (**)(gw_req* req, const gw_destination* to));
FIELD(gw_host, conn_id, 336, gw_conn_id (**)(gw_ctx* ctx));
FIELD(gw_host, client, 344, int32_t (**)(gw_ctx* ctx, gw_client* out));
FIELD(gw_host, attr_get, 352, int32_t (**)(gw_ctx* ctx, gw_str name, gw_str* out));
FIELD(gw_host, attr_set, 360, int32_t (**)(gw_ctx* ctx, gw_str name, gw_str value));
FIELD(gw_host, send, 368, int32_t (**)(gw_ctx* ctx, gw_str message));
FIELD(gw_host, close, 376, int32_t (**)(gw_ctx* ctx, int32_t code, gw_str reason));
