// Envelope: what the gateway must know of a Hub message, found in one pass over its bytes; the bytes stay
// where they are. docs/protocol.md has the rules. Belongs to one request; reused for the next one.
#ifndef GATEWAYD_CORE_MESSAGE_ENVELOPE_H
#define GATEWAYD_CORE_MESSAGE_ENVELOPE_H

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace gatewayd {

// Limits of a Hub message.
inline constexpr size_t max_json_depth_levels = 64;
inline constexpr size_t max_id_bytes = 128;  // user, client, ticket and group ids, msg ids
inline constexpr size_t max_type_bytes = 64;
inline constexpr size_t max_echoed_id_bytes = 256;  // of the JSON of `id`

struct Envelope {
    // The JSON object without the fields that the gateway stamps (from, msg_id, create_at, seq_no), from its
    // '{' to its '}': the caller's bytes, or `rewritten` when a client sent one of those.
    std::string_view body;

    // Text of the routing fields, unescaped. Empty: absent, null or "" (all mean the same).
    std::string_view type;
    std::string_view to;
    std::string_view ticket_id;
    std::string_view group_id;
    // `from` as the message had it: only back ends may say it. Empty: absent.
    std::string_view from;
    // The JSON of `id` (text or number, at most 256 bytes), echoed in error frames. Empty: absent or too
    // long.
    std::string_view id_json;
    bool require_ack = false;

    // Owns what the views above cannot show in place. Both are kept on the heap, so that a move keeps the
    // views.
    std::string rewritten;
    std::string unescaped;

    Envelope() = default;
    Envelope(Envelope&&) = default;
    Envelope& operator=(Envelope&&) = default;
    Envelope(const Envelope&) = delete;  // its views would point into the other one
    Envelope& operator=(const Envelope&) = delete;

    void clear();
};

// Checks the whole of `text` (a JSON object, syntax per RFC 8259, at most 64 levels, no lone surrogates, no
// repeated routing or stamped key) and fills `out`; the views point into `text` or `out`.
// `text` must be valid UTF-8 (the frame layer has checked it). invalid_message says what is wrong and where;
// then `out` is empty but for id_json, when the message has one that could be found.
Status decode(std::string_view text, Envelope* out);

// The rule for the id of a user, client, ticket or group: 1 to 128 bytes of UTF-8, no control characters.
[[nodiscard]] bool is_valid_id(std::string_view id);

}  // namespace gatewayd

#endif
