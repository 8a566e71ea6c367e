#include "token.h"

#include <algorithm>

#include "../common/ascii.h"
#include "../common/strict_json.h"
#include "base64url.h"
#include "key_reader.h"

namespace auth_jwt {
namespace {

using ascii::same_ignoring_case;
using auth::find;
using auth::optional_text;
using auth::text_of;

// "application/" may be left out of a typ (RFC 7515 section 4.1.9).
bool is_type(std::string_view typ, std::string_view wanted) {
    constexpr std::string_view prefix = "application/";
    if (same_ignoring_case(typ.substr(0, prefix.size()), prefix)) typ.remove_prefix(prefix.size());
    return same_ignoring_case(typ, wanted);
}

Refusal read_header(std::string_view json, const TokenRules& rules, Token* out) {
    rapidjson::Document header;
    std::string wrong;
    if (!auth::parse_object(json, &header, &wrong)) return {token_malformed, "the token's header " + wrong};
    if (header.HasMember("crit")) {
        return {token_malformed, "the token's header has a crit, and no extension is understood here"};
    }
    std::string_view typ;
    if (!optional_text(header, "typ", &typ)) return {token_malformed, "the token's typ is no text"};
    if (!typ.empty() && std::none_of(rules.types.begin(), rules.types.end(),
                                     [&](const std::string& type) { return is_type(typ, type); })) {
        return {token_malformed, "the token's typ is not one of those that the configuration names"};
    }
    std::string_view kid;
    if (!optional_text(header, "kid", &kid) || kid.size() > max_key_id_bytes) {
        return {token_malformed, "the token's kid is no text, or too long"};
    }
    const auto algorithm = algorithm_of(text_of(find(header, "alg")).value_or(""));
    if (!algorithm) {
        return {token_wrong_algorithm, "the token's alg is none of HS256, RS256, ES256 and EdDSA"};
    }
    out->algorithm = *algorithm;
    out->key_id = kid;
    return {};
}

}  // namespace

Refusal parse_token(std::string_view text, const TokenRules& rules, Token* out) {
    if (text.size() > rules.max_bytes) {
        return {token_too_large,
                "the token is longer than max_token_size, " + std::to_string(rules.max_bytes) + " bytes"};
    }
    const size_t first = text.find('.');
    const size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
    if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) {
        return {token_malformed, "a token has three parts with dots between"};
    }
    const auto header = decode_base64url(text.substr(0, first));
    auto payload = decode_base64url(text.substr(first + 1, second - first - 1));
    auto signature = decode_base64url(text.substr(second + 1));
    if (!header || !payload || !signature) {
        return {token_malformed, "a part of the token is not base64url as it should be written"};
    }
    if (Refusal refusal = read_header(*header, rules, out)) return refusal;
    out->signed_bytes = text.substr(0, second);
    out->signature = std::move(*signature);
    out->payload = std::move(*payload);
    return {};
}

}  // namespace auth_jwt
