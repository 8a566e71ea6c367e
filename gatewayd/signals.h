// Signals: a thread that reads the process's signals and posts them to the control thread, so that they are
// heard even while that one is busy starting or stopping a plugin. Owned by run(); the control thread.
//
// The signals are blocked in every thread and read from a signalfd: so none of them finds a moment, before,
// between or after handlers, in which it would end the process or be lost. (Log rotation sends SIGUSR1 or
// SIGHUP without asking what state we are in.)
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

    // Before the first thread is made, which inherits it. What comes before a Signals object is there waits
    // for it; what comes after it is gone does nothing.
    static void block();

    // Handlers run on the thread of `control`. A second SIGTERM or SIGINT ends the process at once, status 1.
    Signals(boost::asio::io_context& control, Handlers handlers);
    ~Signals();

   private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gatewayd

#endif
