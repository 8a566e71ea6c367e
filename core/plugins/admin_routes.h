// AdminRoutes: the HTTP routes that plugins have on the admin listener (gw.admin/1), and the calls of them
// that are not answered yet. One a gateway, owned by it. The listener asks [any] whether there is a route;
// handlers run on the control thread; answers come from any thread. The lock is its own and not held while
// anything is called.
//
// What an instance registers is staged until commit(), as ServiceRegistry does it: at a swap the routes of
// g+1 take the place of g's in one step, and calls that g has not answered yet it may still answer.
#ifndef GATEWAYD_CORE_PLUGINS_ADMIN_ROUTES_H
#define GATEWAYD_CORE_PLUGINS_ADMIN_ROUTES_H

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/ext/admin.h"

namespace gatewayd {

inline constexpr size_t max_admin_routes_per_plugin = 64;
inline constexpr size_t max_admin_calls = 1024;  // not answered yet
inline constexpr size_t max_admin_answer_bytes = 4UL << 20;
inline constexpr uint64_t admin_answer_timeout_ms = 9000;  // before the listener's own 10 s

struct AdminAnswer {
    int status = 200;
    std::string content_type;
    std::string body;
};
using AdminRespond = std::function<void(AdminAnswer)>;  // called once, on any thread

// A request that the listener has let in. Texts are decoded where the ABI says so.
struct AdminCall {
    std::string method;
    std::string path;
    std::string body;
    std::vector<std::string> parts;  // of the path, decoded
    std::vector<std::pair<std::string, std::string>> query;
};

class AdminRoutes {
   public:
    struct Owner {
        const void* instance;
        std::string name;  // in plugins.load
        uint32_t stage;    // GW_STAGE_
    };
    struct Found {
        uint64_t route = 0;  // 0: none
        std::string allow;   // then: the methods that the path has; empty: no such path
    };

    // The gateway's own paths, "/api/v1/clients/{id}", which no plugin may take. Before plugins are created.
    void reserve(const std::vector<std::string>& paths);

    // [control] `path` as the plugin names it. GW_OK; GW_E_ARG, GW_E_STATE, GW_E_LIMIT with *why in words.
    int32_t add(const Owner& owner, std::string_view method, std::string_view path, gw_admin_fn handler,
                void* ud, std::string* why);
    // [control] What the instance has staged takes the place of what `replaces` has (null: of nothing).
    void commit(const void* instance, const void* replaces);
    // [control] Its routes go, its calls are answered with 503.
    void forget(const void* instance);

    // [any] HEAD is GET.
    Found find(std::string_view method, const std::vector<std::string>& parts) const;
    // [control] Runs the handler of a route that was found. `now_ns`: of the deadline.
    void call(uint64_t route, const AdminCall& request, uint64_t now_ns, AdminRespond respond);
    // [any] GW_OK, GW_E_STALE.
    int32_t answer(const void* instance, gw_token token, AdminAnswer answer);
    // [control] Answers the calls whose time is over. Returns when the next one's is; 0: there is none.
    uint64_t expire(uint64_t now_ns);

    // [control] For gw.admin/1, in a handler.
    static int32_t parameter(const gw_admin_request& request, std::string_view name, gw_str* out);
    static int32_t query(const gw_admin_request& request, std::string_view name, gw_str* out);

   private:
    using Parts = std::vector<std::string>;  // "{user_id}" takes any text
    struct Route {
        uint64_t number;
        Owner owner;
        std::string method;
        Parts parts;
        gw_admin_fn handler;
        void* ud;
        bool staged;
    };
    struct Waiting {
        const void* instance;
        std::string plugin;
        uint64_t deadline_ns;
        AdminRespond respond;
    };
    struct Details {
        const Parts* pattern;
        const AdminCall* call;
    };

    std::string taken(const Owner& owner, std::string_view method, const Parts& parts) const;
    static Found find_in(const std::vector<Route>& routes, std::string_view method, const Parts& parts);
    static void run(const Route& route, const gw_admin_request& request, AdminRoutes* self);
    static void refuse(const Waiting& call, const std::string& why);

    std::vector<Parts> reserved_;  // constant once plugins are created
    mutable std::mutex mutex_;
    std::vector<Route> routes_;
    std::map<uint64_t, Waiting> calls_;  // by number, and so by deadline
    uint64_t last_number_ = 0;
};

}  // namespace gatewayd

#endif
