#include "settings.h"

#include <algorithm>

namespace limits {
namespace {

constexpr double max_per_second = 1e9;

double rate_of(const gateway::Config& config, const char* key, double otherwise) {
    const gateway::Config node = config.get(key);
    const double value = node.number_or(otherwise);
    if (!(value >= 0) || value > max_per_second)
        node.fail("must be a number a second from 0 (no limit) to 1000000000");
    return value;
}

Rates rates_of(const gateway::Config& config, double burst_s, const Rates& otherwise, bool handshakes) {
    if (handshakes) {
        config.allow_only({"messages", "bytes", "handshakes"});
    } else {
        config.allow_only({"messages", "bytes"});
    }
    const auto rate = [&](const char* key, const Rate& of) {
        const double per_second = rate_of(config, key, of.per_second());
        return Rate{per_second, per_second * burst_s};
    };
    return {rate("messages", otherwise.messages), rate("bytes", otherwise.bytes),
            handshakes ? rate("handshakes", otherwise.handshakes) : Rate{}};
}

Rates per_second(double messages, double bytes, double handshakes) {
    return {{messages, 0}, {bytes, 0}, {handshakes, 0}};
}

}  // namespace

Settings Settings::read(const gateway::Config& config) {
    config.allow_only({"connection", "user", "address", "burst", "admission", "abuse", "max_tracked",
                       "exempt_addresses", "exempt_user_types"});
    Settings settings;
    const gateway::Config burst = config.get("burst");
    const double burst_s = burst.number_or(5);
    if (!(burst_s >= 0.1) || burst_s > 3600) burst.fail("must be a number of seconds from 0.1 to 3600");
    settings.connection = rates_of(config.get("connection"), burst_s, per_second(20, 256 * 1024, 0), false);
    settings.user = rates_of(config.get("user"), burst_s, per_second(40, 512 * 1024, 2), true);
    settings.address = rates_of(config.get("address"), burst_s, per_second(400, 4 * 1024 * 1024, 20), true);

    const gateway::Config admission = config.get("admission");
    admission.allow_only({"per_second", "max_waiting", "max_wait"});
    const double admitted = rate_of(admission, "per_second", 2000);
    settings.admission.rate = {admitted, admitted / 20};  // of 50 ms
    settings.admission.max_waiting =
        static_cast<size_t>(admission.get("max_waiting").integer_or(10000, 0, 1000000));
    settings.admission.max_wait_ns = admission.get("max_wait").integer_or(8, 1, 30) * ns_per_s;

    const gateway::Config abuse = config.get("abuse");
    abuse.allow_only({"refusals", "within", "ban"});
    const int64_t refusals = abuse.get("refusals").integer_or(100, 0, 1000000);
    const int64_t within_s = abuse.get("within").integer_or(60, 1, 86400);
    settings.ban_ms = refusals == 0 ? 0 : abuse.get("ban").integer_or(300, 1, 31536000) * 1000;
    settings.abuse = {static_cast<double>(refusals) / static_cast<double>(within_s),
                      static_cast<double>(refusals)};

    settings.max_tracked = static_cast<size_t>(config.get("max_tracked").integer_or(200000, 1000, 10000000));
    for (const gateway::Config& entry : config.get("exempt_addresses").list()) {
        std::string error;
        const std::string text = entry.required_string();
        const auto network = address::parse_network(text, &error);
        if (!network) entry.fail("\"" + text + "\" " + error);
        settings.exempt_addresses.push_back(*network);
    }
    settings.exempt_user_types = config.get("exempt_user_types").string_list();
    return settings;
}

bool Settings::is_exempt(const address::Address& one) const {
    return std::any_of(exempt_addresses.begin(), exempt_addresses.end(),
                       [&](const address::Network& network) { return network.contains(one); });
}

}  // namespace limits
