// Whether what is sent to an http URL stays on this machine. A pure function: any thread.
#ifndef GATEWAYD_PLUGINS_COMMON_LOCAL_URL_H
#define GATEWAYD_PLUGINS_COMMON_LOCAL_URL_H

#include <string_view>

namespace auth {

inline bool is_local_url(std::string_view url) {
    for (const std::string_view host : {"http://127.0.0.1", "http://[::1]", "http://localhost"}) {
        if (url.substr(0, host.size()) != host) continue;
        const std::string_view rest = url.substr(host.size(), 1);
        if (rest.empty() || rest == ":" || rest == "/" || rest == "?") return true;
    }
    return false;
}

}  // namespace auth

#endif
