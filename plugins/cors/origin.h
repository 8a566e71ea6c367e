// Origins (RFC 6454) and the patterns that allow them: "*", an exact origin, or a wildcard for the subdomains
// of a host. Values, immutable: any thread.
#ifndef GATEWAYD_PLUGINS_CORS_ORIGIN_H
#define GATEWAYD_PLUGINS_CORS_ORIGIN_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cors {

// Scheme and host in lower case, the port always named: https://Example.com is https, example.com, 443.
struct Origin {
    std::string scheme;
    std::string host;
    uint16_t port = 0;  // 0: a scheme without a default port, and none was named

    // Nothing, with *error in words, when the text is no origin: it has a path, a user, no scheme...
    static std::optional<Origin> parse(std::string_view text, std::string* error);
};

class OriginPattern {
   public:
    // "*", "null", "https://app.example.com", "https://*.example.com:8443". Nothing, with *error in words.
    static std::optional<OriginPattern> parse(std::string_view text, std::string* error);

    // `header`: the Origin header as the browser sent it.
    bool matches(std::string_view header) const;

   private:
    enum class Kind : uint8_t { any, null, exact, subdomains };
    Kind kind_ = Kind::any;
    Origin origin_;  // of subdomains, host is what follows the star: ".example.com"
};

}  // namespace cors

#endif
