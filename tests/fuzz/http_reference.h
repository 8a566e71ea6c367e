// Reads an HTTP/1.1 response as strictly as RFC 9112 allows: what the gateway answers is compared with this.
#ifndef GATEWAYD_TESTS_FUZZ_HTTP_REFERENCE_H
#define GATEWAYD_TESTS_FUZZ_HTTP_REFERENCE_H

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace gatewayd::fuzz {

struct HttpResponse {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string_view body;                                     // by Content-Length; empty without it
    size_t size = 0;                                           // of all of it

    const std::string* header(std::string_view name) const {
        for (const auto& [key, value] : headers) {
            if (key == name) return &value;
        }
        return nullptr;
    }
};

inline bool is_header_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    });
}

inline bool is_header_value(std::string_view value) {
    return std::none_of(value.begin(), value.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    });
}

// The response at the front of `text`; must() fails when it is none. `bodiless`: to HEAD, or 1xx.
inline HttpResponse take_response(std::string_view text, bool bodiless = false) {
    HttpResponse response;
    const size_t end = text.find("\r\n\r\n");
    must(end != std::string_view::npos, "a response has a whole head", text);
    std::string_view head = text.substr(0, end + 2);
    const auto take_line = [&head] {
        const size_t line_end = head.find("\r\n");
        const std::string_view line = head.substr(0, line_end);
        head.remove_prefix(line_end + 2);
        return line;
    };
    const std::string_view first = take_line();
    must(first.size() > 13 && first.substr(0, 9) == "HTTP/1.1 " && first[12] == ' ' && is_header_value(first),
         "a response begins with its status line", text);
    for (size_t at = 9; at < 12; ++at) {
        must(first[at] >= '0' && first[at] <= '9', "a status is three digits", text);
        response.status = response.status * 10 + (first[at] - '0');
    }
    while (!head.empty()) {
        const std::string_view line = take_line();
        const size_t colon = line.find(": ");
        must(colon != std::string_view::npos && is_header_name(line.substr(0, colon)) &&
                 is_header_value(line.substr(colon + 2)),
             "a header is a name, a colon and a text without control characters", text);
        std::string name(line.substr(0, colon));
        for (char& c : name) {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        }
        response.headers.emplace_back(std::move(name), line.substr(colon + 2));
    }
    response.size = end + 4;
    const std::string* length = response.header("content-length");
    if (length == nullptr || bodiless) return response;
    const size_t body_size = std::strtoull(length->c_str(), nullptr, 10);
    must(std::to_string(body_size) == *length, "Content-Length is a number", text);
    must(text.size() - response.size >= body_size, "the body is as long as Content-Length says", text);
    response.body = text.substr(response.size, body_size);
    response.size += body_size;
    return response;
}

}  // namespace gatewayd::fuzz

#endif
