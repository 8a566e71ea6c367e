// gateway/harness.hpp: what plugin teams see, on the engine.
#include "gateway/harness.hpp"

#include <cstdio>
#include <cstdlib>

#include "core/harness/engine.h"
#include "core/harness/requests.h"

namespace gateway::harness {

using gatewayd::harness::Engine;
using gatewayd::harness::Flight;
using gatewayd::harness::Peer;

namespace {

std::string field_of(const Flight& flight, const std::string& name, int32_t wanted) {
    std::string_view text;
    return flight.request->field(name, &text) == wanted ? std::string(text) : std::string();
}

}  // namespace

// --- Request ---

std::string Request::outcome() const {
    return flight_->outcome;
}
int32_t Request::status() const {
    return flight_->status;
}
bool Request::seen() const {
    return flight_->seen;
}
std::string Request::payload() const {
    return std::string(flight_->request->payload());
}
std::string Request::field(const std::string& name) const {
    return field_of(*flight_, name, GW_OK);
}
std::string Request::json(const std::string& name) const {
    return field_of(*flight_, name, GW_FIELD_JSON);
}
Destination Request::destination() const {
    gw_destination raw{};
    raw.struct_size = sizeof raw;
    if (flight_->request->get_destination(&raw) != GW_OK)
        throw Error("this kind of request has no destination");
    return {raw.kind, std::string(raw.id.ptr ? raw.id.ptr : "", raw.id.len),
            (raw.flags & GW_DEST_NOT_SENDER) != 0};
}
std::vector<std::string> Request::answers() const {
    return flight_->answers;
}
Rejection Request::rejection() const {
    return flight_->rejection;
}
std::string Request::response_header(const std::string& name) const {
    const auto found = flight_->response_headers.find(name);
    return found == flight_->response_headers.end() ? std::string() : found->second;
}
bool Request::wait(int real_time_limit_ms) {
    return engine_->wait_for([this] { return outcome() != "pending" && outcome() != "unread"; },
                             real_time_limit_ms);
}
void Request::end_rest(int32_t status) {
    engine_->end_rest(flight_, status);
}

// --- Connection ---

gw_conn_id Connection::id() const {
    return peer_->conn_id();
}
bool Connection::attached() const {
    return peer_->attached;
}
bool Connection::open() const {
    return peer_->open;
}
void* Connection::slot() const {
    return peer_->slot;
}
Request Connection::message(const std::string& json) {
    return {engine_, engine_->send(GW_KIND_MESSAGE, peer_, json)};
}
Request Connection::frame(const std::string& bytes, bool binary) {
    return {engine_, engine_->send(GW_KIND_FRAME, peer_, bytes, binary)};
}
Request Connection::deliver(const std::string& json) {
    return {engine_, engine_->send(GW_KIND_DELIVERY, peer_, json)};
}
void Connection::event(uint64_t type, int32_t code, const std::string& reason) {
    engine_->emit(type, peer_.get(), code, reason);
}
std::vector<std::string> Connection::sent() const {
    return peer_->sent;
}
Closing Connection::closing() const {
    return peer_->closing;
}
std::string Connection::attribute(const std::string& name) const {
    const std::string* value = peer_->attributes.get(name);
    return value ? *value : std::string();
}
void Connection::disconnect(int32_t code, const std::string& reason) {
    engine_->disconnect(peer_, code, reason);
}

// --- AdminRequest ---

AdminAnswer AdminRequest::answer() const {
    const std::lock_guard<std::mutex> lock(flight_->mutex);
    return flight_->answer;
}
bool AdminRequest::wait(int real_time_limit_ms) {
    return engine_->wait_for([this] { return answer().status != 0; }, real_time_limit_ms);
}

// --- Plugin ---

Plugin::Plugin(const std::string& file) : engine_(std::make_unique<Engine>(file)) {}

Plugin::~Plugin() {
    engine_->end();
    const std::vector<std::string> problems = engine_->unknown_problems();
    if (problems.empty()) return;
    for (const std::string& problem : problems)
        std::fprintf(stderr, "gateway harness: %s\n", problem.c_str());
    std::fprintf(stderr,
                 "gateway harness: the plugin broke rules of the ABI, and the test did not ask problems()\n");
    std::abort();
}

void Plugin::create(const std::string& yaml, const std::string& folder) {
    const std::string refused = refusal(yaml, folder);
    if (!refused.empty()) throw Error(refused);
}
std::string Plugin::refusal(const std::string& yaml, const std::string& folder) {
    return engine_->create(yaml, folder);
}
void Plugin::start() {
    const std::string refused = start_refusal();
    if (!refused.empty()) throw Error(refused);
}
std::string Plugin::start_refusal() {
    return engine_->start();
}
void Plugin::end() {
    engine_->end();
}

std::string Plugin::name() const {
    return engine_->name();
}
uint32_t Plugin::kinds() const {
    return engine_->kinds();
}
uint64_t Plugin::events() const {
    return engine_->events();
}
uint32_t Plugin::stage() const {
    return engine_->instance()->stage;
}
void Plugin::fail_open() {
    engine_->fails_open = true;
}

Connection Plugin::connect(const Client& client) {
    return {engine_.get(), engine_->connect(client)};
}
Request Plugin::handshake(const Handshake& handshake) {
    return {engine_.get(), engine_->handshake(handshake)};
}
Connection Plugin::accept(const Request& handshake) {
    return {engine_.get(), engine_->accept(handshake.flight_)};
}
Request Plugin::publish(const std::string& json, const Destination& to) {
    return {engine_.get(), engine_->publish(json, to)};
}
void Plugin::event(uint64_t type, int32_t code, const std::string& reason) {
    engine_->emit(type, nullptr, code, reason);
}

int64_t Plugin::wall_time_ms() const {
    return Engine::wall_time_ms();
}
void Plugin::advance_ms(uint64_t ms) {
    engine_->advance_ms(ms);
}
size_t Plugin::works() const {
    return engine_->hub().pool().numbers().waiting;
}
void Plugin::run_works(bool come_back) {
    engine_->run_works();
    if (come_back) engine_->turn();
}
size_t Plugin::timers() const {
    return engine_->hub().all_timers().size();
}
void Plugin::turn() {
    engine_->turn();
}
bool Plugin::wait_for(const std::function<bool()>& condition, int real_time_limit_ms) {
    return engine_->wait_for(condition, real_time_limit_ms);
}

void Plugin::rest_is(int32_t status) {
    engine_->rest_status = status;
}
void Plugin::hold_rest(bool held) {
    engine_->rest_held = held;
}
void Plugin::refuse(const std::string& function, int32_t error) {
    engine_->refuse(function, error);
}
void Plugin::lack(const std::string& function) {
    engine_->lack(function);
}
void Plugin::resume_early(bool early) {
    engine_->resumes_early = early;
}
void Plugin::permit(const std::string& rule, const std::vector<std::string>& user_types) {
    engine_->hub().permissions().configure(rule, user_types, "the test");
}
void Plugin::offer(const std::string& name, const void* table) {
    engine_->extensions[name] = table;
}

void Plugin::offer_service(const std::string& name, const void* table) {
    engine_->offer_service(name, table);
}
const void* Plugin::service(const std::string& name) const {
    return engine_->service(name);
}
bool Plugin::holds_service(const void* table) const {
    return engine_->holds_service(table);
}

void Plugin::http_answer(const HttpAnswer& answer) {
    http_handler([answer](const HttpRequest&) { return answer; });
}
void Plugin::http_answer(int32_t status, const std::string& body) {
    HttpAnswer answer;
    answer.status = status;
    answer.body = body;
    http_answer(answer);
}
void Plugin::http_handler(std::function<HttpAnswer(const HttpRequest&)> handler) {
    engine_->hub().fake_http().set_handler(std::move(handler));
}
std::vector<HttpRequest> Plugin::http_requests() const {
    return engine_->hub().fake_http().requests();
}

void Plugin::emit(const std::string& name, const std::string& json, const std::string& emitter) {
    engine_->emit_event(name, json, emitter);
}
std::vector<Emitted> Plugin::emitted() const {
    return engine_->hub().emitted();
}
void Plugin::somebody_listens(bool yes) {
    engine_->hub().listens(yes);
}

AdminRequest Plugin::admin(const std::string& method, const std::string& target, const std::string& body) {
    return {engine_.get(), engine_->admin(method, target, body)};
}
MetricValue Plugin::metric(const std::string& name, const std::map<std::string, std::string>& labels) const {
    return engine_->metric(name, labels);
}

std::vector<std::string> Plugin::log() const {
    return engine_->log();
}
std::vector<Published> Plugin::published() const {
    return engine_->hub().published();
}
std::vector<std::string> Plugin::topics(const Connection& connection) const {
    return engine_->hub().topics(connection.id().generation);
}
std::string Plugin::shutdown_reason() const {
    return engine_->hub().shutdown_reason();
}
std::vector<std::string> Plugin::problems() const {
    return engine_->problems();
}

}  // namespace gateway::harness
