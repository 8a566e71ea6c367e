#include "core/harness/host_calls.h"

#include <cstdio>
#include <cstdlib>

#include "core/plugins/host_table.h"

namespace gatewayd::harness {
namespace {

const char* name_of(Handle::Kind kind) {
    switch (kind) {
        case Handle::Kind::instance:
            return "gw_inst";
        case Handle::Kind::connection:
            return "gw_ctx";
        case Handle::Kind::request:
            return "gw_req";
        case Handle::Kind::next:
            return "gw_next";
    }
    return "?";
}

// A pointer that no engine gave out: there is nobody to tell, and nothing to go on with.
[[noreturn]] void die(const char* function, Handle::Kind kind) {
    std::fprintf(stderr, "gateway harness: %s() was called with a %s that the host never gave out\n",
                 function, name_of(kind));
    std::abort();
}

}  // namespace

HostCall::HostCall(const char* function, const void* pointer, Handle::Kind kind) : function_(function) {
    resolve(pointer, kind);
    if (ok()) error_ = engine_->refusal_of(function_);
}

void HostCall::resolve(const void* pointer, Handle::Kind kind) {
    HookCall* const running = HookCall::running();
    if (!pointer) {
        if (!running) die(function_, kind);
        engine_ = running->engine;
        return refuse(GW_E_ARG, std::string("got a null ") + name_of(kind));
    }
    const Handle* handle = HandleBook::instance().find(pointer);
    if (!handle) {
        if (!running) die(function_, kind);
        engine_ = running->engine;
        return refuse(GW_E_ARG, std::string("got a ") + name_of(kind) + " that the host never gave out");
    }
    engine_ = handle->engine;
    if (handle->kind != kind) {
        return refuse(GW_E_ARG, std::string("got a ") + name_of(handle->kind) + " for a " + name_of(kind));
    }
    if (!handle->alive) {
        return refuse(GW_E_STATE, kind == Handle::Kind::instance
                                      ? std::string("was called after destroy")
                                      : std::string("got a ") + name_of(kind) +
                                            " of a hook that has returned (" + handle->hook_name + ")");
    }
    hook_ = handle->call;
    if (hook_ && hook_->thread != std::this_thread::get_id()) {
        return refuse(GW_E_STATE, "was called on another thread than its hook (" + handle->hook_name + ")");
    }
}

HostCall& HostCall::takes(gw_str text) {
    if (!ok() || text.len == 0) return *this;
    if (!text.ptr) {
        refuse(GW_E_ARG, "got a text of " + std::to_string(text.len) + " bytes at null");
    } else if (TextYard::instance().is_dead(text.ptr)) {
        refuse(GW_E_ARG, "got a text that died with the hook that took it");
    }
    return *this;
}

HostCall& HostCall::needs(const void* out) {
    if (ok() && !out) refuse(GW_E_ARG, "got no place for its result");
    return *this;
}

void HostCall::refuse(int32_t error, const std::string& problem) {
    error_ = error;
    engine_->problem(std::string(function_) + "() " + problem);
}

const gw_host& checked_table() {
    static const gw_host table = [] {
        gw_host made{};
        made.struct_size = sizeof made;
        made.abi_minor = GW_ABI_MINOR;
        fill_checked_request_functions(&made);
        fill_checked_hub_functions(&made);
        fill_checked_configuration_functions(&made);
        return made;
    }();
    return table;
}

}  // namespace gatewayd::harness
