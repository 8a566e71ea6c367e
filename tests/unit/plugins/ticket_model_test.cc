// Tickets in memory: hundreds of agents and thousands of tickets at random, with crashes. After each change
// everything must be true that the page promises; the records of the store must make the same model again.
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugins/common/store_engine.h"
#include "plugins/ticket/model.h"
#include "plugins/ticket/notices.h"
#include "plugins/ticket/records.h"
#include "plugins/ticket/views.h"

namespace gatewayd {
namespace {

using namespace ticket;

// What the store would have after the batches.
using Records = std::map<std::string, std::string>;

void keep(const storage::Batch& batch, Records* records) {
    batch.for_each([&](uint32_t kind, const std::string& key, const std::string& value) {
        if (kind == GW_STORE_PUT) {
            (*records)[key] = value;
        } else if (kind == GW_STORE_DELETE) {
            records->erase(key);
        } else if (kind == GW_STORE_APPEND) {
            uint64_t number = 1;
            const auto behind = records->lower_bound(store::end_of_prefix(key));
            if (behind != records->begin() && std::prev(behind)->first.compare(0, key.size(), key) == 0)
                number = store::number_of(std::prev(behind)->first) + 1;
            (*records)[key + store::number_bytes(number)] = value;
        } else {
            REQUIRE(kind == GW_STORE_DELETE_PREFIX);
            records->erase(records->lower_bound(key), records->lower_bound(store::end_of_prefix(key)));
        }
    });
}

// States that may follow one another; none: it was not there, or is removed.
using Step = std::pair<State, State>;
const std::set<Step> allowed = {
    {State::queued, State::offered},   {State::queued, State::active},   {State::queued, State::closed},
    {State::reopened, State::offered}, {State::reopened, State::active}, {State::reopened, State::closed},
    {State::offered, State::active},   {State::offered, State::queued},  {State::offered, State::closed},
    {State::offered, State::offered},  {State::active, State::paused},   {State::active, State::closed},
    {State::active, State::queued},    {State::active, State::active},   {State::active, State::offered},
    {State::paused, State::active},    {State::paused, State::closed},   {State::paused, State::queued},
    {State::paused, State::offered},   {State::closed, State::reopened}, {State::closed, State::active},
    {State::closed, State::offered},
};

struct World {
    Settings settings;
    std::unique_ptr<Model> model;
    Records records;
    int64_t now = 1'700'000'000'000;
    uint64_t connections = 0;
    std::map<std::string, Link> agents;  // who is connected
    std::set<std::string> there;         // tickets that must be there
    size_t opened = 0;
    std::map<std::string, uint64_t> history;  // entries that each must have

    World() : model(std::make_unique<Model>(settings)) {}

    // Empty, or the refusal's code. Then what becomes free is filled, as Tickets does it.
    std::string make(const Plan& plan) {
        const std::string code = make_alone(plan);
        feed();
        return code;
    }
    std::string make_alone(const Plan& plan) {
        if (plan.refused()) {
            CHECK(plan.facts.empty());
            CHECK_FALSE(plan.why.empty());
            return std::string(plan.code);
        }
        storage::Batch batch;
        write(plan.facts, *model, &batch);
        keep(batch, &records);
        for (const Fact& fact : plan.facts) {
            follow(fact);
            model->apply(fact, now);
        }
        return {};
    }
    void follow(const Fact& fact) {
        CHECK_FALSE(notice(fact).empty());
        if (!fact.ticket) return;
        const Live* const before = model->find(fact.ticket->id);
        if (fact.kind == Fact::Kind::removed) {
            there.erase(fact.ticket->id);
            history.erase(fact.ticket->id);
            return;
        }
        if (fact.kind == Fact::Kind::created) opened += there.insert(fact.ticket->id).second ? 1 : 0;
        if (fact.kind != Fact::Kind::timeout_nears) ++history[fact.ticket->id];
        if (!before || before->ticket->state == fact.ticket->state) return;
        const Step step{before->ticket->state, fact.ticket->state};
        INFO(word_of(step.first), " -> ", word_of(step.second));
        CHECK(allowed.count(step) == 1);
    }
    void feed() {
        for (auto freed = model->take_freed(); !freed.empty(); freed = model->take_freed()) {
            for (const std::string& agent : freed) {
                for (Plan plan = model->feed(agent, now); !plan.facts.empty(); plan = model->feed(agent, now))
                    make_alone(plan);
            }
        }
    }

    void connect(const std::string& agent) {
        if (agents.count(agent) > 0) return;
        const Link link{{0, ++connections}, true, true};
        model->enter(model->user(agent), link, "name of " + agent);
        agents[agent] = link;
        feed();
    }
    void disconnect(const std::string& agent) {
        const auto found = agents.find(agent);
        if (found == agents.end()) return;
        model->leave(*model->find_user(agent), found->second.id, now);
        agents.erase(found);
        const Desk* const desk = model->find_desk(agent);
        if (!desk) return;
        const std::vector<std::string> held(desk->tickets.begin(), desk->tickets.end());
        for (const std::string& id : held) {
            if (model->find(id)->ticket->state == State::offered) make(model->orphan(id, now));
        }
    }
    void pass(int64_t ms) {
        now += ms;
        for (const std::string& id : model->take_due(now, 10'000)) {
            make(model->expire(id, now));
            model->plan_again(id, now + 1);
        }
        for (const std::string& agent : model->take_gone(now)) {
            const auto& held = model->find_desk(agent)->tickets;
            for (const std::string& id : std::vector<std::string>(held.begin(), held.end()))
                make(model->orphan(id, now));
        }
        feed();
    }
    // kill -9, and a start from what the store has; some agents come back.
    void crash(std::mt19937& random) {
        const std::map<std::string, Link> before = agents;
        const std::string was = all_tickets(*model, {}, {"", 100'000});
        model = std::make_unique<Model>(settings);
        agents.clear();
        for (const auto& entry : records) {
            if (entry.first[0] != 'h') REQUIRE(load(entry, now, model.get()));
        }
        model->settle_loaded(now);
        CHECK(all_tickets(*model, {}, {"", 100'000}) == was);
        // A record counts the messages until it was written; the limit needs no more.
        for (auto& [id, entries] : history) {
            CHECK(model->find(id)->entries() <= entries);
            entries = model->find(id)->entries();
        }
        for (const auto& [agent, link] : before) {
            if (random() % 4 != 0) connect(agent);
        }
    }

    void check() const;
    void check_desks() const;
};

// Nobody has more than its limit, who is free has been fed, and the indexes are as the tickets say.
void World::check_desks() const {
    std::map<std::string, std::set<std::string>> held;
    for (const auto& [id, live] : model->tickets()) {
        if (live.ticket->is_held()) held[live.ticket->agent].insert(id);
    }
    for (const auto& [agent, desk] : model->desks()) {
        const std::set<std::string> has(desk.tickets.begin(), desk.tickets.end());
        REQUIRE(has == held[agent]);
        REQUIRE(has.size() <= model->limit_of(desk));
        const bool free = desk.connections > 0 && desk.agent.status == Status::available &&
                          has.size() < model->limit_of(desk);
        REQUIRE(desk.is_free == free);
        if (free && settings.auto_assign) REQUIRE(model->feed(agent, now).facts.empty());
        held.erase(agent);
    }
    for (const auto& [agent, tickets] : held)
        REQUIRE(tickets.empty());
}

void World::check() const {
    std::map<State, size_t> counts;
    std::vector<const Ticket*> waiting;
    for (const auto& [id, live] : model->tickets()) {
        const Ticket& one = *live.ticket;
        ++counts[one.state];
        REQUIRE(there.count(id) == 1);
        REQUIRE(live.entries() == history.at(id));
        REQUIRE(one.is_held() == (one.is_open() && !one.agent.empty()));
        REQUIRE(model->find_user(one.customer)->all.count(id) == 1);
        REQUIRE(model->find_user(one.customer)->open.count(id) == (one.is_open() ? 1 : 0));
        for (const std::string& participant : one.participants)
            REQUIRE(model->find_user(participant)->all.count(id) == 1);
        if (one.has_agent()) REQUIRE(model->find_user(one.agent)->open.count(id) == 1);
    }
    REQUIRE(model->tickets().size() == there.size());
    for (size_t i = 0; i < state_words.size(); ++i)
        REQUIRE(model->count(static_cast<State>(i)) == counts[static_cast<State>(i)]);
    model->for_each_waiting([&](const Live& live) {
        waiting.push_back(live.ticket.get());
        return true;
    });
    REQUIRE(waiting.size() == counts[State::queued] + counts[State::reopened]);
    for (size_t i = 1; i < waiting.size(); ++i) {
        const bool in_order = waiting[i - 1]->priority > waiting[i]->priority ||
                              (waiting[i - 1]->priority == waiting[i]->priority &&
                               waiting[i - 1]->since_ms <= waiting[i]->since_ms);
        REQUIRE(in_order);
    }
    check_desks();
}

// One random thing that somebody does.
class Crowd {
   public:
    Crowd(World* world, uint32_t seed, size_t agents) : world_(*world), random_(seed), agents_(agents) {}

    void act() {
        const std::string agent = "a" + std::to_string(pick(agents_));
        switch (pick(24)) {
            case 0:
            case 1:
            case 2:
                return open();
            case 3:
                return world_.connect(agent);
            case 4:
                return pick(3) == 0 ? world_.disconnect(agent) : world_.connect(agent);
            case 5:
                return set_agent(agent);
            case 6:
                return world_.pass(static_cast<int64_t>(pick(20'000)));
            default:
                return touch();
        }
    }
    std::mt19937& random() { return random_; }

   private:
    size_t pick(size_t count) { return random_() % count; }
    Skills skills() {
        Skills some;
        for (const char* one : {"billing", "french", "law"}) {
            if (pick(3) == 0) some.emplace_back(one);
        }
        return some;
    }
    void open() {
        Traits traits;
        traits.customer = "c" + std::to_string(pick(400));
        traits.priority = static_cast<Priority>(pick(4));
        if (pick(2) == 0) traits.skills = skills();
        const Actor customer{traits.customer};
        world_.make(world_.model->open(pick(5) == 0 ? Actor::of_api() : customer,
                                       "t" + std::to_string(++opened_), traits, world_.now));
    }
    void set_agent(const std::string& agent) {
        AgentChange change;
        if (pick(2) == 0) change.status = static_cast<Status>(pick(4) == 0 ? pick(3) : 0);
        if (pick(3) == 0) change.skills = skills();
        world_.make(world_.model->set_agent(Actor::of_api(), agent, change, world_.now));
    }
    // Somebody, who has to do with the ticket or not, does something to it.
    void touch() {
        if (opened_ == 0) return;
        const size_t back = std::min<size_t>(opened_, 300);
        const std::string id = "t" + std::to_string(opened_ - pick(back));
        const Live* const live = world_.model->find(id);
        Actor actor;
        actor.user = "a" + std::to_string(pick(agents_));
        actor.staff = true;
        if (live && pick(8) != 0) actor.user = pick(3) == 0 ? live->ticket->customer : live->ticket->agent;
        actor.staff = !actor.user.empty() && actor.user[0] == 'a';
        if (actor.user.empty() || pick(10) == 0) actor = Actor::of_api();
        world_.make(plan(actor, id));
    }
    Plan plan(const Actor& actor, const std::string& id) {
        const Model& model = *world_.model;
        const int64_t now = world_.now;
        const std::string somebody = "a" + std::to_string(pick(agents_));
        Target target;
        switch (pick(13)) {
            case 0:
            case 1:
                return model.accept(actor, id, now);
            case 2:
                return model.decline(actor, id, now);
            case 3:
                return model.assign(actor, id, pick(2) == 0 ? somebody : actor.user, now);
            case 4:
                target.agent = somebody;
                return model.transfer(actor, id, target, R"({"content":"why"})", now);
            case 5:
                if (pick(2) == 0) target.skills = skills();
                return model.transfer(actor, id, target, {}, now);
            case 6:
                return model.pause(actor, id, now);
            case 7:
                return model.resume(actor, id, now);
            case 8:
                return model.close(actor, id, "enough", now);
            case 9:
                return model.reopen(actor, id, now);
            case 10:
                return model.invite(actor, id, pick(2) == 0 ? somebody : "c1", now);
            case 11:
                return model.remove(actor, id, somebody, now);
            default:
                return model.say(actor, id, R"({"content":"hello"})", now);
        }
    }

    World& world_;
    std::mt19937 random_;
    const size_t agents_;
    size_t opened_ = 0;
};

void live_through(uint32_t seed, const Settings& settings, size_t turns) {
    World world;
    world.settings = settings;
    Crowd crowd(&world, seed, 200);
    for (size_t turn = 0; turn < turns; ++turn) {
        crowd.act();
        if (turn % 499 == 0) world.check();
        if (turn % 2003 == 2002) {
            world.crash(crowd.random());
            world.check();
        }
    }
    world.check();
    CHECK(world.opened > turns / 20);
}

TEST_CASE("tickets at random: hundreds of agents, thousands of tickets, crashes") {
    Settings settings;
    settings.max_tickets_per_agent = 3;
    settings.max_queue = 200;
    settings.ticket_timeout_ms = 300'000;
    settings.max_wait_ms = 200'000;
    settings.keep_closed_ms = 3'000'000;
    settings.reopen_window_ms = 1'000'000;
    SUBCASE("at once, least loaded") {}
    SUBCASE("at once, round robin") {
        settings.assign_strategy = Strategy::round_robin;
    }
    SUBCASE("offered, longest idle") {
        settings.offers = true;
        settings.assign_strategy = Strategy::longest_idle;
    }
    SUBCASE("taken by hand") {
        settings.auto_assign = false;
    }
    SUBCASE("with little room") {
        settings.max_tickets = 300;
        settings.max_tickets_per_agent = 1;
        settings.offers = true;
    }
    for (uint32_t seed = 1; seed <= 2; ++seed) {
        CAPTURE(seed);
        live_through(seed, settings, 12'000);
    }
}

TEST_CASE("what belongs to nobody any more is forgotten") {
    World world;
    world.settings.keep_closed_ms = 1000;
    world.settings.reopen_window_ms = 0;
    Crowd crowd(&world, 7, 20);
    for (int turn = 0; turn < 5000; ++turn)
        crowd.act();
    while (!world.agents.empty())
        world.disconnect(world.agents.begin()->first);
    for (const std::string& id : std::set<std::string>(world.there))
        world.make(world.model->close(Actor::of_api(), id, {}, world.now));
    world.pass(10'000);
    world.pass(10'000);
    CHECK(world.model->tickets().empty());
    CHECK(world.there.empty());
    for (int i = 0; i < 400; ++i)
        CHECK(world.model->find_user("c" + std::to_string(i)) == nullptr);
    for (const auto& [agent, desk] : world.model->desks())
        CHECK(desk.is_kept);  // it, or the API, has said something of it
    for (const auto& [key, value] : world.records)
        CHECK(key[0] == 'a');  // no ticket, no history
}

}  // namespace
}  // namespace gatewayd
