// TraceTap: writes down what happens on one connection for those who trace its client: requests, the hooks
// that see them, what they change, how they end, and what is queued for the client. There is one only while
// somebody traces, so that all others pay one look at a null pointer. The connection's (Context::tap); its
// reactor's thread.
#ifndef GATEWAYD_CORE_CHAIN_TRACE_TAP_H
#define GATEWAYD_CORE_CHAIN_TRACE_TAP_H

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/chain/next_link.h"
#include "core/chain/trace.h"
#include "core/chain/trace_line.h"
#include "core/message/ulid.h"

namespace gatewayd {

class TraceTap {
   public:
    // Of a handshake whose client is not known yet: lines are kept back, until set().
    TraceTap() = default;
    // Who looks on. What was kept back goes to them.
    void set(std::vector<TracePtr> traces);

    // A request begins, and ends: a GW_ST_ or an error.
    void begin(Request& request);
    void end(Request& request, int32_t status);
    // A hook of the chain has returned, or was left out by its plugin's breaker.
    void hook(const NextLink& next, int32_t verdict);
    void held_off(const NextLink& next);
    // Any other hook, without a verdict of its own: done and on_cancel with its status or reason.
    void told(const RunningHook& hook, std::string_view what, int32_t code, uint64_t ns);
    // The hook that runs now changed this of its request ("content", "destination"), or did that
    // ("answered").
    void changed(std::string what) { note(true, std::move(what)); }
    void did(std::string what) { note(false, std::move(what)); }

    // What the client sent and no request came of: a ping, a message that is none.
    void received(std::string_view what, std::string_view bytes);
    // A message was queued for the client, or not taken by its queue.
    void queued(std::string_view payload, bool binary, bool taken);
    // Its connection: connected, disconnected.
    void connection(TraceLine& line);

   private:
    static constexpr size_t max_kept_lines = 256;

    uint64_t number_of(Request& request);
    void write(TraceLine& line, std::string_view payload = {});
    void note(bool change, std::string what);
    void add_notes(const RunningHook& hook, TraceLine* line);
    static void describe_message(std::string_view json, TraceLine* line);

    std::vector<TracePtr> traces_;
    bool known_ = false;             // set() was called
    std::vector<std::string> kept_;  // until then
    uint32_t last_number_ = 0;
    struct Note {
        const RunningHook* by;
        bool change;
        std::string what;
    };
    std::vector<Note> notes_;  // of hooks that go on
    Rfc3339Clock clock_;
};

}  // namespace gatewayd

#endif
