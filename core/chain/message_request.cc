#include "core/chain/message_request.h"

#include "core/base/utf8.h"
#include "core/chain/interceptor.h"
#include "core/chain/request_rules.h"

namespace gatewayd {
namespace {

// What the gateway stamps. (seq_no is removed from what clients send, but stream plugins may set it on the
// way to a recipient.)
bool is_stamped(std::string_view name) {
    return name == "from" || name == "msg_id" || name == "create_at";
}

}  // namespace

Destination destination_of(const Envelope& envelope) {
    if (!envelope.to.empty()) return {DestinationKind::user, false, std::string(envelope.to)};
    if (!envelope.ticket_id.empty() || !envelope.group_id.empty()) return {};
    return {DestinationKind::all, true, {}};
}

int32_t message_field(std::string_view object, std::string_view name, Texts* scratch, std::string_view* out) {
    const std::string_view json = find_field(object, name);
    if (!json.data()) return GW_E_NOTFOUND;
    std::string text;
    const std::string_view value = field_text(json, &text);
    if (value.data() >= json.data() && value.data() <= json.data() + json.size()) {
        *out = value;
    } else {
        scratch->push_back(std::move(text));
        *out = scratch->back();
    }
    return json.front() == '"' ? GW_OK : GW_FIELD_JSON;
}

int32_t check_field_change(const Request& request, std::string_view name, std::string_view json) {
    if (request.frozen) return GW_E_STATE;
    if (name.empty() || is_stamped(name) || !is_valid_utf8(name)) return GW_E_ARG;
    if (!json.empty() && (!is_valid_utf8(json) || !is_valid_json(json))) return GW_E_ARG;
    return GW_OK;
}

int32_t set_text_field(Request* request, std::string_view name, std::string_view value) {
    if (!is_valid_utf8(value)) return GW_E_ARG;
    std::string json;
    append_json_string(value, &json);
    return request->set_json(name, json);
}

MessageRequest::MessageRequest(uint32_t request_kind, Context* request_context, Envelope* envelope,
                               const Stamps& stamps, MessageSink* sink)
    : Request(request_kind, request_context),
      envelope_(envelope),
      stamps_(stamps),
      sink_(sink),
      destination_(destination_of(*envelope)) {}

MessageRequest::MessageRequest(MessageRequest* from, std::unique_ptr<Owned> owned)
    : Request(from->kind, from->context),
      owned_(std::move(owned)),
      envelope_(&owned_->envelope),
      stamps_{owned_->from, owned_->msg_id, owned_->create_at},
      sink_(from->sink_),
      destination_(std::move(from->destination_)),
      redirected_(from->redirected_),
      fixed_destination_(from->fixed_destination_) {
    move_deferral(from, this);
}

std::unique_ptr<MessageRequest> MessageRequest::to_heap() {
    auto owned = std::make_unique<Owned>();
    owned->body = body();
    // It is valid: it was decoded before, and what plugins made of it too.
    static_cast<void>(decode(owned->body, &owned->envelope));
    owned->from = stamps_.from;
    owned->msg_id = stamps_.msg_id;
    owned->create_at = stamps_.create_at;
    return std::unique_ptr<MessageRequest>(new MessageRequest(this, std::move(owned)));
}

void MessageRequest::set_destination(Destination destination) {
    destination_ = std::move(destination);
    fixed_destination_ = true;
}

int32_t MessageRequest::fail_closed(const Interceptor& failed) {
    sink_->refuse(*this, "plugin_error", "plugin " + failed.name + " failed");
    return GW_E_FAIL;
}

int32_t MessageRequest::field(std::string_view name, std::string_view* out) {
    if (name == "from") {
        *out = stamps_.from;
    } else if (name == "msg_id") {
        *out = stamps_.msg_id;
    } else if (name == "create_at") {
        *out = stamps_.create_at;
    } else if (name == "type" && !envelope_->type.empty()) {
        *out = envelope_->type;  // what plugins ask for most: found when it was decoded
    } else {
        return message_field(body(), name, &scratch_, out);
    }
    return GW_OK;
}

// The changed message becomes this request's, if it is a valid one.
int32_t MessageRequest::take(std::string text) {
    Envelope decoded;
    texts_.push_back(std::move(text));
    if (!decode(texts_.back(), &decoded).ok()) {
        texts_.pop_back();
        return GW_E_ARG;
    }
    texts_.push_front(std::move(envelope_->rewritten));  // a hook may still look at them
    texts_.push_front(std::move(envelope_->unescaped));
    *envelope_ = std::move(decoded);
    if (!fixed_destination_) destination_ = destination_of(*envelope_);
    return GW_OK;
}

int32_t MessageRequest::set_field(std::string_view name, std::string_view value) {
    return set_text_field(this, name, value);
}

int32_t MessageRequest::set_json(std::string_view name, std::string_view json) {
    const int32_t checked = check_field_change(*this, name, json);
    if (checked != GW_OK) return checked;
    if (name == "seq_no") return GW_E_ARG;  // decode would take it out again
    return take(with_field(body(), name, json));
}

int32_t MessageRequest::replace_payload(std::string_view payload) {
    if (frozen) return GW_E_STATE;
    if (!is_valid_utf8(payload)) return GW_E_ARG;
    return take(std::string(payload));
}

int32_t MessageRequest::answer(std::string_view message) {
    if (frozen) return GW_E_STATE;
    if (!is_valid_utf8(message) || !is_valid_json(message)) return GW_E_ARG;
    return sink_->answer(*this, message);
}

int32_t MessageRequest::reject(int32_t, std::string_view word, std::string_view why) {
    if (frozen) return GW_E_STATE;
    if (!is_rejection(word, why)) return GW_E_ARG;
    sink_->refuse(*this, word, why);
    return GW_OK;
}

int32_t MessageRequest::get_destination(gw_destination* out) const {
    out->kind = static_cast<uint32_t>(destination_.kind);
    out->flags = destination_.not_sender ? GW_DEST_NOT_SENDER : 0;
    out->reserved = 0;
    scratch_.push_back(destination_.id);  // the hook may set another one and look at this one still
    out->id = to_abi(std::string_view(scratch_.back()));
    return GW_OK;
}

int32_t MessageRequest::set_destination(const gw_destination& to) {
    if (frozen) return GW_E_STATE;
    if (to.kind > GW_DEST_ALL || (to.flags & ~GW_DEST_NOT_SENDER)) return GW_E_ARG;
    const std::string_view id = from_abi(to.id);
    const bool named = to.kind == GW_DEST_CLIENT || to.kind == GW_DEST_USER || to.kind == GW_DEST_TOPIC;
    if (named && (id.empty() || id.size() > max_destination_id_bytes)) return GW_E_ARG;
    destination_ = {static_cast<DestinationKind>(to.kind), (to.flags & GW_DEST_NOT_SENDER) != 0,
                    std::string(id)};
    fixed_destination_ = true;
    redirected_ = true;
    return GW_OK;
}

}  // namespace gatewayd
