// Sec-WebSocket-Extensions: core/net/deflate_offer.h on any header, with any policy. The same headers break
// the grammar of RFC 6455 section 9.1 as in a plain reading; the first offer that RFC 7692 section 7.1 lets
// be accepted is; and the answer says no more than that offer and the policy allow, and all that the offer
// demands. Input: a byte for the policy, then the header's value.
#include "core/net/deflate_offer.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace gatewayd;
using namespace gatewayd::fuzz;
using Parameters = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct Element {
    std::string name;
    Parameters parameters;
};

bool is_token_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
}

// Words, separators and quoted texts; false: something else.
bool split(std::string_view header, std::vector<std::string>* parts) {
    for (size_t at = 0; at < header.size();) {
        const char c = header[at];
        if (c == ' ' || c == '\t') {
            ++at;
        } else if (c == ',' || c == ';' || c == '=') {
            parts->emplace_back(1, c);
            ++at;
        } else if (c == '"') {
            std::string text = "\"";
            for (++at; at < header.size() && header[at] != '"'; ++at) {
                if (header[at] == '\\' && ++at == header.size()) return false;
                if (!is_token_char(header[at])) return false;
                text.push_back(header[at]);
            }
            if (at == header.size() || text.size() == 1) return false;
            ++at;
            parts->push_back(text);
        } else {
            const size_t begin = at;
            while (at < header.size() && is_token_char(header[at]))
                ++at;
            if (at == begin) return false;
            parts->emplace_back(header.substr(begin, at - begin));
        }
    }
    return true;
}

// The list of RFC 6455 section 9.1. False: it breaks the grammar.
bool read_elements(std::string_view header, std::vector<Element>* elements) {
    std::vector<std::string> parts;
    if (!split(header, &parts)) return false;
    parts.emplace_back(",");
    size_t at = 0;
    const auto take = [&](std::string_view separator) { return parts[at] == separator && ++at > 0; };
    const auto is_word = [&] { return is_token_char(parts[at][0]); };
    while (at < parts.size()) {
        if (take(",")) continue;
        if (!is_word()) return false;
        Element& element = elements->emplace_back();
        element.name = parts[at++];
        while (take(";")) {
            if (!is_word()) return false;
            auto& parameter = element.parameters.emplace_back();
            parameter.first = parts[at++];
            if (!take("=")) continue;
            const bool quoted = parts[at][0] == '"';
            if (!is_word() && !quoted) return false;
            parameter.second = parts[at++].substr(quoted ? 1 : 0);
        }
        if (!take(",")) return false;
    }
    return true;
}

size_t count(const Parameters& parameters, const std::string& name) {
    size_t found = 0;
    for (const auto& parameter : parameters)
        found += parameter.first == name;
    return found;
}

// Of one that is there; 0: without a value, or -1: with one that is no number of bits.
int bits(const Parameters& parameters, const std::string& name) {
    for (const auto& [key, value] : parameters) {
        if (key != name) continue;
        if (!value) return 0;
        for (int number = 8; number <= 15; ++number) {
            if (*value == std::to_string(number)) return number;
        }
        return -1;
    }
    return 0;
}

bool is_acceptable(const Element& element) {
    const Parameters& parameters = element.parameters;
    static const char* const known[] = {"server_no_context_takeover", "client_no_context_takeover",
                                        "server_max_window_bits", "client_max_window_bits"};
    size_t understood = 0;
    for (const char* name : known) {
        if (count(parameters, name) > 1) return false;
        understood += count(parameters, name);
    }
    for (const auto& [name, value] : parameters) {
        if (value && name.find("no_context_takeover") != std::string::npos) return false;
    }
    return element.name == "permessage-deflate" && understood == parameters.size() &&
           bits(parameters, "client_max_window_bits") >= 0 &&
           (count(parameters, "server_max_window_bits") == 0 ||
            bits(parameters, "server_max_window_bits") > 0);
}

void check_answer(const Element& offer, const DeflatePolicy& policy, const DeflateParameters& chosen) {
    std::vector<Element> answers;
    must(read_elements(chosen.answer, &answers) && answers.size() == 1 && is_acceptable(answers[0]),
         "the answer is one offer's, understood", chosen.answer);
    const Parameters& asked = offer.parameters;
    const Parameters& said = answers[0].parameters;
    must((count(said, "server_no_context_takeover") == 1) == !chosen.server_keeps_context &&
             (count(said, "client_no_context_takeover") == 1) == !chosen.client_keeps_context,
         "both sides know who keeps a context", chosen.answer);
    must(count(asked, "server_no_context_takeover") <= count(said, "server_no_context_takeover") &&
             count(asked, "server_max_window_bits") == count(said, "server_max_window_bits"),
         "what the client demands of the server is granted", chosen.answer);
    must(count(said, "client_max_window_bits") <= count(asked, "client_max_window_bits"),
         "the client's window is limited only where it said that it can be", chosen.answer);
    must((policy.server_may_keep_context || !chosen.server_keeps_context) &&
             (policy.client_may_keep_context || !chosen.client_keeps_context),
         "no context beyond the policy", chosen.answer);
    const int asked_server = bits(asked, "server_max_window_bits");
    const int said_server = bits(said, "server_max_window_bits");
    must(chosen.server_window_bits <= policy.window_bits &&
             (asked_server == 0 || said_server <= asked_server) &&
             (said_server == 0 || chosen.server_window_bits == said_server) && chosen.server_window_bits >= 8,
         "the server's window is in everybody's limits", chosen.answer);
    const int asked_client = bits(asked, "client_max_window_bits");
    const int said_client = bits(said, "client_max_window_bits");
    must((said_client == 0 || count(asked, "client_max_window_bits") == 1) &&
             (asked_client == 0 || said_client <= asked_client) &&
             chosen.client_window_bits == (said_client == 0 ? 15 : said_client),
         "the client's window is what it was told", chosen.answer);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    DeflatePolicy policy;
    policy.server_may_keep_context = (data[0] & 1) != 0;
    policy.client_may_keep_context = (data[0] & 2) != 0;
    policy.window_bits = 9 + (data[0] >> 2) % 7;
    const Exact header(as_text(data + 1, size - 1));
    std::vector<ExtensionOffer> offers;
    std::vector<Element> elements;
    const bool parsed = parse_extension_offers(header.view(), &offers);
    must(parsed == read_elements(header.view(), &elements), "the same headers break the grammar",
         header.view());
    if (!parsed) return 0;
    must(offers.size() == elements.size(), "the same offers", header.view());
    for (size_t i = 0; i < offers.size(); ++i) {
        must(offers[i].name == elements[i].name && offers[i].parameters == elements[i].parameters,
             "the same offers", header.view());
    }
    const auto first = std::find_if(elements.begin(), elements.end(), is_acceptable);
    const auto chosen = choose_deflate(offers, policy);
    must(chosen.has_value() == (first != elements.end()), "an offer is accepted when one can be",
         header.view());
    if (chosen) check_answer(*first, policy, *chosen);
    return 0;
}
