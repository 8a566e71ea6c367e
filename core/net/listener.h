// Listener: a listening TCP socket. Each reactor has one; they share the address by SO_REUSEPORT.
// A value that owns its descriptor.
#ifndef GATEWAYD_CORE_NET_LISTENER_H
#define GATEWAYD_CORE_NET_LISTENER_H

#include <cstdint>
#include <stdexcept>
#include <string>

namespace gatewayd {

// What keeps a listener from starting, in words for the operator. Start-up only.
class ListenError : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

class Listener {
   public:
    Listener() = default;
    Listener(Listener&& other) noexcept;
    Listener& operator=(Listener&& other) noexcept;
    ~Listener();

    // Throws ListenError("address already in use" and the like, without the address). `ip` is a literal.
    static Listener open(const std::string& ip, uint16_t port, uint32_t defer_accept_s);
    // Throws when somebody listens there already: with SO_REUSEPORT alone, a second gatewayd would silently
    // take half of the connections.
    static void check_free(const std::string& ip, uint16_t port);

    int fd() const { return fd_; }
    uint16_t port() const;
    void close();

   private:
    explicit Listener(int fd) : fd_(fd) {}
    int fd_ = -1;
};

}  // namespace gatewayd

#endif
