#include "core/chain/trace_tap.h"

#include <algorithm>
#include <string>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/chain/interceptor.h"
#include "core/chain/request.h"
#include "core/message/codec.h"

namespace gatewayd {
namespace {

const char* verdict_name(const NextLink& next, int32_t verdict) {
    if (next.threw) return "exception";
    if (next.use == NextLink::Use::next) return next.status == status_pending ? "next, pending" : "next";
    if (verdict == GW_PENDING && next.use == NextLink::Use::defer) return "deferred";
    switch (verdict) {
        case GW_CONTINUE:
            return "continue";
        case GW_DONE:
            return "done";
        case GW_DROP:
            return "drop";
        default:
            return verdict < 0 ? "error" : "no verdict";
    }
}

const char* outcome_name(int32_t status) {
    switch (status) {
        case GW_ST_PASSED:
            return "passed";
        case GW_ST_ANSWERED:
            return "answered";
        case GW_ST_DROPPED:
            return "dropped";
        case GW_E_CANCELLED:
            return "cancelled";
        case GW_E_TIMEOUT:
            return "deadline";
        default:
            return "failed";
    }
}

std::string_view field_of(Request& request, std::string_view name) {
    std::string_view text;
    return request.field(name, &text) >= 0 ? text : std::string_view();
}

void add_destination(const Request& request, TraceLine* line) {
    static constexpr const char* kinds[] = {"none", "client", "user", "topic", "all"};
    gw_destination to{};
    if (request.get_destination(&to) != GW_OK || to.kind > GW_DEST_ALL) return;
    line->field("to_kind", kinds[to.kind]).field_if("to", from_abi(to.id));
}

// At most so many bytes, and no half character.
std::string_view shortened(std::string_view text) {
    if (text.size() <= max_traced_payload_bytes) return text;
    size_t end = max_traced_payload_bytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    return text.substr(0, end);
}

}  // namespace

void TapDeleter::operator()(TraceTap* tap) const {
    delete tap;
}

void TraceTap::set(std::vector<TracePtr> traces) {
    traces_ = std::move(traces);
    known_ = true;
    for (const std::string& line : std::exchange(kept_, {})) {
        for (const TracePtr& trace : traces_)
            trace->add(line);
    }
}

void TraceTap::write(TraceLine& line, std::string_view payload) {
    line.field("time", clock_.format(wall_now_ms()));
    const std::string text = line.text();
    if (!known_) {
        if (kept_.size() < max_kept_lines) kept_.push_back(text);
        return;
    }
    std::string whole;
    for (const TracePtr& trace : traces_) {
        if (trace->order().payload && !payload.empty() && whole.empty()) {
            const std::string_view part = shortened(payload);
            if (part.size() < payload.size()) line.flag("payload_cut", true);
            whole = line.field("payload", part).text();
        }
        trace->add(trace->order().payload && !whole.empty() ? whole : text);
    }
}

uint64_t TraceTap::number_of(Request& request) {
    if (request.trace_number == 0) request.trace_number = ++last_number_;
    return request.trace_number;
}

// What there is to know of a Hub message without its content.
void TraceTap::describe_message(std::string_view json, TraceLine* line) {
    std::string scratch;
    for (const char* name : {"type", "id", "from", "msg_id", "code"}) {
        const std::string_view value = find_field(json, name);
        if (value.data()) line->field(name, field_text(value, &scratch));
    }
}

void TraceTap::begin(Request& request) {
    TraceLine line(kind_names[index_of_kind(request.kind)]);
    line.number("request", number_of(request));
    std::string_view shown;
    if (request.kind == GW_KIND_HANDSHAKE) {
        for (const char* name : {"remote_address", "path", "client_id", "user_id", "user_type"})
            line.field_if(name, field_of(request, name));
    } else {
        const std::string_view payload = request.payload();
        line.number("bytes", payload.size());
        if (request.is_binary()) {
            line.flag("binary", true);
        } else {
            shown = payload;
        }
        if (request.kind != GW_KIND_FRAME) {
            describe_message(payload, &line);
            if (request.kind == GW_KIND_MESSAGE) line.field_if("msg_id", field_of(request, "msg_id"));
            add_destination(request, &line);
        }
    }
    write(line, shown);
}

void TraceTap::end(Request& request, int32_t status) {
    TraceLine line("end");
    line.number("request", number_of(request)).field("outcome", outcome_name(status));
    if (status < 0) line.code("code", status);
    if (request.kind == GW_KIND_MESSAGE) add_destination(request, &line);
    write(line);
}

void TraceTap::add_notes(const RunningHook& hook, TraceLine* line) {
    std::vector<std::string> changed;
    std::vector<std::string> did;
    const auto own = std::stable_partition(notes_.begin(), notes_.end(),
                                           [&](const Note& note) { return note.by != &hook; });
    for (auto note = own; note != notes_.end(); ++note)
        (note->change ? changed : did).push_back(std::move(note->what));
    notes_.erase(own, notes_.end());
    line->list_if("changed", changed).list_if("did", did);
}

void TraceTap::hook(const NextLink& next, int32_t verdict) {
    TraceLine line("hook");
    line.number("request", number_of(*next.request))
        .field("plugin", next.interceptor->name)
        .field("hook", name(next.hook))
        .field("verdict", verdict_name(next, verdict));
    if (verdict < 0 && !next.threw) line.code("code", verdict);
    line.microseconds(next.took_ns);
    add_notes(next, &line);
    write(line);
}

void TraceTap::held_off(const NextLink& next) {
    TraceLine line("hook");
    line.number("request", number_of(*next.request))
        .field("plugin", next.interceptor->name)
        .field("hook", name(next.hook))
        .field("verdict",
               next.interceptor->breaker->budget().action == OverrunAction::bypass ? "bypassed" : "refused");
    write(line);
}

void TraceTap::told(const RunningHook& hook, std::string_view what, int32_t code, uint64_t ns) {
    TraceLine line("hook");
    if (hook.request) line.number("request", number_of(*hook.request));
    line.field("plugin", hook.interceptor->name).field("hook", name(hook.hook)).code(what, code);
    line.microseconds(ns);
    add_notes(hook, &line);
    write(line);
}

void TraceTap::note(bool change, std::string what) {
    constexpr size_t max_notes = 64;
    if (running_hook && notes_.size() < max_notes) notes_.push_back({running_hook, change, std::move(what)});
}

void TraceTap::received(std::string_view what, std::string_view bytes) {
    TraceLine line("received");
    line.field("what", what).number("bytes", bytes.size());
    write(line, is_valid_utf8(bytes) ? bytes : std::string_view());
}

void TraceTap::queued(std::string_view payload, bool binary, bool taken) {
    TraceLine line("queued");
    line.number("bytes", payload.size());
    if (binary) {
        line.flag("binary", true);
    } else {
        describe_message(payload, &line);
    }
    if (!taken) line.flag("taken", false);
    write(line, binary ? std::string_view() : payload);
}

void TraceTap::connection(TraceLine& line) {
    write(line);
}

}  // namespace gatewayd
