#include "session.h"

#include <algorithm>

namespace auth {

void Session::expire_at(int64_t expires_at_s, int64_t notice_s) {
    ends_at_ms_ = expires_at_s * 1000;
    const bool noticed = ends_at_ms_ != 0 && notice_s > 0;
    notice_at_ms_ = noticed ? std::max<int64_t>(ends_at_ms_ - notice_s * 1000, 1) : 0;
}

Session::Due Session::due(int64_t now_ms) const {
    if (ends_at_ms_ != 0 && now_ms >= ends_at_ms_) return Due::end;
    if (notice_at_ms_ != 0 && now_ms >= notice_at_ms_) return Due::notice;
    return Due::nothing;
}

int64_t Session::wait_ms(int64_t now_ms) const {
    const int64_t next = notice_at_ms_ != 0 ? notice_at_ms_ : ends_at_ms_;
    return next == 0 ? 0 : std::max<int64_t>(next - now_ms, 1);
}

}  // namespace auth
