// HttpTls: whom the HTTP client trusts: the authorities of a file, or the system's. The client thread, but
// for load_file().
#ifndef GATEWAYD_CORE_HTTP_TLS_H
#define GATEWAYD_CORE_HTTP_TLS_H

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

struct ssl_st;

namespace gatewayd {

class HttpTls {
   public:
    // PEM, any number of certificates, in place of the system's. Empty: it is in use; else what is wrong.
    std::string load_file(const std::string& file);
    // Reads the system's at its first call unless there is a file. Null: *error says why.
    boost::asio::ssl::context* context(std::string* error);

    // The server that `ssl` must find: name for SNI and verification. False: no memory.
    static bool expect_host(ssl_st* ssl, const std::string& host, bool is_address);
    // Why the server's certificate was not trusted; empty: it was, or there was none.
    static std::string distrust(ssl_st* ssl);

   private:
    std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace gatewayd

#endif
