// BodyStream: an answer's body that comes bit by bit, for as long as its reader wants it. Made by a route,
// read by its connection on the admin thread; destroyed when the reader has gone or the end was sent.
#ifndef GATEWAYD_GATEWAYD_ADMIN_STREAM_H
#define GATEWAYD_GATEWAYD_ADMIN_STREAM_H

#include <chrono>
#include <functional>
#include <string>

namespace gatewayd::admin {

class BodyStream {
   public:
    virtual ~BodyStream() = default;

    // Begins. `wake` is called, on any thread, when take() may have something. False: it cannot, *why says
    // so.
    virtual bool start(std::function<void()> wake, std::string* why) = 0;
    // Appends what there is, about 64 KB at most; maybe nothing. False: nothing comes any more.
    virtual bool take(std::string* out) = 0;
    // Its time is over: take() ends soon.
    virtual void expire() = 0;
    virtual std::chrono::seconds time_limit() const = 0;
    // Sent when nothing else was for a while, so that a reader who vanished is found out.
    virtual const char* heartbeat() const = 0;
};

}  // namespace gatewayd::admin

#endif
