// Hears what other plugins tell (gw.event/1), by the patterns of its configuration, and keeps it over reloads
// (gw.state/1): as lines "TAG NAME JSON". {"type":"heard"} is answered with them; its stop writes them into
// the log. With `retell` it tells each on under that name.
#ifndef GATEWAYD_TESTS_ABI_PLUGINS_HEARS_H
#define GATEWAYD_TESTS_ABI_PLUGINS_HEARS_H

#include <mutex>
#include <string>

#include "gateway/plugin.hpp"

namespace hears_test {

class Hears : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        config.allow_only({"patterns", "tag", "retell", "fail"});
        tag_ = config.get("tag").string_or("a");
        retell_ = config.get("retell").string_or("");
        fails_ = config.get("fail").bool_or(false);
        for (const std::string& pattern : config.get("patterns").string_list())
            gateway::listen<&Hears::on_plugin_event>(host(), this, pattern);
    }
    void Start() override {
        if (fails_) throw gateway::Error("start was told to fail");
    }
    void Stop() override { host().info("heard at the end: " + lines_); }

    void on_plugin_event(const gateway::PluginEvent& event) {
        const std::lock_guard<std::mutex> lock(mutex_);
        lines_ += tag_ + " " + std::string(event.name) + " " + std::string(event.json) + "\n";
        if (!retell_.empty()) gateway::emit(host(), retell_, event.json);
    }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next&) override {
        if (request.field("type") != "heard") return gateway::Continue;
        const std::lock_guard<std::mutex> lock(mutex_);
        request.set_field("type", "heard_lines");
        request.set_field("content", lines_);
        return request.answer(request.payload());
    }

    // All of it as the reload begins; the rest is what came after.
    std::string SaveState(gateway::StatePart part) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        const size_t from = part == gateway::StatePart::rest ? saved_ : 0;
        saved_ = lines_.size();
        return lines_.substr(from);
    }
    void LoadState(const gateway::State& state) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        lines_ += state.bytes;
    }

   private:
    std::mutex mutex_;
    std::string lines_;
    size_t saved_ = 0;
    std::string tag_;
    std::string retell_;
    bool fails_ = false;
};

}  // namespace hears_test

#endif
