// The checked function of gw.publish/1: texts of the answer die with done(). [any]
#include <memory>

#include "core/harness/host_calls.h"
#include "core/plugins/extensions.h"
#include "gateway/ext/publish.h"

namespace gatewayd::harness {
namespace {

// A publish's done() as the plugin gave it; until it is called.
struct Completion {
    Engine* engine;
    gw_publish_done_fn done;
    void* ud;
};

void published(void* ud, const gw_published* result) {
    const std::unique_ptr<Completion> completion(static_cast<Completion*>(ud));
    HookCall call(completion->engine, "publish done", {});
    gw_published shown = *result;
    for (gw_str* text : {&shown.msg_id, &shown.code, &shown.message})
        *text = call.give(from_abi(*text));
    completion->done(completion->ud, &shown);
}

int32_t publish(gw_inst* inst, const gw_destination* to, gw_str message, gw_publish_done_fn done, void* ud,
                gw_error* err) {
    HostCall call("publish.publish", inst, Handle::Kind::instance);
    call.needs(to).takes(message).takes(to ? to->id : gw_str{nullptr, 0});
    if (!call.ok()) return call.error();
    auto completion = std::make_unique<Completion>(Completion{&call.engine(), done, ud});
    const auto& real = *static_cast<const gw_publish_v1*>(publish_table());
    const int32_t result =
        real.publish(call.real_inst(), to, message, done ? published : nullptr, completion.get(), err);
    if (result == GW_OK && done) static_cast<void>(completion.release());  // published() frees it
    return result;
}

}  // namespace

const void* checked_publish_table() {
    static const gw_publish_v1 table{sizeof table, 0, publish};
    return &table;
}

}  // namespace gatewayd::harness
