// Letters of ASCII, as protocols compare them, whatever the locale. Pure functions: any thread.
#ifndef GATEWAYD_PLUGINS_COMMON_ASCII_H
#define GATEWAYD_PLUGINS_COMMON_ASCII_H

#include <algorithm>
#include <string>
#include <string_view>

namespace ascii {

inline char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
inline std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        c = lower(c);
    return result;
}
inline bool same_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace ascii

#endif
