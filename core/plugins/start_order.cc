#include "core/plugins/start_order.h"

#include <algorithm>

namespace gatewayd {
namespace {

[[noreturn]] void refuse(const PluginInstance& plugin, const std::string& why) {
    throw PluginError(plugin.settings.name, plugin.library->path(), why);
}

void check_offers(const std::vector<PluginInstance*>& created) {
    for (const PluginInstance* plugin : created) {
        for (const std::string& service : plugin->library->note().offers) {
            const PluginInstance* first = provider_of(created, service);
            if (first == plugin) continue;
            refuse(*plugin, "offers the service " + service + ", which the plugin " + first->settings.name +
                                " offers too: load one of them");
        }
    }
}

void check_required(const std::vector<PluginInstance*>& created) {
    for (const PluginInstance* plugin : created) {
        for (const std::string& service : plugin->required_services) {
            if (provider_of(created, service) != nullptr) continue;
            refuse(*plugin, "needs the service " + service +
                                ", which no loaded plugin offers; add one that does (gatewayd plugin "
                                "inspect says: offers) to plugins.load");
        }
    }
}

// Depth first: the providers of a plugin, then itself.
class Walk {
   public:
    explicit Walk(const std::vector<PluginInstance*>& created) : created_(created) {}

    void visit(PluginInstance* plugin) {
        if (std::find(way_.begin(), way_.end(), plugin) != way_.end()) refuse_circle(plugin);
        if (std::find(order.begin(), order.end(), plugin) != order.end()) return;
        way_.push_back(plugin);
        for (const std::string& service : plugin->library->note().uses) {
            if (const PluginInstance* provider = provider_of(created_, service)) {
                visit(const_cast<PluginInstance*>(provider));
            }
        }
        way_.pop_back();
        order.push_back(plugin);
    }

    std::vector<PluginInstance*> order;

   private:
    [[noreturn]] void refuse_circle(const PluginInstance* again) const {
        std::string names;
        for (auto at = std::find(way_.begin(), way_.end(), again); at != way_.end(); ++at)
            names += (*at)->settings.name + " -> ";
        refuse(*again, "uses services in a circle, so that none of them can start first: " + names +
                           again->settings.name);
    }

    const std::vector<PluginInstance*>& created_;
    std::vector<PluginInstance*> way_;
};

}  // namespace

const PluginInstance* provider_of(const std::vector<PluginInstance*>& created, std::string_view service) {
    const auto found = std::find_if(created.begin(), created.end(), [&](const PluginInstance* plugin) {
        return plugin->library->note().offers_service(service);
    });
    return found == created.end() ? nullptr : *found;
}

std::vector<PluginInstance*> start_order(const std::vector<PluginInstance*>& created) {
    check_offers(created);
    check_required(created);
    Walk walk(created);
    for (PluginInstance* plugin : created)
        walk.visit(plugin);
    return walk.order;
}

}  // namespace gatewayd
