// What a test sends through the plugin: connections, requests, events.
#include <utility>

#include "core/harness/engine.h"
#include "core/harness/requests.h"
#include "core/message/codec.h"
#include "core/session/delivery_request.h"

namespace gatewayd::harness {
namespace {

using gateway::harness::Error;

std::string outcome_of(const Flight& flight, int32_t status) {
    if (status == GW_E_CANCELLED) return "cancelled";
    if (status < 0) return "failed";
    if (flight.rejection.status != 0) return "rejected";
    return status == GW_ST_ANSWERED ? "answered" : status == GW_ST_DROPPED ? "dropped" : "passed";
}

void decode_or_throw(const std::string& text, Envelope* envelope) {
    const Status status = decode(text, envelope);
    if (!status.ok()) throw Error("no Hub message: " + status.message() + ": " + text);
}

}  // namespace

// --- connections ---

PeerPtr Engine::connect(const gateway::harness::Client& client) {
    auto peer = std::make_shared<Peer>(client, ++last_number_, wall_time_ms());
    open(peer);
    return peer;
}

void Engine::open(const PeerPtr& peer) {
    if (!started_) throw Error("start the plugin first");
    peer->upgraded = true;
    peers_.push_back(peer);
    hub_.add(peer->conn_id().generation, peer->who, wall_time_ms());
    hub_.know_user_type(peer->who.user_type);
    peer->grants.identify(&hub_.permissions(), peer->who.user_type);
    if (!chain_) return;
    peer->in_chain = chain_.get();
    peer->attached = true;  // a plugin without attach is
    const bool attached = chain_->attach(*peer);
    chain_->emit(GW_EV_CONNECTED, peer.get());
    if (!attached) peer->close(1011, "a plugin failed");
    after_hooks();
}

void Engine::disconnect(const PeerPtr& peer, int32_t code, const std::string& reason) {
    if (peer->gone) return;
    peer->gone = true;
    peer->open = false;
    for (const FlightPtr& flight : std::exchange(peer->unread, {})) {
        flight->outcome = "cancelled";
        flight->status = GW_E_CANCELLED;
    }
    abandon_all(peer.get(), GW_WHY_DISCONNECT);
    if (peer->upgraded && chain_) chain_->emit(GW_EV_DISCONNECTED, peer.get(), nullptr, code, reason);
    hub_.end_connection(*peer);
    if (peer->upgraded && chain_) chain_->detach(*peer);
    hub_.remove(peer->conn_id().generation);
    for (auto at = peers_.begin(); at != peers_.end(); ++at) {
        if (*at == peer) {
            peers_.erase(at);
            break;
        }
    }
}

// What plugins asked for in a hook happens when none of them runs.
void Engine::after_hooks() {
    if (HookCall::running()) return;
    for (const PeerPtr& peer : std::vector<PeerPtr>(peers_)) {
        if (!peer->open) disconnect(peer, peer->closing.code, "plugin_close");
    }
}

void Engine::emit(uint64_t type, Peer* peer, int32_t code, const std::string& reason) {
    if (!chain_) return;
    chain_->emit(type, peer, nullptr, code, reason);
    after_hooks();
}

// --- requests ---

FlightPtr Engine::make(uint32_t kind, PeerPtr peer, std::string text) {
    if (!started_) throw Error("start the plugin first");
    if (!chain_) throw Error("the plugin has no interceptor: it sees no requests");
    if (peer && peer->gone) throw Error("the connection is gone");
    auto flight = std::make_shared<Flight>();
    flight->engine = this;
    flight->kind = kind;
    flight->peer = std::move(peer);
    flight->text = std::move(text);
    return flight;
}

void Engine::stamp(Flight* flight) {
    std::string number = std::to_string(++last_number_);
    flight->msg_id = std::string(26 - number.size(), '0') + number;
    flight->create_at = dates_.format(wall_time_ms());
}

FlightPtr Engine::send(uint32_t kind, const PeerPtr& peer, const std::string& text, bool binary) {
    FlightPtr flight = make(kind, peer, text);
    flight->binary = binary;
    stamp(flight.get());
    if (kind == GW_KIND_FRAME) {
        flight->request = std::make_unique<FrameRequest>(flight.get());
    } else {
        decode_or_throw(flight->text, &flight->envelope);
        flight->from = kind == GW_KIND_MESSAGE         ? peer->who.user_id
                       : flight->envelope.from.empty() ? "u2"
                                                       : std::string(flight->envelope.from);
        const Stamps stamps{flight->from, flight->msg_id, flight->create_at};
        if (kind == GW_KIND_DELIVERY) {
            append_stamped(flight->envelope.body, stamps, &flight->stamped);
            flight->request = std::make_unique<DeliveryRequest>(peer.get(), flight->stamped);
            fly(flight);  // deliveries go on while the connection is not read
            return flight;
        }
        flight->request =
            std::make_unique<MessageRequest>(kind, peer.get(), &flight->envelope, stamps, flight.get());
    }
    peer->unread.push_back(flight);
    read_on(peer);
    return flight;
}

FlightPtr Engine::publish(const std::string& json, const gateway::harness::Destination& to) {
    FlightPtr flight = make(GW_KIND_PUBLISH, nullptr, json);
    stamp(flight.get());
    decode_or_throw(flight->text, &flight->envelope);
    flight->from = flight->envelope.from.empty() ? "system" : std::string(flight->envelope.from);
    auto request = std::make_unique<MessageRequest>(GW_KIND_PUBLISH, nullptr, &flight->envelope,
                                                    Stamps{flight->from, flight->msg_id, flight->create_at},
                                                    flight.get());
    request->set_destination(Destination{static_cast<DestinationKind>(to.kind), to.not_sender, to.id});
    flight->request = std::move(request);
    fly(flight);
    return flight;
}

FlightPtr Engine::handshake(const gateway::harness::Handshake& handshake) {
    gateway::harness::Client nobody;
    nobody.remote_address = handshake.remote_address;
    const auto peer = std::make_shared<Peer>(nobody, ++last_number_, wall_time_ms());
    FlightPtr flight = make(GW_KIND_HANDSHAKE, peer, {});
    flight->request = std::make_unique<HandshakeRequest>(flight.get(), handshake);
    fly(flight);
    return flight;
}

PeerPtr Engine::accept(const FlightPtr& flight) {
    if (flight->kind != GW_KIND_HANDSHAKE || flight->outcome != "passed" || flight->peer->upgraded) {
        throw Error("only a handshake that passed becomes a connection, and once: this one is " +
                    flight->outcome);
    }
    static_cast<HandshakeRequest&>(*flight->request).identify(&flight->peer->who);
    open(flight->peer);
    return flight->peer;
}

// Its connection goes on reading: what came while a request was pending.
void Engine::read_on(const PeerPtr& peer) {
    while (!peer->reading && !peer->unread.empty() && peer->open) {
        const FlightPtr flight = peer->unread.front();
        peer->unread.pop_front();
        hub_.messages += 1;
        peer->reading = flight;
        fly(flight);
    }
}

void Engine::fly(const FlightPtr& flight) {
    flights_[flight->request.get()] = flight;
    flight->rest_status = rest_status;
    flight->outcome = "pending";
    if (flight->kind == GW_KIND_MESSAGE) {
        chain_->emit(GW_EV_MESSAGE_RECEIVED, flight->peer.get(), flight->request.get());
    }
    const int32_t status = chain_->run(*flight->request);
    if (status != status_pending) settle(flight, status);
    after_hooks();
}

void Engine::settle(const FlightPtr& flight, int32_t status) {
    flight->status = status;
    flight->outcome = outcome_of(*flight, status);
    flight->request->frozen = true;
    flights_.erase(flight->request.get());
    if (flight->kind == GW_KIND_DELIVERY && status == GW_ST_PASSED) {
        chain_->emit(GW_EV_MESSAGE_SENT, flight->peer.get(), flight->request.get());
    }
    const PeerPtr peer = flight->peer;
    if (!peer || peer->reading != flight) return;
    peer->reading.reset();
    if (!HookCall::running()) read_on(peer);
}

}  // namespace gatewayd::harness
