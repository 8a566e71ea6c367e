// Masks in a JSON value: in its texts, however deep, and in numbers that are long enough for a card. The keys
// of objects stay. The JSON is valid: it comes from the gateway.
#ifndef GATEWAY_EXAMPLES_REDACT_JSON_VALUES_H
#define GATEWAY_EXAMPLES_REDACT_JSON_VALUES_H

#include <optional>
#include <string>
#include <string_view>

#include "masks.h"

namespace redact {

// The changed JSON; nothing when there was nothing to mask. A number that is masked becomes a text.
std::optional<std::string> masked_json(std::string_view json, const Masks& masks);

}  // namespace redact

#endif
