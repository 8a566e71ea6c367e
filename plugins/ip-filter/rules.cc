#include "rules.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace ip_filter {
namespace {

std::vector<address::Network> networks_of(const gateway::Config& list) {
    std::vector<address::Network> networks;
    for (const gateway::Config& entry : list.list()) {
        const std::string text = entry.required_string();
        std::string error;
        const auto network = address::parse_network(text, &error);
        if (!network) entry.fail("\"" + text + "\" " + error);
        networks.push_back(*network);
    }
    return networks;
}

std::string trimmed(std::string line) {
    if (const size_t comment = line.find('#'); comment != std::string::npos) line.resize(comment);
    const size_t last = line.find_last_not_of(" \t\r");
    line.resize(last == std::string::npos ? 0 : last + 1);
    line.erase(0, line.find_first_not_of(" \t"));
    return line;
}

// A network a line; # begins a comment.
void add_file(const std::string& path, std::vector<address::Network>* networks) {
    if (path.empty()) return;
    std::ifstream file(path, std::ios::binary);
    if (!file) throw gateway::Error("cannot read " + path + ": " + std::strerror(errno));
    std::string line;
    size_t bytes = 0;
    for (size_t number = 1; std::getline(file, line); ++number) {
        bytes += line.size() + 1;
        const std::string place = path + ":" + std::to_string(number) + ": ";
        if (bytes > max_file_bytes) throw gateway::Error(place + "the file is longer than 64 MB");
        const std::string text = trimmed(line);
        if (text.empty()) continue;
        std::string error;
        const auto network = address::parse_network(text, &error);
        if (!network) throw gateway::Error(place + "\"" + text.substr(0, 100) + "\" " + error);
        if (networks->size() == max_networks) throw gateway::Error(place + "more than 1000000 networks");
        networks->push_back(*network);
    }
    if (file.bad()) throw gateway::Error("cannot read " + path + ": " + std::strerror(errno));
}

}  // namespace

Sources Sources::read(const gateway::Config& config) {
    config.allow_only({"allow", "deny", "allow_file", "deny_file"});
    Sources sources;
    sources.allow = networks_of(config.get("allow"));
    sources.deny = networks_of(config.get("deny"));
    if (const auto file = config.get("allow_file"); file.exists()) sources.allow_file = file.required_path();
    if (const auto file = config.get("deny_file"); file.exists()) sources.deny_file = file.required_path();
    return sources;
}

Rules Rules::read(const Sources& sources) {
    std::vector<address::Network> allow = sources.allow;
    std::vector<address::Network> deny = sources.deny;
    add_file(sources.allow_file, &allow);
    add_file(sources.deny_file, &deny);
    // An allow_file that is empty allows nobody: it may have been emptied by mistake, and that must not open
    // the door.
    return {NetworkSet(allow), NetworkSet(deny), !sources.allow.empty() || !sources.allow_file.empty()};
}

}  // namespace ip_filter
