// HookCall: one call of a plugin's function under test, while it runs: the handles and texts that the plugin
// got in it, which die with it, and what it has done with the rest of the chain. On the stack of the engine;
// the test's thread, the only one that may use what it handed out.
#ifndef GATEWAYD_CORE_HARNESS_HOOK_CALL_H
#define GATEWAYD_CORE_HARNESS_HOOK_CALL_H

#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/harness/handle.h"
#include "core/harness/yard.h"
#include "gateway/host.h"

namespace gatewayd::harness {

class HookCall {
   public:
    // The chain's own, of which the plugin sees handles; null: none.
    struct Real {
        gw_ctx* ctx = nullptr;
        gw_req* req = nullptr;
        gw_next* next = nullptr;
    };

    HookCall(Engine* engine, std::string name, Real real);
    ~HookCall();
    HookCall(const HookCall&) = delete;
    HookCall& operator=(const HookCall&) = delete;

    gw_ctx* ctx() { return reinterpret_cast<gw_ctx*>(handle(Handle::Kind::connection, real.ctx, &ctx_)); }
    gw_req* req() { return reinterpret_cast<gw_req*>(handle(Handle::Kind::request, real.req, &req_)); }
    gw_next* next() { return reinterpret_cast<gw_next*>(handle(Handle::Kind::next, real.next, &next_)); }
    // A copy for the plugin, until this ends.
    gw_str give(std::string_view text);

    // The call that runs on this thread now, innermost; null: none.
    static HookCall* running();

    enum class Rest : uint8_t { untouched, next, defer };

    Engine* const engine;
    const std::string name;
    const Real real;
    const std::thread::id thread = std::this_thread::get_id();
    Rest rest = Rest::untouched;        // what it did with it
    int32_t next_verdict = 0;           // that next() returned
    const char* answered_by = nullptr;  // "answer", "reject"

   private:
    void* handle(Handle::Kind kind, const void* of, Handle** place);

    HookCall* const outer_;
    Handle* ctx_ = nullptr;
    Handle* req_ = nullptr;
    Handle* next_ = nullptr;
    std::vector<TextYard::Text> texts_;
};

}  // namespace gatewayd::harness

#endif
