// A folder of its own for one test, and load_settings() on files in it.
#ifndef GATEWAYD_TESTS_UNIT_CONFIG_LOADING_H
#define GATEWAYD_TESTS_UNIT_CONFIG_LOADING_H

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/config/loader.h"

namespace gatewayd::testing {

class ConfigFolder {
   public:
    ConfigFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "gatewayd-config-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~ConfigFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ConfigFolder(const ConfigFolder&) = delete;
    ConfigFolder& operator=(const ConfigFolder&) = delete;

    const std::string& path() const { return path_; }
    std::string file(const std::string& name) const { return path_ + "/" + name; }

    // The environment is `environment` alone. Messages come without the folder: "gateway.yaml:1:1: ...".
    LoadResult load(const std::string& yaml, const std::vector<std::string>& sets = {},
                    const std::map<std::string, std::string>& environment = {}) const {
        std::ofstream(file("gateway.yaml"), std::ios::binary) << yaml;
        return load_file("gateway.yaml", sets, environment);
    }

    LoadResult load_file(const std::string& name, const std::vector<std::string>& sets = {},
                         const std::map<std::string, std::string>& environment = {}) const {
        LoadOptions options;
        options.file = file(name);
        options.sets = sets;
        options.env = [&environment](std::string_view variable) -> std::optional<std::string> {
            const auto found = environment.find(std::string(variable));
            return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
        };
        LoadResult result = load_settings(options);
        CHECK(result.ok() == result.errors.empty());
        for (auto* list : {&result.errors, &result.warnings}) {
            for (std::string& line : *list)
                without_folder(line);
        }
        return result;
    }

   private:
    void without_folder(std::string& line) const {
        for (size_t at = line.find(path_ + "/"); at != std::string::npos; at = line.find(path_ + "/")) {
            line.erase(at, path_.size() + 1);
        }
    }

    std::string path_;
};

inline std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
        text += line + "\n";
    return text;
}

// Loads, and fails the test with the errors when there are any.
inline Settings loaded(const std::string& yaml, const std::vector<std::string>& sets = {},
                       const std::map<std::string, std::string>& environment = {}) {
    const ConfigFolder folder;
    LoadResult result = folder.load(yaml, sets, environment);
    REQUIRE_MESSAGE(result.ok(), joined(result.errors));
    return *result.settings;
}

inline std::vector<std::string> errors_of(const std::string& yaml, const std::vector<std::string>& sets = {},
                                          const std::map<std::string, std::string>& environment = {}) {
    return ConfigFolder().load(yaml, sets, environment).errors;
}

// The one error of a text that has exactly one.
inline std::string error_of(const std::string& yaml, const std::vector<std::string>& sets = {},
                            const std::map<std::string, std::string>& environment = {}) {
    const std::vector<std::string> errors = errors_of(yaml, sets, environment);
    CHECK_MESSAGE(errors.size() == 1, joined(errors));
    return errors.empty() ? std::string() : errors.front();
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

inline std::string read_text(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

}  // namespace gatewayd::testing

#endif
