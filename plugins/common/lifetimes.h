// Lifetimes: what an auth plugin does with a connection after its handshake, whoever said who it is: it ends
// when its token does, is told ahead of that, and may go on under another token of the same user. What a
// handshake found goes to the connection by its attributes, which outlive the plugin's generation and name
// it to other plugins (docs/authentication.md). A slot is a Session. Stays where it is from Start on: timers
// know it. [conn], but for the constructor; one object for all connections.
#ifndef GATEWAYD_PLUGINS_COMMON_LIFETIMES_H
#define GATEWAYD_PLUGINS_COMMON_LIFETIMES_H

#include <cstdint>

#include "gateway/plugin.hpp"
#include "identity.h"
#include "refusal.h"
#include "session.h"

namespace auth {

class Lifetimes {
   public:
    Lifetimes() = default;
    // Seconds ahead of the end in which the client is told; 0: never.
    Lifetimes(gateway::Host host, int64_t notice_s) : host_(host), notice_s_(notice_s) {}

    // In a handshake: what the fields and attributes of the connection say from now on.
    static void admit(gateway::Request& handshake, gateway::Connection& connection, const Identity& who);

    // The plugin's Attach and Detach. False: it was there before any auth plugin, and is closed.
    bool attach(gateway::Connection& connection) const;
    static void detach(gateway::Connection& connection) { delete connection.slot<Session>(); }

    // Does what is due: the notice, or the end; true: the end, so return Drop.
    bool ended(gateway::Connection& connection) const;

    // An auth_refresh whose token is good: goes on under it, if it is the same user's. *taken (may be null):
    // whether it was.
    gateway::Verdict renew(gateway::Request& request, gateway::Connection& connection, const Identity& who,
                           bool* taken = nullptr) const;
    // One whose token is not: the old one holds on.
    gateway::Verdict refuse_renewal(gateway::Request& request, std::string_view code,
                                    const std::string& why) const;

   private:
    static void set_attributes(gateway::Connection& connection, const Identity& who);
    void set_timer(Session& session, gateway::Connection& connection) const;
    void tick(gateway::Connection& connection) const;

    gateway::Host host_;
    int64_t notice_s_ = 0;
};

}  // namespace auth

#endif
