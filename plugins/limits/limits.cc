// limits: how fast clients may connect and send, how fast they are let in when all come at once, and who is
// banned for a while because it did not listen. README.md
#include <cmath>
#include <memory>
#include <string>

#include "admission.h"
#include "bans.h"
#include "bucket.h"
#include "gateway/plugin.hpp"
#include "message_id.h"
#include "settings.h"
#include "tracked.h"

namespace limits {
namespace {

constexpr int64_t ns_per_ms = 1'000'000;
constexpr int64_t admission_tick_ms = 10;
constexpr size_t max_listed_bans = 1000;
constexpr int64_t max_ban_s = 31536000;

int64_t to_ms(int64_t ns) {
    return (ns + ns_per_ms - 1) / ns_per_ms;
}

std::string seconds_of(int64_t ms) {
    return std::to_string(std::max<int64_t>(1, (ms + 999) / 1000));
}

// What limits count for one connection (its slot). Its thread's; what it shares guards itself.
struct Meter {
    OwnBucket messages;
    OwnBucket bytes;
    TrackedPtr user;
    TrackedPtr address;
    std::string address_key;
    std::string address_text;
};

// IPv6 networks are given out as /64: a host has as many addresses there as it likes.
std::string key_of(const address::Address& one) {
    const address::Address kept = one.is_v4() ? one : one.masked(64);
    return {reinterpret_cast<const char*>(kept.bytes.data()), kept.bytes.size()};
}
std::string name_of(const address::Address& one) {
    return one.is_v4() ? one.text() : one.masked(64).text() + "/64";
}

class Limits : public gateway::Interceptor {
   public:
    static constexpr uint32_t stage = GW_STAGE_LIMITS;
    static constexpr uint32_t state_version = 1;

    void Configure(const gateway::Config& config) override {
        settings_ = Settings::read(config);
        tracked_ = std::make_unique<TrackedTable>(settings_.max_tracked);
        admission_ = std::make_unique<Admission>(settings_.admission);
        refused_ = gateway::counters(host(), "refused_total", "Messages and handshakes that were refused.",
                                     {"what"});
        for (size_t what = 0; what < refused_by_.size(); ++what)
            refused_by_[what] = refused_.with({what_names[what]});
        waiting_ = gateway::gauge(host(), "admission_waiting", "Handshakes that wait to be let in.");
        banned_ = gateway::gauge(host(), "bans", "Addresses that may not connect for now.");
        gateway::admin_route<&Limits::list_bans>(host(), this, "GET", "/bans");
        gateway::admin_route<&Limits::lift_bans>(host(), this, "DELETE", "/bans");
        gateway::admin_route<&Limits::add_ban>(host(), this, "PUT", "/bans/{address}");
        gateway::admin_route<&Limits::lift_ban>(host(), this, "DELETE", "/bans/{address}");
    }

    bool Attach(gateway::Connection& connection) override {
        const gateway::Client client = connection.client();
        const auto& exempt = settings_.exempt_user_types;
        if (std::find(exempt.begin(), exempt.end(), client.user_type) != exempt.end()) return false;
        const auto from = address::parse_endpoint(client.remote_address);
        if (from && settings_.is_exempt(*from)) return false;
        auto meter = std::make_unique<Meter>();
        const auto now = static_cast<int64_t>(host().now_ns());
        meter->user = tracked_->find("u" + std::string(client.user_id), now);
        meter->address_key = from ? key_of(*from) : std::string(client.remote_address);
        meter->address_text = from ? name_of(*from) : std::string(client.remote_address);
        meter->address = tracked_->find("a" + meter->address_key, now);
        connection.set_slot(meter.release());
        return true;
    }
    void Detach(gateway::Connection& connection) override { delete connection.slot<Meter>(); }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next& next) override {
        if (request.kind() == GW_KIND_HANDSHAKE) return on_handshake(request, next);
        return on_frame(request, connection, *connection.slot<Meter>());
    }
    gateway::Verdict OnResume(gateway::Request&, gateway::Connection&, gateway::Next&, void*) override {
        return gateway::Continue;  // its turn to come in
    }
    void OnCancel(const gateway::Request&, gateway::Connection&, void*, int32_t) override {}

    // Bans go along at a reload; what is in the buckets does not.
    std::string SaveState(gateway::StatePart) override { return bans_.save(host().wall_time_ms()); }
    void LoadState(const gateway::State& state) override {
        if (state.version != state_version) throw gateway::Error("bans of another version of limits");
        bans_.load(state.bytes, host().wall_time_ms());
        count_bans();
    }

    // --- the admin listener ---

    void list_bans(const gateway::AdminRequest& request) { request.answer(200, bans_json()); }
    void lift_bans(const gateway::AdminRequest& request) {
        const size_t count = bans_.lift_all();
        count_bans();
        request.answer(200, "{\"lifted\":" + std::to_string(count) + "}");
    }
    void add_ban(const gateway::AdminRequest& request);
    void lift_ban(const gateway::AdminRequest& request);

   private:
    enum What : size_t { messages, bytes, handshakes, admission, banned };
    static constexpr std::array<std::string_view, 5> what_names{"messages", "bytes", "handshakes",
                                                                "admission", "banned"};

    gateway::Verdict on_handshake(gateway::Request& request, gateway::Next& next);
    gateway::Verdict enter(gateway::Request& request, gateway::Next& next, int64_t now);
    gateway::Verdict refuse_handshake(gateway::Request& request, What what, int64_t wait_ms,
                                      std::string_view word, const std::string& why, int32_t status = 429);
    gateway::Verdict on_frame(gateway::Request& request, gateway::Connection& connection, Meter& meter);
    gateway::Verdict refuse_frame(gateway::Request& request, gateway::Connection& connection, Meter& meter,
                                  What what, int64_t wait_ns, const char* whose);
    // True: it was the last that is borne.
    bool is_abuse(Tracked& address, const std::string& key, const std::string& name, const char* what,
                  int64_t now);
    void let_in();
    void count_bans() { banned_.set(static_cast<double>(bans_.size())); }
    std::string bans_json() const;

    Settings settings_;
    std::unique_ptr<TrackedTable> tracked_;
    std::unique_ptr<Admission> admission_;
    Bans bans_;
    gateway::Metric<gateway::Counter> refused_;
    std::array<gateway::Counter, what_names.size()> refused_by_;
    gateway::Gauge waiting_;
    gateway::Gauge banned_;
};

// --- handshakes ---

gateway::Verdict Limits::on_handshake(gateway::Request& request, gateway::Next& next) {
    const std::string_view endpoint = request.field("remote_address").value_or("");
    const auto from = address::parse_endpoint(endpoint);
    if (from && settings_.is_exempt(*from)) return gateway::Continue;
    const auto now = static_cast<int64_t>(host().now_ns());
    const std::string key = from ? key_of(*from) : std::string(endpoint);
    if (const int64_t left_ms = bans_.left_ms(key, host().wall_time_ms())) {
        return refuse_handshake(request, banned, left_ms, "banned",
                                "this address sent too much and is banned for " + seconds_of(left_ms) + " s");
    }
    const TrackedPtr address = tracked_->find("a" + key, now);
    int64_t wait_ns = address->handshakes.take(settings_.address.handshakes, 1, now);
    const char* whose = "this address";
    if (wait_ns == 0) {
        if (const auto user = request.field("user_id"); user && !user->empty()) {
            wait_ns = tracked_->find("u" + std::string(*user), now)
                          ->handshakes.take(settings_.user.handshakes, 1, now);
            whose = "this user";
        }
    }
    if (wait_ns == 0) return enter(request, next, now);
    const std::string name = from ? name_of(*from) : std::string(endpoint);
    is_abuse(*address, key, name, "handshakes", now);
    return refuse_handshake(request, handshakes, to_ms(wait_ns), "rate_limited",
                            std::string("too many handshakes of ") + whose + "; the next one in " +
                                seconds_of(to_ms(wait_ns)) + " s");
}

// In its turn, when many come at once.
gateway::Verdict Limits::enter(gateway::Request& request, gateway::Next& next, int64_t now) {
    const int64_t wait_ns = admission_->enter(now);
    if (wait_ns == 0) return gateway::Continue;
    if (wait_ns > 0) {
        const gw_token token = next.defer(0, nullptr);
        if (admission_->wait(token, now + wait_ns)) let_in();
        return gateway::Pending;
    }
    // Not all at the same time again.
    const auto spread_ms = static_cast<int64_t>(host().now_ns() / 1000 % 5000);
    return refuse_handshake(request, admission, 1000 + spread_ms, "unavailable",
                            "too many clients connect at once; try again later", 503);
}

gateway::Verdict Limits::refuse_handshake(gateway::Request& request, What what, int64_t wait_ms,
                                          std::string_view word, const std::string& why, int32_t status) {
    refused_by_[what].add();
    request.set_response_header("Retry-After", seconds_of(wait_ms));
    return request.reject(status, word, why);
}

// [any] Lets those in whose time has come, and looks again while others wait.
void Limits::let_in() {
    gateway::after(host(), std::chrono::milliseconds(admission_tick_ms), [this] {
        size_t waiting = 0;
        for (const gw_token token : admission_->due(static_cast<int64_t>(host().now_ns()), &waiting))
            host().resume(token);  // one that has gone meanwhile is passed over
        waiting_.set(static_cast<double>(waiting));
        if (waiting > 0) let_in();
    });
}

// --- messages ---

gateway::Verdict Limits::on_frame(gateway::Request& request, gateway::Connection& connection, Meter& meter) {
    const auto now = static_cast<int64_t>(host().now_ns());
    const auto size = static_cast<double>(request.payload().size());
    int64_t wait_ns = 0;
    What what = messages;
    const auto is_over = [&](auto& counts, const Rates& rates) {
        what = messages;
        wait_ns = counts.messages.take(rates.messages, 1, now);
        if (wait_ns != 0) return true;
        what = bytes;
        wait_ns = counts.bytes.take(rates.bytes, size, now);
        return wait_ns != 0;
    };
    const char* whose = nullptr;
    if (is_over(meter, settings_.connection)) {
        whose = "this connection";
    } else if (is_over(*meter.user, settings_.user)) {
        whose = "this user";
    } else if (is_over(*meter.address, settings_.address)) {
        whose = "this address";
    }
    return whose ? refuse_frame(request, connection, meter, what, wait_ns, whose) : gateway::Continue;
}

gateway::Verdict Limits::refuse_frame(gateway::Request& request, gateway::Connection& connection,
                                      Meter& meter, What what, int64_t wait_ns, const char* whose) {
    refused_by_[what].add();
    const auto now = static_cast<int64_t>(host().now_ns());
    if (is_abuse(*meter.address, meter.address_key, meter.address_text, what_names[what].data(), now)) {
        connection.close(1008,
                         "rate_limited: this address is banned for " + seconds_of(settings_.ban_ms) + " s");
        return gateway::Done;
    }
    const std::string wait_ms = std::to_string(to_ms(wait_ns));
    std::string answer = R"({"type":"error",)";
    if (const std::string id = message_id(request.payload()); !id.empty()) answer += "\"id\":" + id + ",";
    answer += R"("code":"rate_limited","content":"too many )" + std::string(what_names[what]) + " of " +
              whose + "; wait " + wait_ms + R"( ms","retry_after_ms":)" + wait_ms + "}";
    connection.send(answer);
    return gateway::Done;
}

bool Limits::is_abuse(Tracked& address, const std::string& key, const std::string& name, const char* what,
                      int64_t now) {
    if (settings_.ban_ms == 0 || address.refusals.take(settings_.abuse, 1, now) == 0) return false;
    const int64_t wall = host().wall_time_ms();
    if (bans_.left_ms(key, wall) > 0) return true;
    if (!bans_.add({key, name, std::string("too many ") + what, wall + settings_.ban_ms}, wall)) {
        host().error("the list of bans is full: " + name + " is not banned");
        return false;
    }
    count_bans();
    host().warn("an address is banned: it went on after it was told to wait; address=" + name + " what=" +
                what + " seconds=" + seconds_of(settings_.ban_ms) + "; lift it by DELETE /api/v1/plugins/" +
                std::string(host().instance_name()) + "/bans/" + name.substr(0, name.find('/')));
    return true;
}

// --- bans, for operators ---

std::string Limits::bans_json() const {
    const int64_t now = host().wall_time_ms();
    std::string text = R"({"bans":[)";
    for (const Ban& ban : bans_.list(now, max_listed_bans)) {
        if (text.back() != '[') text += ",";
        text += R"({"address":")" + ban.name + R"(","why":")" + ban.why + R"(","seconds_left":)" +
                seconds_of(ban.until_ms - now) + "}";
    }
    return text + "],\"total\":" + std::to_string(bans_.size()) + "}";
}

void bad_address(const gateway::AdminRequest& request) {
    request.answer(400,
                   R"({"error":{"code":"bad_request","message":"an address is 192.0.2.1 or 2001:db8::1"}})");
}

void Limits::add_ban(const gateway::AdminRequest& request) {
    const auto address = address::parse_address(request.parameter("address"));
    if (!address) return bad_address(request);
    const std::string seconds(request.query("seconds").value_or("300"));
    const bool is_number = !seconds.empty() && seconds.size() <= 8 &&
                           seconds.find_first_not_of("0123456789") == std::string::npos;
    const int64_t wanted_s = is_number ? std::stoll(seconds) : 0;
    if (wanted_s < 1 || wanted_s > max_ban_s) {
        request.answer(
            400, R"({"error":{"code":"bad_request","message":"seconds is a number from 1 to 31536000"}})");
        return;
    }
    const int64_t now = host().wall_time_ms();
    if (!bans_.add({key_of(*address), name_of(*address), "by an operator", now + wanted_s * 1000}, now)) {
        request.answer(409, R"({"error":{"code":"conflict","message":"the list of bans is full"}})");
        return;
    }
    count_bans();
    request.answer(200, R"({"address":")" + name_of(*address) + R"(","seconds_left":)" + seconds + "}");
}

void Limits::lift_ban(const gateway::AdminRequest& request) {
    const auto address = address::parse_address(request.parameter("address"));
    if (!address) return bad_address(request);
    if (!bans_.lift(key_of(*address))) {
        request.answer(404, R"({"error":{"code":"not_found","message":"this address is not banned"}})");
        return;
    }
    count_bans();
    request.answer(200, R"({"address":")" + name_of(*address) + R"(","lifted":true})");
}

}  // namespace
}  // namespace limits

GATEWAY_PLUGIN_WITH(limits::Limits, "limits", "1.0.0", "handshake,frame",
                    "description=How fast clients may connect and send; bans for those that go on\n")
