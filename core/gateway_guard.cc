#include "core/gateway_guard.h"

#include "core/guard/crash_handler.h"

namespace gatewayd {

GatewayGuard::~GatewayGuard() {
    if (watchdog_) set_call_pulse(nullptr);
    if (!record_) return;
    record_crashes_in(-1);
    record_->clean(ending_well_);
}

void GatewayGuard::watch_this_thread() {
    if (watchdog_) return;
    watchdog_ = std::make_unique<Watchdog>(settings_.watchdog_ms);
    watch_.emplace(*watchdog_, "control", pulse_);
    set_call_pulse(&pulse_);
}

void GatewayGuard::open_record(std::vector<std::string>* warnings) {
    if (record_ || settings_.load.empty()) return;  // nobody's crashes
    std::string why;
    record_ = CrashRecord::open(state_folder(settings_), &why);
    if (record_) {
        record_crashes_in(record_->descriptor());
    } else {
        warnings->push_back("crashes of plugins are not counted: " + why);
    }
}

void GatewayGuard::look_at_record(std::vector<std::string>* warnings) {
    if (record_ || settings_.load.empty()) return;
    std::string why;
    record_ = CrashRecord::look(state_folder(settings_), &why);
    if (!record_) warnings->push_back("crashes of plugins are not known: " + why);
}

void GatewayGuard::ran_well(const std::vector<std::string>& identities) {
    if (record_) record_->clean(identities);
}

}  // namespace gatewayd
