#include "claims.h"

#include <algorithm>
#include <cmath>

#include "../common/strict_json.h"

namespace auth_jwt {
namespace {

using auth::find;
using auth::optional_text;
using auth::text_of;
using rapidjson::Value;

// A claim in a text that is sent and logged.
std::string quoted(std::string_view name) {
    return "the claim " + std::string(name);
}

// A NumericDate (RFC 7519 section 2), its part of a second cut off. False: there, and none.
bool read_date(const Value& claims, std::string_view name, bool* exists, int64_t* out) {
    const Value* value = find(claims, name);
    *exists = value != nullptr;
    if (value == nullptr) return true;
    if (value->IsInt64()) {
        *out = value->GetInt64();
    } else if (value->IsDouble() && std::fabs(value->GetDouble()) < 1e15) {
        *out = static_cast<int64_t>(std::floor(value->GetDouble()));
    } else {
        return false;
    }
    return *out >= 0 && *out <= auth::last_second;
}

Refusal check_dates(const Value& claims, const ClaimRules& rules, int64_t now_s, Identity* out) {
    bool exists = false;
    int64_t date = 0;
    for (const char* name : {"nbf", "iat"}) {
        if (!read_date(claims, name, &exists, &date)) return {token_bad_claim, quoted(name) + " is no time"};
        if (exists && date > now_s + rules.leeway_s) {
            return {token_not_yet_valid, quoted(name) + " is in the future: is a clock wrong?"};
        }
    }
    if (!read_date(claims, "exp", &exists, &date)) return {token_bad_claim, quoted("exp") + " is no time"};
    if (!exists) {
        if (!rules.require_exp) return {};
        return {token_bad_claim, "the token has no exp; require_exp: false lets such tokens in for ever"};
    }
    if (now_s >= date + rules.leeway_s) return {token_expired, "the token has expired"};
    out->expires_at_s = now_s < date ? date : date + rules.leeway_s;
    return {};
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

Refusal check_issuer(const Value& claims, const ClaimRules& rules) {
    if (rules.issuers.empty()) return {};
    const auto issuer = text_of(find(claims, "iss"));
    if (issuer && contains(rules.issuers, *issuer)) return {};
    return {token_wrong_issuer, "the token's iss is not the configured issuer"};
}

Refusal check_audience(const Value& claims, const ClaimRules& rules) {
    const Value* value = find(claims, "aud");
    if (rules.audiences.empty()) {
        // RFC 7519 section 4.1.3: a token for somebody else, until we say who we are.
        if (value == nullptr) return {};
        return {token_wrong_audience, "the token has an aud and no audience is configured"};
    }
    if (value != nullptr && value->IsArray()) {
        for (const Value& item : value->GetArray()) {
            const auto text = text_of(&item);
            if (text && contains(rules.audiences, *text)) return {};
        }
    } else if (const auto text = text_of(value); text && contains(rules.audiences, *text)) {
        return {};
    }
    return {token_wrong_audience, "the token's aud is not the configured audience"};
}

Refusal read_identity(const Value& claims, const ClaimNames& names, Identity* out) {
    constexpr const char* no_id = " must be 1 to 128 bytes of text without control characters";
    for (const auto& [name, place] :
         {std::pair(&names.user_id, &out->user_id), std::pair(&names.user_type, &out->user_type),
          std::pair(&names.client_id, &out->client_id)}) {
        if (!auth::read_id(find(claims, *name), place)) return {token_bad_claim, quoted(*name) + no_id};
    }
    if (out->user_id.empty()) {
        return {token_bad_claim, quoted(names.user_id) + ", who the user is, is missing"};
    }
    std::string_view name;
    if (!optional_text(claims, names.name, &name) || name.size() > auth::max_attribute_bytes) {
        return {token_bad_claim, quoted(names.name) + " must be text of at most 4096 bytes"};
    }
    out->name = name;
    for (const auto& [list, place] :
         {std::pair(&names.groups, &out->groups), std::pair(&names.tickets, &out->tickets)}) {
        if (!auth::read_ids(find(claims, *list), place)) {
            return {token_bad_claim, quoted(*list) + " must be a list of ids, 4096 bytes at most in all"};
        }
    }
    return {};
}

}  // namespace

Refusal read_claims(std::string_view payload, const ClaimRules& rules, int64_t now_s, Identity* out) {
    rapidjson::Document claims;
    std::string wrong;
    if (!auth::parse_object(payload, &claims, &wrong))
        return {token_malformed, "the token's payload " + wrong};
    if (Refusal refusal = check_issuer(claims, rules)) return refusal;
    if (Refusal refusal = check_audience(claims, rules)) return refusal;
    if (Refusal refusal = check_dates(claims, rules, now_s, out)) return refusal;
    return read_identity(claims, rules.names, out);
}

}  // namespace auth_jwt
