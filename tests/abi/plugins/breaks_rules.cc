// Breaks the rule that the message's `content` names, for the tests of the harness. By the C tables, because
// the SDK would not let it.
#include <pthread.h>

#include <stdexcept>
#include <string>

#include "parts.h"

namespace {

const gw_host* host;
gw_str kept_view;
gw_req* kept_request;
gw_ctx* kept_context;
const gw_node* kept_config;

std::string text_of(gw_str text) {
    return std::string(text.ptr, text.len);
}

int32_t create(const gw_host* table, gw_inst* inst, const gw_node* config, void** self, gw_error* err) {
    host = table;
    kept_config = config;
    return good_create(table, inst, config, self, err);
}

void done(void*, gw_ctx*, gw_req*, int32_t) {}

void* on_a_thread(void* request) {
    gw_str content{nullptr, 0};
    host->field(static_cast<gw_req*>(request), GW_STR("content"), &content);
    return nullptr;
}

int32_t break_rule(const std::string& rule, gw_str content, gw_ctx* ctx, gw_req* req, gw_next* next) {
    if (rule == "next twice") {
        const int32_t verdict = host->next(next, done, nullptr);
        host->next(next, done, nullptr);
        return verdict;
    }
    if (rule == "another verdict than next") return host->next(next, done, nullptr), GW_CONTINUE;
    if (rule == "no verdict") return 77;
    if (rule == "pending alone") return GW_PENDING;
    if (rule == "answer and go on") return host->answer(req, GW_STR("{}")), GW_CONTINUE;
    if (rule == "throw") throw std::runtime_error("over the border");
    if (rule == "keep") {
        kept_view = content;
        kept_request = req;
        kept_context = ctx;
    }
    if (rule == "use kept view") host->set_field(req, GW_STR("seen"), kept_view);
    if (rule == "read kept view") {
        const std::string seen = kept_view.ptr[0] == 'k' ? "alive" : "dead";
        host->attr_set(ctx, GW_STR("kept"), {seen.data(), seen.size()});
    }
    if (rule == "use kept request") host->set_field(kept_request, GW_STR("late"), GW_STR("x"));
    if (rule == "use kept context") host->send(kept_context, GW_STR("{}"));
    if (rule == "read the configuration late") host->node_size(kept_config);
    if (rule == "write into a view") *const_cast<char*>(content.ptr) = 'W';
    if (rule == "wrong thread") {
        pthread_t thread;
        pthread_create(&thread, nullptr, on_a_thread, req);
        pthread_join(thread, nullptr);
    }
    if (rule == "garbage handle") {
        static int garbage;
        host->payload(reinterpret_cast<gw_req*>(&garbage));
    }
    return GW_CONTINUE;
}

int32_t intercept(void*, void*, gw_ctx* ctx, gw_req* req, gw_next* next) {
    gw_str content{nullptr, 0};
    if (host->field(req, GW_STR("content"), &content) != GW_OK) return GW_CONTINUE;
    return break_rule(text_of(content), content, ctx, req, next);
}

int32_t attach(void*, gw_ctx*, void** slot, uint32_t*) {
    static int owned;
    *slot = &owned;
    return GW_OK;
}

}  // namespace

GOOD_NOTE("breaks_rules");

extern "C" ENTRY_WITH((plugin.create = create, interceptor.intercept = intercept,
                       interceptor.attach = attach))
