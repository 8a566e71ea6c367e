// AdminServer: the HTTP listener for back ends and operators (docs/http-api.md), on a thread and an
// io_context of its own, so that nothing asked here stands in a client's way. Owned by run(); the control
// thread.
#ifndef GATEWAYD_GATEWAYD_ADMIN_SERVER_H
#define GATEWAYD_GATEWAYD_ADMIN_SERVER_H

#include <cstddef>
#include <memory>
#include <string>

#include "core/gateway.h"

namespace gatewayd {

class AdminServer {
   public:
    static constexpr size_t max_connections = 256;

    // Does nothing when admin.listen is empty.
    explicit AdminServer(Gateway& gateway);
    ~AdminServer();  // stop()
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    // Takes the port. Throws StartError, which names admin.listen.
    void bind();
    // After bind(): "http://127.0.0.1:8082", with the real port.
    std::string url() const;
    // Begins to answer; the gateway runs.
    void serve();
    // Ends the thread; connections are cut, answers that still come from the gateway are dropped.
    void stop();

   private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gatewayd

#endif
