// Request, Connection, Next, Event: what a hook gets. All are views of the host's objects and die with the
// hook, as does every text they hand out. [conn]
#ifndef GATEWAY_SDK_REQUEST_HPP
#define GATEWAY_SDK_REQUEST_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "gateway/sdk/host.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

enum class Verdict : int32_t { Continue = GW_CONTINUE, Done = GW_DONE, Pending = GW_PENDING, Drop = GW_DROP };
inline constexpr Verdict Continue = Verdict::Continue;
inline constexpr Verdict Done = Verdict::Done;
inline constexpr Verdict Pending = Verdict::Pending;
inline constexpr Verdict Drop = Verdict::Drop;

class Request {
   public:
    Request(const gw_host* host, gw_req* req) : host_(host), req_(req) {}

    uint32_t kind() const { return host_->kind(req_); }  // a GW_KIND_ bit
    bool is_handshake() const { return kind() == GW_KIND_HANDSHAKE; }
    bool is_frame() const { return kind() == GW_KIND_FRAME; }
    bool is_message() const { return kind() == GW_KIND_MESSAGE; }
    bool is_publish() const { return kind() == GW_KIND_PUBLISH; }
    bool is_delivery() const { return kind() == GW_KIND_DELIVERY; }
    bool is_binary() const { return host_->is_binary(req_) == 1; }

    // The text of a field, unescaped; nothing when it is absent or no text.
    std::optional<std::string_view> field(std::string_view name) const {
        gw_str out{nullptr, 0};
        if (find_field(name, &out) != GW_OK) return std::nullopt;
        return to_view(out);
    }
    // The JSON of a field that is not text; nothing when it is absent or text.
    std::optional<std::string_view> json_field(std::string_view name) const {
        gw_str out{nullptr, 0};
        if (find_field(name, &out) != GW_FIELD_JSON) return std::nullopt;
        return to_view(out);
    }
    std::optional<std::string_view> header(std::string_view name) const {
        return found(host_->header, name, "header");
    }
    std::optional<std::string_view> query(std::string_view name) const {
        return found(host_->query, name, "query");
    }
    std::string_view payload() const { return to_view(host_->payload(req_)); }

    void set_field(std::string_view name, std::string_view value) {
        check(host_->set_field(req_, to_gw(name), to_gw(value)), "set_field", name);
    }
    void set_json(std::string_view name, std::string_view json) {
        check(host_->set_json(req_, to_gw(name), to_gw(json)), "set_json", name);
    }
    void replace_payload(std::string_view payload) {
        check(host_->replace_payload(req_, to_gw(payload)), "replace_payload");
    }
    void set_response_header(std::string_view name, std::string_view value) {
        check(host_->set_response_header(req_, to_gw(name), to_gw(value)), "set_response_header", name);
    }
    // return request.answer(...); and return request.reject(...);
    Verdict answer(std::string_view message) {
        check(host_->answer(req_, to_gw(message)), "answer");
        return Done;
    }
    Verdict reject(int32_t status, std::string_view word, std::string_view why) {
        check(host_->reject(req_, status, to_gw(word), to_gw(why)), "reject", word);
        return Done;
    }

    Destination destination() const {
        gw_destination raw{};
        raw.struct_size = static_cast<uint32_t>(sizeof(raw));
        check(host_->get_destination(req_, &raw), "get_destination");
        return {raw.kind, raw.flags, to_view(raw.id)};
    }
    void set_destination(const Destination& to) {
        const gw_destination raw = to.raw();
        check(host_->set_destination(req_, &raw), "set_destination", to.id);
    }

    gw_req* raw() const { return req_; }

   private:
    int32_t find_field(std::string_view name, gw_str* out) const {
        const int32_t code = host_->field(req_, to_gw(name), out);
        return code == GW_E_NOTFOUND ? code : check(code, "field", name);
    }
    template <typename Get>
    std::optional<std::string_view> found(Get get, std::string_view name, const char* function) const {
        gw_str out{nullptr, 0};
        const int32_t code = get(req_, to_gw(name), &out);
        if (code == GW_E_NOTFOUND) return std::nullopt;
        check(code, function, name);
        return to_view(out);
    }

    const gw_host* host_;
    gw_req* req_;
};

class Connection {
   public:
    Connection(const gw_host* host, gw_ctx* ctx, void* slot) : host_(host), ctx_(ctx), slot_(slot) {}

    // False in a publish request and in events about no connection: then nothing below may be called.
    explicit operator bool() const { return ctx_ != nullptr; }
    gw_conn_id id() const { return host_->conn_id(ctx_); }
    // Not in a handshake.
    Client client() const {
        gw_client raw{};
        raw.struct_size = static_cast<uint32_t>(sizeof(raw));
        check(host_->client(ctx_, &raw), "client");
        return Client::from(raw);
    }
    std::optional<std::string_view> attribute(std::string_view name) const {
        gw_str out{nullptr, 0};
        const int32_t code = host_->attr_get(ctx_, to_gw(name), &out);
        if (code == GW_E_NOTFOUND) return std::nullopt;
        check(code, "attr_get", name);
        return to_view(out);
    }
    void set_attribute(std::string_view name, std::string_view value) {
        check(host_->attr_set(ctx_, to_gw(name), to_gw(value)), "attr_set", name);
    }
    void send(std::string_view message) { check(host_->send(ctx_, to_gw(message)), "send"); }
    void close(int32_t code, std::string_view reason) {
        check(host_->close(ctx_, code, to_gw(reason)), "close", reason);
    }

    // What Attach put there; null before, in handshakes, and without it.
    template <typename T>
    T* slot() const {
        return static_cast<T*>(slot_);
    }
    // In Attach: what comes back in every later hook of this connection, until Detach frees it.
    void set_slot(void* slot) { slot_ = slot; }
    // In Attach: the kinds of request of this connection that the plugin wants to see (GW_KIND_ bits).
    void keep_kinds(uint32_t kinds) { kept_kinds_ = kinds; }

    gw_ctx* raw() const { return ctx_; }
    void* raw_slot() const { return slot_; }
    uint32_t kept_kinds() const { return kept_kinds_; }

   private:
    const gw_host* host_;
    gw_ctx* ctx_;
    void* slot_;
    uint32_t kept_kinds_ = UINT32_MAX;
};

class Next {
   public:
    // resumable: the plugin's class has an OnResume of its own.
    Next(Host host, gw_next* next, void* slot, bool resumable = true)
        : host_(host), next_(next), slot_(slot), resumable_(resumable) {}
    ~Next() {
        if (state_ != nullptr) free_state_(state_);
    }
    Next(const Next&) = delete;
    Next& operator=(const Next&) = delete;

    // Runs the rest of the chain now; after(Request&, Connection&, int32_t status) runs exactly once when the
    // request has ended: before this returns, or later if it returns Pending. Return what this returned.
    template <typename After>
    Verdict run(After after) {
        auto closure = std::make_unique<Closure<After>>(Closure<After>{std::move(after), host_, slot_});
        const int32_t code = offered(host_.raw()->next, "next")(next_, Closure<After>::call, closure.get());
        if (code >= 0) static_cast<void>(closure.release());  // call() frees it, or has done so
        return static_cast<Verdict>(check(code, "next"));
    }
    // Puts the request aside until Host::resume(token), from any thread; then return Pending. ud comes back
    // in OnResume or OnCancel, of which exactly one runs. With another verdict than Pending, or when the hook
    // throws, the token is withdrawn and neither runs. timeout_ms 0: as long as the gateway allows.
    // ud is a pointer to what is aligned, or an even number: its lowest bit is the SDK's.
    gw_token defer(uint32_t timeout_ms, void* ud) {
        if (!resumable_) throw Error("defer: override OnResume and OnCancel", GW_E_STATE);
        if ((reinterpret_cast<uintptr_t>(ud) & 1) != 0) throw Error("defer: ud is odd", GW_E_ARG);
        return defer_with(timeout_ms, ud, nullptr);
    }
    // The same with what the plugin keeps of the request: it is freed here unless the hook returns Pending;
    // OnResume and OnCancel own it by gateway::take<State>(ud).
    template <typename State>
    gw_token defer(uint32_t timeout_ms, std::unique_ptr<State> state) {
        const gw_token token = defer(timeout_ms, static_cast<void*>(state.get()));
        free_state_ = [](void* kept) { delete static_cast<State*>(kept); };
        state_ = state.release();
        return token;
    }
    // For functions of the SDK, and as they do: any ud, and what frees it unless the hook returns Pending;
    // null: nothing does.
    gw_token defer_with(uint32_t timeout_ms, void* ud, void (*free)(void*)) {
        gw_token token{0, 0};
        check(offered(host_.raw()->defer, "defer")(next_, timeout_ms, ud, &token), "defer");
        free_state_ = free;
        state_ = free != nullptr ? ud : nullptr;
        return token;
    }
    const Host& host() const { return host_; }
    // By the glue, when the hook has returned.
    Verdict returned(Verdict verdict) {
        if (verdict == Verdict::Pending) state_ = nullptr;  // on its way to OnResume or OnCancel
        return verdict;
    }

   private:
    template <typename After>
    struct Closure {
        After after;
        Host host;
        void* slot;
        static void call(void* ud, gw_ctx* ctx, gw_req* req, int32_t status) {
            const std::unique_ptr<Closure> self(static_cast<Closure*>(ud));
            detail::guarded(self->host.raw(), self->host.inst(), "done", [&] {
                Request request(self->host.raw(), req);
                Connection connection(self->host.raw(), ctx, self->slot);
                self->after(request, connection, status);
                return GW_OK;
            });
        }
    };

    Host host_;
    gw_next* next_;
    void* slot_;
    bool resumable_;
    void* state_ = nullptr;  // of a deferral, while it is ours
    void (*free_state_)(void*) = nullptr;
};

// What was given to Next::defer, in OnResume and OnCancel: exactly one of them gets it, and owns it.
template <typename State>
std::unique_ptr<State> take(void* ud) {
    return std::unique_ptr<State>(static_cast<State*>(ud));
}

class Event {
   public:
    Event(const gw_host* host, const gw_event* event) : host_(host), event_(event) {}

    uint64_t type() const { return event_->type; }  // one GW_EV_ bit
    // disconnected: the close code; error: a GW_SEVERITY_.
    int32_t code() const { return event_->code; }
    // disconnected: its name ("client_close"); error: in words.
    std::string_view reason() const { return to_view(event_->reason); }
    bool has_message() const { return event_->req != nullptr; }
    // message.received and message.sent; only its getters may be called.
    const Request message() const { return Request(host_, const_cast<gw_req*>(event_->req)); }

   private:
    const gw_host* host_;
    const gw_event* event_;
};

}  // namespace GATEWAY_SDK_HIDDEN

#endif
