#include "gatewayd/plugin/reload.h"

#include <rapidjson/document.h>

#include <cstdio>
#include <string>

#include "gatewayd/admin_client.h"
#include "gatewayd/check.h"

namespace gatewayd {
namespace {

using Value = rapidjson::Value;

// The text at a path of keys; empty: there is none.
const char* text_at(const Value& value, const char* key, const char* inner = nullptr) {
    if (!value.IsObject() || !value.HasMember(key)) return "";
    const Value& found = value[key];
    if (inner) return text_at(found, inner);
    return found.IsString() ? found.GetString() : "";
}

uint32_t generation(const Value& plugin, const char* key) {
    if (!plugin.HasMember(key) || !plugin[key].IsObject()) return 0;
    const Value& of = plugin[key];
    return of.HasMember("generation") && of["generation"].IsUint() ? of["generation"].GetUint() : 0;
}

void say(const rapidjson::Document& answer) {
    const double seconds =
        answer.HasMember("seconds") && answer["seconds"].IsDouble() ? answer["seconds"].GetDouble() : 0;
    for (const Value& plugin : answer["plugins"].GetArray()) {
        std::printf("%s: %s, generation %u (%s) -> %u (%s), in %.3f s\n", text_at(plugin, "name"),
                    text_at(plugin, "action"), generation(plugin, "from"), text_at(plugin, "from", "version"),
                    generation(plugin, "to"), text_at(plugin, "to", "version"), seconds);
    }
}

}  // namespace

int reload_plugin(const CommandLine& line) {
    if (line.config_file.empty()) {
        std::fprintf(stderr, "gatewayd: which gateway? Say --config with the file that it runs with\n");
        return exit_refused;
    }
    std::vector<std::string> warnings;
    const std::optional<Settings> settings = load_or_say_why(line, &warnings);
    if (!settings) return exit_refused;
    const AdminAnswer answer =
        admin_post(settings->admin, "/api/v1/plugins/" + line.plugin_name + "/reload", line.time_limit_s);
    rapidjson::Document body;
    body.Parse<rapidjson::kParseIterativeFlag>(answer.body.c_str());
    const bool understood = !body.HasParseError() && body.IsObject();
    if (answer.status == 200 && understood && body.HasMember("plugins") && body["plugins"].IsArray()) {
        say(body);
        return exit_clean;
    }
    const char* why = understood ? text_at(body, "error", "message") : "";
    std::fprintf(stderr, "gatewayd: not reloaded: %s\n", *why ? why : answer.body.c_str());
    return exit_failed;
}

}  // namespace gatewayd
