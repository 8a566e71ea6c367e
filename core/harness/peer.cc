#include "core/harness/peer.h"

#include <utility>

#include "core/base/utf8.h"
#include "core/message/codec.h"

namespace gatewayd::harness {
namespace {

// As core/session/session.cc has it.
bool is_close_code_of_plugins(uint16_t code) {
    return code == 1000 || code == 1008 || code == 1011 || code == 1013 || (code >= 3000 && code <= 4999);
}

}  // namespace

Peer::Peer(gateway::harness::Client client, uint64_t number, int64_t connected_at_ms)
    : who(std::move(client)), id_{number, number}, connected_at_ms_(connected_at_ms) {
    for (const auto& [name, value] : who.attributes) {
        if (!attributes.set(name, value))
            throw gateway::harness::Error("attribute " + name + " is over a limit");
    }
}

bool Peer::client(gw_client* out) const {
    if (!upgraded) return false;
    out->conn = id_;
    out->client_id = to_abi(std::string_view(who.client_id));
    out->user_id = to_abi(std::string_view(who.user_id));
    out->user_type = to_abi(std::string_view(who.user_type));
    out->remote_address = to_abi(std::string_view(who.remote_address));
    out->connected_at_ms = connected_at_ms_;
    return true;
}

int32_t Peer::send(std::string_view message) {
    if (!upgraded) return GW_E_STATE;
    if (!is_valid_utf8(message) || !is_valid_json(message)) return GW_E_ARG;
    if (!open) return GW_E_STALE;
    sent.emplace_back(message);
    return GW_OK;
}

int32_t Peer::close(uint16_t code, std::string_view reason) {
    if (!upgraded) return GW_E_STATE;
    if (!is_close_code_of_plugins(code) || !is_valid_utf8(reason)) return GW_E_ARG;
    if (!open) return GW_E_STALE;
    open = false;
    closing = {code, std::string(reason)};
    return GW_OK;
}

}  // namespace gatewayd::harness
