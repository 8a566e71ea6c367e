// What is wrong with a configuration, collected in one pass so that an operator sees all of it at once.
// Owned by load_settings(), one thread.
#ifndef GATEWAYD_CORE_CONFIG_PROBLEMS_H
#define GATEWAYD_CORE_CONFIG_PROBLEMS_H

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatewayd::config {

class Problems {
   public:
    static constexpr size_t max_errors = 100;

    // "location: path: message". A second error about the same value is dropped: it follows from the first.
    // `path` is the key in dots, "wsc.node_port"; it may be empty.
    void error(std::string_view location, std::string_view path, std::string_view message);
    void warn(std::string_view location, std::string_view path, std::string_view message);

    bool any_errors() const { return !errors_.empty(); }
    std::vector<std::string> take_errors();
    std::vector<std::string> take_warnings() { return std::move(warnings_); }

   private:
    std::vector<std::string> errors_;
    size_t dropped_ = 0;  // beyond max_errors
    std::vector<std::string> warnings_;
    std::set<std::pair<std::string, std::string>> seen_;  // location and path of errors
};

// "text" in quotes for a message: control characters replaced, cut after 60 bytes at a character's border.
std::string quote_for_message(std::string_view text);

}  // namespace gatewayd::config

#endif
