#include "gatewayd/token/token.h"

#include <openssl/evp.h>
#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdio>
#include <ctime>
#include <stdexcept>

#include "gatewayd/check.h"

namespace gatewayd {
namespace {

using rapidjson::Document;
using rapidjson::Value;

Value value_of(const std::string& text, Document::AllocatorType& pool) {
    return {text.data(), static_cast<rapidjson::SizeType>(text.size()), pool};
}

std::string encoded(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<size_t>(size));
    text.resize(text.find('=') == std::string::npos ? text.size() : text.find('='));
    for (char& c : text) {
        if (c == '+') c = '-';
        if (c == '/') c = '_';
    }
    return text;
}

std::string json_of(const Document& document) {
    rapidjson::StringBuffer text;
    rapidjson::Writer<rapidjson::StringBuffer> writer(text);
    document.Accept(writer);
    return {text.GetString(), text.GetSize()};
}

class Claims {
   public:
    Claims() { document_.SetObject(); }

    // `name` may be a JSON pointer ("/realm/role"), as in the configuration.
    void set(const std::string& name, Value&& value) {
        const std::string path = name.substr(0, 1) == "/" ? name : "/" + escaped(name);
        const rapidjson::Pointer at(path.data(), path.size());
        if (!at.IsValid()) throw std::runtime_error("the claim " + name + " is no valid JSON pointer");
        at.Set(document_, value);
    }
    void set(const std::string& name, const std::string& text) {
        if (!text.empty()) set(name, value_of(text, document_.GetAllocator()));
    }
    void set(const std::string& name, const std::vector<std::string>& texts) {
        if (texts.empty()) return;
        Value list(rapidjson::kArrayType);
        for (const std::string& text : texts)
            list.PushBack(value_of(text, document_.GetAllocator()), document_.GetAllocator());
        set(name, std::move(list));
    }
    // "NAME=VALUE"
    void set_written(const std::string& text) {
        const size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0)
            throw std::runtime_error("--claim " + text + ": must be NAME=VALUE");
        const std::string value = text.substr(equals + 1);
        Document parsed(&document_.GetAllocator());
        parsed.Parse(value.data(), value.size());
        set(text.substr(0, equals), parsed.HasParseError() ? value_of(value, document_.GetAllocator())
                                                           : std::move(static_cast<Value&>(parsed)));
    }
    std::string json() const { return json_of(document_); }

   private:
    static std::string escaped(const std::string& name) {
        std::string out;
        for (const char c : name)
            out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
        return out;
    }

    Document document_;
};

std::string header_of(const SigningKey& key) {
    Document header;
    header.SetObject();
    auto& pool = header.GetAllocator();
    header.AddMember("alg", Value(key.algorithm(), pool), pool);
    header.AddMember("typ", "JWT", pool);
    if (!key.id.empty()) header.AddMember("kid", value_of(key.id, pool), pool);
    return json_of(header);
}

// Nothing, with *why.
std::optional<SigningKey> chosen_key(const TokenOptions& options, const ConfigNode* auth, std::string* why) {
    if (!options.secret.empty() && !options.key_file.empty()) {
        *why = "--secret and --key: give one of them";
        return std::nullopt;
    }
    std::optional<SigningKey> key;
    if (!options.secret.empty()) {
        key = SigningKey::of_secret(options.secret, why);
        if (!key) *why = "--secret: " + *why;
    } else if (!options.key_file.empty()) {
        const auto text = read_small_file(options.key_file);
        *why = "cannot be read";
        if (text) key = SigningKey::of_pem(*text, why);
        if (!key) *why = "--key " + options.key_file + ": " + *why;
    } else if (auth != nullptr) {
        return configured_key(*auth, options.key_id, why);
    } else {
        *why = "what shall it be signed with? Give --secret, --key, or --config with wsc.security.auth.keys";
    }
    if (key) key->id = options.key_id;
    return key;
}

int refused(const std::string& why) {
    std::fprintf(stderr, "gatewayd token: %s\n", why.c_str());
    return exit_refused;
}

}  // namespace

std::string make_token(const SigningKey& key, const TokenOptions& options, const ClaimNames& names,
                       int64_t now_s) {
    Claims claims;
    claims.set("iat", Value(now_s));
    if (options.expires_in_s != 0) claims.set("exp", Value(now_s + options.expires_in_s));
    claims.set("iss", options.issuer);
    if (options.audience.size() == 1) {
        claims.set("aud", options.audience.front());
    } else {
        claims.set("aud", options.audience);
    }
    claims.set(names.user_id, options.user_id);
    claims.set(names.user_type, options.user_type);
    claims.set(names.client_id, options.client_id);
    claims.set(names.name, options.name);
    claims.set(names.groups, options.groups);
    claims.set(names.tickets, options.tickets);
    for (const std::string& claim : options.claims)
        claims.set_written(claim);
    const std::string bytes = encoded(header_of(key)) + "." + encoded(claims.json());
    return bytes + "." + encoded(key.sign(bytes));
}

int token(const CommandLine& line) {
    TokenOptions options = line.token;
    ClaimNames names;
    ConfigNodePtr auth;
    if (!line.config_file.empty()) {
        std::vector<std::string> warnings;
        const std::optional<Settings> settings = load_or_say_why(line, &warnings);
        if (!settings) return exit_refused;
        auth = auth_config_of(*settings);
        if (!auth) return refused("the configuration has no auth-jwt: set wsc.security.enable_auth to true");
        names = configured_names(*auth);
        take_configured(*auth, &options);
    }
    std::string why;
    const std::optional<SigningKey> key = chosen_key(options, auth.get(), &why);
    if (!key) return refused(why);
    try {
        std::printf("%s\n", make_token(*key, options, names, std::time(nullptr)).c_str());
    } catch (const std::runtime_error& error) {
        return refused(error.what());
    }
    return exit_clean;
}

}  // namespace gatewayd
