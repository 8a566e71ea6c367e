#include "core/session/session.h"

#include <algorithm>

#include "core/base/log.h"
#include "core/base/utf8.h"
#include "core/chain/trace_tap.h"
#include "core/session/delivery_request.h"
#include "core/session/frame_request.h"
#include "core/session/message_rules.h"
#include "core/session/worker.h"

namespace gatewayd {
namespace {

bool is_close_code_of_plugins(uint16_t code) {
    return code == close_normal || code == close_policy || code == close_internal_error ||
           code == close_try_again_later || (code >= 3000 && code <= 4999);
}

}  // namespace

Session::Session(Worker* worker, Connection* connection) : worker_(worker), connection_(connection) {}

Session::~Session() = default;

// --- its life ---

void Session::identify(IdentityPtr identity) {
    identity_ = std::move(identity);
    grants.identify(&worker_->node().permissions, identity_->user_type);
}

void Session::enter(const std::shared_ptr<const InterceptorChain>& chain) {
    if (chain_) chain_->connections.fetch_sub(1, std::memory_order_relaxed);
    if (chain) chain->connections.fetch_add(1, std::memory_order_relaxed);
    chain_ = chain;
}

bool Session::wants_deliveries() const {
    return (chain_->attached_kinds(*this) & GW_KIND_DELIVERY) || chain_->wants_event(GW_EV_MESSAGE_SENT);
}

void Session::open() {
    enter(worker_->chain_ptr());
    const InterceptorChain& chain = *chain_;
    opened_ = true;
    if (tap || worker_->node().traces.any()) retrace();
    worker_->counters().opened.add();
    worker_->connected_counter(identity_->user_type).add();
    greet();
    const bool attached = chain.attach(*this);
    hooked_ = wants_deliveries();
    worker_->hub().add(this);
    in_hub_ = true;
    log_connected();
    if (identity_->proxy_address && log::enabled(LogLevel::debug)) {
        log::debug("client came through a proxy",
                   {{"connection_id", connection_->id()},
                    {"proxy_address", worker_->text_of(*identity_->proxy_address)}});
    }
    chain.emit(GW_EV_CONNECTED, this);
    if (!attached)
        connection_->close_later(close_internal_error, "a plugin failed", DisconnectReason::plugin_error);
}

void Session::log_connected() const {
    if (!log::enabled(LogLevel::info)) return;
    const log::Field client_id("client_id", identity_->client_id);
    const log::Field user_id("user_id", identity_->user_id);
    const log::Field user_type("user_type", identity_->user_type);
    const log::Field connection_id("connection_id", connection_->id());
    const log::Field address("remote_address", worker_->text_of(identity_->remote_address));
    if (identity_->tls == TlsVersion::none) {
        log::write_connection("connected", "client connected",
                              {client_id, user_id, user_type, connection_id, address});
    } else {
        log::write_connection(
            "connected", "client connected",
            {client_id, user_id, user_type, connection_id, address, {"tls", gatewayd::name(identity_->tls)}});
    }
}

// The first frame that a client gets (docs/protocol.md).
void Session::greet() {
    const SessionOptions& options = worker_->node().options;
    std::string text = R"({"type":"connected","client_id":)";
    append_json_string(identity_->client_id, &text);
    text.append(R"(,"user_id":)");
    append_json_string(identity_->user_id, &text);
    text.append(R"(,"user_type":)");
    append_json_string(identity_->user_type, &text);
    text.append(R"(,"node_id":)");
    append_json_string(options.node_id, &text);
    text.append(R"(,"connection_id":)").append(std::to_string(connection_->id()));
    text.append(R"(,"heartbeat_interval":)").append(std::to_string(options.heartbeat_interval_s));
    text.append(R"(,"max_message_size":)").append(std::to_string(options.max_message_bytes)).append("}");
    send_frame(worker_->buffer().frame_text(text));
}

void Session::close_now(CloseCode code, std::string_view text, DisconnectReason reason) {
    if (in_hub_) worker_->hub().settle(this);  // what was sent to it before this
    connection_->close(code, text, reason);
}

void Session::on_closed(Connection&, DisconnectReason reason, uint16_t code, std::string_view text) {
    const InterceptorChain& chain = *chain_;
    if (const std::unique_ptr<Request> pending = std::move(pending_)) {
        InterceptorChain::abandon(
            *pending, reason == DisconnectReason::server_shutdown ? GW_WHY_DRAIN : GW_WHY_DISCONNECT);
        if (tap) tap->end(*pending, GW_E_CANCELLED);
    }
    worker_->hub().remove(this);
    in_hub_ = false;
    worker_->node().directory.leave_user(identity_);
    worker_->counters().disconnected[static_cast<size_t>(reason)].add();
    worker_->connected_counter(identity_->user_type).sub();
    if (tap) trace_disconnected(reason, code, text);
    chain.emit(GW_EV_DISCONNECTED, this, nullptr, code, name(reason));
    ended_ = true;
    worker_->end_callbacks(*this, nullptr);
    chain.detach(*this);
    chain.connections.fetch_sub(1, std::memory_order_relaxed);  // the chain itself stays until we are buried
    if (log::enabled(LogLevel::info)) {
        log::write_connection("disconnected", "client disconnected",
                              {{"client_id", identity_->client_id},
                               {"user_id", identity_->user_id},
                               {"connection_id", connection_->id()},
                               {"reason", name(reason)},
                               {"code", code},
                               {"text", text}});
    }
    // Last, so that nobody is told of a successor before.
    worker_->node().directory.release(identity_);
    worker_->bury(this);
}

// --- messages of this client ---

void Session::on_message(Connection&, bool binary, char* payload, size_t size) {
    std::string_view bytes(payload, size);
    std::string changed;  // owns what a frame hook put in place
    if (chain_->wants(GW_KIND_FRAME) && frame_hooks_claim(binary, &bytes, &changed)) return;
    on_decodable(binary, bytes);
}

void Session::on_decodable(bool binary, std::string_view bytes) {
    if (!is_open()) return;
    if (binary) {
        worker_->counters().received[static_cast<size_t>(TypeClass::binary)].add();
        if (tap) tap->received("binary", bytes);
        refuse_message(wire_name(ErrorCode::invalid_message),
                       "binary messages need a plugin that takes them; send JSON text", {});
        return;
    }
    on_text(bytes);
}

// True: a plugin took the message, put it aside, or failed on it.
bool Session::frame_hooks_claim(bool binary, std::string_view* bytes, std::string* changed) {
    FrameRequest request(this, binary, *bytes);
    if (tap) tap->begin(request);
    const int32_t status = chain_->run(request);
    if (status == status_pending) {
        put_aside(request.to_heap());
        return true;
    }
    if (tap) tap->end(request, status);
    if (status != GW_ST_PASSED) {
        if (binary) worker_->counters().received[static_cast<size_t>(TypeClass::binary)].add();
        return true;
    }
    if (request.is_changed()) {
        *changed = request.take_changed();
        *bytes = *changed;
    }
    return false;
}

void Session::on_text(std::string_view text) {
    Envelope& envelope = worker_->scratch_envelope();
    SessionCounters& counters = worker_->counters();
    const Status status = decode(text, &envelope);
    if (!status.ok()) {
        counters.received[static_cast<size_t>(TypeClass::invalid)].add();
        if (tap) tap->received("invalid", text);
        refuse_message(wire_name(status.code()), status.message(), envelope.id_json);
        return;
    }
    if (envelope.type == "ping") {
        counters.received[static_cast<size_t>(TypeClass::ping)].add();
        if (tap) tap->received("ping", text);
        send_frame(worker_->buffer().frame_text(R"({"type":"pong"})"));
        return;
    }
    const bool is_reserved = is_reserved_type(envelope.type);
    const auto type_class = is_reserved ? TypeClass::reserved : TypeClass::message;
    counters.received[static_cast<size_t>(type_class)].add();
    if (const std::optional<RuleId> rule = rule_of(envelope, is_reserved); rule && !grants.may(*rule)) {
        if (tap) tap->received("forbidden", text);
        refuse_message(wire_name(ErrorCode::forbidden), grants.refusal(*rule), envelope.id_json);
        return;
    }
    MessageRequest request(GW_KIND_MESSAGE, this, &envelope, worker_->stamp(identity_->user_id), this);
    const InterceptorChain& chain = *chain_;
    if (tap) tap->begin(request);
    if (chain.wants_event(GW_EV_MESSAGE_RECEIVED)) chain.emit(GW_EV_MESSAGE_RECEIVED, this, &request);
    const int32_t outcome = chain.wants(GW_KIND_MESSAGE) ? chain.run(request) : request.finish();
    if (outcome == status_pending) return put_aside(request.to_heap());
    if (tap) tap->end(request, outcome);
}

// --- what plugins put aside ---

Request::DeferralTerms Session::deferral_terms() {
    return worker_->deferral_terms(to_ticks(max_deferral_ms));
}

void Session::put_aside(std::unique_ptr<Request> request) {
    pending_ = std::move(request);
    connection_->pause_reading();
}

void Session::ended(MessageRequest& request, int32_t status) {
    if (tap) tap->end(request, status);
    pending_.reset();
    move_on();
    connection_->resume_reading();
}

void Session::frame_ended(FrameRequest& request, int32_t status) {
    const std::unique_ptr<Request> ended = std::move(pending_);  // owns the bytes
    if (tap) tap->end(request, status);
    if (status == GW_ST_PASSED) {
        on_decodable(request.is_binary(), request.payload());
    } else if (request.is_binary()) {
        worker_->counters().received[static_cast<size_t>(TypeClass::binary)].add();
    }
    if (pending_) return;
    move_on();
    connection_->resume_reading();
}

// --- from chain to chain ---

void Session::move_on() {
    if (pending_ || chain_ == worker_->chain_ptr() || !is_open()) return;
    change_chain();
}

void Session::change_chain() {
    const std::shared_ptr<const InterceptorChain> from = chain_;  // until its hooks have returned
    const std::shared_ptr<const InterceptorChain>& to = worker_->chain_ptr();
    for (const auto& interceptor : from->interceptors()) {
        if (!to->has(interceptor.get())) worker_->end_callbacks(*this, interceptor->instance);
    }
    const bool attached = to->take_over(*this, *from);
    enter(to);
    if (in_hub_) worker_->hub().set_hooked(this, wants_deliveries());
    if (!attached)
        connection_->close_later(close_internal_error, "a plugin failed", DisconnectReason::plugin_error);
}

void Session::drain(const LeavingPlugins& leaving) {
    if (!pending_) return move_on();
    if (!is_open() || !worker_->is_old(*pending_->deferral->chain, leaving)) return;
    worker_->chain_ptr()->take_over(*pending_, [this] { change_chain(); });
}

// ErrorCode::ok: the message may go to its destination.
ErrorCode Session::refusal_of(const MessageRequest& request, std::string* why) const {
    const Envelope& envelope = request.envelope();
    const Destination& to = request.destination();
    if (is_reserved_type(envelope.type)) {
        *why = "this type is reserved, and no plugin takes it";
        return ErrorCode::unknown_type;
    }
    if (envelope.require_ack) {
        *why = "require_ack needs a delivery plugin, and none is loaded";
        return ErrorCode::unavailable;
    }
    if (to.kind == DestinationKind::none) {
        *why =
            envelope.ticket_id.empty() ? "no loaded plugin serves groups" : "no loaded plugin serves tickets";
        return ErrorCode::unavailable;
    }
    if (request.redirected()) return ErrorCode::ok;  // that plugin's rules count
    if (to.kind == DestinationKind::all && !grants.may(rule_broadcast)) {
        *why = grants.refusal(rule_broadcast) + "; name a receiver in `to`";
        return ErrorCode::forbidden;
    }
    if (to.kind == DestinationKind::user && !grants.may(rule_message_users)) {
        *why = grants.refusal(rule_message_users);
        return ErrorCode::forbidden;
    }
    return ErrorCode::ok;
}

int32_t Session::route(MessageRequest& request) {
    std::string why;
    const ErrorCode refusal = refusal_of(request, &why);
    if (refusal != ErrorCode::ok) {
        refuse_message(wire_name(refusal), why, request.envelope().id_json);
        return GW_ST_ANSWERED;
    }
    const Destination& to = request.destination();
    if (!worker_->router().send(to, request.body(), request.stamps(), this, nullptr)) {
        const bool user = to.kind == DestinationKind::user;
        refuse(request, user ? "user_offline" : "not_found",
               user ? "the user has no connection" : "the client is not connected");
        return GW_ST_ANSWERED;
    }
    return GW_ST_PASSED;
}

void Session::refuse(MessageRequest& request, std::string_view code, std::string_view why) {
    send_error_word(code, why, request.envelope().id_json);
}

void Session::refuse_message(std::string_view code, std::string_view why, std::string_view id_json) {
    log::write_limited(LogLevel::warn, "message." + std::string(code), "message refused",
                       {{"code", code},
                        {"why", why},
                        {"client_id", identity_->client_id},
                        {"user_id", identity_->user_id},
                        {"connection_id", connection_->id()}});
    send_error_word(code, why, id_json);
}

int32_t Session::answer(MessageRequest&, std::string_view message) {
    return send_raw(false, message);
}

// --- to this client ---

bool Session::send_frame(const Slice& frame) {
    if (in_hub_) worker_->hub().settle(this);
    return queue(frame);
}

int32_t Session::send_raw(bool binary, std::string_view bytes) {
    if (!is_open()) return GW_E_STALE;
    return send_frame(worker_->buffer().frame(binary ? Opcode::binary : Opcode::text, bytes)) ? GW_OK
                                                                                              : GW_E_LIMIT;
}

void Session::send_error(ErrorCode code, std::string_view why, std::string_view id_json) {
    send_error_word(wire_name(code), why, id_json);
}

void Session::send_error_word(std::string_view code, std::string_view why, std::string_view id_json) {
    std::string text;
    append_error(code, why, id_json, &text);
    send_frame(worker_->buffer().frame_text(text));
}

bool Session::deliver(const Slice& frame) {
    if (!is_open()) return false;
    const InterceptorChain& chain = *chain_;
    DeliveryRequest request(this, server_frame_payload(frame.view()));
    if (chain.wants(GW_KIND_DELIVERY)) {
        if (tap) tap->begin(request);
        const int32_t status = chain.run(request);
        if (tap) tap->end(request, status);
        if (status != GW_ST_PASSED) {
            worker_->counters().deliveries_dropped.add();
            return false;
        }
    }
    const bool taken = queue(request.changed() ? worker_->buffer().frame_text(request.payload()) : frame);
    if (taken && chain.wants_event(GW_EV_MESSAGE_SENT)) chain.emit(GW_EV_MESSAGE_SENT, this, &request);
    return taken;
}

// --- what plugins see ---

gw_conn_id Session::conn_id() const {
    if (!identity_) return {0, 0};
    return {identity_->handle.slot, identity_->handle.generation};
}

bool Session::client(gw_client* out) const {
    if (!identity_) return false;
    out->conn = conn_id();
    out->client_id = to_abi(std::string_view(identity_->client_id));
    out->user_id = to_abi(std::string_view(identity_->user_id));
    out->user_type = to_abi(std::string_view(identity_->user_type));
    if (!address_text_) address_text_ = std::make_unique<const std::string>(identity_->remote_address.text());
    out->remote_address = to_abi(std::string_view(*address_text_));
    out->connected_at_ms = identity_->connected_at_ms;
    return true;
}

bool Session::is_open() const {
    if (ended_) return false;
    return opened_ ? connection_->open() : connection_->deciding();
}

const InterceptorChain* Session::current_chain() const {
    return chain_.get();
}

int32_t Session::send(std::string_view message) {
    if (!opened_) return GW_E_STATE;
    if (!is_valid_utf8(message) || !is_valid_json(message)) return GW_E_ARG;
    return send_raw(false, message);
}

int32_t Session::close(uint16_t code, std::string_view reason) {
    if (!opened_) return GW_E_STATE;
    if (!is_close_code_of_plugins(code) || !is_valid_utf8(reason)) return GW_E_ARG;
    if (!is_open()) return GW_E_STALE;
    close_text_ = std::make_unique<std::string>(reason);
    connection_->close_later(static_cast<CloseCode>(code), close_text_->c_str(),
                             DisconnectReason::plugin_close);
    return GW_OK;
}

}  // namespace gatewayd
