// The HTTP listener for back ends: any bytes over a socket into gatewayd/admin/connection.h and the routes
// behind it, with a gateway that the target plays. Each answer is HTTP with a status of docs/http-api.md and
// a body of its type; the answers are the same wherever reads cut the bytes; what is published is a Hub
// message for a valid id, from somebody who named a loopback host or showed the key; and the connection ends
// when its client is done. Input: the bytes of a client. "Authorization" among them: there are API keys.
#include <sys/socket.h>
#include <unistd.h>

#include <set>

#include "core/message/envelope.h"
#include "gatewayd/admin/connection.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/http_reference.h"
#include "tests/fuzz/json_reference.h"
#include "tests/fuzz/utf8_reference.h"
#include "tests/unit/daemon/fake_gateway.h"

namespace {

using namespace gatewayd;
using namespace gatewayd::fuzz;
namespace asio = boost::asio;

constexpr size_t max_body_bytes = 2000;
constexpr const char* api_key = "0123456789abcdef";

// One connection of the admin listener over a pair of sockets; all of it runs in poll().
class Conversation {
   public:
    explicit Conversation(admin::Api* api) : io_(std::make_shared<asio::io_context>(1)) {
        int ends[2];
        must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
             "a pair of sockets");
        client_ = ends[0];
        asio::ip::tcp::socket socket(*io_);
        socket.assign(asio::ip::tcp::v4(), ends[1]);
        admin::serve_connection(io_, std::move(socket), *api, max_body_bytes, token_);
        poll();
    }
    ~Conversation() { ::close(client_); }
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    std::string run(const std::vector<std::string>& pieces) {
        for (std::string_view piece : pieces) {
            while (!piece.empty() && !ended_) {
                const ssize_t sent = ::send(client_, piece.data(), piece.size(), MSG_NOSIGNAL);
                if (sent <= 0) break;  // the server has closed
                piece.remove_prefix(static_cast<size_t>(sent));
                poll();
            }
        }
        ::shutdown(client_, SHUT_WR);
        poll();
        must(ended_, "the connection ends when the client has sent its last byte", answers_);
        must(token_.use_count() == 1, "the connection is freed", answers_);
        return answers_;
    }

   private:
    // Until nobody has anything to do.
    void poll() {
        for (;;) {
            io_->restart();
            const size_t done = io_->poll();
            char bytes[16384];
            const ssize_t size = ::recv(client_, bytes, sizeof bytes, 0);
            if (size > 0) answers_.append(bytes, static_cast<size_t>(size));
            if (size == 0) ended_ = true;
            if (done == 0 && size <= 0) return;
        }
    }

    const std::shared_ptr<asio::io_context> io_;
    const admin::ConnectionToken token_ = std::make_shared<const char>('\0');
    int client_ = -1;
    bool ended_ = false;
    std::string answers_;
};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

void reset_gateway(std::string_view input) {
    fake() = FakeGateway();
    fake().add_client("c1", "u1");
    fake().add_client("a/b \"c\"\\", "\xC3\xBC\xF0\x9F\x91\x8B");
    fake().stats.node_id = "node";
    fake().ready = input.find("readyz") == std::string_view::npos || input.size() % 2 == 0;
    fake().publish_result.msg_id = "01ARYZ6S41TSV4RRFFQ69G5FAV";
    const auto code = static_cast<ErrorCode>(hash_of(input) % 16);
    if (code != ErrorCode::ok && static_cast<int>(code) < error_code_count)
        fake().publish_result.status = Status(code, "a plugin's \"words\"\n\x01");
}

// What does not depend on the time of day, of each answer. Whether a last head that is never whole gets a 400
// or nothing is the HTTP library's business: it looks at a head as reads bring it.
std::vector<std::string> check_answers(std::string_view answers, bool heads) {
    static const std::set<int> statuses{100, 200, 400, 401, 403, 404, 405, 409, 413, 415, 429, 431, 500, 503};
    std::vector<std::string> gist;
    while (!answers.empty()) {
        const size_t head_size = answers.find("\r\n\r\n");
        must(head_size != std::string_view::npos, "an answer has a whole head", answers);
        const std::string_view behind = answers.substr(head_size + 4);
        const bool bodiless = heads && (behind.empty() || behind.substr(0, 9) == "HTTP/1.1 ");
        const HttpResponse response = take_response(answers, bodiless);
        must(statuses.count(response.status) == 1, "the status is a documented one", answers);
        gist.push_back(std::to_string(response.status));
        const std::string* type = response.header("content-type");
        must((type == nullptr) == (response.status == 100), "an answer has a type", answers);
        if (type != nullptr && *type == "application/json" && !bodiless) {
            const auto json = parse_json(response.body);
            must(json && json->kind == JsonValue::Kind::object, "an answer is a JSON object", answers);
            must((json->count("error") == 1) == (response.status != 200), "errors, and only they, are errors",
                 answers);
            if (json->count("uptime_seconds") == 0) gist.emplace_back(response.body);
        } else if (type != nullptr) {
            must(response.status == 200 || bodiless, "only good answers are of other types", answers);
            must(utf8_verdict(response.body) == Utf8::valid, "an answer is UTF-8", answers);
        }
        answers.remove_prefix(response.size);
        const bool not_http = response.body.find("not an HTTP request") != std::string_view::npos;
        if (answers.empty() && not_http) gist.resize(gist.size() - 2);
    }
    return gist;
}

void check_orders(std::string_view input, bool has_keys) {
    const std::string text = lower(input);
    for (const PublishOrder& order : fake().orders) {
        Envelope envelope;
        must(decode(order.message, &envelope).ok() && parse_json(order.message),
             "only Hub messages are published", order.message);
        must(order.message.size() <= max_body_bytes, "the body has a limit", order.message);
        must(order.to.kind == DestinationKind::all || is_valid_id(order.to.id), "the id is one", order.to.id);
    }
    for (const auto& kick : fake().kicks)
        must(is_valid_id(kick.first) && is_valid_id(kick.second), "who is kicked, and why, are texts",
             kick.first);
    if (fake().orders.empty() && fake().kicks.empty()) return;
    if (has_keys) {
        must(text.find(api_key) != std::string::npos, "nothing happens without the key", input);
    } else {
        must(text.find("localhost") != std::string::npos || text.find("127.") != std::string::npos ||
                 text.find("[") != std::string::npos,
             "nothing happens for other hosts", input);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view input = as_text(data, size);
    const bool has_keys = lower(input).find("authorization") != std::string::npos;
    Settings settings;
    if (has_keys) settings.admin.api_keys = {api_key};
    asio::io_context control;
    Gateway gateway(settings, control);
    admin::Api api(gateway);
    const bool heads = input.find("HEAD ") != std::string_view::npos;

    reset_gateway(input);
    const std::string whole = Conversation(&api).run({std::string(input)});
    const std::vector<std::string> expected = check_answers(whole, heads);
    check_orders(input, has_keys);
    const size_t orders = fake().orders.size();

    reset_gateway(input);
    Random random(hash_of(input));
    const std::string cut_answers = Conversation(&api).run(cut(input, 30, &random));
    must(check_answers(cut_answers, heads) == expected && fake().orders.size() == orders,
         "the same answers, whatever the cuts", whole + "\n--- cut:\n" + cut_answers);
    return 0;
}
