// Question: what the back end is asked about one handshake or one auth_refresh, and the key under which its
// answer is kept: a digest of all of it, so that an answer is used again for exactly the same question.
// README.md has the JSON. Values; the functions: [conn].
#ifndef GATEWAYD_PLUGINS_AUTH_HTTP_QUESTION_H
#define GATEWAYD_PLUGINS_AUTH_HTTP_QUESTION_H

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "../common/refusal.h"
#include "gateway/plugin.hpp"
#include "settings.h"

namespace auth_http {

using auth::Refusal;

// SHA-256. Salted, so that nobody can choose tokens that meet in a table, or look digests up.
using Key = std::array<unsigned char, 32>;
struct KeyHash {
    size_t operator()(const Key& key) const {
        size_t out = 0;
        std::memcpy(&out, key.data(), sizeof out);
        return out;
    }
};

struct Question {
    std::string token;               // empty: none
    std::string body;                // JSON
    gateway::http::Headers headers;  // of the client, as they are forwarded
    Key key{};
};

// Why a token is not even asked about.
Refusal check_token(std::string_view token, size_t max_bytes);

// Of a handshake; `token` empty: it brings none. Refuses what it says of itself and JSON cannot hold.
Refusal ask_about(const gateway::Request& handshake, std::string_view token, const Settings& settings,
                  const std::string& salt, Question* out);
// Of an auth_refresh. There are no headers any more.
Refusal ask_about(const gateway::Client& client, std::string_view token, const Settings& settings,
                  const std::string& salt, Question* out);

}  // namespace auth_http

#endif
