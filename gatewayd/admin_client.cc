#include "gatewayd/admin_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>

#include "core/config/address.h"

namespace gatewayd {
namespace {

namespace http = boost::beast::http;

// What listens on every address is reached on this machine.
boost::asio::ip::tcp::endpoint endpoint_of(const ListenAddress& listen) {
    const std::string ip = !is_unspecified_ip(listen.ip)              ? listen.ip
                           : listen.ip.find(':') == std::string::npos ? "127.0.0.1"
                                                                      : "::1";
    return {boost::asio::ip::make_address(ip), listen.port};
}

}  // namespace

AdminAnswer admin_post(const AdminSettings& admin, const std::string& target, uint32_t time_limit_s) {
    const auto listen = parse_listen_address(admin.listen);
    if (!listen) return {0, "admin.listen is false: there is no admin listener to ask"};
    if (listen->port == 0) return {0, "admin.listen has port 0: only the gateway's log knows which that is"};
    const auto endpoint = endpoint_of(*listen);
    http::request<http::string_body> request(http::verb::post, target, 11);
    const bool v6 = endpoint.address().is_v6();
    const std::string ip = endpoint.address().to_string();
    request.set(http::field::host, (v6 ? "[" + ip + "]" : ip) + ":" + std::to_string(endpoint.port()));
    request.set(http::field::content_type, "application/json");
    if (!admin.api_keys.empty()) request.set(http::field::authorization, "Bearer " + admin.api_keys.front());
    request.prepare_payload();

    boost::asio::io_context context;
    boost::beast::tcp_stream stream(context);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    boost::system::error_code failure;
    stream.expires_after(std::chrono::seconds(time_limit_s));
    stream.async_connect(endpoint, [&](boost::system::error_code error) {
        if ((failure = error)) return;
        http::async_write(stream, request, [&](boost::system::error_code written, size_t) {
            if ((failure = written)) return;
            http::async_read(stream, buffer, response,
                             [&](boost::system::error_code read, size_t) { failure = read; });
        });
    });
    context.run();
    if (failure)
        return {0, "no answer from the admin listener " + admin.listen + ": " + failure.message() +
                       "; does the gateway run?"};
    return {static_cast<int>(response.result_int()), response.body()};
}

}  // namespace gatewayd
