#include "gatewayd/plugin/templates.h"

namespace gatewayd::templates {

const char* const source_cpp =
    R"tpl(// @NAME@: greets. A message whose content is "hello" goes on as "hello, world", with the greeting of the YAML.
#include <gateway/plugin.hpp>
#include <string>

namespace {

class @CLASS@ : public gateway::Interceptor {
   public:
    // Reads and checks the configuration, and opens nothing: `gatewayd check` runs this too.
    void Configure(const gateway::Config& config) override {
        config.allow_only({"greeting"});
        greeting_ = config.get("greeting").string_or("hello");
        if (greeting_.empty()) config.get("greeting").fail("must not be empty");
    }

    // For different connections at the same time, on different threads.
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next&) override {
        if (request.field("content") == "hello") request.set_field("content", greeting_ + ", world");
        return gateway::Continue;
    }

   private:
    std::string greeting_;
};

}  // namespace

GATEWAY_PLUGIN(@CLASS@, "@NAME@", "0.1.0", "message")
)tpl";

const char* const source_c =
    R"tpl(/* @NAME@: greets. A message whose content is "hello" goes on as "hello, world", with the greeting of the YAML. */
#include <gateway/host.h>
#include <gateway/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

GW_PLUGIN_NOTE("id=@NAME@\nversion=0.1.0\nkinds=message\n");

struct @UNIT@ {
    const gw_host* host;
    gw_inst* inst;
    char greeting[64];
};

/* Why create refuses, with the place in the YAML. */
static int32_t refuse(gw_error* err, gw_str place, const char* why) {
    err->code = GW_E_ARG;
    snprintf(err->message, sizeof err->message, "%.*s: %s", (int)place.len, place.ptr, why);
    return GW_E_ARG;
}

static int is(gw_str text, const char* other) {
    return text.len == strlen(other) && memcmp(text.ptr, other, text.len) == 0;
}

/* Reads and checks the configuration, and opens nothing: `gatewayd check` runs this too. */
static int32_t @UNIT@_create(const gw_host* host, gw_inst* inst, const gw_node* config, void** self, gw_error* err) {
    struct @UNIT@* plugin;
    const gw_node* node = host->node_get(config, GW_STR("greeting"));
    gw_str greeting = GW_STR("hello");
    uint64_t i;
    for (i = 0; i < host->node_size(config); ++i) {
        if (!is(host->node_key(config, i), "greeting"))
            return refuse(err, host->node_location(host->node_at(config, i)), "unknown key; there is: greeting");
    }
    if (node != NULL && host->node_str(node, &greeting) != GW_OK)
        return refuse(err, host->node_location(node), "greeting: must be text");
    if (greeting.len == 0 || greeting.len > sizeof plugin->greeting)
        return refuse(err, host->node_location(node), "greeting: must be 1 to 64 bytes");
    plugin = calloc(1, sizeof *plugin);
    if (plugin == NULL) return GW_E_FAIL;
    plugin->host = host;
    plugin->inst = inst;
    memcpy(plugin->greeting, greeting.ptr, greeting.len);
    *self = plugin;
    return GW_OK;
}

static void @UNIT@_destroy(void* self) {
    free(self);
}

static gw_str @UNIT@_name(void* self) {
    (void)self;
    return GW_STR("@NAME@");
}

static void @UNIT@_wants(void* self, uint32_t* kinds, uint64_t* events) {
    (void)self;
    *kinds = GW_KIND_MESSAGE;
    *events = 0;
}

/* For different connections at the same time, on different threads. */
static int32_t @UNIT@_intercept(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    const struct @UNIT@* plugin = self;
    gw_str content;
    char text[sizeof plugin->greeting + sizeof ", world"];
    gw_str changed = {text, 0};
    (void)slot;
    (void)ctx;
    (void)next;
    if (plugin->host->field(req, GW_STR("content"), &content) != GW_OK || !is(content, "hello")) return GW_CONTINUE;
    changed.len = (uint64_t)snprintf(text, sizeof text, "%.*s, world", (int)sizeof plugin->greeting, plugin->greeting);
    return plugin->host->set_field(req, GW_STR("content"), changed) == GW_OK ? GW_CONTINUE : GW_E_FAIL;
}

static const gw_interceptor @UNIT@_interceptor = {
    sizeof(gw_interceptor), 0, GW_STAGE_MESSAGE, 0, @UNIT@_name, NULL, @UNIT@_wants, NULL, NULL, @UNIT@_intercept,
    NULL, NULL, NULL,
};

static const gw_plugin @UNIT@_plugin = {
    sizeof(gw_plugin), 0, @UNIT@_create, NULL, NULL, NULL, @UNIT@_destroy, &@UNIT@_interceptor,
};

const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err) {
    (void)host;
    (void)err;
    return &@UNIT@_plugin;
}
)tpl";

const char* const cmake = R"tpl(cmake_minimum_required(VERSION 3.22)
project(@NAME@ LANGUAGES C CXX)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_STANDARD 17)

find_package(GatewayPlugin 1.0 REQUIRED)  # not found: -DCMAKE_PREFIX_PATH=, where gatewayd is installed
gateway_add_plugin(@NAME@ @SOURCE@)

enable_testing()
add_executable(@UNIT@_test @UNIT@_test.cc)
target_link_libraries(@UNIT@_test GatewayPlugin::harness)
add_test(NAME @NAME@ COMMAND @UNIT@_test $<TARGET_FILE:@NAME@>)
)tpl";

const char* const test =
    R"tpl(// Tests @NAME@ without a gateway. Run by ctest: @UNIT@_test FILE. Any test framework will do instead of check().
#include <cstdio>
#include <gateway/harness.hpp>
#include <string>

static int failures = 0;

static void check(bool good, const char* what) {
    if (good) return;
    std::printf("failed: %s\n", what);
    ++failures;
}

// What create() says against this configuration; "": nothing.
static std::string refusal(const char* file, const char* yaml) {
    return gateway::harness::Plugin(file).refusal(yaml);
}

int main(int argc, char** argv) {
    if (argc != 2) return std::printf("usage: %s PLUGIN.so\n", argv[0]), 2;

    gateway::harness::Plugin plugin(argv[1]);
    plugin.create("greeting: hi");
    plugin.start();
    auto alice = plugin.connect();
    auto greeted = alice.message(R"({"type":"text","to":"u2","content":"hello"})");
    check(greeted.outcome() == "passed", "a greeting passes");
    check(greeted.field("content") == "hi, world", "hello is answered with the greeting of the YAML");
    auto other = alice.message(R"({"type":"text","to":"u2","content":"bye"})");
    check(other.field("content") == "bye", "another content stays as it is");

    plugin.refuse("set_field", GW_E_LIMIT);
    check(alice.message(R"({"type":"text","content":"hello"})").outcome() == "failed", "an error of the host is one");
    plugin.end();
    check(plugin.problems().empty(), "it keeps the rules of the ABI");

    check(refusal(argv[1], "").empty(), "it needs no configuration");
    check(refusal(argv[1], "greting: hi").find("test.yaml:1:10") == 0, "a wrong key is told with its place");
    check(refusal(argv[1], "greeting: ''").find("greeting: must") != std::string::npos, "no greeting is no greeting");
    return failures == 0 ? 0 : 1;
}
)tpl";

const char* const config =
    R"tpl(# gatewayd --config gateway.yaml: a gateway on this machine alone, with the plugin as CMake builds it beside this file.
wsc:
  node_ip: 127.0.0.1
  node_port: 8081
plugins:
  load:
    - name: @NAME@
      path: build/@NAME@.so
      config:
        greeting: hi
)tpl";

const char* const readme = R"tpl(# @NAME@

Says what it does, for those who run it: a message whose content is `hello` goes on as `hi, world`.

```yaml
plugins:
  load:
    - name: @NAME@
      config:
        greeting: hi      # default: hello
```

Build it, test it without a gateway, look at it, and measure it:

```sh
cmake -B build@PREFIX@
cmake --build build
ctest --test-dir build --output-on-failure
gatewayd plugin inspect build/@NAME@.so
gatewayd plugin check build/@NAME@.so --config gateway.yaml
gatewayd plugin bench build/@NAME@.so --config gateway.yaml
```

Run it, and talk to it (python3-websockets is one client of many):

```sh
gatewayd --config gateway.yaml
python3 -m websockets 'ws://127.0.0.1:8081/ws?client_id=c1&user_id=u1'
> {"type":"text","to":"u1","content":"hello"}
< {"from":"u1",...,"type":"text","to":"u1","content":"hi, world"}
```

The gateway loads no file that group or others may write: under a umask of 002, `chmod go-w` it, or set
`GATEWAYD_ALLOW_WRITABLE_PLUGINS=1` while you develop.
)tpl";

}  // namespace gatewayd::templates
