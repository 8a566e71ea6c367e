// Flight: one request of a test on its way through the plugin and a scripted rest of the chain, with what the
// test wants to know of it afterwards. The test's thread.
#ifndef GATEWAYD_CORE_HARNESS_FLIGHT_H
#define GATEWAYD_CORE_HARNESS_FLIGHT_H

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/chain/message_request.h"
#include "core/harness/peer.h"

namespace gatewayd::harness {

class Engine;

struct Flight final : MessageSink {
    Engine* engine = nullptr;

    uint32_t kind = 0;
    std::shared_ptr<Peer> peer;  // null: publish
    std::string text;            // what the test sent
    bool binary = false;
    Envelope envelope;
    std::string from;
    std::string msg_id;
    std::string create_at;
    std::string stamped;  // delivery: the message with them
    std::unique_ptr<Request> request;

    bool seen = false;
    std::string outcome = "unread";
    int32_t status = 0;
    std::vector<std::string> answers;
    gateway::harness::Rejection rejection;
    std::map<std::string, std::string> response_headers;

    int32_t rest_status = 0;    // of the rest of the chain
    gw_token rest_token{0, 0};  // while the rest holds it
    void over(int32_t end);     // of a request that was put aside: Engine::settle

    // --- MessageSink ---
    int32_t route(MessageRequest&) override { return rest_status; }
    void refuse(MessageRequest&, std::string_view word, std::string_view why) override {
        rejection = {403, std::string(word), std::string(why)};
    }
    int32_t answer(MessageRequest&, std::string_view message) override {
        answers.emplace_back(message);
        return GW_OK;
    }
    Request::DeferralTerms deferral_terms() override;
    void ended(MessageRequest&, int32_t end) override { over(end); }
};

}  // namespace gatewayd::harness

#endif
