// Who a client is, as an auth plugin found it, and what the gateway takes for an id. Values; pure functions:
// any thread.
#ifndef GATEWAYD_PLUGINS_COMMON_IDENTITY_H
#define GATEWAYD_PLUGINS_COMMON_IDENTITY_H

#include <rapidjson/document.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace auth {

inline constexpr size_t max_id_bytes = 128;                   // as the gateway has it
inline constexpr size_t max_attribute_bytes = 4096;           // as the gateway has it
inline constexpr int64_t last_second = 253402300799;          // of the year 9999
inline constexpr const char* default_user_type = "customer";  // the gateway's, where none is said

struct Identity {
    std::string user_id;
    std::string user_type;     // empty: not said
    std::string client_id;     // empty: not said
    std::string name;          // empty: not said
    std::string groups;        // a JSON list of texts; empty: not said
    std::string tickets;       // as groups
    int64_t expires_at_s = 0;  // when the connection ends: since 1970; 0: never
};

// 1 to 128 bytes without control characters; that it is UTF-8 is known already.
bool is_id(std::string_view text);

// Each reads a value that may be absent (null). False: it is there, and not that.
bool read_id(const rapidjson::Value* value, std::string* out);   // text, or a whole number
bool read_ids(const rapidjson::Value* value, std::string* out);  // texts in a list, or one alone: a JSON list

}  // namespace auth

#endif
