// The request head of an upgrade, as core/net/handshake.h reads it. Whatever comes: a refusal has a status
// that the protocol page knows; what was decoded is UTF-8 and what an independent reading of the target
// gives; a response is HTTP with our own header lines and no others.
#include <set>

#include "core/base/hex.h"
#include "core/net/handshake.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/http_reference.h"
#include "tests/fuzz/json_reference.h"
#include "tests/fuzz/utf8_reference.h"

namespace {

using namespace gatewayd;
using namespace gatewayd::fuzz;

// The first blank line ends the head; one is added when there is none.
std::string head_of(std::string_view input) {
    const size_t end = input.find("\r\n\r\n");
    return end == std::string_view::npos ? std::string(input) + "\r\n\r\n"
                                         : std::string(input.substr(0, end + 4));
}

void check_refusal(const Refusal& refusal, const std::set<int>& statuses, std::string_view head) {
    must(statuses.count(refusal.status) == 1, "a refusal has one of the statuses of its step", head);
    const std::string text = refusal_response(refusal);
    const HttpResponse response = take_response(text);
    must(response.status == refusal.status, "the response has the refusal's status", text);
    must(response.size == text.size(), "the response ends with its body", text);
    must(response.headers.size() == 3 + refusal.headers.size(), "a refusal's headers are ours", text);
    const auto body = parse_json(response.body);
    must(body && body->count("error") == 1, "a refusal says why in JSON", text);
}

std::string decoded(std::string_view text, bool plus_is_space) {
    std::string out;
    while (!text.empty()) {
        if (text[0] == '%') {
            must(text.size() >= 3, "a taken target has whole escapes", text);
            const int byte = hex_digit(text[1]) * 16 + hex_digit(text[2]);
            out.push_back(static_cast<char>(byte));
        } else {
            out.push_back(text[0] == '+' && plus_is_space ? ' ' : text[0]);
        }
        text.remove_prefix(text[0] == '%' ? 3 : 1);
    }
    return out;
}

// Path and query against a reading of the request line from scratch.
void check_target(const HandshakeRequest& request, std::string_view head) {
    std::string_view target = head.substr(0, head.find("\r\n"));
    const std::string_view method = target.substr(0, target.find(' '));
    must(request.method() == method, "the method is the first word", head);
    target.remove_prefix(method.size() + 1);
    target = target.substr(0, target.find(' '));
    if (target.front() != '/') target.remove_prefix(target.find('/', target.find("://") + 3));
    const size_t question = std::min(target.find('?'), target.size());
    const std::string path = decoded(target.substr(0, question), false);
    must(request.path() == path, "the path is the target's, decoded", head);
    must(utf8_verdict(path) == Utf8::valid && path.front() == '/', "the path is UTF-8 and begins with /",
         head);
    std::string_view query = target.substr(std::min(question + 1, target.size()));
    std::set<std::string> seen;
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        const size_t equals = std::min(pair.find('='), pair.size());
        const std::string key = decoded(pair.substr(0, equals), true);
        const std::string value = decoded(pair.substr(std::min(equals + 1, pair.size())), true);
        must(utf8_verdict(key) == Utf8::valid && utf8_verdict(value) == Utf8::valid,
             "names and values of the query are UTF-8", head);
        if (!seen.insert(key).second) continue;  // the first of that name counts
        must(request.query(key) == std::optional<std::string_view>(value),
             "the query is the target's, decoded", head);
    }
}

void check_accepted(const HandshakeRequest& request) {
    std::vector<std::string> protocols = request.offered_protocols();
    protocols.emplace_back();
    for (const std::string& protocol : protocols) {
        const std::string text = request.accept_response(protocol, {{"X-One", "1"}});
        const HttpResponse response = take_response(text);
        must(response.status == 101 && response.size == text.size(),
             "an accepted handshake is 101 and a head", text);
        must(response.headers.size() == (protocol.empty() ? 4U : 5U), "no header line comes from the request",
             text);
        const std::string* accept = response.header("sec-websocket-accept");
        must(accept != nullptr && accept->size() == 28 && accept->back() == '=', "the key is answered", text);
        const std::string* selected = response.header("sec-websocket-protocol");
        must((selected == nullptr) == protocol.empty() && (selected == nullptr || *selected == protocol),
             "the protocol is the selected one", text);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const Exact head(head_of(as_text(data, size)));
    HandshakeRequest request;
    Refusal refusal;
    if (!request.parse(head.view(), &refusal)) {
        check_refusal(refusal, {400, 413, 431, 505}, head.view());
        return 0;
    }
    check_target(request, head.view());
    for (const char* name : {"Host", "Origin", "Authorization", "X-User-ID", "Sec-WebSocket-Protocol"}) {
        const auto value = request.header(name);
        must(!value || is_header_value(*value), "a header's value has no control characters", head.view());
    }
    if (!request.check_upgrade(&refusal)) {
        check_refusal(refusal, {400, 405, 426}, head.view());
        return 0;
    }
    check_accepted(request);
    return 0;
}
