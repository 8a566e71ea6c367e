// Frames as a client sends them, and how a server's frames are read: for the tests of this folder.
#ifndef GATEWAYD_TESTS_UNIT_NET_CLIENT_FRAMES_H
#define GATEWAYD_TESTS_UNIT_NET_CLIENT_FRAMES_H

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/net/frame.h"

namespace gatewayd::testing {

inline std::string client_frame(Opcode opcode, std::string_view payload, bool fin = true,
                                uint32_t mask = 0x04030201) {
    std::string frame;
    append_server_header(opcode, payload.size(), &frame);
    if (!fin) frame[0] = static_cast<char>(frame[0] & 0x7F);
    frame[1] = static_cast<char>(frame[1] | 0x80);
    char key[4];
    std::memcpy(key, &mask, 4);
    frame.append(key, 4);
    for (size_t i = 0; i < payload.size(); ++i)
        frame.push_back(static_cast<char>(payload[i] ^ key[i % 4]));
    return frame;
}

// The first frame of a compressed message (RFC 7692 section 6).
inline std::string compressed_frame(Opcode opcode, std::string_view payload, bool fin = true) {
    std::string frame = client_frame(opcode, payload, fin);
    frame[0] = static_cast<char>(frame[0] | 0x40);
    return frame;
}

inline std::string client_close(uint16_t code, std::string_view reason = {}) {
    std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    payload += reason;
    return client_frame(Opcode::close, payload);
}

}  // namespace gatewayd::testing

#endif
