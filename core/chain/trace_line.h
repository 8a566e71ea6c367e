// TraceLine: one line of a trace in the making: {"event":"...",...}. A value.
#ifndef GATEWAYD_CORE_CHAIN_TRACE_LINE_H
#define GATEWAYD_CORE_CHAIN_TRACE_LINE_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatewayd {

class TraceLine {
   public:
    explicit TraceLine(std::string_view event);

    // Text that is not UTF-8 is only said to be there.
    TraceLine& field(std::string_view name, std::string_view text);
    TraceLine& field_if(std::string_view name, std::string_view text) {
        return text.empty() ? *this : field(name, text);
    }
    TraceLine& number(std::string_view name, uint64_t value);
    TraceLine& code(std::string_view name, int64_t value);
    TraceLine& flag(std::string_view name, bool value);
    TraceLine& microseconds(uint64_t ns);  // "us", in tenths
    TraceLine& list_if(std::string_view name, const std::vector<std::string>& texts);

    std::string text() const { return text_ + "}"; }

   private:
    void key(std::string_view name);

    std::string text_;
};

}  // namespace gatewayd

#endif
