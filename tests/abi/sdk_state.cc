// The state part of the C++ SDK, once: syntax only, never run.
#include "gateway/plugin.hpp"

namespace {

class Counts : public gateway::Interceptor {
   public:
    static constexpr uint32_t state_version = 3;
    std::string SaveState(gateway::StatePart part) override {
        return part == gateway::StatePart::whole ? std::to_string(count_) : std::string();
    }
    void LoadState(const gateway::State& state) override {
        if (state.part == gateway::StatePart::rest || state.version > state_version) return;
        count_ += state.bytes.size();
    }

   private:
    uint64_t count_ = 0;
};

}  // namespace

GATEWAY_PLUGIN_WITH(Counts, "counts", "1.0.0", "message", "exclusive=no\n")
