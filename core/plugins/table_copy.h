// copy_table: takes a struct of a plugin, which may be older or newer than this host's, into the host's own:
// the size rules of the ABI in one place. Any thread.
#ifndef GATEWAYD_CORE_PLUGINS_TABLE_COPY_H
#define GATEWAYD_CORE_PLUGINS_TABLE_COPY_H

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

namespace gatewayd {

inline constexpr uint32_t max_table_size = 4096;  // bytes

// Copies min(sizes) of *from into the zeroed *to. Returns why it may not be used; empty: it may. `size_1_0`
// is the struct's size in ABI 1.0, which is the least that any plugin has.
template <typename Table>
std::string copy_table(const Table* from, uint32_t size_1_0, const char* name, Table* to) {
    const std::string table(name);
    if (reinterpret_cast<uintptr_t>(from) % alignof(Table) != 0) return table + " is not aligned";
    uint32_t size = 0;
    std::memcpy(&size, from, sizeof(size));
    if (size < size_1_0 || size > max_table_size || size % 4 != 0) {
        return table + ".struct_size is " + std::to_string(size) + ": below " + std::to_string(size_1_0) +
               ", above " + std::to_string(max_table_size) + " or not a multiple of 4";
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(from);
    for (uint32_t i = sizeof(Table); i < size; ++i) {
        if (bytes[i] != 0) {
            return table + " sets a member that this gatewayd does not know (at byte " + std::to_string(i) +
                   "): the plugin needs a later gatewayd";
        }
    }
    *to = Table{};
    std::memcpy(to, from, std::min<size_t>(size, sizeof(Table)));
    to->struct_size = sizeof(Table);
    return {};
}

}  // namespace gatewayd

#endif
