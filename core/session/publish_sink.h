// PublishSink: the end of a publish's way through the hooks: sends the message, and tells whoever published
// it what became of it, once. Lives on the stack of Worker::run_publish; the reactor's thread.
#ifndef GATEWAYD_CORE_SESSION_PUBLISH_SINK_H
#define GATEWAYD_CORE_SESSION_PUBLISH_SINK_H

#include <string_view>

#include "core/chain/message_request.h"
#include "core/chain/publish.h"

namespace gatewayd {

class Router;

class PublishSink final : public MessageSink {
   public:
    // `done` may be empty; it outlives this.
    PublishSink(Router* router, const PublishDone& done) : router_(router), done_(done) {}

    // --- MessageSink ---
    int32_t route(MessageRequest& request) override;
    // A code of a plugin's own is `forbidden` with the plugin's words.
    void refuse(MessageRequest& request, std::string_view code, std::string_view why) override;
    int32_t answer(MessageRequest&, std::string_view) override { return GW_E_STATE; }  // nobody is there

    // The chain has ended. Tells it when a hook ended it without saying why.
    void finish(const MessageRequest& request);

   private:
    Router* const router_;
    const PublishDone& done_;
    bool told_ = false;  // or will be, when every reactor has counted
};

}  // namespace gatewayd

#endif
