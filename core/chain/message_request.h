// MessageRequest: a Hub message in the chain: from a client (GW_KIND_MESSAGE) or from a back end or a plugin
// (GW_KIND_PUBLISH). The message's bytes stay where they are until a plugin changes them, or puts the request
// aside; then the request owns a copy. The destination follows the message's fields until a plugin sets it.
#ifndef GATEWAYD_CORE_CHAIN_MESSAGE_REQUEST_H
#define GATEWAYD_CORE_CHAIN_MESSAGE_REQUEST_H

#include <memory>
#include <string>
#include <string_view>

#include "core/chain/destination.h"
#include "core/chain/request.h"
#include "core/message/codec.h"
#include "core/message/envelope.h"

namespace gatewayd {

class MessageRequest;

// What stands at the end of the chain. The reactor's thread.
class MessageSink {
   public:
    virtual ~MessageSink() = default;
    virtual int32_t route(MessageRequest& request) = 0;  // GW_ST_ or an error
    // Tells whoever sent the message that it was not taken: an error frame, or the publish's result.
    virtual void refuse(MessageRequest& request, std::string_view code, std::string_view why) = 0;
    // To the sender. GW_ codes.
    virtual int32_t answer(MessageRequest& request, std::string_view message) = 0;
    // As Request's.
    virtual Request::DeferralTerms deferral_terms() { return {}; }
    virtual void ended(MessageRequest& /*request*/, int32_t /*status*/) {}
};

// "user" for a message with `to`, "all" for one without any destination, none for tickets and groups.
Destination destination_of(const Envelope& envelope);

// Field access that messages and deliveries share: a top-level field of `object` as text, or as JSON
// (GW_FIELD_JSON).
int32_t message_field(std::string_view object, std::string_view name, Texts* scratch, std::string_view* out);
// What both ask of a field that a hook sets, before each asks for more: GW_OK, or why not.
int32_t check_field_change(const Request& request, std::string_view name, std::string_view json);
// set_field of both: `value` as a JSON string, through the request's own set_json.
int32_t set_text_field(Request* request, std::string_view name, std::string_view value);

class MessageRequest : public Request {
   public:
    // `envelope` was decoded and outlives the request; so do the stamps.
    MessageRequest(uint32_t request_kind, Context* request_context, Envelope* envelope, const Stamps& stamps,
                   MessageSink* sink);
    // This request, put aside, as one that owns all that it looks at. This one is empty then.
    std::unique_ptr<MessageRequest> to_heap();

    const Envelope& envelope() const { return *envelope_; }
    std::string_view body() const { return envelope_->body; }
    const Stamps& stamps() const { return stamps_; }
    const Destination& destination() const { return destination_; }
    void set_destination(Destination destination);  // by the core: of a publish
    // A plugin chose the destination: its permission rules count, not the core's.
    bool redirected() const { return redirected_; }

    int32_t finish() override { return sink_->route(*this); }
    int32_t fail_closed(const Interceptor& failed) override;
    DeferralTerms deferral_terms() override { return sink_->deferral_terms(); }
    void ended(int32_t status) override { sink_->ended(*this, status); }

    int32_t field(std::string_view name, std::string_view* out) override;
    std::string_view payload() override { return body(); }
    int32_t set_field(std::string_view name, std::string_view value) override;
    int32_t set_json(std::string_view name, std::string_view json) override;
    int32_t replace_payload(std::string_view payload) override;
    int32_t answer(std::string_view message) override;
    int32_t reject(int32_t status, std::string_view word, std::string_view why) override;
    int32_t get_destination(gw_destination* out) const override;
    int32_t set_destination(const gw_destination& to) override;

   private:
    // What a request on the heap looks at.
    struct Owned {
        std::string body;
        Envelope envelope;
        std::string from;
        std::string msg_id;
        std::string create_at;
    };
    MessageRequest(MessageRequest* from, std::unique_ptr<Owned> owned);
    int32_t take(std::string text);

    const std::unique_ptr<Owned> owned_;
    Envelope* const envelope_;
    const Stamps stamps_;
    MessageSink* const sink_;
    Destination destination_;
    bool redirected_ = false;
    bool fixed_destination_ = false;  // set by the core or a plugin: no longer follows the fields
    Texts texts_;                     // of changes; views into them live until the request ends
    mutable Texts scratch_;           // texts that were handed out
};

}  // namespace gatewayd

#endif
