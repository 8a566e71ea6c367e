#include "core/plugins/host_table.h"

#include <time.h>

#include "core/base/log.h"
#include "core/chain/context.h"
#include "core/plugins/instance.h"

namespace gatewayd {
namespace {

void host_log(gw_inst* instance, int32_t level, gw_str text) {
    const LogLevel levels[] = {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error};
    const LogLevel at = levels[level < GW_LOG_DEBUG   ? GW_LOG_DEBUG
                               : level > GW_LOG_ERROR ? GW_LOG_ERROR
                                                      : level];
    if (!instance || !log::enabled(at)) return;
    const std::string& name = from_abi(instance)->settings.name;
    const std::string_view line = from_abi(text);
    if (at == LogLevel::debug || at == LogLevel::info) {
        log::write(at, line, {{"plugin", name}});
    } else {
        log::write_limited(at, "plugin." + name + "." + std::string(line.substr(0, 64)), line,
                           {{"plugin", name}});
    }
}

const void* host_extension(gw_inst*, gw_str) {
    return nullptr;
}

gw_str host_instance_name(gw_inst* instance) {
    return instance ? to_abi(std::string_view(from_abi(instance)->settings.name)) : gw_str{nullptr, 0};
}

uint64_t host_now_ns() {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

int64_t host_wall_time_ms() {
    timespec now;
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1'000'000;
}

gw_host make_table() {
    gw_host table{};
    table.struct_size = sizeof table;
    table.abi_minor = GW_ABI_MINOR;
    table.log = host_log;
    table.extension = host_extension;
    table.instance_name = host_instance_name;
    table.now_ns = host_now_ns;
    table.wall_time_ms = host_wall_time_ms;
    fill_hub_functions(&table);
    fill_configuration_functions(&table);
    fill_request_functions(&table);
    return table;
}

}  // namespace

const gw_host* host_table() {
    static const gw_host table = make_table();
    return &table;
}

}  // namespace gatewayd
