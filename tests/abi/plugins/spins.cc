// Keeps its thread busy for so many milliseconds as it is told: by the query `spin` of a handshake, or by the
// content of a message ("spin 20"). Everything passes.
#include <chrono>
#include <cstdlib>
#include <string>

#include "gateway/plugin.hpp"

namespace {

class Spins : public gateway::Interceptor {
   public:
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next&) override {
        const bool handshake = request.kind() == GW_KIND_HANDSHAKE;
        const std::string text(handshake ? request.query("spin").value_or("")
                                         : request.field("content").value_or(""));
        const std::string prefix = handshake ? "" : "spin ";
        if (text.compare(0, prefix.size(), prefix) != 0) return gateway::Continue;
        const std::chrono::milliseconds wanted(std::atoi(text.c_str() + prefix.size()));
        const auto end = std::chrono::steady_clock::now() + wanted;
        while (std::chrono::steady_clock::now() < end) {
        }
        return gateway::Continue;
    }
};

}  // namespace

GATEWAY_PLUGIN(Spins, "spins", "1.0.0", "handshake,message")
