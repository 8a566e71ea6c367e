#include "core/chain/request_rules.h"

#include <algorithm>
#include <iterator>

#include "core/base/http_text.h"
#include "core/base/utf8.h"
#include "gateway/plugin.h"

namespace gatewayd {
namespace {

bool is_header_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 0x20 && c != 0x7F) || c == '\t' || c < 0; });
}

bool is_reserved_header(std::string_view name) {
    static constexpr std::string_view reserved[] = {"Upgrade",
                                                    "Connection",
                                                    "Sec-WebSocket-Accept",
                                                    "Sec-WebSocket-Protocol",
                                                    "Sec-WebSocket-Extensions",
                                                    "Content-Length",
                                                    "Transfer-Encoding",
                                                    "Content-Type"};
    return std::any_of(std::begin(reserved), std::end(reserved),
                       [&](std::string_view item) { return equal_ignoring_case(item, name); });
}

}  // namespace

int32_t check_response_header(std::string_view name, std::string_view value) {
    if (!is_token(name) || !is_header_text(value) || is_reserved_header(name)) return GW_E_ARG;
    return value.size() > max_response_header_bytes ? GW_E_LIMIT : GW_OK;
}

bool is_rejection(std::string_view word, std::string_view why) {
    return !word.empty() && is_valid_utf8(word) && is_valid_utf8(why);
}

}  // namespace gatewayd
