#include "core/harness/handle.h"

namespace gatewayd::harness {

HandleBook& HandleBook::instance() {
    static auto* book = new HandleBook();  // for ever, as the texts
    return *book;
}

Handle* HandleBook::make(Handle::Kind kind, Engine* engine, HookCall* call, const std::string& hook_name) {
    auto handle = std::make_unique<Handle>(kind, engine, call, hook_name);
    Handle* const made = handle.get();
    const std::lock_guard<std::mutex> lock(mutex_);
    handles_.emplace(made, std::move(handle));
    return made;
}

Handle* HandleBook::find(const void* pointer) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = handles_.find(pointer);
    return found == handles_.end() ? nullptr : found->second.get();
}

void HandleBook::bury(Handle* handle) {
    handle->alive = false;
    const std::lock_guard<std::mutex> lock(mutex_);
    // A test of that many hooks has shown by now what it keeps; the handles of living hooks are few.
    if (handles_.size() <= max_dead_handles) return;
    for (auto entry = handles_.begin(); entry != handles_.end();)
        entry = entry->second->alive ? std::next(entry) : handles_.erase(entry);
}

void HandleBook::forget(const Engine* engine) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto entry = handles_.begin(); entry != handles_.end();)
        entry = entry->second->engine == engine ? handles_.erase(entry) : std::next(entry);
}

}  // namespace gatewayd::harness
