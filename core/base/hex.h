// A hexadecimal digit's value; -1: it is none. For percent escapes and for JSON's \u escapes.
#ifndef GATEWAYD_CORE_BASE_HEX_H
#define GATEWAYD_CORE_BASE_HEX_H

namespace gatewayd {

inline int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace gatewayd

#endif
