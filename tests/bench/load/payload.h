// The text that clients send, and the stamp by which it is known again whatever a server put around it: "@@",
// the sender in 5 hex digits, the sequence number in 8; then padding up to the size.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_PAYLOAD_H
#define GATEWAYD_TESTS_BENCH_LOAD_PAYLOAD_H

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/bench/load/deflate.h"
#include "tests/bench/load/options.h"

namespace load {

struct Stamp {
    uint32_t sender = 0;
    uint32_t sequence = 0;
    size_t end = 0;  // where it ends in the text
};

// False: there is none.
bool find_stamp(std::string_view text, Stamp& stamp);

// One sender's text; with --deflate its padding is words, which compress as people's messages do. Throws
// std::runtime_error when it does not fit into the size.
class Payload {
   public:
    // A Hub message in the gateway dialect, but for echo: plain text. `to` is the user (or what `field`
    // names) it goes to, or empty for everyone; plain text does not have it.
    Payload(const Options& options, uint32_t sender, const std::string& to, const std::string& field = "to");

    // The text with this sequence number; valid until the next call.
    std::string_view text(uint32_t sequence);
    // The payload of its frame: the same, or with --deflate the same deflated.
    std::string_view wire(uint32_t sequence);

    // Whether the received text holds all that was sent after the stamp, and for plain text nothing else.
    bool carried_by(std::string_view received, const Stamp& stamp) const;

   private:
    bool raw_;
    std::string text_;
    Packed packed_;  // empty without --deflate
    size_t sequence_at_ = 0;
    std::string_view::size_type tail_size_ = 0;  // from the stamp's end to the content's
};

}  // namespace load

#endif
