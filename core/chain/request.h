// Request: what goes through the chain (gw_req of the ABI). Each kind is a class of its own that allows what
// its kind allows; the rest answers GW_E_STATE. Lives on the stack of the turn that runs it; when a plugin
// puts it aside its owner moves it to the heap (a handshake is there already). Its thread's.
#ifndef GATEWAYD_CORE_CHAIN_REQUEST_H
#define GATEWAYD_CORE_CHAIN_REQUEST_H

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "core/chain/context.h"
#include "core/chain/deferral.h"
#include "gateway/host.h"

namespace gatewayd {

struct Interceptor;

// Texts that hooks may hold views of: they keep their place until the request ends. A list, because most
// requests have none and an empty list owns nothing.
using Texts = std::list<std::string>;

// The `sender` of a request that was taken over from an earlier chain: it names no plugin, Deferral::seen
// does.
inline constexpr char already_seen = 0;

// What run() returns beside GW_ST_ and errors: a plugin has put the request aside, it has not ended.
inline constexpr int32_t status_pending = 1000;

class Request {
   public:
    Request(uint32_t request_kind, Context* request_context) : kind(request_kind), context(request_context) {}
    virtual ~Request() = default;
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    const uint32_t kind;     // one GW_KIND_ bit
    Context* const context;  // null: publish
    // Of a publish: the lineage whose hook is passed over, and how many publish hooks led here.
    const void* sender = nullptr;
    uint32_t hops = 0;
    // Whether its hook is passed over. Asked only when there is a sender: see already_seen.
    bool passes_over(const Interceptor& interceptor) const;
    uint32_t trace_number = 0;  // in the traces of its client; 0: none yet
    // From the end of a next() on, and while events are told: reading only.
    bool frozen = false;

    // The end of the chain: acts on the request. Returns a GW_ST_ or an error.
    virtual int32_t finish() = 0;
    // `failed` failed, and its on_error is closed: answers the client. Returns the status (GW_E_FAIL mostly).
    virtual int32_t fail_closed(const Interceptor& failed) = 0;

    // --- deferral ---
    struct DeferralTerms {
        Deferrals* table = nullptr;  // null: this kind cannot be put aside
        uint32_t reactor = 0;
        uint32_t max_ticks = 0;
    };
    virtual DeferralTerms deferral_terms() { return {}; }
    // The chain of a request that was put aside has ended: its owner acts on that and deletes it.
    virtual void ended(int32_t /*status*/) {}
    std::unique_ptr<Deferral> deferral;  // null: was never put aside

    // --- what host functions reach; GW_ codes ---
    virtual bool is_binary() const { return false; }
    virtual int32_t field(std::string_view, std::string_view*) { return GW_E_STATE; }
    virtual int32_t header(std::string_view, std::string_view*) { return GW_E_STATE; }
    virtual int32_t query(std::string_view, std::string_view*) { return GW_E_STATE; }
    virtual std::string_view payload() { return {}; }
    virtual int32_t set_field(std::string_view, std::string_view) { return GW_E_STATE; }
    virtual int32_t set_json(std::string_view, std::string_view) { return GW_E_STATE; }
    virtual int32_t replace_payload(std::string_view) { return GW_E_STATE; }
    virtual int32_t set_response_header(std::string_view, std::string_view) { return GW_E_STATE; }
    virtual int32_t answer(std::string_view) { return GW_E_STATE; }
    virtual int32_t reject(int32_t, std::string_view, std::string_view) { return GW_E_STATE; }
    virtual int32_t get_destination(gw_destination*) const { return GW_E_STATE; }
    virtual int32_t set_destination(const gw_destination&) { return GW_E_STATE; }
};

// The heap's copy of a request takes over what is waiting.
inline void move_deferral(Request* from, Request* to) {
    to->sender = from->sender;
    to->hops = from->hops;
    to->frozen = from->frozen;
    to->trace_number = from->trace_number;
    to->deferral = std::move(from->deferral);
    to->deferral->request = to;
}

inline gw_req* to_abi(Request* request) {
    return reinterpret_cast<gw_req*>(request);
}
inline Request* from_abi(gw_req* request) {
    return reinterpret_cast<Request*>(request);
}
// Reading a request may fill its caches: the ABI's const is the plugin's, not ours.
inline Request* from_abi(const gw_req* request) {
    return reinterpret_cast<Request*>(const_cast<gw_req*>(request));
}

}  // namespace gatewayd

#endif
