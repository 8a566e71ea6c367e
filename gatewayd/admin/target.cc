#include "gatewayd/admin/target.h"

#include "core/base/http_text.h"

namespace gatewayd::admin {
namespace {

// Calls `each` with the pieces of `text` between separators; false as soon as it returns false.
template <typename Each>
bool for_each_piece(std::string_view text, char separator, Each each) {
    while (true) {
        const size_t end = text.find(separator);
        if (!each(text.substr(0, end))) return false;
        if (end == std::string_view::npos) return true;
        text.remove_prefix(end + 1);
    }
}

}  // namespace

const std::string* Target::parameter(std::string_view name) const {
    for (const auto& [key, value] : query) {
        if (key == name) return &value;
    }
    return nullptr;
}

std::optional<Target> parse_target(std::string_view text) {
    // The absolute form, which a server must take (RFC 9112, 3.2.2): what counts is the path.
    if (text.substr(0, 7) == "http://") {
        const size_t path = text.find('/', 7);
        text = path == std::string_view::npos ? "/" : text.substr(path);
    }
    if (text.empty() || text.front() != '/') return std::nullopt;
    text = text.substr(0, text.find('#'));
    const size_t question = text.find('?');

    Target target;
    const bool path_fine = for_each_piece(text.substr(1, question - 1), '/', [&](std::string_view piece) {
        std::optional<std::string> part = percent_decoded(piece, false);
        if (part) target.parts.push_back(std::move(*part));
        return part.has_value();
    });
    if (!path_fine) return std::nullopt;
    if (question == std::string_view::npos) return target;

    const bool query_fine = for_each_piece(text.substr(question + 1), '&', [&](std::string_view piece) {
        if (piece.empty()) return true;
        const size_t equals = piece.find('=');
        std::optional<std::string> key = percent_decoded(piece.substr(0, equals), true);
        std::optional<std::string> value =
            percent_decoded(equals == std::string_view::npos ? "" : piece.substr(equals + 1), true);
        if (!key || !value) return false;
        target.query.emplace_back(std::move(*key), std::move(*value));
        return true;
    });
    if (!query_fine) return std::nullopt;
    return target;
}

}  // namespace gatewayd::admin
