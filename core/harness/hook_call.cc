#include "core/harness/hook_call.h"

#include <utility>

#include "core/harness/engine.h"

namespace gatewayd::harness {
namespace {

thread_local HookCall* innermost = nullptr;

}  // namespace

HookCall* HookCall::running() {
    return innermost;
}

HookCall::HookCall(Engine* of, std::string called, Real behind)
    : engine(of), name(std::move(called)), real(behind), outer_(innermost) {
    innermost = this;
    engine->hook_begins(name);
}

HookCall::~HookCall() {
    innermost = outer_;
    for (Handle* handle : {ctx_, req_, next_}) {
        if (handle) HandleBook::instance().bury(handle);
    }
    for (const TextYard::Text& text : texts_) {
        if (!TextYard::instance().bury(text)) engine->problem(name + " wrote into a text of the host");
    }
    engine->hook_ends(name);
}

gw_str HookCall::give(std::string_view text) {
    texts_.push_back(TextYard::instance().copy(text));
    return {texts_.back().bytes, texts_.back().size};
}

void* HookCall::handle(Handle::Kind kind, const void* of, Handle** place) {
    if (!of) return nullptr;
    if (!*place) *place = HandleBook::instance().make(kind, engine, this, name);
    return *place;
}

}  // namespace gatewayd::harness
