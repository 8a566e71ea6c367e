// group: groups of users. Client frames `group_...`, messages with a `group_id`, HTTP below /api/v1/groups,
// and gw.groups/1 for other plugins. README.md
//
// The class is the hooks (group.cc), the frames (frames.cc), the HTTP routes (api.cc) and the service
// (service.cc); what they share is Groups.
#ifndef GATEWAYD_PLUGINS_GROUP_GROUP_PLUGIN_H
#define GATEWAYD_PLUGINS_GROUP_GROUP_PLUGIN_H

#include <memory>
#include <string>
#include <string_view>

#include "gateway/ext/groups.h"
#include "gateway/ext/store.h"
#include "gateway/plugin.hpp"
#include "groups.h"
#include "views.h"

namespace group {

// What the plugin has of one connection (its slot). Its thread's.
struct Seat {
    User* user = nullptr;
    gw_conn_id id{0, 0};
};

class GroupPlugin : public gateway::Interceptor {
   public:
    static constexpr uint32_t stage = GW_STAGE_GROUPS;
    static constexpr uint64_t events = GW_EV_SERVICE_CHANGED;

    void Configure(const gateway::Config& config) override;
    void Start() override;
    void Stop() override;
    bool Attach(gateway::Connection& connection) override;
    void Detach(gateway::Connection& connection) override;
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next& next) override;
    gateway::Verdict OnResume(gateway::Request& request, gateway::Connection& connection, gateway::Next& next,
                              void* ud) override;
    void OnCancel(const gateway::Request& request, gateway::Connection& connection, void* ud,
                  int32_t why) override;

    // --- the admin listener; [control] ---
    void list_groups(const gateway::AdminRequest& request);
    void create_group(const gateway::AdminRequest& request);
    void get_group(const gateway::AdminRequest& request);
    void update_group(const gateway::AdminRequest& request);
    void delete_group(const gateway::AdminRequest& request);
    void list_members(const gateway::AdminRequest& request);
    void put_member(const gateway::AdminRequest& request);
    void delete_member(const gateway::AdminRequest& request);
    void put_invitation(const gateway::AdminRequest& request);
    void delete_invitation(const gateway::AdminRequest& request);
    void send_message(const gateway::AdminRequest& request);

    // --- gw.groups/1; [any] ---
    int32_t broadcast(gw_str group_id, gw_str message, gw_published_fn done, void* ud);
    int32_t role_of_member(gw_str group_id, gw_str user_id) const;
    int64_t visit_members(gw_str group_id, gw_str after, uint32_t limit, gw_groups_member_fn each,
                          void* ud) const;
    int64_t visit_groups(gw_str user_id, gw_str after, uint32_t limit, gw_groups_member_fn each,
                         void* ud) const;
    int32_t create(gw_str group_id, const gw_groups_traits* traits, gw_groups_done_fn done, void* ud);
    int32_t remove(gw_str group_id, gw_groups_done_fn done, void* ud);
    int32_t add_member(gw_str group_id, gw_str user_id, uint32_t role, gw_groups_done_fn done, void* ud);
    int32_t remove_member(gw_str group_id, gw_str user_id, gw_groups_done_fn done, void* ud);

   private:
    friend struct ServiceTable;
    struct Frame;  // a `group_...` message that was read

    // --- group.cc ---
    void join_at_connect(gateway::Connection& connection, const Seat& seat);
    void join_at_connect(gateway::Connection& connection, const Seat& seat, const std::string& group_id,
                         bool granted, bool wanted);
    gateway::Verdict on_message(gateway::Request& request, const Seat& seat);

    // --- frames.cc ---
    // Nothing: no frame of ours.
    std::optional<gateway::Verdict> on_frame(std::string_view type, gateway::Request& request,
                                             gateway::Connection& connection, gateway::Next& next,
                                             const Seat& seat);
    gateway::Verdict change(Change change, std::string_view answer_type, gateway::Request& request,
                            gateway::Next& next);
    gateway::Verdict answer(gateway::Request& request, std::string_view type, const Outcome& outcome) const;
    Change change_of(const Frame& frame, const std::string& user) const;
    gateway::Verdict look_up(const Frame& frame, gateway::Request& request, gateway::Connection& connection,
                             const Seat& seat);

    // --- api.cc ---
    void serve();
    void change(Change change, const gateway::AdminRequest& request, int created_status);

    // --- service.cc ---
    void offer();
    int32_t change(Change change, gw_groups_done_fn done, void* ud);

    gateway::Service<gw_store_v1> store_{*this, GW_STORE};
    std::shared_ptr<Groups> groups_;
    std::optional<gateway::Permission> see_presence_;
    std::optional<gateway::Permission> use_groups_;
    gw_groups_v1 service_{};
};

}  // namespace group

#endif
