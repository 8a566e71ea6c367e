#include "core/plugins/crash_line.h"

namespace gatewayd {
namespace {

class Words {
   public:
    explicit Words(char* to) : to_(to) {}

    // Nothing that would end the word or the line. There is always room for the line feed.
    void word(const char* text) {
        if (size_ > 0) put(' ');
        if (*text == '\0') put('-');
        for (; *text; ++text)
            put(*text > 0x20 && *text < 0x7F ? *text : '_');
    }
    void number(uint64_t value) {
        char reversed[24];
        char digits[24];
        size_t count = 0;
        do {
            reversed[count++] = static_cast<char>('0' + value % 10);
            value /= 10;
        } while (value > 0);
        for (size_t i = 0; i < count; ++i)
            digits[i] = reversed[count - 1 - i];
        digits[count] = '\0';
        word(digits);
    }
    size_t end() {
        to_[size_++] = '\n';
        return size_;
    }

   private:
    void put(char c) {
        if (size_ < max_crash_line_bytes - 1) to_[size_++] = c;
    }

    char* const to_;
    size_t size_ = 0;
};

}  // namespace

size_t make_crash_line(const PluginScene& scene, const char* signal, int64_t ms,
                       char (&line)[max_crash_line_bytes]) {
    if (scene.identity[0] == '\0') return 0;
    Words words(line);
    words.word("crash");
    words.word(scene.identity);
    words.number(ms > 0 ? static_cast<uint64_t>(ms) : 0);
    words.word(signal);
    words.word(scene.plugin);
    words.word(scene.function);
    words.number(scene.guards ? 1 : 0);
    return words.end();
}

}  // namespace gatewayd
