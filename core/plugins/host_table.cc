#include "core/plugins/host_table.h"

#include <algorithm>
#include <cstring>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/chain/context.h"
#include "core/plugins/extensions.h"
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

const void* host_extension(gw_inst*, gw_str name) {
    return find_extension(from_abi(name));
}

gw_str host_instance_name(gw_inst* instance) {
    return instance ? to_abi(std::string_view(from_abi(instance)->settings.name)) : gw_str{nullptr, 0};
}

gw_host make_table() {
    gw_host table{};
    table.struct_size = sizeof table;
    table.abi_minor = GW_ABI_MINOR;
    table.log = host_log;
    table.extension = host_extension;
    table.instance_name = host_instance_name;
    table.now_ns = monotonic_now_ns;
    table.wall_time_ms = wall_now_ms;
    fill_hub_functions(&table);
    fill_configuration_functions(&table);
    fill_request_functions(&table);
    return table;
}

}  // namespace

int32_t refuse(gw_error* err, int32_t code, std::string_view why) {
    if (!err || err->struct_size < sizeof *err) return code;
    err->code = code;
    const size_t length = std::min(why.size(), sizeof err->message - 1);
    std::memcpy(err->message, why.data(), length);
    err->message[length] = '\0';
    return code;
}

const gw_host* host_table() {
    static const gw_host table = make_table();
    return &table;
}

}  // namespace gatewayd
