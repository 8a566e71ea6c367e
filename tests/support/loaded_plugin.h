// LoadedPlugin: a built plugin with one instance of it, as the gateway would hold it, driven by a FakeHost.
// For tests; one thread.
#ifndef GATEWAYD_TESTS_SUPPORT_LOADED_PLUGIN_H
#define GATEWAYD_TESTS_SUPPORT_LOADED_PLUGIN_H

#include <memory>
#include <string>

#include "core/plugins/library.h"
#include "tests/support/fake_host.h"

namespace gatewayd::testing {

class LoadedPlugin {
   public:
    explicit LoadedPlugin(const std::string& path)
        : library_(PluginLibrary::load("test", path, host.table())) {}
    ~LoadedPlugin() {
        if (self_ != nullptr) plugin().destroy(self_);
    }
    LoadedPlugin(const LoadedPlugin&) = delete;
    LoadedPlugin& operator=(const LoadedPlugin&) = delete;

    const gw_plugin& plugin() const { return library_->plugin(); }
    const gw_interceptor& hooks() const { return *library_->interceptor(); }
    void* self() const { return self_; }

    // Empty, or why create refused.
    std::string create(const FakeNode& config) {
        gw_error error{};
        error.struct_size = sizeof(error);
        return plugin().create(host.table(), host.inst(), config.raw(), &self_, &error) == GW_OK
                   ? ""
                   : error.message;
    }
    std::string start() {
        gw_error error{};
        error.struct_size = sizeof(error);
        return plugin().start(self_, &error) == GW_OK ? "" : error.message;
    }
    void stop() { plugin().stop(self_); }
    int32_t intercept(FakeRequest* request, FakeConnection* connection = nullptr, void* slot = nullptr) {
        return hooks().intercept(self_, slot, connection == nullptr ? nullptr : connection->raw(),
                                 request->raw(), reinterpret_cast<gw_next*>(request));
    }
    void event(uint64_t type, FakeConnection* connection = nullptr, void* slot = nullptr,
               FakeRequest* request = nullptr, const std::string& reason = {}, int32_t code = 0) {
        const gw_event event{sizeof(gw_event),
                             code,
                             type,
                             connection == nullptr ? nullptr : connection->raw(),
                             request == nullptr ? nullptr : request->raw(),
                             gw_str{reason.data(), reason.size()}};
        hooks().on_event(self_, slot, &event);
    }

    FakeHost host;

   private:
    std::shared_ptr<const PluginLibrary> library_;
    void* self_ = nullptr;
};

}  // namespace gatewayd::testing

#endif
