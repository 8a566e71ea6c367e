// TlsTickets: the keys that session tickets are sealed with (RFC 5077 section 4, RFC 8446 section 4.6.1). One
// set for the process, so that a ticket of one reactor is good at every other and after a SIGHUP; nothing is
// kept for a session. A key seals for one session lifetime and opens for another; then it is gone, and
// nobody can read old tickets. Any thread.
#ifndef GATEWAYD_CORE_NET_TLS_TICKETS_H
#define GATEWAYD_CORE_NET_TLS_TICKETS_H

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>

struct ssl_ctx_st;

namespace gatewayd {

class TlsTickets {
   public:
    using TimePoint = std::chrono::steady_clock::time_point;
    static constexpr size_t name_bytes = 16;

    struct Key {
        std::array<unsigned char, name_bytes> name;
        std::array<unsigned char, 32> cipher;
        std::array<unsigned char, 32> mac;
    };
    enum class Found : uint8_t { none, current, previous };

    // 0: sessions are not resumed.
    explicit TlsTickets(uint32_t lifetime_s) : lifetime_s_(lifetime_s) {}
    ~TlsTickets();
    TlsTickets(const TlsTickets&) = delete;
    TlsTickets& operator=(const TlsTickets&) = delete;

    // Lets a context use these keys. They must outlive its connections.
    void serve(ssl_ctx_st* context);

    // The key to seal with now. False: no random numbers.
    bool current(TimePoint now, Key* out);
    Found find(const unsigned char* name, TimePoint now, Key* out);

   private:
    bool rotate(TimePoint now);

    const uint32_t lifetime_s_;
    std::mutex mutex_;
    Key current_{};  // guarded by mutex_, as all below
    Key previous_{};
    bool has_current_ = false;
    bool has_previous_ = false;
    TimePoint made_at_{};  // current_
};

}  // namespace gatewayd

#endif
