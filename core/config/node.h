// A read-only tree of configuration values, each with its place in the file: what plugins get as their
// configuration (gw_node of the ABI). Knows nothing of the YAML library. Immutable: any thread.
#ifndef GATEWAYD_CORE_CONFIG_NODE_H
#define GATEWAYD_CORE_CONFIG_NODE_H

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatewayd {

class ConfigNode;
using ConfigNodePtr = std::shared_ptr<const ConfigNode>;

class ConfigNode {
   public:
    enum class Type : uint8_t { null, scalar, list, map };

    Type type = Type::null;
    std::string scalar;                                          // after expansion of ${NAME}
    bool quoted = false;                                         // "8081" in quotes is text, never a number
    std::vector<ConfigNodePtr> items;                            // of a list
    std::vector<std::pair<std::string, ConfigNodePtr>> entries;  // of a map, in file order; keys are unique
    std::string location;                                        // "gateway.yaml:12:5"
    std::string key_location;                                    // of the key before it; empty in a list
    std::string base_folder;                                     // absolute: relative paths start here

    // Null when this is no map or has no such key.
    const ConfigNode* get(std::string_view key) const;
    // Nothing when the scalar is of another type. Booleans are true and false; integers are decimal, without
    // leading zeros; doubles are finite. What is in quotes is text.
    std::optional<bool> as_bool() const;
    std::optional<int64_t> as_i64() const;
    std::optional<double> as_f64() const;
    // An absolute path: the scalar, relative to base_folder. Empty when there is none.
    std::string as_path() const;
};

}  // namespace gatewayd

#endif
