#include "core/plugins/chain_order.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "core/base/log.h"

namespace gatewayd {
namespace {

// The stages in the order of the chain; GW_STAGE_MESSAGE, the default, is the last.
uint32_t stage_rank(uint32_t stage) {
    return stage == GW_STAGE_MESSAGE ? GW_STAGE_TICKETS + 1 : stage;
}

const char* stage_name(uint32_t stage) {
    switch (stage) {
        case GW_STAGE_HANDSHAKE:
            return "handshake";
        case GW_STAGE_AUTH:
            return "auth";
        case GW_STAGE_LIMITS:
            return "limits";
        case GW_STAGE_GROUPS:
            return "groups";
        case GW_STAGE_TICKETS:
            return "tickets";
        default:
            return "message";
    }
}

}  // namespace

PluginInstances in_chain_order(const PluginInstances& instances) {
    PluginInstances unlisted;
    PluginInstances ordered;
    for (const PluginInstancePtr& instance : instances)
        (instance->settings.listed ? ordered : unlisted).push_back(instance);
    std::stable_sort(unlisted.begin(), unlisted.end(), [](const auto& a, const auto& b) {
        return std::make_tuple(stage_rank(a->stage), a->order, std::string_view(a->settings.name)) <
               std::make_tuple(stage_rank(b->stage), b->order, std::string_view(b->settings.name));
    });
    for (const PluginInstancePtr& instance : unlisted) {
        const auto before = std::find_if(ordered.begin(), ordered.end(), [&](const auto& other) {
            return other->settings.listed && stage_rank(other->stage) > stage_rank(instance->stage);
        });
        ordered.insert(before, instance);
    }
    return ordered;
}

std::vector<PluginInstance*> pointers_to(const PluginInstances& instances) {
    std::vector<PluginInstance*> pointers;
    for (const PluginInstancePtr& instance : instances)
        pointers.push_back(instance.get());
    return pointers;
}

bool contains(const PluginInstances& instances, const PluginInstancePtr& instance) {
    return std::find(instances.begin(), instances.end(), instance) != instances.end();
}

void log_plugin(const char* event, const PluginInstance& plugin) {
    log::info(event, {{"name", plugin.settings.name},
                      {"id", plugin.library->note().id},
                      {"version", plugin.library->note().version},
                      {"generation", plugin.generation},
                      {"stage", stage_name(plugin.stage)},
                      {"on_error", plugin.settings.on_error == OnError::open ? "open" : "closed"},
                      {"file", plugin.library->path()}});
}

}  // namespace gatewayd
