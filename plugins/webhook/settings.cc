#include "settings.h"

#include <algorithm>

#include "../common/local_url.h"
#include "signature.h"

namespace webhook {
namespace {

using gateway::Config;

constexpr size_t least_secret_bytes = 16;
constexpr size_t most_secrets = 4;
constexpr size_t most_headers = 16;
constexpr size_t most_patterns = 64;
constexpr int64_t most_batch = 1000;
constexpr int64_t most_batch_kb = 8192;
constexpr int64_t most_delay_ms = 60000;
constexpr int64_t most_queue = 500000;
constexpr int64_t least_queue_kb = 64;
constexpr int64_t most_queue_kb = 40960;
// A reload takes it all along, with a batch and some bytes for each event.
static_assert((most_queue_kb + most_batch_kb) * 1024 + most_queue * 16 + 65536 < int64_t{GW_STATE_MAX_BYTES});
constexpr int64_t most_timeout_ms = 120000;
constexpr int64_t most_retry_ms = 3600000;
constexpr int64_t most_give_up_s = 604800;
constexpr int64_t most_flush_ms = 25000;
constexpr int64_t most_ask_timeout_ms = 29000;  // below the longest deferral
constexpr int64_t most_in_flight = 16384;

std::string read_url(const Config& place, const Config& config, const gateway::Host& host) {
    std::string url = place.required_string();
    if (const std::string problem = gateway::http::url_problem(host, url); !problem.empty())
        place.fail(problem);
    const bool encrypted = url.substr(0, 8) == "https://";
    if (!encrypted && !auth::is_local_url(url) && !config.get("allow_http").bool_or(false)) {
        place.fail(
            "must be https: what clients say goes there; allow_http: true allows it in a network of "
            "your own");
    }
    return url;
}

std::string lower(std::string text) {
    for (char& c : text)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
}

// The gateway refuses those of the connection itself.
gateway::http::Headers read_headers(const Config& config) {
    gateway::http::Headers headers;
    if (!config.exists()) return headers;
    if (!config.is_map()) config.fail("must be a map of names and values");
    if (config.size() > most_headers) config.fail("has more than 16 headers");
    for (uint64_t i = 0; i < config.size(); ++i) {
        const std::string name = config.key_at(i);
        const Config place = config.get(name);
        const std::string value = place.required_string();
        static constexpr std::string_view own[] = {"content-type",
                                                   "content-length",
                                                   "content-encoding",
                                                   "transfer-encoding",
                                                   "host",
                                                   "connection",
                                                   "expect",
                                                   "upgrade",
                                                   "te",
                                                   "trailer",
                                                   "proxy-authorization"};
        const std::string plain = lower(name);
        if (plain.rfind("x-gateway-", 0) == 0 ||
            std::find(std::begin(own), std::end(own), plain) != std::end(own))
            place.fail("is a header that the gateway itself writes");
        constexpr std::string_view others = "!#$%&'*+-.^_`|~";
        const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   others.find(c) != std::string_view::npos;
        });
        if (!good) place.fail("\"" + name + "\" is no name of a header");
        for (const char c : value) {
            const auto byte = static_cast<unsigned char>(c);
            if ((byte < 0x20 && c != '\t') || byte == 0x7F) place.fail("has a control character");
        }
        headers.emplace_back(name, value);
    }
    return headers;
}

void take_secret(const Config& place, std::vector<std::string>* secrets) {
    std::string secret = place.required_string();
    if (secret.size() < least_secret_bytes)
        place.fail("has " + std::to_string(secret.size()) +
                   " bytes; a secret needs at least 16, made by chance");
    secrets->push_back(std::move(secret));
}

std::vector<std::string> read_secrets(const Config& config) {
    std::vector<std::string> secrets;
    const Config one = config.get("secret");
    const Config more = config.get("secrets");
    if (one.exists() && more.exists()) more.fail("stands beside secret; keep one of them");
    if (!more.exists()) {
        take_secret(one, &secrets);
        return secrets;
    }
    for (const Config& entry : more.list()) {
        if (secrets.size() == most_secrets) entry.fail("is one too many; at most 4");
        take_secret(entry, &secrets);
    }
    if (secrets.empty()) more.fail("is empty; each body is signed by at least one");
    return secrets;
}

Selection read_events(const Config& config) {
    Selection events;
    for (const Config& entry : config.list()) {
        if (events.size() == most_patterns) entry.fail("is one too many; at most 64");
        const std::string problem = events.add(entry.required_string());
        if (!problem.empty()) entry.fail(problem);
    }
    return events;
}

AskSettings read_ask(const Config& ask, const Config& config, const gateway::Host& host) {
    AskSettings settings;
    if (!ask.exists()) return settings;
    ask.allow_only({"url", "types", "timeout_ms", "on_failure", "max_in_flight"});
    settings.enabled = true;
    settings.url = read_url(ask.get("url").exists() ? ask.get("url") : config.get("url"), config, host);
    for (const Config& entry : ask.get("types").list()) {
        std::string type = entry.required_string();
        if (type.empty() || type.size() > max_type_bytes) entry.fail("must have 1 to 64 bytes");
        if (type == "*") settings.all_types = true;
        settings.types.push_back(std::move(type));
    }
    if (settings.types.empty())
        ask.get("types").fail("names the types of messages to ask about, or is [\"*\"] for all");
    settings.timeout_ms =
        static_cast<uint32_t>(ask.get("timeout_ms").integer_or(2000, 1, most_ask_timeout_ms));
    const std::string word = ask.get("on_failure").string_or("deny");
    if (word != "deny" && word != "allow")
        ask.get("on_failure").fail("must be deny (refuse the message) or allow (let it pass)");
    settings.allows_on_failure = word == "allow";
    settings.max_in_flight =
        static_cast<uint32_t>(ask.get("max_in_flight").integer_or(256, 1, most_in_flight));
    return settings;
}

size_t kb(const Config& place, int64_t fallback, int64_t least, int64_t most) {
    return static_cast<size_t>(place.integer_or(fallback, least, most)) * 1024;
}

}  // namespace

bool AskSettings::has(std::string_view type) const {
    return all_types || std::find(types.begin(), types.end(), type) != types.end();
}

Settings Settings::read(const Config& config, const gateway::Host& host) {
    config.allow_only({"url", "allow_http", "headers", "secret", "secrets", "events", "batch_size",
                       "batch_kb", "max_delay_ms", "max_queue", "max_queue_kb", "timeout_ms", "retry_min_ms",
                       "retry_max_ms", "give_up_after", "flush_timeout_ms", "ask"});
    Settings settings;
    settings.events = read_events(config.get("events"));
    if (!settings.events.empty() || !config.get("ask").exists() || config.get("url").exists())
        settings.url = read_url(config.get("url"), config, host);
    settings.headers = read_headers(config.get("headers"));
    settings.secrets = read_secrets(config);
    settings.ask = read_ask(config.get("ask"), config, host);
    if (settings.events.empty() && !settings.ask.enabled)
        config.get("events").fail(
            "is empty, and there is no ask: the back end would hear nothing; there are client.connected, "
            "client.disconnected, message.TYPE, websocket.started, websocket.stopped and those of other "
            "plugins, such as group.*");
    settings.batch_events = static_cast<size_t>(config.get("batch_size").integer_or(100, 1, most_batch));
    settings.batch_bytes = kb(config.get("batch_kb"), 256, 1, most_batch_kb);
    settings.max_delay_ms =
        static_cast<uint64_t>(config.get("max_delay_ms").integer_or(500, 0, most_delay_ms));
    settings.max_queue_events = static_cast<size_t>(config.get("max_queue").integer_or(10000, 1, most_queue));
    settings.max_queue_bytes = kb(config.get("max_queue_kb"), 16384, least_queue_kb, most_queue_kb);
    settings.timeout_ms =
        static_cast<uint32_t>(config.get("timeout_ms").integer_or(10000, 1, most_timeout_ms));
    const int64_t retry_min = config.get("retry_min_ms").integer_or(500, 10, most_retry_ms);
    settings.retry_min_ms = static_cast<uint64_t>(retry_min);
    settings.retry_max_ms = static_cast<uint64_t>(
        config.get("retry_max_ms").integer_or(std::max<int64_t>(60000, retry_min), retry_min, most_retry_ms));
    settings.give_up_after_s =
        static_cast<uint64_t>(config.get("give_up_after").integer_or(3600, 0, most_give_up_s));
    settings.flush_timeout_ms =
        static_cast<uint32_t>(config.get("flush_timeout_ms").integer_or(1500, 0, most_flush_ms));
    return settings;
}

}  // namespace webhook
