// Upgrade: one handshake on its way: path, HTTP checks, the handshake hooks, identity, the claim of the
// client_id; then a session, or a refusal with its reason. Waits in its Worker while a plugin has put it
// aside, or while another reactor closes the connection that it replaces. The reactor's thread.
#ifndef GATEWAYD_CORE_SESSION_UPGRADE_H
#define GATEWAYD_CORE_SESSION_UPGRADE_H

#include <memory>
#include <string>
#include <string_view>

#include "core/chain/request.h"
#include "core/net/connection.h"
#include "core/session/session.h"

namespace gatewayd {

class Worker;

class Upgrade final : public Request {
   public:
    static std::unique_ptr<Upgrade> make(Worker* worker, Connection* connection,
                                         std::unique_ptr<HandshakeRequest> http);
    ~Upgrade() override;

    enum class Outcome : uint8_t { refused, ready, waiting, deferred };
    // Goes as far as it can: answers a refusal itself; `ready` means complete() is next; `waiting`: another
    // reactor must close the replaced connection first, and then calls Worker::resume_upgrade; `deferred`:
    // the end of the chain calls Worker::upgrade_ended.
    Outcome run();
    // Its way on from the end of the chain.
    Outcome conclude(int32_t status);
    // Opens the session. Consumes this.
    void complete();
    void refuse(int status, RejectReason reason, std::string_view word, std::string_view why);
    Connection& connection() { return *connection_; }

    // --- Request ---
    int32_t finish() override;
    int32_t fail_closed(const Interceptor& failed) override;
    DeferralTerms deferral_terms() override;
    void ended(int32_t status) override;
    int32_t field(std::string_view name, std::string_view* out) override;
    int32_t header(std::string_view name, std::string_view* out) override;
    int32_t query(std::string_view name, std::string_view* out) override;
    int32_t set_field(std::string_view name, std::string_view value) override;
    int32_t set_response_header(std::string_view name, std::string_view value) override;
    int32_t reject(int32_t status, std::string_view word, std::string_view why) override;

   private:
    Upgrade(Worker* worker, Connection* connection, std::unique_ptr<HandshakeRequest> http,
            std::unique_ptr<Session> session);

    // A value that a plugin set, else the query's, else the header's; empty: nobody said.
    std::string_view claimed(std::string_view set, std::string_view query_name,
                             std::string_view header_name) const;
    bool resolve_identity();
    void send_refusal(const Refusal& refusal);
    void trace_begin();
    Compression negotiate_compression();
    std::string_view select_protocol() const;
    Outcome claim();

    Worker* const worker_;
    Connection* const connection_;
    std::unique_ptr<HandshakeRequest> http_;
    std::unique_ptr<Session> session_;
    // What plugins set; empty: nothing.
    std::string_view client_id_;
    std::string_view user_id_;
    std::string_view user_type_;
    std::string_view protocol_;
    Texts texts_;  // what those view, and what they viewed: hooks may hold on to it
    HttpHeaders response_headers_;
    std::string extensions_;  // the answer to those that were offered; empty: none
    Refusal refusal_;
    std::shared_ptr<Identity> identity_;
    bool registered_ = false;  // in the directory, and not yet the session's
    std::string remote_address_;
};

}  // namespace gatewayd

#endif
