// What clients send as a token, and servers as a key set: plugins/auth-jwt. A token that is taken has one
// form and one meaning: canonical base64url, and JSON that a plain reader (json_reference.h) reads alike,
// without a key twice. One byte of its signature changed, and it is taken no more. Input: a token; or a
// header's line and a payload, which are signed here with a key that the verifier knows; and all of it as
// JWKS and as PEM.
#include <openssl/hmac.h>

#include <set>

#include "plugins/auth-jwt/key_reader.h"
#include "plugins/auth-jwt/verifier.h"
#include "plugins/common/strict_json.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_reference.h"

namespace {

using namespace auth;
using namespace auth_jwt;
using namespace gatewayd::fuzz;

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const std::string secret = "0123456789abcdef0123456789abcdef";
constexpr int64_t now_s = 1767225600;

std::string encoded(std::string_view bytes) {
    std::string text;
    uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6)
            text.push_back(alphabet[bits >> (count - 6) & 63]);
    }
    if (count > 0) text.push_back(alphabet[bits << (6 - count) & 63]);
    return text;
}

std::string mac_of(std::string_view bytes) {
    unsigned char mac[32];
    unsigned int size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), mac, &size);
    return {reinterpret_cast<const char*>(mac), size};
}

bool has_key_twice(const JsonValue& value) {
    std::set<std::string> names;
    for (const auto& [name, member] : value.members) {
        if (!names.insert(name).second || has_key_twice(member)) return true;
    }
    return std::any_of(value.items.begin(), value.items.end(), has_key_twice);
}

// Read by one rule after the other; nothing: not to be taken.
std::optional<JsonValue> reference(std::string_view json) {
    auto value = parse_json(json, max_json_levels);
    if (!value || value->kind != JsonValue::Kind::object || has_key_twice(*value)) return std::nullopt;
    return value;
}

// A number may be larger than a double, which is no JSON error but is refused.
bool may_overflow(std::string_view json) {
    return json.find_first_of("eE") != std::string_view::npos || json.size() > 300;
}

void check_json(std::string_view text) {
    rapidjson::Document document;
    std::string why;
    const Exact copy(text);
    const bool taken = parse_object(copy.view(), &document, &why);
    must(taken == why.empty(), "an object or a reason", text);
    const auto expected = reference(text);
    must(!taken || expected, "what is taken is JSON that can be read in one way", text);
    must(taken || !expected || may_overflow(text), "such JSON is taken", text);
}

// Of a token's text.
void check_form(std::string_view text) {
    const Exact copy(text);
    Token token;
    const Refusal refusal = parse_token(copy.view(), TokenRules(), &token);
    if (refusal) {
        must(!refusal.why.empty(), "a refusal has its words", text);
        return;
    }
    const size_t first = text.find('.');
    const size_t second = text.rfind('.');
    must(token.signed_bytes == text.substr(0, second), "what is signed is what stands there", text);
    must(encoded(token.payload) == text.substr(first + 1, second - first - 1), "a payload has one form",
         text);
    must(encoded(token.signature) == text.substr(second + 1), "a signature has one form", text);
}

const Verifier& verifier() {
    static const Verifier made = [] {
        std::string why;
        auto named = Key::of_secret(secret, &why);
        named->id = "k1";
        return Verifier(TokenRules(), ClaimRules(), {named});
    }();
    return made;
}

bool is_taken(const std::string& token, Identity* who) {
    const Exact copy(token);
    bool key_unknown = false;
    return !verifier().verify(copy.view(), {}, now_s, who, &key_unknown);
}

void check_signed(std::string_view header, std::string_view payload) {
    const std::string bytes = encoded(header) + "." + encoded(payload);
    const std::string mac = mac_of(bytes);
    const std::string token = bytes + "." + encoded(mac);
    Identity who;
    if (!is_taken(token, &who)) return;
    const auto head = reference(header);
    const auto claims = reference(payload);
    must(head && claims, "a token that is taken can be read in one way", token);
    const JsonValue* algorithm = head->find("alg");
    must(algorithm && algorithm->text == "HS256", "an algorithm that the key is for", token);
    must(head->find("crit") == nullptr, "nothing that must be understood and is not", token);
    const JsonValue* user = claims->find("sub");
    must(user && (user->kind == JsonValue::Kind::text ? user->text == who.user_id
                                                      : user->kind == JsonValue::Kind::number),
         "the user is the one that it names", token);
    must(claims->find("exp") != nullptr && who.expires_at_s > now_s, "it ends, and not yet", token);
    Random random(hash_of(token));
    std::string forged = mac;
    forged[random.below(forged.size())] ^= static_cast<char>(1U << random.below(8));
    must(!is_taken(bytes + "." + encoded(forged), &who), "one bit of the signature", token);
    must(!is_taken(bytes + ".", &who), "no signature", token);
}

void check_keys(std::string_view text) {
    const Exact copy(text);
    Jwks set;
    std::string why;
    if (read_jwks(copy.view(), true, &set, &why)) {
        must(set.keys.size() + set.passed_over.size() <= max_keys, "keys have a limit", text);
        for (const auto& key : set.keys)
            must(!key->verifies("bytes", text.substr(0, 64)), "a signature is not made of anything", text);
    } else {
        must(!why.empty(), "a reason", text);
    }
    bool has_private = false;
    std::string pem_why;
    const auto key = key_of_pem(copy.view(), &has_private, &pem_why);
    must(key != nullptr || !pem_why.empty(), "a key or a reason", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view input = as_text(data, size);
    check_form(input);
    check_json(input);
    check_keys(input);
    const size_t line = std::min(input.find('\n'), input.size());
    const std::string_view header = input.substr(0, line);
    const std::string_view payload = input.substr(std::min(line + 1, input.size()));
    check_json(header);
    check_json(payload);
    check_signed(header, payload);
    check_signed(R"({"alg":"HS256"})", payload);
    return 0;
}
