// SignalLine: one line of the log, made and written where nothing else may be called: in a signal handler, by
// a thread whose heap may be damaged. The same two forms as log_format.h; what does not fit into 1,500 bytes
// is cut. Async-signal-safe; a value on the stack.
#ifndef GATEWAYD_CORE_GUARD_SIGNAL_LINE_H
#define GATEWAYD_CORE_GUARD_SIGNAL_LINE_H

#include <cstddef>
#include <cstdint>

namespace gatewayd {

class SignalLine {
   public:
    // Begins with the time and the level error.
    SignalLine(bool json, const char* event);

    // Texts without anything to say are left out.
    SignalLine& field(const char* key, const char* text);
    SignalLine& number(const char* key, uint64_t value);
    SignalLine& address(const char* key, uint64_t value);  // 0x...
    // "file+0x12ab"
    SignalLine& place(const char* key, const char* file, uint64_t offset);

    // With its line feed; as much as the descriptor takes within a moment.
    void write(int fd);

   private:
    void raw(const char* text);
    void raw(char c);
    void escaped(const char* text, bool bare);
    void digits(uint64_t value, unsigned base, unsigned at_least = 1);
    void time();
    void begin_field(const char* key);

    static constexpr size_t room = 1500;
    char text_[room + 2];  // and what ends it
    size_t size_ = 0;
    const bool json_;
};

// Writes all of it, however often it is interrupted, unless nobody reads. Async-signal-safe.
void write_at_once(int fd, const char* bytes, size_t size);

}  // namespace gatewayd

#endif
