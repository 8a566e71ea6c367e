#include "core/chain/plugin_call.h"

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>

#include "core/chain/hook_call.h"
#include "core/chain/interceptor.h"

namespace gatewayd {
namespace {

thread_local const CallScope* running_call = nullptr;
thread_local Pulse* call_pulse = nullptr;

template <size_t size>
void copy(char (&to)[size], const char* from, size_t length) {
    if (length >= size) length = size - 1;
    std::memcpy(to, from, length);
    to[length] = '\0';
}
template <size_t size>
void copy(char (&to)[size], const std::string& from) {
    copy(to, from.c_str(), from.size());
}
template <size_t size>
void copy(char (&to)[size], const char* from) {
    copy(to, from, from ? std::strlen(from) : 0);
}

void copy_tag(const PluginTag& tag, PluginScene* scene) {
    copy(scene->plugin, tag.name);
    copy(scene->file, tag.file);
    copy(scene->version, tag.version);
    copy(scene->identity, tag.identity);
    scene->guards = tag.guards;
}

// Slots are written under the mutex and read without: a reader sees the whole of one or none.
struct Module {
    std::atomic<const link_map*> map{nullptr};
    std::atomic<const PluginTag*> plugin{nullptr};
    std::shared_ptr<const PluginTag> kept;
};
struct Modules {
    std::mutex mutex;
    std::array<Module, max_plugin_modules> slots;
};
// Lives until the process ends: signals come at any time.
Modules& modules() {
    static Modules* const it = new Modules;
    return *it;
}
std::atomic<Modules*> known_modules{nullptr};

}  // namespace

CallScope::CallScope(const PluginTag* plugin, const char* function)
    : plugin_(plugin), function_(function), outer_(running_call) {
    if (outer_ == nullptr && call_pulse != nullptr) beat_.emplace(*call_pulse);
    running_call = this;
}

CallScope::~CallScope() {
    running_call = outer_;
}

void set_call_pulse(Pulse* pulse) {
    call_pulse = pulse;
}

bool read_scene(PluginScene* scene) {
    // A hook is always further in than a call: hooks call no plugin but by hooks.
    if (const RunningHook* hook = running_hook) {
        const Interceptor* interceptor = hook->interceptor;
        copy(scene->plugin, interceptor->name);
        copy(scene->function, function_name(hook->hook));
        if (interceptor->tag) copy_tag(*interceptor->tag, scene);
        if (hook->request) copy(scene->kind, kind_names[index_of_kind(hook->request->kind)].data());
        if (hook->context) scene->connection_id = hook->context->conn_id().generation;
        return true;
    }
    const CallScope* call = running_call;
    while (call != nullptr && call->plugin_ == nullptr)
        call = call->outer_;
    if (call == nullptr) return false;
    copy(scene->function, call->function_);
    copy_tag(*call->plugin_, scene);
    return true;
}

std::shared_ptr<const void> own_module(const void* address, std::shared_ptr<const PluginTag> plugin) {
    dl_find_object found{};
    if (::_dl_find_object(const_cast<void*>(address), &found) != 0) return nullptr;
    Modules& all = modules();
    const std::lock_guard lock(all.mutex);
    known_modules = &all;
    for (Module& slot : all.slots) {
        if (slot.map.load(std::memory_order_relaxed) != nullptr) continue;
        slot.kept = std::move(plugin);
        slot.plugin.store(slot.kept.get(), std::memory_order_relaxed);
        slot.map.store(found.dlfo_link_map, std::memory_order_release);
        return std::shared_ptr<const void>(&slot, [](const Module* gone) {
            const std::lock_guard unlock(modules().mutex);
            auto* its = const_cast<Module*>(gone);
            its->map.store(nullptr, std::memory_order_relaxed);
            its->kept.reset();
        });
    }
    return nullptr;
}

CodePlace place_of(const void* address) {
    CodePlace place;
    dl_find_object found{};
    if (::_dl_find_object(const_cast<void*>(address), &found) != 0) return place;
    const link_map* map = found.dlfo_link_map;
    place.offset = reinterpret_cast<uintptr_t>(address) - map->l_addr;
    place.loaded = map->l_name;
    place.file = map->l_name;
    if (Modules* all = known_modules.load(std::memory_order_acquire)) {
        for (const Module& slot : all->slots) {
            if (slot.map.load(std::memory_order_acquire) != map) continue;
            place.plugin = slot.plugin.load(std::memory_order_relaxed);
            place.file = place.plugin->file.c_str();
        }
    }
    if (place.file[0] == '\0') place.file = "gatewayd";  // the program itself has no name here
    return place;
}

}  // namespace gatewayd
