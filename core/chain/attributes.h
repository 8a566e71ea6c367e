// Attributes: text that plugins keep with a connection and share among themselves. Owns nothing while it is
// empty. One connection's; its reactor's thread.
#ifndef GATEWAYD_CORE_CHAIN_ATTRIBUTES_H
#define GATEWAYD_CORE_CHAIN_ATTRIBUTES_H

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

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

    // Texts that get() handed out stay until the hook that took them has returned, changed or not.
    bool has_replaced() const { return entries_ && !entries_->replaced.empty(); }
    void forget_replaced() { entries_->replaced.clear(); }

   private:
    using List = std::list<std::pair<std::string, std::string>>;  // texts keep their place in memory
    struct Entries {
        List now;
        List replaced;
    };
    std::unique_ptr<Entries> entries_;
};

}  // namespace gatewayd

#endif
