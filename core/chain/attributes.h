// Attributes: text that plugins keep with a connection and share among themselves. Owns nothing while it is
// empty. One connection's; its reactor's thread.
#ifndef GATEWAYD_CORE_CHAIN_ATTRIBUTES_H
#define GATEWAYD_CORE_CHAIN_ATTRIBUTES_H

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatewayd {

inline constexpr size_t max_attributes = 64;
inline constexpr size_t max_attribute_bytes = 4096;  // of a value
inline constexpr size_t max_attribute_name_bytes = 128;

class Attributes {
   public:
    // Null: there is none of that name.
    const std::string* get(std::string_view name) const;
    // An empty value removes. False: over a limit, nothing was changed.
    bool set(std::string_view name, std::string_view value);

   private:
    std::unique_ptr<std::vector<std::pair<std::string, std::string>>> entries_;
};

}  // namespace gatewayd

#endif
