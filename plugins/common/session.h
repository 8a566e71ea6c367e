// Session: what the plugin keeps of one connection: until when its token holds. What comes next is a question
// of the wall clock alone, so it may be asked at any time, as often as one likes. The connection's thread.
#ifndef GATEWAYD_PLUGINS_COMMON_SESSION_H
#define GATEWAYD_PLUGINS_COMMON_SESSION_H

#include <cstdint>

#include "gateway/plugin.h"

namespace auth {

class Session {
   public:
    // Seconds since 1970; 0: never. A token that was renewed begins anew.
    void expire_at(int64_t expires_at_s, int64_t notice_s);

    enum class Due : uint8_t { nothing, notice, end };
    Due due(int64_t now_ms) const;
    void noticed() { notice_at_ms_ = 0; }
    // Until the next thing is due; 0: nothing ever.
    int64_t wait_ms(int64_t now_ms) const;
    // What a client is told, rounded up.
    int64_t left_s(int64_t now_ms) const { return (ends_at_ms_ - now_ms + 999) / 1000; }
    bool ends() const { return ends_at_ms_ != 0; }

    gw_token timer{0, 0};  // the one that is set; {0, 0}: none

   private:
    int64_t ends_at_ms_ = 0;    // 0: never
    int64_t notice_at_ms_ = 0;  // 0: no more
};

}  // namespace auth

#endif
