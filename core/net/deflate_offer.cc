#include "core/net/deflate_offer.h"

#include <algorithm>

#include "core/base/http_text.h"

namespace gatewayd {
namespace {

// Reads the header from its front.
class HeaderReader {
   public:
    explicit HeaderReader(std::string_view rest) : rest_(rest) { skip_space(); }

    bool at_end() const { return rest_.empty(); }
    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        skip_space();
        return true;
    }
    bool take_token(std::string* out) {
        size_t size = 0;
        while (size < rest_.size() && is_token(rest_.substr(size, 1)))
            ++size;
        if (size == 0) return false;
        *out = rest_.substr(0, size);
        rest_.remove_prefix(size);
        skip_space();
        return true;
    }
    // A quoted string, whose text must be a token when the quotes are gone.
    bool take_quoted(std::string* out) {
        if (rest_.empty() || rest_.front() != '"') return false;
        out->clear();
        for (size_t i = 1; i < rest_.size(); ++i) {
            if (rest_[i] == '"') {
                rest_.remove_prefix(i + 1);
                skip_space();
                return is_token(*out);
            }
            if (rest_[i] == '\\' && ++i == rest_.size()) return false;
            out->push_back(rest_[i]);
        }
        return false;
    }

   private:
    void skip_space() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
            rest_.remove_prefix(1);
    }

    std::string_view rest_;
};

// 8 to 15, without a leading zero; nothing: it is none.
std::optional<int> window_bits_of(const std::string& text) {
    if (text == "8" || text == "9") return text[0] - '0';
    if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') return 10 + text[1] - '0';
    return std::nullopt;
}

// An offer of permessage-deflate, understood.
struct Offer {
    bool server_no_context_takeover = false;
    bool client_no_context_takeover = false;
    std::optional<int> server_max_window_bits;
    bool client_window_can_be_told = false;
    int client_max_window_bits = 15;
};

// 7.1: a parameter that is unknown, stands twice or has a value that it may not have declines the offer.
std::optional<Offer> understood(const ExtensionOffer& extension) {
    Offer offer;
    if (extension.name != "permessage-deflate") return std::nullopt;
    for (const auto& [name, value] : extension.parameters) {
        const std::optional<int> bits = value ? window_bits_of(*value) : std::nullopt;
        if (name == "server_no_context_takeover" && !value && !offer.server_no_context_takeover) {
            offer.server_no_context_takeover = true;
        } else if (name == "client_no_context_takeover" && !value && !offer.client_no_context_takeover) {
            offer.client_no_context_takeover = true;
        } else if (name == "server_max_window_bits" && bits && !offer.server_max_window_bits) {
            offer.server_max_window_bits = bits;
        } else if (name == "client_max_window_bits" && (bits || !value) && !offer.client_window_can_be_told) {
            offer.client_window_can_be_told = true;
            offer.client_max_window_bits = bits.value_or(15);
        } else {
            return std::nullopt;
        }
    }
    return offer;
}

DeflateParameters answered(const Offer& offer, const DeflatePolicy& policy) {
    DeflateParameters made;
    made.server_keeps_context = policy.server_may_keep_context && !offer.server_no_context_takeover;
    made.client_keeps_context = policy.client_may_keep_context && !offer.client_no_context_takeover;
    made.answer = "permessage-deflate";
    if (!made.server_keeps_context) made.answer += "; server_no_context_takeover";
    if (!made.client_keeps_context) made.answer += "; client_no_context_takeover";
    const int server_bits = std::min(policy.window_bits, offer.server_max_window_bits.value_or(15));
    made.server_window_bits = static_cast<uint8_t>(server_bits);
    if (offer.server_max_window_bits)
        made.answer += "; server_max_window_bits=" + std::to_string(server_bits);
    // Only memory makes the client's window our business, and only a kept context takes memory.
    if (offer.client_window_can_be_told && made.client_keeps_context) {
        const int client_bits = std::min(policy.window_bits, offer.client_max_window_bits);
        made.client_window_bits = static_cast<uint8_t>(client_bits);
        if (client_bits < 15) made.answer += "; client_max_window_bits=" + std::to_string(client_bits);
    }
    return made;
}

}  // namespace

bool parse_extension_offers(std::string_view header, std::vector<ExtensionOffer>* offers) {
    HeaderReader reader(header);
    while (!reader.at_end()) {
        if (reader.take(',')) continue;  // RFC 9110 section 5.6.1.2: empty elements count for nothing
        ExtensionOffer offer;
        if (!reader.take_token(&offer.name)) return false;
        while (reader.take(';')) {
            auto& [name, value] = offer.parameters.emplace_back();
            if (!reader.take_token(&name)) return false;
            if (!reader.take('=')) continue;
            value.emplace();
            if (!reader.take_token(&*value) && !reader.take_quoted(&*value)) return false;
        }
        offers->push_back(std::move(offer));
        if (!reader.at_end() && !reader.take(',')) return false;
    }
    return true;
}

std::optional<DeflateParameters> choose_deflate(const std::vector<ExtensionOffer>& offers,
                                                const DeflatePolicy& policy) {
    for (const ExtensionOffer& extension : offers) {
        if (const std::optional<Offer> offer = understood(extension)) return answered(*offer, policy);
    }
    return std::nullopt;
}

}  // namespace gatewayd
