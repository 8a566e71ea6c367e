#include "core/harness/bench.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include "core/harness/requests.h"
#include "core/message/codec.h"
#include "core/plugins/host_table.h"
#include "core/session/delivery_request.h"

namespace gatewayd::harness {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view message =
    R"({"type":"text","to":"u2","content":"hello, a message of usual length"})";

std::string text_of(const gw_error& error) {
    const std::string text(error.message, strnlen(error.message, sizeof error.message));
    return text.empty() ? "no reason given (code " + std::to_string(error.code) + ")" : text;
}

void check(const char* step, int32_t result, const gw_error& error) {
    if (result != GW_OK) throw std::runtime_error(std::string(step) + " failed: " + text_of(error));
}

std::shared_ptr<const InterceptorChain> chain_of(std::shared_ptr<const Interceptor> interceptor) {
    return std::make_shared<InterceptorChain>(
        std::vector<std::shared_ptr<const Interceptor>>{std::move(interceptor)});
}

std::shared_ptr<Interceptor> noop() {
    auto interceptor = std::make_shared<Interceptor>();
    interceptor->name = "noop";
    interceptor->kinds =
        GW_KIND_HANDSHAKE | GW_KIND_FRAME | GW_KIND_MESSAGE | GW_KIND_PUBLISH | GW_KIND_DELIVERY;
    interceptor->instance = interceptor.get();
    interceptor->lineage = interceptor.get();
    interceptor->table.intercept = [](void*, void*, gw_ctx*, gw_req*, gw_next*) -> int32_t {
        return GW_CONTINUE;
    };
    return interceptor;
}

}  // namespace

PluginBench::PluginBench(const PluginSettings& entry) {
    plugin_.settings = entry;
    plugin_.services = &hub_;
    plugin_.callbacks.instance = &plugin_;
    auto blamed = std::make_shared<Interceptor>();
    blamed->name = entry.name;
    plugin_.callbacks.blamed = blamed;
    hub_.fake_http().set_clock([] { return uint64_t{0}; });
    plugin_.library = PluginLibrary::load(entry.name, entry.path, host_table());
    const gw_plugin& table = plugin_.library->plugin();
    gw_error error{};
    error.struct_size = sizeof error;
    const auto* config = reinterpret_cast<const gw_node*>(entry.config.get());
    check("create", table.create(host_table(), gatewayd::to_abi(&plugin_), config, &plugin_.self, &error),
          error);
    release_configuration_texts();
    plugin_.created = true;
    try {
        plugin_.callbacks.open = true;
        if (table.start) check("start", table.start(plugin_.self, &error), error);
        plugin_.started = true;
    } catch (...) {
        table.destroy(plugin_.self);
        throw;
    }
    noop_chain_ = chain_of(noop());
    noop_peer_ = std::make_shared<Peer>(gateway::harness::Client{}, 2, 0);
    noop_peer_->upgraded = true;
    if (!plugin_.library->interceptor()) return;
    auto interceptor = std::make_shared<Interceptor>();
    interceptor->name = entry.name;
    interceptor->table = *plugin_.library->interceptor();
    interceptor->self = plugin_.self;
    interceptor->instance = &plugin_;
    interceptor->lineage = &plugin_;
    interceptor->fails_open = entry.on_error == OnError::open;
    interceptor->table.wants(plugin_.self, &interceptor->kinds, &interceptor->events);
    plugin_.interceptor = interceptor;
    plugin_.callbacks.intercepts = true;
    chain_ = chain_of(interceptor);
    peer_ = std::make_shared<Peer>(gateway::harness::Client{}, 1, 0);
    peer_->upgraded = true;
    peer_->in_chain = chain_.get();
    if (!chain_->attach(*peer_)) throw std::runtime_error("attach failed");
    chain_->emit(GW_EV_CONNECTED, peer_.get());
}

PluginBench::~PluginBench() {
    const gw_plugin& table = plugin_.library->plugin();
    if (chain_) {
        chain_->emit(GW_EV_DISCONNECTED, peer_.get(), nullptr, 1000, "client_close");
        hub_.end_connection(*peer_);
        chain_->detach(*peer_);
    }
    if (!plugin_.created) return;
    if (plugin_.started && table.quiesce) table.quiesce(plugin_.self);
    if (plugin_.started && table.stop) table.stop(plugin_.self);
    plugin_.callbacks.open = false;
    hub_.forget(&plugin_);
    table.destroy(plugin_.self);
}

PluginBench::Batch PluginBench::make_batch(uint32_t kind) {
    Batch batch;
    for (size_t i = 0; i < batch_size; ++i) {
        auto flight = std::make_unique<Flight>();
        flight->kind = kind;
        flight->text = message;
        flight->from = "u1";
        flight->msg_id = "01JABCDEFGHJKMNPQRSTVWXYZ0";
        flight->create_at = "2026-01-01T00:00:00.000Z";
        batch.push_back(std::move(flight));
    }
    return batch;
}

// ns a request, the median of the batches.
double PluginBench::run(const InterceptorChain& chain, uint32_t kind, Cost* cost) {
    const bool is_noop = &chain == noop_chain_.get();
    std::vector<double> samples;
    for (size_t b = 0; b < batches; ++b) {
        Batch batch = make_batch(kind);
        for (auto& flight : batch) {
            if (kind != GW_KIND_PUBLISH) flight->peer = is_noop ? noop_peer_ : peer_;
            Peer* const peer = flight->peer.get();
            const Stamps stamps{flight->from, flight->msg_id, flight->create_at};
            static_cast<void>(decode(flight->text, &flight->envelope));
            if (kind == GW_KIND_FRAME) {
                flight->request = std::make_unique<FrameRequest>(flight.get());
            } else if (kind == GW_KIND_HANDSHAKE) {
                gateway::harness::Handshake http;
                http.headers = {{"Host", "localhost"}, {"Origin", "https://app.example.com"}};
                http.query = {{"client_id", "c1"}, {"user_id", "u1"}};
                flight->request = std::make_unique<HandshakeRequest>(flight.get(), http);
            } else if (kind == GW_KIND_DELIVERY) {
                append_stamped(flight->envelope.body, stamps, &flight->stamped);
                flight->request = std::make_unique<DeliveryRequest>(peer, flight->stamped);
            } else {
                flight->request =
                    std::make_unique<MessageRequest>(kind, peer, &flight->envelope, stamps, flight.get());
            }
        }
        size_t failed = 0;
        const auto begin = Clock::now();
        for (const auto& flight : batch)
            failed += chain.run(*flight->request) < 0;
        const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
        samples.push_back(took.count() / batch_size);
        if (!is_noop) {
            cost->failed += failed;
            cost->seen += batch.size();
            hub_.forget_published();
        }
    }
    std::nth_element(samples.begin(), samples.begin() + batches / 2, samples.end());
    return samples[batches / 2];
}

PluginBench::Cost PluginBench::measure(uint32_t kind) {
    Cost cost;
    cost.noop_ns = run(*noop_chain_, kind, &cost);
    cost.ns = run(*chain_, kind, &cost);
    return cost;
}

}  // namespace gatewayd::harness
