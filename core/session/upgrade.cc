#include "core/session/upgrade.h"

#include <algorithm>

#include "core/base/http_text.h"
#include "core/base/log.h"
#include "core/base/utf8.h"
#include "core/chain/request_rules.h"
#include "core/chain/trace_tap.h"
#include "core/message/codec.h"
#include "core/session/worker.h"

namespace gatewayd {
namespace {

constexpr std::string_view own_protocol = "gateway.v1.json";
constexpr std::string_view token_protocol = "bearer";  // the next one offered is a token
constexpr std::string_view default_user_type = "customer";

bool contains(const std::vector<std::string>& list, std::string_view item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

// As error_body(), for texts that are not our own.
std::string escaped_error_body(std::string_view word, std::string_view why) {
    std::string body = R"({"error":{"code":)";
    append_json_string(word, &body);
    body.append(R"(,"message":)");
    append_json_string(why, &body);
    body.append("}}");
    return body;
}

// By what proxies leave in a request, believed or not.
bool came_through_proxy(const HandshakeRequest& request) {
    static constexpr std::string_view marks[] = {"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"};
    return std::any_of(std::begin(marks), std::end(marks),
                       [&](std::string_view mark) { return request.header(mark).has_value(); });
}

// `key`: lines with the same one are limited together; nothing in it that a client can make up.
void log_refused(std::string_view by, const std::string& key, int status, std::string_view word,
                 std::string_view why, const PeerAddress& peer) {
    log::write_limited(
        LogLevel::warn, "refused_by." + key, "handshake refused",
        {{"by", by}, {"status", status}, {"code", word}, {"why", why}, {"remote_address", peer.text()}});
}

}  // namespace

std::unique_ptr<Upgrade> Upgrade::make(Worker* worker, Connection* connection,
                                       std::unique_ptr<HandshakeRequest> http) {
    auto session = std::make_unique<Session>(worker, connection);
    return std::unique_ptr<Upgrade>(new Upgrade(worker, connection, std::move(http), std::move(session)));
}

Upgrade::Upgrade(Worker* worker, Connection* connection, std::unique_ptr<HandshakeRequest> http,
                 std::unique_ptr<Session> session)
    : Request(GW_KIND_HANDSHAKE, session.get()),
      worker_(worker),
      connection_(connection),
      http_(std::move(http)),
      session_(std::move(session)) {}

Upgrade::~Upgrade() {
    if (!identity_) return;
    if (registered_) worker_->node().directory.release(identity_);
    worker_->hub().cancel(identity_->handle);
}

Upgrade::Outcome Upgrade::run() {
    const SessionOptions& options = worker_->node().options;
    if (http_->path() != options.path && http_->path() != "/") {
        refuse(404, RejectReason::not_found, "not_found", "the WebSocket endpoint is " + options.path);
        return Outcome::refused;
    }
    Refusal refusal;
    if (!http_->check_upgrade(&refusal)) {
        connection_->refuse(refusal);
        return Outcome::refused;
    }
    if (worker_->node().traces.any()) trace_begin();
    return conclude(worker_->chain().wants(GW_KIND_HANDSHAKE) ? worker_->chain().run(*this) : finish());
}

Upgrade::Outcome Upgrade::conclude(int32_t status) {
    if (status == status_pending) return Outcome::deferred;
    if (session_->tap) session_->tap->end(*this, status);
    // A rejection counts even when the plugin returned GW_CONTINUE with it.
    if (status == GW_ST_PASSED && refusal_.status == 0) return claim();
    if (refusal_.status == 0 && status != GW_ST_DROPPED) {
        refuse(503, RejectReason::plugin_error, "plugin_error",
               "a plugin ended the handshake without an answer");
    } else {
        refusal_.headers.insert(refusal_.headers.end(), response_headers_.begin(), response_headers_.end());
        if (refusal_.status == 0) refusal_.reason = RejectReason::plugin;
        send_refusal(refusal_);
    }
    return Outcome::refused;
}

void Upgrade::send_refusal(const Refusal& refusal) {
    if (session_ && session_->tap) {
        TraceLine line("refused");
        line.code("status", refusal.status).field("answer", refusal.body);
        session_->tap->connection(line);
    }
    connection_->refuse(refusal);
}

// Somebody traces some client: it may be this one, by what it says of itself, or by what plugins will say.
void Upgrade::trace_begin() {
    session_->tap.reset(new TraceTap);
    std::string_view client_id;
    if (field("client_id", &client_id) == GW_OK) {
        std::vector<TracePtr> found = worker_->node().traces.of(client_id);
        if (!found.empty()) session_->tap->set(std::move(found));
    }
    session_->tap->begin(*this);
}

void Upgrade::refuse(int status, RejectReason reason, std::string_view word, std::string_view why) {
    send_refusal({status, reason, escaped_error_body(word, why), response_headers_});
}

std::string_view Upgrade::claimed(std::string_view set, std::string_view query_name,
                                  std::string_view header_name) const {
    if (!set.empty()) return set;
    if (const auto value = http_->query(query_name); value && !value->empty()) return *value;
    return http_->header(header_name).value_or(std::string_view());
}

int32_t Upgrade::finish() {
    return resolve_identity() ? GW_ST_PASSED : GW_ST_ANSWERED;
}

// Who this is. False: refusal_ says why not.
bool Upgrade::resolve_identity() {
    const SessionOptions& options = worker_->node().options;
    auto fail = [&](int status, const char* word, std::string_view why) {
        log_refused("identity", "identity " + std::string(why), status, word, why,
                    connection_->remote_address());
        refusal_ = {status, RejectReason::identity, escaped_error_body(word, why), {}};
        return false;
    };
    auto identity = std::make_shared<Identity>();
    // When a plugin says who this is, what the client says of itself does not count, but for its client_id.
    const bool verified = !user_id_.empty();
    identity->client_id = claimed(client_id_, "client_id", "X-Client-ID");
    if (identity->client_id.empty()) identity->client_id = worker_->make_id();
    identity->user_id = verified ? user_id_ : claimed(user_id_, "user_id", "X-User-ID");
    if (identity->user_id.empty()) identity->user_id = identity->client_id;
    identity->user_type = verified ? user_type_ : claimed(user_type_, "user_type", "X-User-Type");
    if (identity->user_type.empty()) identity->user_type = default_user_type;
    if (!is_valid_utf8(identity->client_id) || !is_valid_id(identity->client_id)) {
        return fail(400, "bad_request",
                    "client_id must be 1 to 128 bytes of UTF-8 without control characters");
    }
    if (!is_valid_utf8(identity->user_id) || !is_valid_id(identity->user_id)) {
        return fail(400, "bad_request", "user_id must be 1 to 128 bytes of UTF-8 without control characters");
    }
    if (!contains(options.allowed_user_types, identity->user_type)) {
        return fail(403, "forbidden", "user_type is not one of wsc.security.allowed_user_types");
    }
    const bool trusted =
        options.trust_identity || (options.trust_direct_identity && !came_through_proxy(*http_));
    if (!verified && user_type_.empty() && identity->user_type != default_user_type && !trusted) {
        return fail(
            403, "forbidden",
            "user_type " + identity->user_type +
                " needs proof: enable auth, or set wsc.security.trust_client_identity to true when only "
                "trusted clients reach this listener");
    }
    identity->remote_address = connection_->remote_address();
    if (const auto proxy = connection_->proxy_address())
        identity->proxy_address = std::make_unique<const PeerAddress>(*proxy);
    identity->tls = connection_->tls_version();
    identity->connected_at_ms = worker_->reactor().wall_ms();
    identity->compression = negotiate_compression();
    identity->handle = worker_->hub().reserve(connection_->id());
    identity_ = std::move(identity);
    if (session_->tap) session_->tap->set(worker_->node().traces.of(identity_->client_id));
    return true;
}

Compression Upgrade::negotiate_compression() {
    extensions_ = connection_->negotiate_deflate(*http_);
    if (!connection_->deflates()) return Compression::none;
    return connection_->keeps_deflate_context() ? Compression::deflate_with_context : Compression::deflate;
}

Upgrade::Outcome Upgrade::claim() {
    static constexpr const char* why = "replaced: the same client connected again";
    IdentityPtr old;
    switch (worker_->node().directory.claim(identity_, &old)) {
        case Directory::Claim::conflict:
            refuse(409, RejectReason::conflict, "conflict", "client_id is in use by another user");
            return Outcome::refused;
        case Directory::Claim::outdated:
            refuse(409, RejectReason::conflict, "conflict", why);
            return Outcome::refused;
        case Directory::Claim::registered:
            registered_ = true;
            return Outcome::ready;
        case Directory::Claim::replaced:
            registered_ = true;
            break;
    }
    // The old connection's client.disconnected comes first.
    const ConnectionHandle old_handle = old->handle;
    Worker* const own = worker_;
    const uint64_t connection_id = connection_->id();
    auto resume = [own, connection_id] { own->resume_upgrade(connection_id); };
    if (old_handle.reactor() == own->reactor().index()) {
        return own->replace(old_handle, why, resume) ? Outcome::ready : Outcome::waiting;
    }
    Worker* const other = own->node().workers[old_handle.reactor()];
    const bool posted = other->reactor().post(
        [other, own, old_handle, resume] {
            auto post_resume = [own, resume] { own->reactor().post(resume, false); };
            if (other->replace(old_handle, why, post_resume)) post_resume();
        },
        false);
    return posted ? Outcome::waiting : Outcome::ready;
}

std::string_view Upgrade::select_protocol() const {
    const auto& offered = http_->offered_protocols();
    if (!protocol_.empty()) return protocol_;
    if (contains(offered, own_protocol)) return own_protocol;
    for (size_t i = 0; i < offered.size(); ++i) {
        if (offered[i] == token_protocol) {
            ++i;  // its token
        } else {
            return offered[i];
        }
    }
    return offered.empty() ? std::string_view() : token_protocol;
}

void Upgrade::complete() {
    if (!extensions_.empty()) response_headers_.emplace_back("Sec-WebSocket-Extensions", extensions_);
    const std::string response = http_->accept_response(select_protocol(), response_headers_);
    const InterceptorChain& chain = worker_->chain();
    const bool lacks_groups = http_->query("group_id") && !chain.has_stage(GW_STAGE_GROUPS);
    const bool lacks_tickets = http_->query("ticket_id") && !chain.has_stage(GW_STAGE_TICKETS);
    if (!connection_->deciding()) return;  // it went meanwhile
    session_->identify(identity_);
    identity_.reset();
    registered_ = false;
    Session* session = session_.get();
    worker_->open_session(std::move(session_), *connection_, response);
    if (lacks_groups)
        session->send_error(ErrorCode::unavailable, "group_id: no loaded plugin serves groups", {});
    if (lacks_tickets)
        session->send_error(ErrorCode::unavailable, "ticket_id: no loaded plugin serves tickets", {});
}

// --- what plugins do with it ---

Request::DeferralTerms Upgrade::deferral_terms() {
    return worker_->deferral_terms(connection_->ticks_left());
}

void Upgrade::ended(int32_t status) {
    worker_->upgrade_ended(*this, status);
}

int32_t Upgrade::fail_closed(const Interceptor& failed) {
    log::write_limited(LogLevel::error, "handshake." + failed.name,
                       "handshake refused because a plugin failed", {{"plugin", failed.name}});
    refusal_ = {503, RejectReason::plugin_error, error_body("plugin_error", "a plugin failed"), {}};
    return GW_E_FAIL;
}

int32_t Upgrade::field(std::string_view name, std::string_view* out) {
    if (name == "method") {
        *out = http_->method();
    } else if (name == "path") {
        *out = http_->path();
    } else if (name == "client_id") {
        *out = claimed(client_id_, "client_id", "X-Client-ID");
    } else if (name == "user_id") {
        *out = claimed(user_id_, "user_id", "X-User-ID");
    } else if (name == "user_type") {
        *out = claimed(user_type_, "user_type", "X-User-Type");
    } else if (name == "ticket_id" || name == "group_id") {
        *out = http_->query(name).value_or(std::string_view());
    } else if (name == "subprotocol") {
        *out = select_protocol();
    } else if (name == "remote_address") {
        if (remote_address_.empty()) remote_address_ = connection_->remote_address().text();
        *out = remote_address_;
    } else if (name == "tls") {
        *out = gatewayd::name(connection_->tls_version());
    } else {
        return GW_E_NOTFOUND;
    }
    return out->empty() ? GW_E_NOTFOUND : GW_OK;
}

int32_t Upgrade::header(std::string_view name, std::string_view* out) {
    const auto value = http_->header(name);
    if (!value) return GW_E_NOTFOUND;
    *out = *value;
    return GW_OK;
}

int32_t Upgrade::query(std::string_view name, std::string_view* out) {
    const auto value = http_->query(name);
    if (!value) return GW_E_NOTFOUND;
    *out = *value;
    return GW_OK;
}

int32_t Upgrade::set_field(std::string_view name, std::string_view value) {
    if (frozen) return GW_E_STATE;
    if (name == "subprotocol") {
        if (!contains(http_->offered_protocols(), value)) return GW_E_ARG;
    } else if (!is_valid_utf8(value) || !is_valid_id(value)) {
        return GW_E_ARG;
    }
    std::string_view* const place = name == "client_id"     ? &client_id_
                                    : name == "user_id"     ? &user_id_
                                    : name == "user_type"   ? &user_type_
                                    : name == "subprotocol" ? &protocol_
                                                            : nullptr;
    if (!place) return GW_E_ARG;
    *place = texts_.emplace_back(value);
    return GW_OK;
}

int32_t Upgrade::set_response_header(std::string_view name, std::string_view value) {
    if (const int32_t wrong = check_response_header(name, value)) return wrong;
    for (auto& [key, text] : response_headers_) {
        if (equal_ignoring_case(key, name)) {
            text = value;
            return GW_OK;
        }
    }
    if (response_headers_.size() >= max_response_headers) return GW_E_LIMIT;
    response_headers_.emplace_back(name, value);
    return GW_OK;
}

int32_t Upgrade::reject(int32_t status, std::string_view word, std::string_view why) {
    if (frozen) return GW_E_STATE;
    if (status < 400 || status > 599 || !is_rejection(word, why)) return GW_E_ARG;
    const Interceptor* by = current_interceptor();
    const std::string by_name = by ? by->name : "plugin";
    log_refused(by_name, by_name, status, word, why, connection_->remote_address());
    refusal_ = {status, RejectReason::plugin, escaped_error_body(word, why), {}};
    return GW_OK;
}

}  // namespace gatewayd
