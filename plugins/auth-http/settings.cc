#include "settings.h"

#include <algorithm>

#include "../common/ascii.h"
#include "../common/local_url.h"

namespace auth_http {
namespace {

using gateway::Config;

constexpr int64_t most_timeout_ms = 29000;
constexpr int64_t most_ttl_s = 86400;
constexpr int64_t most_denied_ttl_s = 300;
constexpr int64_t most_entries = 1000000;
constexpr int64_t most_in_flight = 16384;
constexpr int64_t most_notice_s = 86400;
constexpr int64_t least_token_bytes = 16;
constexpr int64_t most_token_bytes = 65536;
constexpr size_t most_headers = 16;

bool is_header_name(std::string_view name) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               others.find(c) != std::string_view::npos;
    });
}

// Of the connection to the back end, of the question's body, or of the client's own connection.
bool is_reserved(const std::string& name) {
    static constexpr std::string_view names[] = {"accept",
                                                 "connection",
                                                 "content-encoding",
                                                 "content-length",
                                                 "content-type",
                                                 "expect",
                                                 "host",
                                                 "keep-alive",
                                                 "te",
                                                 "trailer",
                                                 "upgrade",
                                                 "proxy-authorization",
                                                 "proxy-connection",
                                                 "transfer-encoding"};
    return name.rfind("sec-websocket-", 0) == 0 ||
           std::find(std::begin(names), std::end(names), name) != std::end(names);
}

void check_header_name(const Config& place, const std::string& name) {
    if (!is_header_name(name)) place.fail("\"" + name + "\" is no name of a header");
    if (is_reserved(ascii::lower(name))) place.fail(name + " is a header that the gateway itself writes");
}

gateway::http::Headers read_headers(const Config& config) {
    gateway::http::Headers headers;
    if (!config.exists()) return headers;
    if (!config.is_map()) config.fail("must be a map of names and values");
    if (config.size() > most_headers)
        config.fail("has more than " + std::to_string(most_headers) + " headers");
    for (uint64_t i = 0; i < config.size(); ++i) {
        const std::string name = config.key_at(i);
        const Config place = config.get(name);
        check_header_name(place, name);
        const std::string value = place.required_string();
        for (const char c : value) {
            const auto byte = static_cast<unsigned char>(c);
            if ((byte < 0x20 && c != '\t') || byte == 0x7F) place.fail("has a control character");
        }
        headers.emplace_back(name, value);
    }
    return headers;
}

std::vector<std::string> read_forwarded(const Config& config, const gateway::http::Headers& fixed) {
    std::vector<std::string> names;
    for (const Config& entry : config.list()) {
        const std::string name = entry.required_string();
        check_header_name(entry, name);
        const auto is_it = [&](const std::string& other) { return ascii::same_ignoring_case(other, name); };
        if (std::any_of(names.begin(), names.end(), is_it)) entry.fail(name + " stands here twice");
        if (std::any_of(fixed.begin(), fixed.end(), [&](const auto& header) { return is_it(header.first); }))
            entry.fail(name + " stands under headers, too; keep one of them");
        if (names.size() == most_headers)
            entry.fail("is one header too many; at most " + std::to_string(most_headers));
        names.push_back(name);
    }
    return names;
}

Told read_told(const Config& config) {
    Told told;
    if (!config.exists()) return told;
    told = {false, false, false, false, false};
    for (const Config& entry : config.list()) {
        const std::string what = entry.required_string();
        bool* const place = what == "address"     ? &told.address
                            : what == "path"      ? &told.path
                            : what == "user_id"   ? &told.user_id
                            : what == "user_type" ? &told.user_type
                            : what == "client_id" ? &told.client_id
                                                  : nullptr;
        if (place == nullptr) entry.fail("must be one of address, path, user_id, user_type, client_id");
        *place = true;
    }
    return told;
}

std::string read_url(const Config& config, const gateway::Host& host) {
    const Config place = config.get("url");
    std::string url = place.required_string();
    const std::string problem = gateway::http::url_problem(host, url);
    if (!problem.empty()) place.fail(problem);
    const bool encrypted = url.substr(0, 8) == "https://";
    if (!encrypted && !auth::is_local_url(url) && !config.get("allow_http").bool_or(false)) {
        place.fail(
            "must be https: tokens go there, and who can change the answer can let anybody in; "
            "allow_http: true allows it");
    }
    return url;
}

// Whether a word of two; throws for another.
bool read_word(const Config& place, std::string_view yes, std::string_view no, const char* both) {
    const std::string word = place.string_or(yes);
    if (word != yes && word != no) place.fail(std::string("must be ") + both);
    return word == yes;
}

}  // namespace

Settings Settings::read(const Config& config, const gateway::Host& host) {
    if (config.get("ca_file").exists())
        config.get("ca_file").fail("is plugins.http.ca_file: all plugins share their HTTP client");
    config.allow_only({"url", "allow_http", "headers", "forward_headers", "tell", "bearer", "require_expiry",
                       "max_token_size", "timeout_ms", "cache_ttl", "cache_denied_ttl", "cache_entries",
                       "max_in_flight", "expiry_notice"});
    Settings settings;
    settings.url = read_url(config, host);
    settings.headers = read_headers(config.get("headers"));
    settings.forward_headers = read_forwarded(config.get("forward_headers"), settings.headers);
    settings.told = read_told(config.get("tell"));
    settings.needs_token = read_word(config.get("bearer"), "required", "optional", "required or optional");
    if (!settings.needs_token && settings.forward_headers.empty()) {
        config.get("bearer").fail(
            "optional needs forward_headers, such as [Cookie]: a client without a token must bring "
            "something");
    }
    settings.needs_expiry = config.get("require_expiry").bool_or(true);
    settings.max_token_bytes = static_cast<size_t>(
        config.get("max_token_size").integer_or(8192, least_token_bytes, most_token_bytes));
    settings.timeout_ms =
        static_cast<uint32_t>(config.get("timeout_ms").integer_or(3000, 1, most_timeout_ms));
    settings.cache_ttl_ms = config.get("cache_ttl").integer_or(60, 0, most_ttl_s) * 1000;
    settings.cache_denied_ttl_ms = config.get("cache_denied_ttl").integer_or(0, 0, most_denied_ttl_s) * 1000;
    settings.cache_entries =
        static_cast<size_t>(config.get("cache_entries").integer_or(10000, 1, most_entries));
    settings.max_in_flight =
        static_cast<size_t>(config.get("max_in_flight").integer_or(256, 1, most_in_flight));
    settings.expiry_notice_s = config.get("expiry_notice").integer_or(60, 0, most_notice_s);
    return settings;
}

}  // namespace auth_http
