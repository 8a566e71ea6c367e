#include "verifier.h"

namespace auth_jwt {
namespace {

constexpr size_t max_tries = 8;  // signatures that one token may cost, when it does not name its key

// What was found on the way through the keys.
struct Search {
    size_t tries = 0;
    bool named_one_tried = false;  // the key of exactly the token's kid
    bool other_algorithm = false;  // a key of its kid is for another one
    bool out_of_date = false;      // a key of its kid is no longer, or not yet, valid
};

// A key that names itself is for the tokens that name it, and for those that name none; one without a name is
// for all tokens of its algorithm.
bool may_be(const Key& key, const Token& token) {
    return key.id.empty() || token.key_id.empty() || key.id == token.key_id;
}

bool any_verifies(const KeyList& keys, const Token& token, int64_t now_s, Search* search) {
    for (const auto& key : keys) {
        if (!may_be(*key, token)) continue;
        if (key->algorithm() != token.algorithm) {
            search->other_algorithm |= key->id == token.key_id;
            continue;
        }
        if (!key->is_valid_at(now_s)) {
            search->out_of_date = true;
            continue;
        }
        if (search->tries == max_tries) return false;
        ++search->tries;
        search->named_one_tried |= !token.key_id.empty() && key->id == token.key_id;
        if (key->verifies(token.signed_bytes, token.signature)) return true;
    }
    return false;
}

}  // namespace

Refusal Verifier::verify(std::string_view text, const KeyLists& fetched, int64_t now_s, Identity* out,
                         bool* key_unknown) const {
    *key_unknown = false;
    Token token;
    if (Refusal refusal = parse_token(text, token_rules_, &token)) return refusal;
    Search search;
    bool good = any_verifies(keys_, token, now_s, &search);
    for (size_t i = 0; !good && i < fetched.size(); ++i)
        good = any_verifies(*fetched[i], token, now_s, &search);
    if (good) return read_claims(token.payload, claim_rules_, now_s, out);
    *key_unknown = !search.named_one_tried;
    if (search.tries > 0) return {token_bad_signature, "the token's signature does not hold"};
    if (search.out_of_date) return {token_unknown_key, "the token's key is out of date"};
    if (search.other_algorithm) {
        return {token_wrong_algorithm, "the token's alg is not the one that its key is for"};
    }
    return {token_unknown_key, token.key_id.empty() ? "no key is for the token's alg"
                                                    : "no key has the token's kid and is for its alg"};
}

}  // namespace auth_jwt
