#include "core/http/connection.h"

#include <sys/socket.h>

#include <cerrno>

namespace gatewayd {

bool HttpConnection::is_quiet() {
    if (!socket.is_open()) return false;
    char byte;
    const auto got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void HttpConnection::close() {
    idle_timer.cancel();
    boost::system::error_code ignored;
    socket.close(ignored);
}

}  // namespace gatewayd
