// Writes a BodyStream to one connection of the admin listener, until it ends or the reader goes. A reader
// that takes nothing for 30 seconds is cut. The admin thread.
#ifndef GATEWAYD_GATEWAYD_ADMIN_STREAM_WRITER_H
#define GATEWAYD_GATEWAYD_ADMIN_STREAM_WRITER_H

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "gatewayd/admin/connection.h"
#include "gatewayd/admin/stream.h"

namespace gatewayd::admin {

struct StreamedAnswer {
    std::string content_type;
    bool chunked = true;     // HTTP/1.1; else the end of the connection is the end of the body
    bool head_only = false;  // of HEAD
    std::shared_ptr<BodyStream> body;
};

// Owned by its own pending operations.
void write_stream(std::weak_ptr<boost::asio::io_context> io, boost::asio::ip::tcp::socket socket,
                  StreamedAnswer answer, ConnectionToken token);

}  // namespace gatewayd::admin

#endif
