#include "gatewayd/trace/trace.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "gatewayd/trace/print.h"

namespace gatewayd {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Error = boost::system::error_code;

struct Address {
    std::string host;  // without brackets
    std::string port;
    std::string text;  // for the Host header
};

// Of "http://127.0.0.1:8082", also without the scheme, or with a slash at the end.
std::optional<Address> address_of(std::string url) {
    const std::string scheme = "http://";
    if (url.compare(0, scheme.size(), scheme) == 0) url.erase(0, scheme.size());
    if (!url.empty() && url.back() == '/') url.pop_back();
    const size_t colon = url.rfind(':');
    if (colon == std::string::npos || url.find('/') != std::string::npos) return std::nullopt;
    Address address{url.substr(0, colon), url.substr(colon + 1), url};
    if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']')
        address.host = address.host.substr(1, address.host.size() - 2);
    if (address.host.empty() || address.port.empty()) return std::nullopt;
    return address;
}

std::string percent_encoded(const std::string& text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                           (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '_' || byte == '.';
        char escaped[4];
        std::snprintf(escaped, sizeof escaped, "%%%02X", byte);
        out += plain ? std::string(1, c) : escaped;
    }
    return out;
}

int failed(const std::string& why) {
    std::fprintf(stderr, "gatewayd: %s\n", why.c_str());
    return exit_failed;
}

class Printer {
   public:
    explicit Printer(bool json) : json_(json) {}

    void add(std::string_view bytes) {
        rest_.append(bytes);
        size_t begin = 0;
        for (size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
            const std::string_view line(rest_.data() + begin, end - begin);
            begin = end + 1;
            if (line.empty()) continue;  // only says that the gateway is there
            const std::string text = json_ ? std::string(line) : readable_trace_line(line);
            std::fprintf(stdout, "%s\n", text.c_str());
        }
        rest_.erase(0, begin);
        std::fflush(stdout);
    }

   private:
    const bool json_;
    std::string rest_;
};

http::request<http::empty_body> request_of(const CommandLine& line, const Address& address) {
    http::request<http::empty_body> request(http::verb::get,
                                            "/api/v1/trace?client=" + percent_encoded(line.trace.client) +
                                                "&seconds=" + std::to_string(line.trace.seconds) +
                                                (line.trace.payload ? "&payload=1" : ""),
                                            11);
    request.set(http::field::host, address.text);
    std::string key = line.trace.api_key;
    const char* environment = std::getenv("GATEWAYD_API_KEY");
    if (key.empty() && environment != nullptr) key = environment;
    if (!key.empty()) request.set(http::field::authorization, "Bearer " + key);
    return request;
}

// Prints the body until it ends.
int read_answer(tcp::socket& socket, const CommandLine& line) {
    boost::beast::flat_buffer buffer;
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    Error error;
    http::read_header(socket, buffer, parser, error);
    if (error) return failed("no answer: " + error.message());
    const bool granted = parser.get().result() == http::status::ok;
    Printer printer(line.trace.json);
    std::string refusal;
    std::array<char, 16384> bytes;
    while (!parser.is_done()) {
        parser.get().body().data = bytes.data();
        parser.get().body().size = bytes.size();
        http::read_some(socket, buffer, parser, error);
        if (error && error != http::error::need_buffer)
            return failed("the gateway has gone: " + error.message());
        const std::string_view got(bytes.data(), bytes.size() - parser.get().body().size);
        granted ? printer.add(got) : void(refusal.append(got));
    }
    if (granted) return exit_clean;
    return failed(std::to_string(parser.get().result_int()) + " " + refusal +
                  (parser.get().result_int() == 401 ? "\nset GATEWAYD_API_KEY, or give --api-key" : ""));
}

}  // namespace

int trace(const CommandLine& line) {
    const std::optional<Address> address = address_of(line.trace.admin);
    if (!address) {
        std::fprintf(stderr, "gatewayd: --admin wants http://HOST:PORT, as admin.listen has it, not %s\n",
                     line.trace.admin.c_str());
        return exit_refused;
    }
    asio::io_context io;
    tcp::socket socket(io);
    Error error;
    const auto found = tcp::resolver(io).resolve(address->host, address->port, error);
    if (!error) asio::connect(socket, found, error);
    if (error) {
        return failed("cannot connect to " + line.trace.admin + ": " + error.message() +
                      "; --admin names the admin listener of a running gateway (admin.listen)");
    }
    http::write(socket, request_of(line, *address), error);
    if (error) return failed("cannot ask " + line.trace.admin + ": " + error.message());
    return read_answer(socket, line);
}

}  // namespace gatewayd
