// What the gateway pays for one message before any socket: UTF-8, decode, stamping. Prints nanoseconds a
// call, the best of several rounds (the machine's other work only adds to the rest).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "core/base/utf8.h"
#include "core/message/codec.h"
#include "core/message/envelope.h"
#include "core/message/ulid.h"

namespace {

using namespace gatewayd;

// Keeps a value, and what was done for it, from being optimised away.
template <typename T>
void keep(const T& value) {
    asm volatile("" : : "g"(&value) : "memory");
}

template <typename Work>
double best_ns(Work work) {
    using Clock = std::chrono::steady_clock;
    constexpr int rounds = 100;
    constexpr int calls = 2000;
    double best = 1e9;
    for (int round = 0; round < rounds; ++round) {
        const Clock::time_point start = Clock::now();
        for (int i = 0; i < calls; ++i) {
            work();
        }
        const std::chrono::duration<double, std::nano> took = Clock::now() - start;
        best = std::min(best, took.count() / calls);
    }
    return best;
}

void measure(const char* name, std::string_view text) {
    Envelope envelope;
    const Status status = decode(text, &envelope);
    if (!status.ok()) {
        std::printf("%s: %s\n", name, status.message().c_str());
        return;
    }
    const std::string body(envelope.body);
    const Stamps stamps{"user-1001", "01JDHZ6T9K4X2V7Q8R5W3Y1ZAB", "2026-11-25T22:49:51.123Z"};
    std::string out;
    const double utf8 = best_ns([&] { keep(is_valid_utf8(text)); });
    const double decoding = best_ns([&] {
        keep(decode(text, &envelope));
        keep(envelope);
    });
    const double both = best_ns([&] {
        keep(is_valid_utf8(text) && decode(text, &envelope).ok());
        keep(envelope);
    });
    const double stamping = best_ns([&] {
        out.clear();
        append_stamped(body, stamps, &out);
        keep(out);
    });
    const double sizing = best_ns([&] { keep(stamped_size(body, stamps)); });
    const double finding = best_ns([&] { keep(find_field(body, "content")); });
    const double bytewise = best_ns([&] { keep(internal::is_valid_utf8_bytewise(text)); });
    std::printf(
        "%-22s %6zu B  utf8 %7.1f  decode %7.1f  both %7.1f  stamp %6.1f  size %5.1f  find %6.1f  (utf8 "
        "bytewise %7.1f)\n",
        name, text.size(), utf8, decoding, both, stamping, sizing, finding, bytewise);
}

std::string message(std::string_view content) {
    std::string text = R"({"id":"c7f3a1","type":"text","to":"user-2002","content":")";
    text += content;
    text += R"(","data":{"client":"web","n":17},"priority":1,"require_ack":false})";
    return text;
}

std::string repeated(std::string_view text, size_t times) {
    std::string result;
    while (times-- != 0) {
        result += text;
    }
    return result;
}

}  // namespace

int main() {
    measure("typical",
            message("Hello, my order 48213 has not arrived yet, can you look it up for me please?"));
    measure("typical, CJK", message("您好，我的订单48213还没有收到，请帮我查一下好吗？谢谢您！"));
    measure(
        "typical, spaced",
        R"({ "id": "c7f3a1", "type": "text", "to": "user-2002", "content": "Hello, my order 48213 has not arrived yet, can you look it up?", "data": { "client": "web", "n": 17 }, "priority": 1 })");
    measure(
        "forged stamps",
        R"({"type":"text","from":"admin","to":"user-2002","msg_id":"x","content":"Hello, my order 48213 has not arrived yet","create_at":"2020-01-01T00:00:00Z","data":{"client":"web","n":17}})");
    measure("escapes", message(R"(He said \"no\".\nThen: \u4f60\u597d \ud83d\ude00)"));
    measure("short", R"({"type":"text","to":"u2","content":"hi"})");
    measure("16 KB ASCII", message(repeated("The quick brown fox. ", 780)));
    measure("16 KB CJK", message(repeated("敏捷的棕色狐狸跳过懒狗。", 455)));
    measure("16 KB mixed", message(repeated("order 订单 48213 已发货 shipped, ", 400)));

    UlidMaker ulids;
    Rfc3339Clock clock;
    int64_t now_ms = 1795646991123;
    std::printf("ulid, same ms %.1f  ulid, new ms %.1f  clock, same ms %.1f  clock, new ms %.1f\n",
                best_ns([&] { keep(ulids.next(now_ms)); }), best_ns([&] { keep(ulids.next(++now_ms)); }),
                best_ns([&] { keep(clock.format(now_ms)); }), best_ns([&] { keep(clock.format(++now_ms)); }));
    return 0;
}
