#include "gatewayd/admin/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "core/base/log.h"
#include "core/config/address.h"
#include "core/guard/thread_guard.h"
#include "gatewayd/admin/api.h"
#include "gatewayd/admin/connection.h"

namespace gatewayd {
namespace {

namespace asio = boost::asio;
using boost::asio::ip::tcp;
using Error = boost::system::error_code;

// A Hub message of the largest size, and what JSON's escapes and spaces may add.
constexpr size_t body_slack_bytes = 16'384;
constexpr std::chrono::milliseconds accept_retry_time{100};

constexpr std::string_view full_answer =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n"
    "Retry-After: 1\r\nContent-Length: 82\r\n\r\n"
    "{\"error\":{\"code\":\"unavailable\",\"message\":\"too many connections to this listener\"}}";

std::string url_of(const tcp::endpoint& endpoint) {
    const std::string ip = endpoint.address().to_string();
    return "http://" + (endpoint.address().is_v6() ? "[" + ip + "]" : ip) + ":" +
           std::to_string(endpoint.port());
}

}  // namespace

class AdminServer::Impl {
   public:
    explicit Impl(Gateway& gateway)
        : gateway_(gateway),
          listen_(gateway.settings()->admin.listen),
          api_(gateway),
          io_(std::make_shared<asio::io_context>(1)),
          acceptor_(std::make_unique<tcp::acceptor>(*io_)),
          retry_timer_(std::make_unique<asio::steady_timer>(*io_)) {}

    ~Impl() {
        stop();
        // What belongs to the io_context goes before it.
        acceptor_.reset();
        retry_timer_.reset();
    }

    void bind() {
        const std::optional<ListenAddress> address = parse_listen_address(listen_);
        if (!address) throw StartError("admin.listen: " + listen_ + " is no IP:PORT");
        try {
            const tcp::endpoint endpoint(asio::ip::make_address(address->ip), address->port);
            acceptor_->open(endpoint.protocol());
            acceptor_->set_option(tcp::acceptor::reuse_address(true));
            acceptor_->bind(endpoint);
            acceptor_->listen();
        } catch (const boost::system::system_error& error) {
            throw StartError("admin.listen: cannot listen on " + listen_ + ": " + error.code().message() +
                             (error.code() == asio::error::address_in_use
                                  ? "; end the program that uses the port, or change the key"
                                  : ""));
        }
    }

    void serve() {
        log::info("admin listening on " + url());
        accept();
        thread_ = std::thread([this] { run(); });
    }

    std::string url() const { return url_of(acceptor_->local_endpoint()); }

    void stop() {
        io_->stop();
        if (thread_.joinable()) thread_.join();
        Error ignored;
        acceptor_->close(ignored);
    }

   private:
    // An exception costs the connection that threw it, no more.
    void run() {
        const ThreadGuard guard("admin");
        while (!io_->stopped()) {
            try {
                io_->run();
            } catch (const std::exception& error) {
                log::write_limited(LogLevel::error, "admin.failed", "an admin request failed",
                                   {{"error", error.what()}});
            }
        }
    }

    void accept() {
        acceptor_->async_accept([this](Error error, tcp::socket socket) {
            if (error == asio::error::operation_aborted) return;
            if (error) return accept_later(error);
            accept();
            if (static_cast<size_t>(token_.use_count()) > max_connections) {
                refuse(socket);
            } else {
                const size_t max_body_bytes =
                    size_t{gateway_.settings()->wsc.security.max_message_size_kb} * 1024 + body_slack_bytes;
                admin::serve_connection(io_, std::move(socket), api_, max_body_bytes, token_);
            }
        });
    }

    // As when files run out: the connections wait in the backlog until some are free.
    void accept_later(Error error) {
        log::write_limited(LogLevel::warn, "admin.accept", "the admin listener cannot accept for now",
                           {{"error", error.message()}});
        retry_timer_->expires_after(accept_retry_time);
        retry_timer_->async_wait([this](Error cancelled) {
            if (!cancelled) accept();
        });
    }

    static void refuse(tcp::socket& socket) {
        log::write_limited(LogLevel::warn, "admin.full", "the admin listener has no free connection",
                           {{"max_connections", max_connections}});
        Error ignored;
        socket.non_blocking(true, ignored);
        socket.write_some(asio::buffer(full_answer.data(), full_answer.size()), ignored);
        socket.shutdown(tcp::socket::shutdown_send, ignored);
    }

    Gateway& gateway_;
    const std::string listen_;
    admin::Api api_;
    const std::shared_ptr<asio::io_context> io_;
    std::unique_ptr<tcp::acceptor> acceptor_;
    std::unique_ptr<asio::steady_timer> retry_timer_;
    const admin::ConnectionToken token_ = std::make_shared<const char>('\0');
    std::thread thread_;
};

AdminServer::AdminServer(Gateway& gateway) {
    if (!gateway.settings()->admin.listen.empty()) impl_ = std::make_unique<Impl>(gateway);
}
AdminServer::~AdminServer() = default;

void AdminServer::bind() {
    if (impl_) impl_->bind();
}

std::string AdminServer::url() const {
    return impl_ ? impl_->url() : "";
}

void AdminServer::serve() {
    if (impl_) impl_->serve();
}

void AdminServer::stop() {
    if (impl_) impl_->stop();
}

}  // namespace gatewayd
