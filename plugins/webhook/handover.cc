#include "handover.h"

#include <cstring>

namespace webhook {
namespace {

class Writer {
   public:
    void number(uint64_t value) {
        char bytes[sizeof value];
        std::memcpy(bytes, &value, sizeof value);
        text_.append(bytes, sizeof value);
    }
    void text(std::string_view value) {
        number(value.size());
        text_.append(value);
    }
    std::string take() { return std::move(text_); }

   private:
    std::string text_;
};

// Each is 0 or empty, and ok() false, when the bytes end before.
class Reader {
   public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}
    bool ok() const { return ok_; }
    bool at_end() const { return rest_.empty(); }
    uint64_t number() {
        uint64_t value = 0;
        const std::string_view bytes = take(sizeof value);
        if (ok_) std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    std::string text() { return std::string(take(number())); }

   private:
    std::string_view take(uint64_t size) {
        ok_ = ok_ && size <= rest_.size();
        if (!ok_) return {};
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }
    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace

std::string Handover::bytes() const {
    Writer out;
    out.number(lost);
    out.number(batches.size());
    for (const Batch& batch : batches) {
        out.text(batch.id);
        out.text(batch.body);
        for (const uint64_t value :
             {uint64_t{batch.events}, batch.lost, batch.oldest_ns, batch.made_ns, uint64_t{batch.attempts}})
            out.number(value);
    }
    out.number(events.size());
    for (const Event& event : events) {
        out.number(event.at_ns);
        out.text(event.json);
    }
    return out.take();
}

std::optional<Handover> Handover::of(std::string_view bytes) {
    Reader in(bytes);
    Handover handover;
    handover.lost = in.number();
    const uint64_t begun = in.number();
    for (uint64_t i = 0; i < begun && in.ok(); ++i) {
        Batch batch;
        batch.id = in.text();
        batch.body = in.text();
        batch.events = static_cast<uint32_t>(in.number());
        batch.lost = in.number();
        batch.oldest_ns = in.number();
        batch.made_ns = in.number();
        batch.attempts = static_cast<uint32_t>(in.number());
        handover.batches.push_back(std::move(batch));
    }
    const uint64_t count = in.number();
    for (uint64_t i = 0; i < count && in.ok(); ++i) {
        Event event;
        event.at_ns = in.number();
        event.json = in.text();
        handover.events.push_back(std::move(event));
    }
    if (!in.ok() || !in.at_end()) return std::nullopt;
    return handover;
}

}  // namespace webhook
