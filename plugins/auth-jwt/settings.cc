#include "settings.h"

#include <openssl/crypto.h>

#include <ctime>
#include <initializer_list>

#include "../common/local_url.h"
#include "base64url.h"
#include "key_reader.h"

namespace auth_jwt {
namespace {

using gateway::Config;

constexpr int64_t most_leeway_s = 300;
constexpr int64_t most_notice_s = 86400;
constexpr int64_t least_token_bytes = 256;
constexpr int64_t most_token_bytes = 65536;
constexpr int64_t most_refresh_s = 604800;
constexpr size_t max_key_urls = 8;

// "2027-01-31T12:00:00Z"
int64_t read_date(const Config& entry) {
    const std::string text = entry.required_string();
    tm parts{};
    const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end == nullptr || *end != '\0') entry.fail("must be a time in UTC such as 2027-01-31T12:00:00Z");
    return ::timegm(&parts);
}

// One text or a list of texts, none of them empty.
std::vector<std::string> one_or_more(const Config& entry) {
    if (!entry.exists()) return {};
    std::vector<std::string> texts =
        entry.is_list() ? entry.string_list() : std::vector<std::string>{entry.required_string()};
    for (const std::string& text : texts) {
        if (text.empty()) entry.fail("must not be empty");
    }
    return texts;
}

class KeyReader {
   public:
    KeyReader(Settings* settings, const gateway::Host& host) : settings_(settings), host_(host) {}

    // One entry of `keys`.
    void read(const Config& entry) {
        if (entry.is_scalar()) {
            const std::string text = entry.required_string();
            add(entry, is_pem(text) ? of_pem(entry, text) : of_secret(entry, text));
            return;
        }
        if (entry.get("jwks_url").exists()) {
            read_url(entry);
            return;
        }
        entry.allow_only(
            {"secret", "secret_base64", "pem", "file", "jwks_file", "jwks_url", "alg", "kid", "expires"});
        const Config source =
            the_one_of(entry, {"secret", "secret_base64", "pem", "file", "jwks_file", "jwks_url"});
        if (source.key() == entry.key() + ".jwks_file") {
            read_jwks_file(entry, source);
        } else {
            add(entry, read_source(entry, source));
        }
    }

   private:
    static Config the_one_of(const Config& entry, std::initializer_list<std::string_view> names) {
        std::vector<Config> found;
        std::string all;
        for (const std::string_view name : names) {
            all += (all.empty() ? "" : ", ") + std::string(name);
            if (entry.get(name).exists()) found.push_back(entry.get(name));
        }
        if (found.size() != 1) entry.fail("needs exactly one of " + all);
        return found.front();
    }

    std::shared_ptr<Key> read_source(const Config& entry, const Config& source) {
        const std::string name = source.key().substr(entry.key().size() + 1);
        if (name == "secret") return of_secret(source, source.required_string());
        if (name == "pem") return of_pem(source, source.required_string());
        if (name == "secret_base64") {
            const auto bytes = decode_any_base64(source.required_string());
            if (!bytes) source.fail("is not base64");
            return of_secret(source, *bytes);
        }
        bool open_to_all = false;
        const std::string text = read_file(source, &open_to_all);
        return of_pem(source, text, open_to_all);
    }

    static std::string read_file(const Config& source, bool* open_to_all) {
        const std::string path = source.required_path();
        std::string text;
        std::string why;
        if (!read_key_file(path, &text, open_to_all, &why)) source.fail(path + " " + why);
        return text;
    }

    static std::shared_ptr<Key> of_secret(const Config& place, std::string secret) {
        // A public key as an HMAC secret is what attackers wish for (RFC 8725 section 2.1).
        if (is_pem(secret)) place.fail("is PEM, which is no secret of HS256: put it under `pem` or `file`");
        std::string why;
        std::shared_ptr<Key> key = Key::of_secret(std::move(secret), &why);
        if (!key) place.fail(why);
        return key;
    }

    std::shared_ptr<Key> of_pem(const Config& place, const std::string& text, bool open_to_all = false) {
        bool has_private = false;
        std::string why;
        std::shared_ptr<Key> key = key_of_pem(text, &has_private, &why);
        if (!key) place.fail(why);
        if (has_private && open_to_all) warn_of_open_file(place, "private key");
        return key;
    }

    void read_jwks_file(const Config& entry, const Config& source) {
        for (const std::string_view name : {"alg", "kid"}) {
            if (entry.get(name).exists()) entry.get(name).fail("each key of a JWKS says its own");
        }
        bool open_to_all = false;
        const std::string text = read_file(source, &open_to_all);
        Jwks set;
        std::string why;
        if (!read_jwks(text, true, &set, &why)) source.fail(why);
        if (set.keys.empty()) {
            source.fail("has no key that can be used" +
                        (set.passed_over.empty() ? "" : ": " + set.passed_over.front()));
        }
        for (const std::string& what : set.passed_over)
            warn(source, what + " and is passed over");
        if (set.has_secret && open_to_all) warn_of_open_file(source, "secret");
        for (const auto& key : set.keys)
            push(entry, key);
    }

    void read_url(const Config& entry) {
        entry.allow_only({"jwks_url", "refresh", "min_refresh", "allow_http"});
        const Config place = entry.get("jwks_url");
        KeyUrl url;
        url.url = place.required_string();
        const std::string problem = gateway::http::url_problem(host_, url.url);
        if (!problem.empty()) place.fail(problem);
        const bool encrypted = url.url.substr(0, 8) == "https://";
        if (!encrypted && !auth::is_local_url(url.url) && !entry.get("allow_http").bool_or(false)) {
            place.fail(
                "must be https: who can change what http brings can give out tokens; allow_http: true "
                "allows it");
        }
        url.refresh_s = entry.get("refresh").integer_or(url.refresh_s, 1, most_refresh_s);
        url.min_refresh_s = entry.get("min_refresh").integer_or(url.min_refresh_s, 1, most_refresh_s);
        if (settings_->key_urls.size() == max_key_urls)
            entry.fail("is one URL too many; at most " + std::to_string(max_key_urls));
        settings_->key_urls.push_back(std::move(url));
    }

    void warn_of_open_file(const Config& place, const char* what) {
        warn(place,
             "every user can read this " + std::string(what) + "; chmod 0640, and the gateway's group");
    }

    void warn(const Config& place, const std::string& what) {
        settings_->warnings +=
            (settings_->warnings.empty() ? "" : "; ") + place.location() + ": " + place.key() + ": " + what;
    }

    void add(const Config& entry, const std::shared_ptr<Key>& key) {
        if (entry.is_map()) {
            const std::string algorithm = entry.get("alg").string_or(name_of(key->algorithm()));
            if (!algorithm_of(algorithm)) entry.get("alg").fail("must be HS256, RS256, ES256 or EdDSA");
            if (algorithm != name_of(key->algorithm())) {
                entry.get("alg").fail("is " + algorithm + ", and this is a key for " +
                                      std::string(name_of(key->algorithm())));
            }
            key->id = entry.get("kid").string_or("");
            if (key->id.size() > max_key_id_bytes) entry.get("kid").fail("is longer than 256 bytes");
            const Config expires = entry.get("expires");
            if (expires.exists()) key->not_after_s = read_date(expires);
        }
        push(entry, key);
    }

    void push(const Config& entry, std::shared_ptr<const Key> key) {
        if (settings_->keys.size() == max_keys)
            entry.fail("is one too many; at most " + std::to_string(max_keys));
        settings_->keys.push_back(std::move(key));
    }

    Settings* const settings_;
    const gateway::Host& host_;
};

void read_claim_names(const Config& config, ClaimNames* names) {
    config.allow_only({"user_id", "user_type", "client_id", "name", "groups", "tickets"});
    const auto read = [&](const char* key, std::string* name) {
        *name = config.get(key).string_or(*name);
        if (name->empty()) config.get(key).fail("must be the name of a claim");
    };
    read("user_id", &names->user_id);
    read("user_type", &names->user_type);
    read("client_id", &names->client_id);
    read("name", &names->name);
    read("groups", &names->groups);
    read("tickets", &names->tickets);
}

}  // namespace

Settings Settings::read(const Config& config, const gateway::Host& host) {
    config.allow_only({"keys", "issuer", "audience", "leeway", "require_exp", "expiry_notice",
                       "max_token_size", "types", "claims"});
    Settings settings;
    KeyReader keys(&settings, host);
    for (const Config& entry : config.get("keys").list())
        keys.read(entry);
    if (settings.keys.empty() && settings.key_urls.empty())
        config.get("keys").fail("needs a key to verify tokens with");
    settings.claims.issuers = one_or_more(config.get("issuer"));
    settings.claims.audiences = one_or_more(config.get("audience"));
    settings.claims.leeway_s = config.get("leeway").integer_or(30, 0, most_leeway_s);
    settings.claims.require_exp = config.get("require_exp").bool_or(true);
    settings.expiry_notice_s = config.get("expiry_notice").integer_or(60, 0, most_notice_s);
    settings.token.max_bytes = static_cast<size_t>(
        config.get("max_token_size").integer_or(8192, least_token_bytes, most_token_bytes));
    if (config.get("types").exists()) settings.token.types = one_or_more(config.get("types"));
    read_claim_names(config.get("claims"), &settings.claims.names);
    return settings;
}

}  // namespace auth_jwt
