#include "gatewayd/token/configured.h"

#include <openssl/evp.h>

#include <fstream>

namespace gatewayd {
namespace {

constexpr size_t max_file_bytes = 256UL * 1024;

std::string text_at(const ConfigNode& map, std::string_view key) {
    const ConfigNode* node = map.get(key);
    return node != nullptr && node->type == ConfigNode::Type::scalar ? node->scalar : std::string();
}

std::string decoded(std::string text) {
    for (char& c : text) {
        if (c == '-') c = '+';
        if (c == '_') c = '/';
    }
    const size_t letters = text.find('=') == std::string::npos ? text.size() : text.find('=');
    text.resize(letters);
    while (text.size() % 4 != 0)
        text += '=';
    std::string bytes(text.size() / 4 * 3 + 1, '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    const size_t padding = text.size() - letters;
    if (size < static_cast<int>(padding)) return {};
    bytes.resize(static_cast<size_t>(size) - padding);
    return bytes;
}

// One entry of `keys`, in one of the forms of plugins/auth-jwt/README.md.
std::optional<SigningKey> key_of(const ConfigNode& entry, std::string* why) {
    if (entry.type == ConfigNode::Type::scalar) {
        const bool pem = entry.scalar.find("-----BEGIN ") != std::string::npos;
        return pem ? SigningKey::of_pem(entry.scalar, why) : SigningKey::of_secret(entry.scalar, why);
    }
    std::optional<SigningKey> key;
    if (const ConfigNode* file = entry.get("file")) {
        const auto text = read_small_file(file->as_path());
        if (text) {
            key = SigningKey::of_pem(*text, why);
        } else {
            *why = "cannot be read: " + file->as_path();
        }
    } else if (entry.get("pem") != nullptr) {
        key = SigningKey::of_pem(text_at(entry, "pem"), why);
    } else if (entry.get("secret") != nullptr) {
        key = SigningKey::of_secret(text_at(entry, "secret"), why);
    } else if (entry.get("secret_base64") != nullptr) {
        key = SigningKey::of_secret(decoded(text_at(entry, "secret_base64")), why);
    } else {
        *why = "is a key set, which is not looked into";
    }
    if (key) key->id = text_at(entry, "kid");
    return key;
}

std::string first_of(const ConfigNode* node) {
    if (node == nullptr) return {};
    if (node->type == ConfigNode::Type::scalar) return node->scalar;
    return node->items.empty() ? std::string() : node->items.front()->scalar;
}

}  // namespace

std::optional<std::string> read_small_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::string text(max_file_bytes, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(file.gcount()));
    return text;
}

ConfigNodePtr auth_config_of(const Settings& settings) {
    for (const PluginSettings& plugin : settings.plugins.load) {
        if (plugin.name == "auth-jwt") return plugin.config;
    }
    return nullptr;
}

std::optional<SigningKey> configured_key(const ConfigNode& auth, const std::string& key_id,
                                         std::string* why) {
    const ConfigNode* keys = auth.get("keys");
    std::string reasons;
    for (size_t i = 0; keys != nullptr && i < keys->items.size(); ++i) {
        const ConfigNode& entry = *keys->items[i];
        std::string reason;
        auto key = key_of(entry, &reason);
        if (key && (key_id.empty() || key->id == key_id)) return key;
        if (key) reason = "has another kid";
        reasons += "; keys[" + std::to_string(i) + "] " + reason;
    }
    *why = "no key of the configuration can sign; give --secret or --key" + reasons;
    return std::nullopt;
}

ClaimNames configured_names(const ConfigNode& auth) {
    ClaimNames names;
    const ConfigNode* claims = auth.get("claims");
    if (claims == nullptr) return names;
    const auto take = [&](const char* key, std::string* name) {
        if (claims->get(key) != nullptr) *name = text_at(*claims, key);
    };
    take("user_id", &names.user_id);
    take("user_type", &names.user_type);
    take("client_id", &names.client_id);
    take("name", &names.name);
    take("groups", &names.groups);
    take("tickets", &names.tickets);
    return names;
}

void take_configured(const ConfigNode& auth, TokenOptions* options) {
    if (options->issuer.empty()) options->issuer = first_of(auth.get("issuer"));
    const std::string audience = first_of(auth.get("audience"));
    if (options->audience.empty() && !audience.empty()) options->audience.push_back(audience);
}

}  // namespace gatewayd
