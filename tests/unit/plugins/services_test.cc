// gw.service/1 as plugins have it: crm offers, greet uses, each alone in the harness; and the order of
// starts.
#include <doctest/doctest.h>

#include <filesystem>

#include "core/plugins/host_table.h"
#include "core/plugins/start_order.h"
#include "gateway/harness.hpp"
#include "plugins/examples/crm/crm_service.h"

namespace gatewayd {
namespace {

using gateway::harness::Plugin;
using Texts = std::vector<std::string>;

constexpr const char* crm_file = GATEWAYD_PLUGIN_FOLDER "/crm.so";
constexpr const char* greet_file = GATEWAYD_PLUGIN_FOLDER "/greet.so";

const acme_crm_v1* crm_of(const Plugin& plugin) {
    return static_cast<const acme_crm_v1*>(plugin.service(ACME_CRM_SERVICE));
}

// The name as a user of the service gets it; or the error.
std::string name_of(const acme_crm_v1* crm, std::string_view user, uint64_t room = 256) {
    std::string name(room, '\0');
    uint64_t length = 0;
    const int32_t code =
        crm->display_name(crm->head.self, {user.data(), user.size()}, name.data(), room, &length);
    return code == GW_OK ? name.substr(0, length) : std::to_string(code) + " " + std::to_string(length);
}

TEST_CASE("crm offers names from its configuration") {
    Plugin plugin(crm_file);
    plugin.create("customers: { u1: Ada Lovelace, u2: Zo\xC3\xAB }");
    CHECK(crm_of(plugin) == nullptr);  // not before it is started
    plugin.start();
    const acme_crm_v1* crm = crm_of(plugin);
    REQUIRE(crm != nullptr);
    CHECK(crm->head.struct_size == sizeof(acme_crm_v1));
    CHECK(name_of(crm, "u1") == "Ada Lovelace");
    CHECK(name_of(crm, "u2") == "Zo\xC3\xAB");
    CHECK(name_of(crm, "u3") == "-8 0");
    CHECK(name_of(crm, "u1", 3) == "-9 12");
    CHECK(plugin.metric("lookups_total", {{"result", "found"}}).value == 3);
    CHECK(plugin.metric("lookups_total", {{"result", "unknown"}}).value == 1);
    CHECK(plugin.admin("GET", "/customers/u1").answer().body == R"({"name":"Ada Lovelace"})");
    CHECK(plugin.admin("GET", "/customers/u3").answer().status == 404);
    plugin.end();
    CHECK(crm_of(plugin) == nullptr);

    Plugin wrong(crm_file);
    CHECK(wrong.refusal("customers: [u1]") ==
          "test.yaml:1:12: customers: must be a map of user ids and names");
}

TEST_CASE("greet adds the name that the service knows") {
    Plugin crm(crm_file);
    crm.create("customers: { u1: Ada }");
    crm.start();
    Plugin greet(greet_file);
    greet.offer_service(ACME_CRM_SERVICE, crm_of(crm));
    greet.create();
    greet.start();
    CHECK(greet.holds_service(crm_of(crm)));
    const std::string text = R"({"type":"text","to":"u2","content":"hi"})";
    CHECK(greet.connect().message(text).field("from_name") == "Ada");
    CHECK(
        greet.connect({"c9", "u9", "customer", "192.0.2.9:1", {}}).message(text).field("from_name").empty());
    greet.end();
    CHECK_FALSE(greet.holds_service(crm_of(crm)));
}

TEST_CASE("greet follows a provider that is swapped, goes and comes back") {
    Plugin one(crm_file);
    one.create("customers: { u1: Ada }");
    one.start();
    Plugin two(crm_file);
    two.create("customers: { u1: Countess }");
    two.start();
    Plugin greet(greet_file);
    greet.offer_service(ACME_CRM_SERVICE, crm_of(one));
    greet.create();
    greet.start();
    auto alice = greet.connect();
    const std::string text = R"({"type":"text","to":"u2","content":"hi"})";

    greet.offer_service(ACME_CRM_SERVICE, crm_of(two));
    CHECK(alice.message(text).field("from_name") == "Countess");
    CHECK_FALSE(greet.holds_service(crm_of(one)));
    greet.offer_service(ACME_CRM_SERVICE, nullptr);
    CHECK(alice.message(text).field("from_name").empty());
    CHECK_FALSE(greet.holds_service(crm_of(two)));
    greet.offer_service(ACME_CRM_SERVICE, crm_of(one));
    CHECK(alice.message(text).field("from_name") == "Ada");
}

TEST_CASE("greet without crm: refused, or not, as its configuration says") {
    Plugin needs(greet_file);
    needs.create();
    CHECK(needs.start_refusal() == "needs the service acme.crm/1, which no loaded plugin offers");

    Plugin survives(greet_file);
    survives.create("needs_crm: false");
    survives.start();
    CHECK(survives.connect().message(R"({"type":"text"})").outcome() == "passed");

    Plugin old_host(greet_file);
    old_host.lack(GW_EXT_SERVICE);
    CHECK(old_host.refusal("") == "this gatewayd does not offer gw.service/1");
}

TEST_CASE("calls against the rules of services are refused and told") {
    const int wanted = 0;
    Plugin plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/misuses_services.so");
    plugin.offer_service("acme.wanted/1", &wanted);
    plugin.create();
    plugin.start();
    CHECK(plugin.log() == Texts{"info: create: acquire -3, undeclared publish -3, undeclared require -3, "
                                "bad name -2, null table -2, publish 0, again -3",
                                "info: start: undeclared acquire -3, late require -3, missing -8, stale -4, "
                                "wanted 0"});
    CHECK(plugin.problems().size() == 9);
    plugin.end();
    const Texts problems = plugin.problems();
    REQUIRE(problems.size() == 10);
    CHECK(problems.back() == "stopped without releasing the service acme.wanted/1");
}

// --- the order of starts ---

struct Loaded {
    explicit Loaded(const Texts& files) {
        for (const std::string& file : files) {
            auto instance = std::make_unique<PluginInstance>();
            instance->settings.name = std::filesystem::path(file).stem();
            instance->library = PluginLibrary::load(instance->settings.name, file, host_table());
            created.push_back(instance.get());
            instances.push_back(std::move(instance));
        }
    }
    // Names, or what is wrong.
    std::string order() const {
        try {
            std::string names;
            for (const PluginInstance* plugin : start_order(created))
                names += (names.empty() ? "" : " ") + plugin->settings.name;
            return names;
        } catch (const PluginError& error) {
            const std::string what = error.what();
            return what.substr(what.find("): ") + 3);
        }
    }
    std::vector<std::unique_ptr<PluginInstance>> instances;
    std::vector<PluginInstance*> created;
};

const std::string test_folder = GATEWAYD_TEST_PLUGIN_FOLDER "/";

TEST_CASE("providers start before their users, the others as they stand") {
    const std::string hello = GATEWAYD_PLUGIN_FOLDER "/hello.so";
    const std::string echo = GATEWAYD_PLUGIN_FOLDER "/echo.so";
    CHECK(Loaded({greet_file, hello, crm_file, echo}).order() == "crm greet hello echo");
    CHECK(Loaded({crm_file, hello, greet_file}).order() == "crm hello greet");
    CHECK(Loaded({echo, greet_file}).order() == "echo greet");
}

TEST_CASE("circles, two providers of one name and missing ones are refused") {
    CHECK(Loaded({test_folder + "circle_one.so", test_folder + "circle_two.so"}).order() ==
          "uses services in a circle, so that none of them can start first: circle_one -> circle_two -> "
          "circle_one");
    CHECK(Loaded({test_folder + "circle_one.so"}).order() == "circle_one");
    CHECK(Loaded({crm_file, test_folder + "second_crm.so"}).order() ==
          "offers the service acme.crm/1, which the plugin crm offers too: load one of them");
    const Loaded alone({greet_file});
    alone.created[0]->required_services = {"acme.crm/1"};
    CHECK(alone.order() ==
          "needs the service acme.crm/1, which no loaded plugin offers; add one that does (gatewayd plugin "
          "inspect says: offers) to plugins.load");
}

}  // namespace
}  // namespace gatewayd
