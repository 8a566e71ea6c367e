// TLS as bytes in and bytes out, core/net/tls_stream.h. Bytes that are no TLS never establish anything. With
// an honest client, whose bytes are cut, damaged, repeated or left out on the way: what comes out on either
// side is a beginning of what went in on the other, all of it when nothing was damaged; a stream that failed
// stays so; output has its limit. Input: a byte of choices; then bytes for the stream, or with choice 1 a
// script: a byte what, a byte how much.
#define DOCTEST_CONFIG_IMPLEMENT
#include "core/net/tls_stream.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/net/tls_client.h"

namespace {

using namespace gatewayd;
using namespace gatewayd::fuzz;
using testing::MemoryClient;
using testing::TlsFolder;
using Step = TlsStream::Step;

// The helpers of the unit tests say REQUIRE; here that ends the process.
const std::shared_ptr<const TlsContext>& context() {
    static doctest::Context asserts;
    static std::shared_ptr<const TlsContext> made;
    if (made) return made;
    asserts.setAssertHandler([](const doctest::AssertData& data) { must(!data.m_failed, data.m_expr); });
    asserts.setAsDefaultForAssertsOutOfTestCases();
    static TlsFolder folder;
    made = folder.load();
    return made;
}

// The gateway's side; every byte that it says goes to the client.
class ServerSide {
   public:
    explicit ServerSide(MemoryClient* client) : client_(client) {}

    // Everything that came, in pieces of at most so many bytes.
    void hear(std::string_view bytes, size_t longest, Random* random) {
        for (const std::string& piece : cut(bytes, longest, random))
            hear_piece(piece);
    }
    void say(std::string text) {
        if (!stream_->established() || stream_->failed()) return;
        said_ += text;
        // Two parts, as of a queue.
        const size_t border = text.size() / 3;
        iovec parts[] = {{text.data(), border}, {text.data() + border, text.size() - border}};
        iovec* at = parts;
        for (int count = 2; count > 0;) {
            const size_t taken = stream_->encrypt(&at, &count);
            must(taken > 0 || count == 0 || stream_->failed(), "a stream takes something, or has failed");
            flush();
            if (stream_->failed()) return;
        }
    }
    void say_close() {
        stream_->say_close();
        flush();
    }

    bool established() const { return stream_->established(); }
    bool failed() const { return stream_->failed(); }
    bool ended() const { return ended_; }
    const std::string& said() const { return said_; }
    const std::string& received() const { return received_; }

   private:
    void hear_piece(std::string_view piece) {
        const Exact copy(piece);
        std::string_view data = copy.view();
        for (;;) {
            char* plain = nullptr;
            size_t size = 0;
            const bool had_failed = stream_->failed();
            const Step step = stream_->step(&data, &plain, &size);
            must(!had_failed || step == Step::failed, "a stream that failed stays so");
            must(step != Step::failed || !stream_->error().empty(), "a failure has its words");
            if (step == Step::plain) {
                must(size > 0, "plain is some bytes");
                received_.append(plain, size);
            }
            flush();
            if (step == Step::end) ended_ = true;
            if (step == Step::need_more) must(data.empty(), "need_more has taken every byte");
            if (step != Step::established && step != Step::plain) return;
        }
    }
    void flush() {
        const std::string output(stream_->output());
        must(output.size() <= TlsScratch::max_flight_bytes + 2 * TlsScratch::max_record_bytes,
             "output has its limit");
        stream_->clear_output();
        if (client_ != nullptr && !output.empty()) client_->hear(output);
    }

    TlsScratch scratch_{4096};
    MemoryClient* const client_;
    const std::unique_ptr<TlsStream> stream_ = std::make_unique<TlsStream>(context(), &scratch_);
    bool ended_ = false;
    std::string said_;
    std::string received_;
};

void check_garbage(std::string_view input, size_t longest, Random* random) {
    ServerSide server(nullptr);
    server.hear(input, longest, random);
    must(!server.established() && server.received().empty(), "nobody who cannot answer is connected", input);
    server.say_close();
}

bool is_beginning_of(const std::string& part, const std::string& whole) {
    return whole.compare(0, part.size(), part) == 0;
}

void check_conversation(std::string_view script, int version, size_t longest, Random* random) {
    MemoryClient client(version);
    ServerSide server(&client);
    std::string said;
    bool damaged = false;
    const size_t times = longest > 100 ? 200 : 10;  // small pieces of much text would take seconds
    client.hear({});
    const auto carry = [&] {
        for (std::string flight = client.take(); !flight.empty(); flight = client.take())
            server.hear(flight, longest, random);
    };
    for (; script.size() >= 2; script.remove_prefix(2)) {
        const size_t amount = static_cast<unsigned char>(script[1]);
        std::string flight = client.take();
        switch (script[0] & 7) {
            case 0:
            case 1: {
                server.hear(flight, longest, random);
                carry();
                if (!client.established()) break;
                const std::string text((script[0] & 1) != 0 ? amount : amount * times,
                                       static_cast<char>(amount));
                if (text.empty() || SSL_write(client.ssl(), text.data(), static_cast<int>(text.size())) <= 0)
                    break;
                said += text;
                break;
            }
            case 2:
                server.hear(flight, longest, random);
                server.say(std::string(amount * times, static_cast<char>(~amount)));
                break;
            case 3:  // damaged
                if (flight.empty()) break;
                flight[amount % flight.size()] =
                    static_cast<char>(flight[amount % flight.size()] ^ (1 + amount / 32));
                damaged = true;
                server.hear(flight, longest, random);
                break;
            case 4:  // repeated
                damaged = damaged || !flight.empty();
                server.hear(flight + flight, longest, random);
                break;
            case 5:  // left out
                damaged = damaged || amount % (flight.size() + 1) > 0;
                flight.erase(0, amount % (flight.size() + 1));
                server.hear(flight, longest, random);
                break;
            case 6:  // something in between
                damaged = true;
                server.hear(flight + std::string(amount, script[0]), longest, random);
                break;
            default:
                server.hear(flight, longest, random);
                break;
        }
    }
    carry();
    must(is_beginning_of(server.received(), said),
         "the gateway reads what the client wrote, and nothing else");
    must(is_beginning_of(client.heard, server.said()),
         "the client reads what the gateway wrote, and nothing else");
    if (damaged) return;
    must(server.established() && client.established() && !server.failed(), "an honest client is connected");
    must(server.received() == said && client.heard == server.said(), "and all arrives");
    SSL_shutdown(client.ssl());
    carry();
    must(server.ended(), "a client's end is seen");
    server.say_close();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view input = as_text(data + 1, size - 1);
    Random random(hash_of(as_text(data, size)));
    static constexpr size_t cuts[] = {20'000, 300, 40, 5};
    const size_t longest = cuts[data[0] >> 2 & 3];
    if ((data[0] & 1) == 0) {
        check_garbage(input, longest, &random);
    } else {
        const int version = (data[0] & 2) != 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
        check_conversation(input.substr(0, 60), version, longest, &random);
    }
    return 0;
}
