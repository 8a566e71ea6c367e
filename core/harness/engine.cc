#include "core/harness/engine.h"

#include <chrono>
#include <cstring>
#include <exception>
#include <filesystem>
#include <set>

#include "core/config/yaml_tree.h"
#include "core/harness/requests.h"
#include "core/plugins/host_table.h"
#include "core/session/delivery_request.h"

namespace gatewayd::harness {
namespace {

using gateway::harness::Error;

constexpr uint64_t ns_per_ms = 1'000'000;
constexpr uint64_t start_ns = 1'000'000'000;

// One for the process, as gw_host.now_ns is; the first engine of those that live sets it back.
std::atomic<uint64_t> clock_ns{start_ns};
std::atomic<int> engines{0};

void collect(const ConfigNode& node, std::set<const ConfigNode*>* found) {
    found->insert(&node);
    for (const ConfigNodePtr& item : node.items)
        collect(*item, found);
    for (const auto& [key, value] : node.entries)
        collect(*value, found);
}

ConfigNodePtr parse(const std::string& yaml, const std::string& folder) {
    config::Problems problems;
    config::YamlSource source;
    source.text = yaml;
    source.name = "test.yaml";
    source.base_folder = std::filesystem::absolute(folder).lexically_normal().string();
    const auto environment = [](std::string_view name) -> std::optional<std::string> {
        const char* value = std::getenv(std::string(name).c_str());
        return value ? std::optional<std::string>(value) : std::nullopt;
    };
    ConfigNodePtr root = config::parse_yaml(source, environment, problems);
    const std::vector<std::string> errors = problems.take_errors();
    if (!root || !errors.empty()) throw Error("the test's YAML: " + (errors.empty() ? yaml : errors.front()));
    if (root->type != ConfigNode::Type::null) return root;
    auto empty =
        std::make_shared<ConfigNode>(*root);  // as the gateway: `config` that is left out is an empty map
    empty->type = ConfigNode::Type::map;
    return empty;
}

std::string text_of(const gw_error& error) {
    const size_t length = strnlen(error.message, sizeof error.message);
    if (length == 0) return "no reason given (code " + std::to_string(error.code) + ")";
    return {error.message, length};
}

}  // namespace

Engine::Engine(const std::string& file) {
    if (engines.fetch_add(1) == 0) clock_ns = start_ns;
    try {
        table_ = checked_table();
        instance_.settings.name = std::filesystem::path(file).stem().string();
        instance_.services = &hub_;
        instance_.library = PluginLibrary::load(instance_.settings.name, file, &table_);
    } catch (const std::exception& error) {
        engines.fetch_sub(1);
        throw Error(error.what());
    }
    instance_.callbacks.instance = &instance_;
    open_home();
    hub_.set_deferrals(&deferrals_);
    hub_.fake_http().set_clock([] { return now_ns() / ns_per_ms; });
    hub_.fake_http().set_wake([this] { wake(); });
    deferrals_.set_wake([this] { wake(); });
    inst_handle_ = HandleBook::instance().make(Handle::Kind::instance, this, nullptr, "create");
}

Engine::~Engine() {
    end();
    chain_.reset();
    HandleBook::instance().bury(inst_handle_);
    HandleBook::instance().forget(this);
    engines.fetch_sub(1);
}

// --- the plugin's life ---

std::string Engine::control(const char* name, const std::function<int32_t(gw_error*)>& call) {
    gw_error error{};
    error.struct_size = sizeof error;
    HookCall hook(this, name, {});
    int32_t result = GW_E_FAIL;
    try {
        result = call(&error);
    } catch (const std::exception& failure) {
        problem(std::string("an exception left ") + name + ": " + failure.what());
        return failure.what();
    } catch (...) {
        problem(std::string("an exception left ") + name);
        return "an exception";
    }
    if (result > 0)
        problem(std::string(name) + " returned " + std::to_string(result) + ", no error and not GW_OK");
    return result == GW_OK ? std::string() : text_of(error);
}

void Engine::control(const char* name, const std::function<void()>& call) {
    control(name, [&](gw_error*) { return call(), GW_OK; });
}

std::string Engine::create(const std::string& yaml, const std::string& folder) {
    return create(parse(yaml, folder));
}

std::string Engine::create(ConfigNodePtr config) {
    if (created_) throw Error("the plugin is already created");
    config_ = std::move(config);
    const gw_plugin& plugin = instance_.library->plugin();
    creating_ = true;
    const std::string refused = control("create", [&](gw_error* error) {
        return plugin.create(&table_, inst(), reinterpret_cast<const gw_node*>(config_.get()), &self_, error);
    });
    creating_ = false;
    release_configuration_texts();
    if (!refused.empty()) {
        hub_.forget(&instance_);
        return refused;
    }
    created_ = instance_.created = true;
    auto blamed = std::make_shared<Interceptor>();
    blamed->name = instance_.settings.name;
    instance_.callbacks.blamed = std::move(blamed);
    instance_.over = false;
    if (!instance_.library->interceptor()) return {};
    const std::string wrong = ask_interceptor();
    if (!wrong.empty()) throw Error(wrong);
    make_chain();
    return {};
}

// What the gateway asks once, and what it refuses of the answers.
std::string Engine::ask_interceptor() {
    const gw_interceptor& table = *instance_.library->interceptor();
    auto interceptor = std::make_shared<Interceptor>();
    control("name", [&] { interceptor->name = from_abi(table.name(self_)); });
    control("wants", [&] { table.wants(self_, &interceptor->kinds, &interceptor->events); });
    control("order", [&] { instance_.order = table.order(self_); });
    if (interceptor->kinds >> 5) return "wants() names kinds that the host does not know";
    if (interceptor->kinds && !table.intercept) return "wants() requests, but intercept is null";
    if (interceptor->events && !table.on_event) return "wants() events, but on_event is null";
    if (interceptor->name.empty()) problem("name() is empty");
    interceptor->table = trampolines(table);
    interceptor->self = this;
    interceptor->instance = &instance_;
    interceptor->lineage = &instance_;
    instance_.stage = table.stage;
    instance_.callbacks.blamed = interceptor;
    instance_.callbacks.intercepts = true;
    instance_.interceptor = std::move(interceptor);
    return {};
}

std::string Engine::start() {
    if (!created_ || started_)
        throw Error(created_ ? "the plugin is already started" : "create the plugin first");
    if (const std::string missing = missing_service(); !missing.empty()) return missing;
    const gw_plugin& plugin = instance_.library->plugin();
    instance_.callbacks.open = true;
    const std::string refused =
        plugin.start ? control("start", [&](gw_error* error) { return plugin.start(self_, error); })
                     : std::string();
    started_ = instance_.started = refused.empty();
    if (started_) hub_.adopt(&instance_, nullptr);
    return refused;
}

void Engine::end() {
    if (!created_) return;
    const gw_plugin& plugin = instance_.library->plugin();
    if (started_ && plugin.quiesce) control("quiesce", [&] { plugin.quiesce(self_); });
    turn();
    abandon_all(nullptr, GW_WHY_DRAIN);
    for (const PeerPtr& peer : std::vector<PeerPtr>(peers_))
        disconnect(peer, 1001, "shutdown");
    turn();
    if (started_ && plugin.stop) control("stop", [&] { plugin.stop(self_); });
    turn();  // completions that its threads still waited for
    for (const std::string& service : hub_.service_registry().held_by(&instance_))
        problem("stopped without releasing the service " + service);
    instance_.callbacks.open = false;
    hub_.forget(&instance_);
    started_ = instance_.started = instance_.created = false;
    instance_.required_services.clear();
    control("destroy", [&] { plugin.destroy(self_); });
    created_ = false;
    hub_.destroyed(&instance_);
    inst_handle_->alive = false;
    for (const TextYard::Text& text : std::exchange(texts_for_life_, {}))
        TextYard::instance().bury(text);
}

bool Engine::owns(const ConfigNode* node) const {
    std::set<const ConfigNode*> nodes;
    if (config_) collect(*config_, &nodes);
    return nodes.count(node) != 0;
}

gw_str Engine::give_for_life(std::string_view text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    texts_for_life_.push_back(TextYard::instance().copy(text));
    return {texts_for_life_.back().bytes, texts_for_life_.back().size};
}

// --- time and threads ---

uint64_t Engine::now_ns() {
    return clock_ns;
}

int64_t Engine::wall_time_ms() {
    return gateway::harness::start_time_ms + static_cast<int64_t>((clock_ns - start_ns) / ns_per_ms);
}

void Engine::pass_ms(uint64_t ms) {
    clock_ns += ms * ns_per_ms;
}

bool Engine::wait_for(const std::function<bool()>& condition, int real_time_limit_ms) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(real_time_limit_ms);
    constexpr std::chrono::milliseconds longest_look{10};  // a condition need not be one that wakes us
    for (;;) {
        run_works();
        turn();
        if (condition()) return true;
        if (std::chrono::steady_clock::now() >= end) return false;
        std::unique_lock<std::mutex> lock(mutex_);
        woken_.wait_for(lock, longest_look);
    }
}

void Engine::wake() {
    woken_.notify_all();
}

// --- the script ---

void Engine::refuse(const std::string& function, int32_t error) {
    // "service.acquire" is a function of gw.service/1, others are of gw_host.
    if (function.find('.') == std::string::npos) static_cast<void>(offset_of_function(function));
    const std::lock_guard<std::mutex> lock(mutex_);
    refusals_[function] = error;
}

int32_t Engine::refusal_of(const char* function) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = refusals_.find(function);
    return found == refusals_.end() ? GW_OK : found->second;
}

void Engine::lack(const std::string& function) {
    if (function.find('/') != std::string::npos) {  // an optional capability
        extensions[function] = nullptr;
        return;
    }
    std::memset(reinterpret_cast<char*>(&table_) + offset_of_function(function), 0, sizeof(void (*)()));
}

// --- what happened ---

void Engine::problem(const std::string& what) {
    const std::lock_guard<std::mutex> lock(mutex_);
    problems_.push_back(what);
}

void Engine::add_log(int32_t level, const std::string& text) {
    static constexpr const char* names[] = {"debug", "info", "warn", "error"};
    const int32_t at = level < GW_LOG_DEBUG ? GW_LOG_DEBUG : level > GW_LOG_ERROR ? GW_LOG_ERROR : level;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        log_.push_back(std::string(names[at]) + ": " + text);
    }
    wake();
}

std::vector<std::string> Engine::log() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return log_;
}

std::vector<std::string> Engine::problems() {
    const std::lock_guard<std::mutex> lock(mutex_);
    known_problems_ = problems_.size();
    return problems_;
}

std::vector<std::string> Engine::unknown_problems() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {problems_.begin() + static_cast<std::ptrdiff_t>(known_problems_), problems_.end()};
}

void Engine::hook_begins(const std::string& name) {
    if (watch_hooks) watch_hooks(name, true);
}

void Engine::hook_ends(const std::string& name) {
    if (watch_hooks) watch_hooks(name, false);
}

}  // namespace gatewayd::harness
