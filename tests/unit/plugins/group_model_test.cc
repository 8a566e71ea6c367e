// Groups in memory: who may what, limits, who follows the owner, and that the store's records make the same
// model again, whatever was done.
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "plugins/common/replies.h"
#include "plugins/group/model.h"
#include "plugins/group/notices.h"
#include "plugins/group/records.h"
#include "plugins/group/views.h"

namespace gatewayd {
namespace {

using namespace group;

// What the store would have after the batches.
using Records = std::map<std::string, std::string>;

void keep(const storage::Batch& batch, Records* records) {
    batch.for_each([&](uint32_t kind, const std::string& key, const std::string& value) {
        if (kind == GW_STORE_PUT) {
            (*records)[key] = value;
        } else if (kind == GW_STORE_DELETE) {
            records->erase(key);
        } else {
            REQUIRE(kind == GW_STORE_DELETE_PREFIX);
            auto at = records->lower_bound(key);
            while (at != records->end() && at->first.compare(0, key.size(), key) == 0)
                at = records->erase(at);
        }
    });
}

struct World {
    Settings settings;
    Model model{settings};
    Records records;
    int64_t now = 1'700'000'000'000;
    uint64_t changes = 0;

    // Empty, or the refusal's code.
    std::string make(const Plan& plan) {
        if (plan.refused()) {
            CHECK(plan.facts.empty());
            CHECK_FALSE(plan.why.empty());
            return std::string(plan.code);
        }
        storage::Batch batch;
        for (const Fact& fact : plan.facts)
            write(fact, model, &batch);
        keep(batch, &records);
        ++changes;
        ++now;
        for (Fact fact : plan.facts) {
            fact.change = changes;
            model.apply(fact);
            model.confirm(fact);
        }
        return {};
    }
    std::string join(const std::string& user, const std::string& id) {
        return make(model.join({user, false}, id, now));
    }
    std::string leave(const std::string& user, const std::string& id) {
        return make(model.leave({user, false}, id, now));
    }
    std::string role(const std::string& id, const std::string& user) {
        const Membership* const member = model.find_member(id, user);
        return member ? std::string(word_of(member->role)) : "none";
    }
};

Actor by(const std::string& user) {
    return {user, false};
}

// All of a model, as text.
std::string everything(const Model& model) {
    std::string text;
    for (const auto& [id, each] : model.groups()) {
        text += describe(*each, nullptr) + members_of(*each, {{}, 1000}, false);
        for (const auto& [user, invitation] : each->invited)
            text += user + "<" + invitation.by + std::to_string(invitation.at_ms);
        for (const auto& [user, bar] : each->bars) {
            if (bar.muted_until_ms == 0 && bar.banned_until_ms == 0) continue;
            text +=
                user + "!" + std::to_string(bar.muted_until_ms) + "," + std::to_string(bar.banned_until_ms);
        }
        text += "\n";
    }
    return text;
}

TEST_CASE("the first who joins owns the group, the last one who leaves ends it") {
    World world;
    CHECK(world.join("ada", "g").empty());
    CHECK(world.role("g", "ada") == "owner");
    CHECK(world.join("bob", "g").empty());
    CHECK(world.role("g", "bob") == "member");
    CHECK(world.model.join(by("bob"), "g", world.now).facts.empty());  // is in it
    CHECK(world.model.memberships() == 2);
    CHECK(world.leave("ada", "g").empty());
    CHECK(world.role("g", "bob") == "owner");
    CHECK(world.leave("ada", "g") == "not_found");
    CHECK(world.leave("bob", "g").empty());
    CHECK(world.model.groups().empty());
    CHECK(world.model.users().empty());
    CHECK(world.records.empty());
}

TEST_CASE("a group of the API stays when it is empty, and has no owner unless somebody is made one") {
    World world;
    CHECK(world.make(world.model.create({}, "g", {}, "", world.now)).empty());
    CHECK(world.join("ada", "g").empty());
    CHECK(world.role("g", "ada") == "member");
    CHECK(world.leave("ada", "g").empty());
    REQUIRE(world.model.find("g"));
    CHECK(world.make(world.model.put_member("g", "bob", Role::owner, world.now)).empty());
    CHECK(world.make(world.model.put_member("g", "cyd", Role::owner, world.now)).empty());
    CHECK(world.role("g", "bob") == "moderator");
    CHECK(world.role("g", "cyd") == "owner");
    CHECK(world.make(world.model.set_role({}, "g", "cyd", Role::member, world.now)).empty());
    CHECK(world.model.find("g")->owner == nullptr);
}

TEST_CASE("the owner's follower: the oldest moderator, else the oldest member") {
    World world;
    for (const char* user : {"owner", "zoe", "ada", "bob"})
        CHECK(world.join(user, "g").empty());
    CHECK(world.make(world.model.set_role(by("owner"), "g", "bob", Role::moderator, world.now)).empty());
    CHECK(world.make(world.model.set_role(by("owner"), "g", "ada", Role::moderator, world.now)).empty());
    CHECK(world.leave("owner", "g").empty());
    CHECK(world.role("g", "ada") == "owner");  // older in the group than bob
    CHECK(world.leave("ada", "g").empty());
    CHECK(world.role("g", "bob") == "owner");
    CHECK(world.join("ada", "g").empty());
    CHECK(world.leave("bob", "g").empty());
    CHECK(world.role("g", "zoe") == "owner");  // the oldest member
}

TEST_CASE("roles: who may act on whom") {
    World world;
    for (const char* user : {"owner", "mod", "mod2", "ada"})
        CHECK(world.join(user, "g").empty());
    for (const char* user : {"mod", "mod2"})
        CHECK(world.make(world.model.set_role(by("owner"), "g", user, Role::moderator, world.now)).empty());
    const Model& model = world.model;
    const int64_t now = world.now;
    CHECK(model.kick(by("ada"), "g", "mod", "", 0, now).code == "forbidden");
    CHECK(model.kick(by("mod"), "g", "mod2", "", 0, now).code == "forbidden");
    CHECK(model.kick(by("mod"), "g", "owner", "", 0, now).code == "forbidden");
    CHECK(model.kick(by("mod"), "g", "mod", "", 0, now).code == "conflict");
    CHECK(model.kick(by("mod"), "g", "nobody", "", 0, now).code == "not_found");
    CHECK(model.kick(by("stranger"), "g", "ada", "", 0, now).code == "forbidden");
    CHECK(model.kick(by("mod"), "h", "ada", "", 0, now).code == "not_found");
    CHECK_FALSE(model.kick(by("mod"), "g", "ada", "", 0, now).refused());
    CHECK_FALSE(model.kick({}, "g", "owner", "", 0, now).refused());
    CHECK(model.set_role(by("mod"), "g", "ada", Role::moderator, now).code == "forbidden");
    CHECK(model.set_role(by("owner"), "g", "owner", Role::member, now).code == "conflict");
    CHECK(model.mute(by("mod"), "g", "mod2", for_ever, now).code == "forbidden");
    CHECK(model.unmute(by("ada"), "g", "ada", now).code == "forbidden");
    CHECK(model.invite(by("ada"), "g", "new", now).code == "forbidden");
    CHECK(model.update(by("mod"), "g", {Visibility::invite, std::nullopt}, now).code == "forbidden");
    CHECK_FALSE(model.update(by("mod"), "g", {std::nullopt, "{\"a\":1}"}, now).refused());
    CHECK(model.update(by("ada"), "g", {std::nullopt, "{}"}, now).code == "forbidden");
    CHECK(model.erase(by("mod"), "g", now).code == "forbidden");
    // The owner makes another one: that is one change, and there is one owner.
    CHECK(world.make(model.set_role(by("owner"), "g", "ada", Role::owner, now)).empty());
    CHECK(world.role("g", "ada") == "owner");
    CHECK(world.role("g", "owner") == "moderator");
}

TEST_CASE("a mute is kept when its user leaves and comes back; a ban ends by time, invitation or the API") {
    World world;
    for (const char* user : {"owner", "ada"})
        CHECK(world.join(user, "g").empty());
    const int64_t later = world.now + 60'000;
    CHECK(world.make(world.model.mute(by("owner"), "g", "ada", later, world.now)).empty());
    CHECK(world.leave("ada", "g").empty());
    CHECK(world.join("ada", "g").empty());
    CHECK(world.model.find_member("g", "ada")->muted_until_ms == later);
    CHECK(world.make(world.model.unmute(by("owner"), "g", "ada", world.now)).empty());
    CHECK(world.model.find_member("g", "ada")->muted_until_ms == 0);
    CHECK(world.make(world.model.kick(by("owner"), "g", "ada", "", later, world.now)).empty());
    CHECK(world.join("ada", "g") == "forbidden");
    CHECK_FALSE(world.model.join(by("ada"), "g", later).refused());
    CHECK_FALSE(world.model.put_member("g", "ada", std::nullopt, world.now).refused());
    CHECK(world.make(world.model.invite(by("owner"), "g", "ada", world.now)).empty());
    CHECK(world.join("ada", "g").empty());
    // Kicked without a time it may come back.
    CHECK(world.make(world.model.kick(by("owner"), "g", "ada", "", 0, world.now)).empty());
    CHECK(world.join("ada", "g").empty());
}

TEST_CASE("limits: members, groups of a user, groups, invitations, changes a minute") {
    World world;
    world.settings.max_group_size = 2;
    world.settings.max_groups_per_user = 2;
    world.settings.max_groups = 2;
    world.settings.changes_per_minute = 2;
    CHECK(world.join("ada", "g").empty());
    CHECK(world.join("bob", "g").empty());
    CHECK(world.join("cyd", "g") == "conflict");
    CHECK(world.model.put_member("g", "cyd", std::nullopt, world.now).code == "conflict");
    CHECK(world.join("ada", "h").empty());
    CHECK(world.join("bob", "i") == "conflict");
    CHECK(world.make(world.model.invite(by("ada"), "h", "u1", world.now)).empty());
    CHECK(world.make(world.model.invite(by("ada"), "h", "u2", world.now)).empty());
    CHECK(world.make(world.model.invite(by("ada"), "h", "u3", world.now)) == "conflict");
    CHECK(world.make(world.model.invite(by("ada"), "h", "u2", world.now)).empty());  // is invited
    User& user = *world.model.find_user("ada");
    int64_t wait = 0;
    CHECK(world.model.take_change(user, world.now, &wait));
    CHECK(world.model.take_change(user, world.now, &wait));
    CHECK_FALSE(world.model.take_change(user, world.now, &wait));
    CHECK(wait == 30'001);
    CHECK(world.model.take_change(user, world.now + wait, &wait));
}

TEST_CASE("a member counts from the change on that made it durable") {
    World world;
    CHECK(world.join("ada", "g").empty());
    const auto apply_joined = [&](uint64_t change) {
        Plan plan = world.model.join(by("bob"), "g", world.now);
        REQUIRE(plan.facts.size() == 1);
        plan.facts[0].change = change;
        world.model.apply(plan.facts[0]);
        return plan.facts[0];
    };
    const Fact first = apply_joined(10);
    CHECK_FALSE(world.model.find_member("g", "bob")->confirmed);
    Plan leave = world.model.leave(by("bob"), "g", world.now);
    world.model.apply(leave.facts[0]);
    apply_joined(11);
    world.model.confirm(first);  // its own membership is gone
    CHECK_FALSE(world.model.find_member("g", "bob")->confirmed);
}

TEST_CASE("users who are nobody any more are forgotten; those with a connection stay through a reload") {
    World world;
    CHECK(world.join("ada", "g").empty());
    CHECK(world.make(world.model.invite(by("ada"), "g", "bob", world.now)).empty());
    User& ada = world.model.user("ada");
    world.model.enter(ada, {0, 1});
    world.model.clear_groups();
    CHECK(world.model.memberships() == 0);
    CHECK(world.model.users().size() == 1);
    CHECK(world.model.find_user("ada") == &ada);
    for (const auto& record : world.records)
        CHECK(load(record, &world.model));
    CHECK(world.role("g", "ada") == "owner");
    CHECK(world.model.find("g")->online.count("ada") == 1);
    CHECK(world.model.find_user("bob")->invitations.count("g") == 1);
    CHECK_FALSE(load({"m\tnowhere\tada", R"({"role":"member","joined":1})"}, &world.model));
    CHECK_FALSE(load({"m\tg\tzoe", R"({"role":"king","joined":1})"}, &world.model));
    CHECK_FALSE(load({"g\tx", "not JSON"}, &world.model));
    CHECK_FALSE(load({"x\tg", "{}"}, &world.model));
    CHECK(load({"v", "1"}, &world.model));
    CHECK_THROWS(load({"v", "2"}, &world.model));
}

TEST_CASE("whatever is done, the records make the same model again") {
    std::mt19937 random(7);
    for (int round = 0; round < 20; ++round) {
        World world;
        world.settings.max_group_size = 5;
        for (int step = 0; step < 300; ++step) {
            const auto pick = [&](const char* letter, uint32_t of) {
                return letter + std::to_string(random() % of);
            };
            const std::string id = pick("g", 4);
            const std::string user = pick("u", 8);
            const Actor actor = random() % 4 == 0 ? Actor() : by(pick("u", 8));
            const Model& model = world.model;
            const int64_t until = random() % 2 ? world.now + static_cast<int64_t>(random() % 100) : 0;
            const auto role = static_cast<Role>(random() % 3);
            const Plan plans[] = {
                model.join(by(user), id, world.now),
                model.join(by(user), id, world.now),
                model.leave(by(user), id, world.now),
                model.create(actor, id, {Visibility::invite, R"({"n":1.50})"}, actor.user, world.now),
                model.put_member(id, user, role, world.now),
                model.kick(actor, id, user, "r", until, world.now),
                model.invite(actor, id, user, world.now),
                model.uninvite(actor, id, user, world.now),
                model.mute(actor, id, user, until ? until : for_ever, world.now),
                model.unmute(actor, id, user, world.now),
                model.set_role(actor, id, user, role, world.now),
                model.update(actor, id, {Visibility::open, "{\"k\":" + std::to_string(step) + "}"},
                             world.now),
                step % 50 == 0 ? model.erase({}, id, world.now) : Plan(),
            };
            world.make(plans[random() % std::size(plans)]);
        }
        Model again(world.settings);
        for (const auto& record : world.records)
            REQUIRE(load(record, &again));
        REQUIRE(everything(again) == everything(world.model));
        REQUIRE(again.memberships() == world.model.memberships());
        for (const auto& [id, each] : again.groups()) {
            size_t owners = 0;
            for (const auto& [user, member] : each->members)
                owners += member->role == Role::owner ? 1 : 0;
            REQUIRE(owners <= 1);
            REQUIRE(each->members.size() <= 5);
            REQUIRE((each->owner == nullptr) == (owners == 0));
        }
    }
}

TEST_CASE("a message to a group gets its group, and keeps its bytes") {
    std::string why;
    CHECK(replies::addressed(R"({"type":"x","n":12345678901234567890123})", "group_id", "g\"1", &why) ==
          R"({"group_id":"g\"1","type":"x","n":12345678901234567890123})");
    CHECK(replies::addressed(" { } ", "group_id", "g", &why) == R"({"group_id":"g" } )");
    for (const char* wrong : {"", "[]", "{", R"({"to":null})", R"({"group_id":"h"})", R"({"a":1}x)"}) {
        why.clear();
        CHECK(replies::addressed(wrong, "group_id", "g", &why).empty());
        CHECK_FALSE(why.empty());
    }
    const std::string deep(100, '[');
    CHECK(replies::addressed("{\"a\":" + deep, "group_id", "g", &why).empty());
    CHECK(why == "nested deeper than 64 levels");
}

TEST_CASE("pages go through everything once") {
    World world;
    for (int i = 0; i < 25; ++i)
        CHECK(world.join("u" + std::to_string(i), "g").empty());
    Page page{{}, 10};
    const Group& group = *world.model.find("g");
    CHECK(members_of(group, page, false).find(R"("next_cursor":"u17")") != std::string::npos);
    page.cursor = "u17";
    CHECK(members_of(group, page, false).find(R"("next_cursor":"u4")") != std::string::npos);
    page.cursor = "u4";
    CHECK(members_of(group, page, false).find(R"("next_cursor":null)") != std::string::npos);
    for (int i = 0; i < 25; i += 2)
        world.model.enter(world.model.user("u" + std::to_string(i)), {0, 1});
    CHECK(presence_of(group, {{}, 3}) ==
          R"({"online":["u0","u10","u12"],"online_count":13,"members":25,"next_cursor":"u12"})");
    world.model.leave(*world.model.find_user("u10"), {0, 1});
    CHECK(presence_of(group, {{}, 2}) ==
          R"({"online":["u0","u12"],"online_count":12,"members":25,"next_cursor":"u12"})");
    world.model.enter(*world.model.find_user("u10"), {0, 1});
    CHECK(presence_of(group, {"u6", 3}) ==
          R"({"online":["u8"],"online_count":13,"members":25,"next_cursor":null})");
}

}  // namespace
}  // namespace gatewayd
