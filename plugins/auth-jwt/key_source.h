// KeySource: the keys of one JWKS URL, fetched over gw.http/1 and never waited for by a thread. They are
// fetched at the start, again after refresh_s, and when a token names a key that is not among them, but not
// more often than each min_refresh_s, so that nobody can make us ask and ask. When a fetch fails the keys of
// before stay. [any]; the host calls no completion after the plugin's stop.
#ifndef GATEWAYD_PLUGINS_AUTH_JWT_KEY_SOURCE_H
#define GATEWAYD_PLUGINS_AUTH_JWT_KEY_SOURCE_H

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/plugin.hpp"
#include "key.h"

namespace auth_jwt {

struct KeyUrl {
    std::string url;
    int64_t refresh_s = 3600;
    int64_t min_refresh_s = 30;
};

class KeySource {
   public:
    KeySource(gateway::Host host, KeyUrl settings) : host_(host), settings_(std::move(settings)) {}

    std::shared_ptr<const KeyList> keys() const;  // null: not there yet
    // Fetches them anew if that is allowed now; true: a fetch is on its way.
    bool fetch();
    // The same, when they have become old.
    void refresh_when_old();
    bool is_fetching() const;
    // Resumes the deferred request when the fetch that is on its way is done. False: there is none.
    bool wait(gw_token request);

   private:
    void answered(const gateway::http::Answer& answer);
    std::shared_ptr<const KeyList> read(const gateway::http::Answer& answer) const;
    bool may_fetch() const;  // holds mutex_
    std::string shown_url() const;

    const gateway::Host host_;
    const KeyUrl settings_;
    mutable std::mutex mutex_;
    std::shared_ptr<const KeyList> keys_;
    std::vector<gw_token> waiting_;  // as many as the gateway lets be deferred
    uint64_t began_ns_ = 0;          // the last fetch; 0: none yet
    uint64_t loaded_ns_ = 0;         // the last that was good
    bool on_its_way_ = false;
};

}  // namespace auth_jwt

#endif
