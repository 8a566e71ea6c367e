// A whole connection: bytes over TCP into a reactor, from a PROXY header to the last frame. Whatever reads
// cut, the server's bytes are those that plain readings of the protocols ask for: no answer or one HTTP
// response; behind a 101 each message echoed, each ping answered, and the close frame of the first error.
// Afterwards nothing is left: no connection, no counted memory, no queued byte. Input: a byte of choices,
// then the client's bytes; with choice 2 an upgrade stands before them, with choice 1 what stands behind the
// request is a script of frames.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <map>
#include <thread>

#include "core/net/connection.h"
#include "core/net/proxy_protocol.h"
#include "core/net/reactor.h"
#include "tests/fuzz/frames_reference.h"
#include "tests/fuzz/http_reference.h"

namespace {

using namespace gatewayd;
using namespace gatewayd::fuzz;

constexpr const char* upgrade =
    "GET /now HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
constexpr const char* offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

Refusal no_such_path() {
    return {404, RejectReason::not_found, error_body("not_found", "no"), {}};
}

// /now is accepted at once, /later in a turn of its own; messages are echoed.
class EchoService final : public ReactorService, public ConnectionHandler {
   public:
    void on_handshake(Connection& connection, std::unique_ptr<HandshakeRequest> request) override {
        Refusal refusal;
        if (request->path() != "/now" && request->path() != "/later")
            return connection.refuse(no_such_path());
        if (!request->check_upgrade(&refusal)) return connection.refuse(refusal);
        if (request->path() == "/now") return accept(&connection, *request);
        waiting_[&connection] = std::move(request);
        connection.reactor().post([this] {
            for (const auto& [later, its_request] : std::exchange(waiting_, {}))
                accept(later, *its_request);
        });
    }
    void on_rejected(const Connection& connection, RejectReason, int) override {
        waiting_.erase(const_cast<Connection*>(&connection));
    }
    void on_end_of_turn() override {}
    bool turn_is_full() const override { return false; }
    void on_turn_flushed() override {}
    void on_message(Connection& connection, bool binary, char* payload, size_t size) override {
        Slice slice{BufferRef::make(), 0, 0, 1};
        append_server_header(binary ? Opcode::binary : Opcode::text, size, &slice.buffer->bytes);
        slice.buffer->bytes.append(payload, size);
        slice.length = static_cast<uint32_t>(slice.buffer->bytes.size());
        connection.enqueue(slice);
    }
    void on_closed(Connection&, DisconnectReason, uint16_t, std::string_view) override {}

   private:
    void accept(Connection* connection, const HandshakeRequest& request) {
        const std::string extensions = connection->negotiate_deflate(request);
        HttpHeaders headers;
        if (!extensions.empty()) headers.emplace_back("Sec-WebSocket-Extensions", extensions);
        connection->accept(this, request.accept_response("", headers));
    }
    std::map<Connection*, std::unique_ptr<HandshakeRequest>> waiting_;
};

// A reactor on its thread, for the life of the process.
class Server {
   public:
    explicit Server(const NetOptions& net_options)
        : options(net_options), limits(100, 0), reactor(options, 0, &limits, &counters) {
        reactor.set_service(&service_);
        Listener listener = Listener::open("127.0.0.1", 0, 0);
        port = listener.port();
        reactor.listen(std::move(listener));
        thread_ = std::thread([this] { reactor.run(); });
    }
    ~Server() {
        reactor.stop();
        thread_.join();
    }

    // What was begun is done: a turn for what came in, and one for what that posted.
    void settle() {
        for (int i = 0; i < 2; ++i) {
            std::promise<void> done;
            reactor.post([&done] { done.set_value(); }, false);
            done.get_future().wait();
        }
    }
    bool is_empty() const {
        return counters.net.open.get() == 0 && counters.net.queued_bytes.get() == 0 && limits.count() == 0 &&
               limits.inbound_memory.load() == 0 && limits.compression_memory.load() == 0;
    }

    const NetOptions options;
    NodeLimits limits;
    ReactorCounters counters;
    Reactor reactor;
    uint16_t port = 0;

   private:
    EchoService service_;
    std::thread thread_;
};

// Until it is so; a minute is for ever.
template <typename IsSo>
void eventually(IsSo is_so, const char* property) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!is_so()) {
        must(std::chrono::steady_clock::now() < deadline, property);
        ::sched_yield();
    }
}

class Client {
   public:
    // From 127.0.0.2, a trusted proxy, or from 127.0.0.1.
    Client(Server* server, bool proxy)
        : server_(server), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(proxy ? 0x7F000002 : 0x7F000001);
        must(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
             "an address to call from");
        address.sin_port = htons(server->port);
        address.sin_addr.s_addr = htonl(0x7F000001);
        must(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
             "the server listens");
    }
    ~Client() { ::close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // Each piece is read before the next one is sent. Returns all that the server says.
    std::string talk(const std::vector<std::string>& pieces) {
        const uint64_t read_before = server_->counters.net.bytes_received.get();
        uint64_t sent = 0;
        for (const std::string& piece : pieces) {
            if (::send(fd_, piece.data(), piece.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(piece.size()))
                break;
            sent += piece.size();
            eventually(
                [&] {
                    return server_->counters.net.bytes_received.get() - read_before >= sent ||
                           fill(MSG_DONTWAIT);
                },
                "the server reads what is sent");
        }
        server_->settle();  // a client that leaves before its handshake is decided may get no answer
        ::shutdown(fd_, SHUT_WR);
        const timeval limit{60, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        while (!ended_)
            must(fill(0) || ended_ || errno == EINTR, "the server ends when its client has ended", received_);
        return received_;
    }

   private:
    // True: the stream has ended.
    bool fill(int flags) {
        char bytes[16384];
        const ssize_t size = ended_ ? 0 : ::recv(fd_, bytes, sizeof bytes, flags);
        if (size > 0) received_.append(bytes, static_cast<size_t>(size));
        if (size == 0 || (size < 0 && errno == ECONNRESET)) ended_ = true;
        return ended_ || (size > 0 && flags == 0);
    }

    Server* const server_;
    const int fd_;
    bool ended_ = false;
    std::string received_;
};

Server& server(unsigned choices) {
    static std::unique_ptr<Server> servers[8];
    std::unique_ptr<Server>& made = servers[choices >> 3 & 7];
    if (made) return *made;
    const bool small = (choices & 8) != 0;
    NetOptions options;
    options.deflate.enabled = (choices & 16) != 0;
    options.deflate.context_takeover = (choices & 32) != 0;
    options.deflate.threshold_bytes = 20;
    options.max_message_bytes = small ? 300 : 70'000;
    options.max_fragments = small ? 5 : 1000;
    options.max_request_head_bytes = 1024;
    options.read_buffer_bytes = 16;
    options.reactor_buffer_bytes = small ? 128 : 8192;
    std::string why;
    options.trusted_proxies = {*Cidr::parse("127.0.0.2", &why)};
    options.proxy_header = ProxyHeader::proxy_protocol;
    made = std::make_unique<Server>(options);
    return *made;
}

// --- what must come back ---

// What was negotiated, as the 101 says it.
struct Extension {
    bool deflate = false;
    bool server_keeps_context = false;
    bool client_keeps_context = false;
    size_t client_window_bytes = 32768;
};

Extension extension_of(const HttpResponse& response) {
    const std::string* answer = response.header("sec-websocket-extensions");
    if (answer == nullptr) return {};
    Extension extension{true, answer->find("server_no_context") == std::string::npos,
                        answer->find("client_no_context") == std::string::npos};
    const size_t bits = answer->find("client_max_window_bits=");
    if (bits != std::string::npos)
        extension.client_window_bytes = size_t{1} << std::atoi(answer->c_str() + bits + 23);
    return extension;
}

// A client's way of reading frames: "<opcode>:<payload>" each.
std::vector<std::string> read_server_frames(std::string_view bytes, const Extension& extension) {
    std::vector<std::string> frames;
    std::string window;
    while (!bytes.empty()) {
        const auto first = static_cast<unsigned char>(bytes[0]);
        const int opcode = first & 15;
        const bool compressed = (first & 0x40) != 0;
        must(bytes.size() >= 2 && (first & 0xB0) == 0x80 && (bytes[1] & 0x80) == 0,
             "a server's frame is whole and plain");
        const size_t header = server_header_size(bytes[1] < 126 ? 0 : bytes[1] == 126 ? 126 : 65536);
        must(bytes.size() >= header && server_frame_size(bytes) <= bytes.size(),
             "a server's frames are whole");
        std::string payload(server_frame_payload(bytes.substr(0, server_frame_size(bytes))));
        bytes.remove_prefix(server_frame_size(bytes));
        if (compressed) {
            must(extension.deflate && (opcode == 1 || opcode == 2),
                 "only messages are compressed, when agreed upon");
            InflateReference inflated(payload, 1 << 20, std::move(window));
            must(inflated.run() == InflateReference::Verdict::whole, "what is compressed can be inflated");
            payload = inflated.text();
            window = extension.server_keeps_context ? inflated.take_window() : std::string();
        }
        frames.push_back(std::to_string(opcode) + ":" + payload);
    }
    return frames;
}

std::string close_code(int code) {
    return {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
}

// RFC 6455 sections 5.5.1 and 7.4: the payload of the answer; *error: the code of a refusal instead.
std::string answer_to_close(std::string_view payload, int* error) {
    *error = 0;
    if (payload.empty()) return "";
    const int code = payload.size() < 2 ? 0
                                        : static_cast<unsigned char>(payload[0]) * 256 +
                                              static_cast<unsigned char>(payload[1]);
    const bool assigned = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
    if (!assigned && (code < 3000 || code > 4999)) *error = 1002;
    if (*error == 0 && utf8_verdict(payload.substr(2)) != Utf8::valid) *error = 1007;
    return std::string(payload.substr(0, 2));
}

// *end_code: of a close frame whose reason is the server's own words; 0: there is none.
std::vector<std::string> answers_to(const StreamOutcome& outcome, int* end_code) {
    std::vector<std::string> answers;
    *end_code = outcome.error;
    for (const std::string& event : outcome.events) {
        const std::string payload = event.substr(event.find(':') + 1);
        const int opcode = std::atoi(event.c_str());
        if (opcode == 1 || opcode == 2) answers.push_back(event);
        if (opcode == 9) answers.push_back("10:" + payload);
        if (opcode != 8) continue;
        const std::string answer = answer_to_close(payload, end_code);
        if (*end_code == 0) answers.push_back("8:" + answer);
        break;  // what follows a close is not read
    }
    return answers;
}

// The frames behind a 101.
void check_frames(std::string_view found, std::string_view stream, const NetOptions& options,
                  const Extension& extension) {
    const FrameLimits limits{options.max_message_bytes, options.max_fragments, extension.deflate, true,
                             extension.client_keeps_context};
    const StreamOutcome outcome = StreamReference(stream, limits).run();
    // A client that refers back beyond the window that it was told may be understood, or not.
    if (outcome.farthest > extension.client_window_bytes) return;
    int end_code;
    const std::vector<std::string> expected = answers_to(outcome, &end_code);
    const std::vector<std::string> frames = read_server_frames(found, extension);
    must(frames.size() == expected.size() + (end_code == 0 ? 0 : 1) &&
             std::equal(expected.begin(), expected.end(), frames.begin()),
         "each message and ping is answered, in order, and nothing else is said");
    if (end_code == 0) return;
    must(frames.back().substr(0, 4) == "8:" + close_code(end_code) &&
             utf8_verdict(frames.back().substr(4)) == Utf8::valid,
         "an error is answered with its close code, and then the end");
}

void check_refused(std::string_view found, std::initializer_list<int> statuses) {
    const HttpResponse response = take_response(found);
    must(std::find(statuses.begin(), statuses.end(), response.status) != statuses.end(),
         "the status is the one", found);
    must(response.size == found.size(), "nothing follows a refusal", found);
}

void check_answers(std::string_view found, std::string_view stream, const NetOptions& options) {
    const size_t head_size = std::min(stream.find("\r\n\r\n"), stream.size() + 1) + 4;
    const bool whole = head_size <= stream.size();
    const std::string_view head = stream.substr(0, head_size);
    if (stream.empty()) return must(found.empty(), "who says nothing gets no answer", found);
    if (head.front() < 'A' || head.front() > 'Z') return check_refused(found, {400, 431});
    if (std::min(head_size, stream.size()) > options.max_request_head_bytes)
        return check_refused(found, {431, 400});
    if (!whole) {
        if (!found.empty()) check_refused(found, {400});  // no beginning of a request
        return;
    }
    HandshakeRequest request;
    Refusal refusal;
    bool refused = !request.parse(head, &refusal);
    if (!refused && request.path() != "/now" && request.path() != "/later") {
        refusal = no_such_path();
        refused = true;
    }
    if (!refused) refused = !request.check_upgrade(&refusal);
    if (refused && looks_like_proxy_protocol(head)) return check_refused(found, {400});
    if (refused) return must(found == refusal_response(refusal), "a refusal is answered as it is", found);
    const HttpResponse accepted = take_response(found);
    must(accepted.status == 101, "an upgrade is accepted", found);
    const Extension extension = extension_of(accepted);
    must(options.deflate.enabled || !extension.deflate, "what is not enabled is not negotiated", found);
    check_frames(found.substr(accepted.size), stream.substr(head_size), options, extension);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const bool from_proxy = (data[0] & 4) != 0;
    Server& one = server(data[0]);
    std::string stream;
    if ((data[0] & 2) != 0) stream = std::string(upgrade) + ((data[0] & 16) != 0 ? offer : "") + "\r\n";
    const std::string_view input = as_text(data + 1, size - 1);
    stream += (data[0] & 1) != 0 ? frames_of_script(input, false) : std::string(input);

    Random random(hash_of(as_text(data, size)));
    const size_t longest[] = {stream.size() + 1, 200, 30, 3};
    std::string_view behind = stream;
    ProxyProtocolHeader header;
    const char* why;
    auto result = ProxyProtocolResult::header;
    if (from_proxy && !stream.empty()) result = parse_proxy_protocol(stream, &header, &why);
    if (result == ProxyProtocolResult::header) behind.remove_prefix(header.size);
    const size_t cuts = stream.size() > 600 ? random.below(2) : random.below(4);
    const std::string found = Client(&one, from_proxy).talk(cut(stream, longest[cuts], &random));
    if (result == ProxyProtocolResult::header) {
        check_answers(found, behind, one.options);
    } else {
        must(found.empty(), "without its PROXY header, a proxy gets no answer", found);
    }
    eventually([&one] { return one.is_empty(); }, "nothing is left of a connection");
    return 0;
}
