#include "scripts.h"

#include <algorithm>
#include <filesystem>

namespace lua {
namespace {

std::atomic<uint64_t> last_id{0};

// Which lane is this thread's. No destructor, so that a library that is unloaded leaves nothing behind.
struct Found {
    uint64_t owner;
    void* lane;
};
thread_local Found found_lanes[16];  // as many instances are found at once; more cost a lock a call

uint32_t hooks_of(const State& state) {
    uint32_t bits = 0;
    for (uint32_t hook = 0; hook < hook_count; ++hook)
        bits |= state.has(static_cast<Hook>(hook)) ? UINT32_C(1) << hook : 0;
    return bits;
}

std::string names_of(uint32_t hooks) {
    std::string names;
    for (uint32_t hook = 0; hook < hook_count; ++hook) {
        if (hooks >> hook & 1) names += (names.empty() ? "" : ", ") + std::string(hook_names[hook]);
    }
    return names;
}

}  // namespace

Scripts::Scripts(const Environment& environment) : environment_(environment), id_(++last_id) {}

void Scripts::add(const std::string& path, const std::string& config_json) {
    auto slot = std::make_unique<Slot>();
    slot->path = path;
    slot->config_json = config_json;
    slot->current = read_script(path, config_json);
    slot->seen = slot->current->identity;
    slot->version = 1;
    const State state(environment_, slot->current);
    const uint32_t hooks = hooks_of(state);
    if (hooks == 0) {
        throw gateway::Error(
            slot->current->name + ": defines none of the functions " + names_of((1 << hook_count) - 1),
            GW_E_ARG);
    }
    hooks_ |= hooks;
    slots_.push_back(std::move(slot));
}

std::vector<std::string> Scripts::folders() const {
    std::vector<std::string> folders;
    for (const auto& slot : slots_) {
        std::string folder = std::filesystem::path(slot->path).parent_path().string();
        if (std::find(folders.begin(), folders.end(), folder) == folders.end())
            folders.push_back(std::move(folder));
    }
    return folders;
}

Scripts::Lane& Scripts::lane() {
    Found& found = found_lanes[id_ % std::size(found_lanes)];
    if (found.owner == id_) return *static_cast<Lane*>(found.lane);
    const std::lock_guard<std::mutex> lock(mutex_);
    std::unique_ptr<Lane>& lane = lanes_[std::this_thread::get_id()];
    if (!lane) lane = std::make_unique<Lane>(slots_.size());
    found = {id_, lane.get()};
    return *lane;
}

void Scripts::renew(Slot& slot, Running& running) {
    std::shared_ptr<const Script> script;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        script = slot.current;
        running.version = slot.version.load(std::memory_order_relaxed);
    }
    try {
        running.state = std::make_unique<State>(environment_, script);
    } catch (const gateway::Error& failure) {
        // It loaded in another state before, so this is rare: too little memory, a script that asks for the
        // time.
        if (running.state) {
            environment_.host.error(std::string(failure.what()) + ": the old one stays in this thread");
        } else {
            running.failure = failure.what();
        }
    }
}

gateway::Verdict Scripts::run(Hook hook, Call* call) {
    Lane& lane = this->lane();
    for (size_t i = 0; i < slots_.size(); ++i) {
        Slot& slot = *slots_[i];
        Running& running = lane[i];
        if (running.version != slot.version.load(std::memory_order_acquire)) renew(slot, running);
        if (!running.state) throw gateway::Error(running.failure);
        if (!running.state->has(hook)) continue;
        const gateway::Verdict verdict = running.state->run(hook, call);
        if (call->decided_by != nullptr) return verdict;
    }
    return gateway::Continue;
}

void Scripts::reload_changed() {
    const std::lock_guard<std::mutex> one_at_a_time(reload_mutex_);
    for (const auto& slot : slots_) {
        const FileIdentity now = identity_of(slot->path);
        if (now == slot->seen) continue;
        slot->seen = now;
        try {
            const auto script = read_script(slot->path, slot->config_json);
            slot->seen = script->identity;
            const uint32_t hooks = hooks_of(State(environment_, script));
            {
                const std::lock_guard<std::mutex> lock(mutex_);
                slot->current = script;
                slot->version.fetch_add(1, std::memory_order_release);
            }
            environment_.host.info(script->name + ": reloaded; it has " + names_of(hooks));
            if (hooks & ~hooks_) {
                environment_.host.warn(
                    script->name + ": " + names_of(hooks & ~hooks_) +
                    " is called after a restart or a reload of the plugin: the gateway asked what "
                    "the scripts want before it was there");
            }
        } catch (const gateway::Error& failure) {
            environment_.host.error(std::string(failure.what()) + "; the script as it was before stays");
        }
    }
}

}  // namespace lua
