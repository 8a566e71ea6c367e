// Codec: builds the JSON that goes out, by splicing; no DOM. Any thread.
#ifndef GATEWAYD_CORE_MESSAGE_CODEC_H
#define GATEWAYD_CORE_MESSAGE_CODEC_H

#include <string>
#include <string_view>

#include "core/base/status.h"
#include "core/message/envelope.h"

namespace gatewayd {

// What the gateway says of a message; goes in front of the message's own fields.
struct Stamps {
    std::string_view from;
    std::string_view msg_id;     // a ULID
    std::string_view create_at;  // RFC 3339, milliseconds, UTC
};

// Appends {"from":...,"msg_id":...,"create_at":...,<the body's fields>}. The body is a valid object without
// those three, as decode() leaves it in Envelope::body.
void append_stamped(std::string_view body, const Stamps& stamps, std::string* out);
// Exact number of bytes that append_stamped will append.
size_t stamped_size(std::string_view body, const Stamps& stamps);

// Appends text as a JSON string with its quotes. `text` must be valid UTF-8.
void append_json_string(std::string_view text, std::string* out);

// {"type":"error","id":...,"code":...,"content":...}; id_json may be empty.
void append_error(ErrorCode code, std::string_view content, std::string_view id_json, std::string* out);
void append_error(std::string_view code, std::string_view content, std::string_view id_json,
                  std::string* out);

// The value of a top-level field of a valid object, as JSON; data() is null when absent.
// When a key stands twice, the last one counts, as in JavaScript.
std::string_view find_field(std::string_view object, std::string_view name);
// A JSON value as text: a string unescaped into *scratch when it has escapes, anything else as it stands.
std::string_view field_text(std::string_view json_value, std::string* scratch);
// The object with field `name` set to `json_value` (valid JSON), or removed when that is empty.
std::string with_field(std::string_view object, std::string_view name, std::string_view json_value);
// True for one complete, valid JSON value within the limits of decode().
bool is_valid_json(std::string_view text);

}  // namespace gatewayd

#endif
