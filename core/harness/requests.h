// The kinds of request that core/session binds to a socket, without one: frames and handshakes. What they
// allow is what core/session/frame_request.h and upgrade.cc allow; tests/unit/harness compares. The test's
// thread.
#ifndef GATEWAYD_CORE_HARNESS_REQUESTS_H
#define GATEWAYD_CORE_HARNESS_REQUESTS_H

#include <map>
#include <string>
#include <string_view>

#include "core/chain/request.h"
#include "core/harness/flight.h"

namespace gatewayd::harness {

class FrameRequest final : public Request {
   public:
    explicit FrameRequest(Flight* flight)
        : Request(GW_KIND_FRAME, flight->peer.get()), flight_(flight), bytes_(flight->text) {}

    int32_t finish() override { return flight_->rest_status; }
    int32_t fail_closed(const Interceptor&) override { return GW_E_FAIL; }
    DeferralTerms deferral_terms() override { return flight_->deferral_terms(); }
    void ended(int32_t status) override { flight_->over(status); }
    bool is_binary() const override { return flight_->binary; }
    std::string_view payload() override { return bytes_; }
    int32_t replace_payload(std::string_view payload) override;
    int32_t answer(std::string_view bytes) override;
    int32_t reject(int32_t status, std::string_view word, std::string_view why) override;

   private:
    Flight* const flight_;
    std::string_view bytes_;
    Texts changed_;
};

class HandshakeRequest final : public Request {
   public:
    HandshakeRequest(Flight* flight, gateway::harness::Handshake handshake)
        : Request(GW_KIND_HANDSHAKE, flight->peer.get()), flight_(flight), http_(std::move(handshake)) {}

    int32_t finish() override { return flight_->rest_status; }
    int32_t fail_closed(const Interceptor&) override { return GW_E_FAIL; }
    DeferralTerms deferral_terms() override { return flight_->deferral_terms(); }
    void ended(int32_t status) override { flight_->over(status); }
    int32_t field(std::string_view name, std::string_view* out) override;
    int32_t header(std::string_view name, std::string_view* out) override;
    int32_t query(std::string_view name, std::string_view* out) override;
    int32_t set_field(std::string_view name, std::string_view value) override;
    int32_t set_response_header(std::string_view name, std::string_view value) override;
    int32_t reject(int32_t status, std::string_view word, std::string_view why) override;
    // Who is connected when nothing objects.
    void identify(gateway::harness::Client* client) const;

   private:
    std::string claimed(const std::string& name, const char* header_name) const;

    Flight* const flight_;
    const gateway::harness::Handshake http_;
    std::map<std::string, std::string, std::less<>> set_;  // by the plugin
    Texts texts_;
};

}  // namespace gatewayd::harness

#endif
