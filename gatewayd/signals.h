// Signals: a thread that waits for the process's signals and posts them to the control thread, so that they
// are heard even while that one is busy starting or stopping a plugin. Owned by run(); the control thread.
#ifndef GATEWAYD_GATEWAYD_SIGNALS_H
#define GATEWAYD_GATEWAYD_SIGNALS_H

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

namespace gatewayd {

class Signals {
   public:
    struct Handlers {
        std::function<void(const char* name)> stop;  // the first SIGTERM or SIGINT
        std::function<void()> reopen;                // SIGUSR1
        std::function<void()> reload;                // SIGHUP
    };

    // Handlers run on the thread of `control`. A second SIGTERM or SIGINT ends the process at once, status 1.
    Signals(boost::asio::io_context& control, Handlers handlers);
    ~Signals();

    // Before and after this object, SIGUSR1 and SIGHUP (log rotation does not ask what state we are in) must
    // not end the process, which is what they do to those who do not care.
    static void ignore_requests();

   private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gatewayd

#endif
