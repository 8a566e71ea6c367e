// HttpExchange's reads and writes: apart, because Beast's templates for both kinds of stream are made here.
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "core/http/exchange.h"

namespace gatewayd {

using boost::system::error_code;

// The handlers of both do nothing when the exchange is over or has gone on to another connection.

void HttpExchange::write_message() {
    connection_->on_stream([&](auto& stream) {
        boost::beast::http::async_write(
            stream, message_, [self = shared_from_this(), on = connection_](const error_code& error, size_t) {
                if (self->over_ || self->connection_ != on) return;
                self->send_error_ = error;
                // A server may answer before it has read all, and close: its answer can be there all the
                // same.
                self->expect_answer();
            });
    });
}

void HttpExchange::read() {
    connection_->on_stream([&](auto& stream) {
        boost::beast::http::async_read_some(
            stream, connection_->buffer, *parser_,
            [self = shared_from_this(), on = connection_](const error_code& error, size_t bytes) {
                if (!self->over_ && self->connection_ == on) self->on_read(error, bytes);
            });
    });
}

}  // namespace gatewayd
