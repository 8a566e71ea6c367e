// C++ without the SDK: throws out of the function that `where` of its configuration names, whichever the host
// may call. In `done`, `on_resume` and `on_cancel` it gets there by next() and defer().
#include <stdexcept>
#include <string>

#include "parts.h"

namespace {

const gw_host* host;
gw_inst* inst;
std::string where;

void maybe_throw(const char* here) {
    if (where == here) throw std::runtime_error(std::string("thrown in ") + here);
}

int32_t create(const gw_host* table, gw_inst* instance, const gw_node* config, void** self, gw_error* err) {
    host = table;
    inst = instance;
    gw_str text{nullptr, 0};
    const gw_node* node = host->node_get(config, GW_STR("where"));
    if (node && host->node_str(node, &text) == GW_OK) where.assign(text.ptr, text.len);
    maybe_throw("create");
    return good_create(table, instance, config, self, err);
}
int32_t start(void*, gw_error*) {
    maybe_throw("start");
    return GW_OK;
}
void quiesce(void*) {
    maybe_throw("quiesce");
}
void stop(void*) {
    maybe_throw("stop");
}
void destroy(void*) {
    maybe_throw("destroy");
}

void wants(void*, uint32_t* kinds, uint64_t* events) {
    maybe_throw("wants");
    *kinds = GW_KIND_MESSAGE;
    *events = GW_EV_MESSAGE_RECEIVED;
}
int32_t order(void*) {
    maybe_throw("order");
    return 0;
}
int32_t attach(void*, gw_ctx*, void** slot, uint32_t*) {
    static int owned;
    maybe_throw("attach");
    *slot = &owned;
    return GW_OK;
}
void detach(void*, void*, gw_ctx*) {
    maybe_throw("detach");
}
void done(void*, gw_ctx*, gw_req*, int32_t) {
    maybe_throw("done");
}
int32_t intercept(void*, void*, gw_ctx*, gw_req*, gw_next* next) {
    maybe_throw("intercept");
    if (where == "done") return host->next(next, done, nullptr);
    if (where != "on_resume" && where != "on_cancel") return GW_CONTINUE;
    gw_token token;
    const int32_t deferred = host->defer(next, 200, nullptr, &token);
    if (deferred != GW_OK) return deferred;
    if (where == "on_resume") host->resume(inst, token);
    return GW_PENDING;
}
int32_t on_resume(void*, void*, gw_ctx*, gw_req*, gw_next*, void*) {
    maybe_throw("on_resume");
    return GW_CONTINUE;
}
void on_cancel(void*, void*, gw_ctx*, const gw_req*, void*, int32_t) {
    maybe_throw("on_cancel");
}
void on_event(void*, void*, const gw_event*) {
    maybe_throw("on_event");
}

}  // namespace

GW_PLUGIN_NOTE("id=throws_where_told\nversion=1.0.0\nkinds=message,events\n");

extern "C" ENTRY_WITH((plugin.create = create, plugin.start = start, plugin.quiesce = quiesce,
                       plugin.stop = stop, plugin.destroy = destroy, interceptor.wants = wants,
                       interceptor.order = order, interceptor.attach = attach, interceptor.detach = detach,
                       interceptor.intercept = intercept, interceptor.on_resume = on_resume,
                       interceptor.on_cancel = on_cancel, interceptor.on_event = on_event))
