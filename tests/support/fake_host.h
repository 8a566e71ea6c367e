// FakeHost: a gw_host for tests of plugins, without a gateway: configuration nodes, requests and connections
// are plain structs that a test fills in and looks at afterwards. Each fake is handed to a plugin as the
// opaque type that it stands for. The log may be written from any thread; everything else belongs to the
// test's thread.
#ifndef GATEWAYD_TESTS_SUPPORT_FAKE_HOST_H
#define GATEWAYD_TESTS_SUPPORT_FAKE_HOST_H

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gateway/host.h"

namespace gatewayd::testing {

struct FakeNode {
    int32_t type = GW_NODE_NULL;
    std::string scalar;
    std::string location;
    std::vector<std::pair<std::string, FakeNode>> entries;  // of a map; of a list with empty keys

    static FakeNode text(std::string value, std::string location = "test.yaml:1:1");
    static FakeNode list(std::vector<FakeNode> items, std::string location = "test.yaml:2:1");
    static FakeNode map(std::vector<std::pair<std::string, FakeNode>> entries,
                        std::string location = "test.yaml:3:1");
    const gw_node* raw() const { return reinterpret_cast<const gw_node*>(this); }
};

struct FakeConnection {
    gw_conn_id id{1, 1};
    std::string client_id = "c1";
    std::string user_id = "u1";
    std::string user_type = "customer";
    std::string remote_address = "192.0.2.1:52110";
    std::map<std::string, std::string> attributes;
    std::vector<std::string> sent;
    gw_ctx* raw() { return reinterpret_cast<gw_ctx*>(this); }
};

struct FakeRequest {
    uint32_t kind = GW_KIND_MESSAGE;
    std::map<std::string, std::string> fields;       // text
    std::map<std::string, std::string> json_fields;  // other values
    std::map<std::string, std::string> headers;      // names in lower case
    std::string payload;
    uint32_t destination_kind = GW_DEST_NONE;
    std::string destination_id;
    int32_t refuse_changes = GW_OK;  // what set_field and others answer

    int32_t rejected_status = 0;  // 0: not rejected
    std::string rejected_word;
    std::string rejected_why;
    gw_req* raw() { return reinterpret_cast<gw_req*>(this); }
};

class FakeHost {
   public:
    FakeHost();
    const gw_host* table() const { return &table_; }
    gw_host* mutable_table() { return &table_; }
    gw_inst* inst() { return reinterpret_cast<gw_inst*>(this); }

    // The lines so far: "warn: text".
    std::vector<std::string> log() const;
    void add_log(int32_t level, const std::string& text);

   private:
    gw_host table_{};
    mutable std::mutex mutex_;
    std::vector<std::string> log_;
};

// What wall_time_ms answers: 2026-11-25T10:15:00.120Z.
inline constexpr int64_t fake_wall_time_ms = 1795601700120;

}  // namespace gatewayd::testing

#endif
