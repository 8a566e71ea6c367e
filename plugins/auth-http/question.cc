#include "question.h"

#include <openssl/evp.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "../common/address.h"

namespace auth_http {
namespace {

using gateway::Error;

// Refuses texts that are not UTF-8 instead of sending them on.
using Writer = rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>,
                                 rapidjson::CrtAllocator, rapidjson::kWriteValidateEncodingFlag>;

class Body {
   public:
    Body(std::string_view event, std::string_view token) : writer_(text_) {
        writer_.StartObject();
        add("event", event);
        if (token.empty()) {
            writer_.Key("token");
            writer_.Null();
        } else {
            add("token", token);
        }
    }
    // An empty value is not said.
    void add(const char* name, std::string_view value) {
        if (value.empty()) return;
        writer_.Key(name);
        valid_ &= writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    }
    bool finish(std::string* out) {
        if (!valid_) return false;
        writer_.EndObject();
        out->assign(text_.GetString(), text_.GetSize());
        return true;
    }

   private:
    rapidjson::StringBuffer text_;
    Writer writer_;
    bool valid_ = true;
};

// Without the port, which is another one each time.
std::string address_of(std::string_view endpoint) {
    const auto address = address::parse_endpoint(endpoint);
    return address ? address->text() : std::string(endpoint);
}

// Neither JSON nor headers hold a zero byte, so no two questions have the same text.
Key key_of(const Question& question, const std::string& salt) {
    std::string text = salt + question.body;
    for (const auto& [name, value] : question.headers) {
        text += '\0';
        text += name;
        text += '\0';
        text += value;
    }
    Key key{};
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), key.data(), &size, EVP_sha256(), nullptr) != 1)
        throw Error("SHA-256 is not to be had", GW_E_FAIL);
    return key;
}

Refusal complete(Body* body, std::string_view token, const std::string& salt, Question* out) {
    out->token = token;
    if (!body->finish(&out->body))
        return {"bad_request", "the path, user_id, user_type and client_id must be UTF-8"};
    out->key = key_of(*out, salt);
    return {};
}

}  // namespace

Refusal check_token(std::string_view token, size_t max_bytes) {
    if (token.size() > max_bytes) {
        return {auth::token_too_large,
                "the token is longer than max_token_size, " + std::to_string(max_bytes) + " bytes"};
    }
    const bool visible = std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (!visible) return {auth::token_malformed, "a token is visible ASCII"};
    return {};
}

Refusal ask_about(const gateway::Request& handshake, std::string_view token, const Settings& settings,
                  const std::string& salt, Question* out) {
    const auto said = [&](const char* name) { return handshake.field(name).value_or(""); };
    const Told& told = settings.told;
    Body body("connect", token);
    if (told.address) body.add("address", address_of(said("remote_address")));
    if (told.path) body.add("path", said("path"));
    if (told.user_id) body.add("user_id", said("user_id"));
    if (told.user_type) body.add("user_type", said("user_type"));
    if (told.client_id) body.add("client_id", said("client_id"));
    for (const std::string& name : settings.forward_headers) {
        if (const auto value = handshake.header(name); value && !value->empty())
            out->headers.emplace_back(name, *value);
    }
    return complete(&body, token, salt, out);
}

Refusal ask_about(const gateway::Client& client, std::string_view token, const Settings& settings,
                  const std::string& salt, Question* out) {
    const Told& told = settings.told;
    Body body("refresh", token);
    if (told.address) body.add("address", address_of(client.remote_address));
    if (told.user_id) body.add("user_id", client.user_id);
    if (told.user_type) body.add("user_type", client.user_type);
    if (told.client_id) body.add("client_id", client.client_id);
    return complete(&body, token, salt, out);
}

}  // namespace auth_http
