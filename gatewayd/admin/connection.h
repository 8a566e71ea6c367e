// One HTTP connection of the admin listener: reads a head, has it judged before the body is read, answers,
// and begins again. Owned by its own pending operations; the admin thread.
#ifndef GATEWAYD_GATEWAYD_ADMIN_CONNECTION_H
#define GATEWAYD_GATEWAYD_ADMIN_CONNECTION_H

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>

#include "gatewayd/admin/api.h"

namespace gatewayd::admin {

// Held by each connection: how many holders there are is how many connections there are.
using ConnectionToken = std::shared_ptr<const char>;

// Serves until the peer leaves or misbehaves. `io` runs the socket; it may be gone when the gateway answers.
void serve_connection(std::weak_ptr<boost::asio::io_context> io, boost::asio::ip::tcp::socket socket,
                      Api& api, size_t max_body_bytes, ConnectionToken token);

}  // namespace gatewayd::admin

#endif
