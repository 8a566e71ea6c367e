#include "signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace webhook {
namespace {

std::string hex_of(const unsigned char* bytes, size_t size) {
    constexpr const char* digits = "0123456789abcdef";
    std::string hex;
    for (size_t i = 0; i < size; ++i) {
        hex += digits[bytes[i] >> 4];
        hex += digits[bytes[i] & 15];
    }
    return hex;
}

}  // namespace

std::string sign(const std::vector<std::string>& secrets, int64_t t, std::string_view body) {
    const std::string time = std::to_string(t);
    std::string text = time + ".";
    text += body;
    std::string value = "t=" + time;
    for (const std::string& secret : secrets) {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned int size = 0;
        HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
        value += ",v1=" + hex_of(digest, size);
    }
    return value;
}

}  // namespace webhook
