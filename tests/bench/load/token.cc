#include "tests/bench/load/token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <ctime>

namespace load {
namespace {

std::string base64url(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3), '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                    reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    while (!text.empty() && text.back() == '=')
        text.pop_back();
    for (char& c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text;
}

}  // namespace

std::string make_token(std::string_view user_id, std::string_view user_type, std::string_view secret) {
    constexpr int lifetime_s = 3600;
    const std::string claims = R"({"sub":")" + std::string(user_id) + R"(","user_type":")" +
                               std::string(user_type) + R"(","exp":)" +
                               std::to_string(std::time(nullptr) + lifetime_s) + "}";
    const std::string text = base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + base64url(claims);
    unsigned char signature[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), signature, &size);
    return text + "." + base64url({reinterpret_cast<const char*>(signature), size});
}

}  // namespace load
