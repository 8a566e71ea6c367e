#include "answer.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cmath>

#include "../common/ascii.h"
#include "../common/json_read.h"
#include "../common/strict_json.h"

namespace auth_http {
namespace {

using auth::find;
using gateway::http::Answer;
using rapidjson::Value;
using Failure = Outcome::Failure;

constexpr int64_t most_retry_after_s = 3600;
constexpr size_t max_code_bytes = 40;
constexpr std::string_view reserved_attributes = "auth.";  // this plugin's own

OutcomePtr failed(Failure failure, std::string why, int64_t retry_after_s = 0) {
    auto out = std::make_shared<Outcome>();
    out->failure = failure;
    out->why = std::move(why);
    out->retry_after_s = retry_after_s;
    return out;
}

OutcomePtr denied(int32_t status, std::string code, std::string why) {
    auto out = std::make_shared<Outcome>();
    out->kind = Outcome::Kind::denied;
    out->status = status;
    out->code = std::move(code);
    out->why = std::move(why);
    return out;
}

Failure failure_of(int32_t outcome) {
    switch (outcome) {
        case GW_HTTP_TIMEOUT:
            return Failure::timeout;
        case GW_HTTP_RESOLVE:
        case GW_HTTP_CONNECT:
            return Failure::unreachable;
        case GW_HTTP_TLS:
            return Failure::tls;
        case GW_HTTP_LIMIT:
        case GW_HTTP_CANCELLED:
            return Failure::limit;
        default:
            return Failure::answer;
    }
}

// Whole seconds; dates, which HTTP allows, are passed over.
int64_t retry_after(const Answer& answer) {
    const std::string_view text = answer.header("Retry-After").value_or("");
    if (text.empty() || text.size() > 4 || text.find_first_not_of("0123456789") != std::string_view::npos)
        return 0;
    return std::min<int64_t>(std::stoll(std::string(text)), most_retry_after_s);
}

// "application/json; charset=utf-8", "application/problem+json". Without the header it may be JSON.
bool says_json(const Answer& answer) {
    const auto type = answer.header("Content-Type");
    if (!type) return true;
    std::string word = ascii::lower(type->substr(0, type->find(';')));
    while (!word.empty() && word.back() == ' ')
        word.pop_back();
    return word == "application/json" || (word.size() > 5 && word.substr(word.size() - 5) == "+json");
}

// --- refusals ---

bool is_code(std::string_view text) {
    return !text.empty() && text.size() <= max_code_bytes &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool stands_in(const Question& asked, std::string_view text) {
    if (asked.token.find(text) != std::string::npos) return true;
    return std::any_of(asked.headers.begin(), asked.headers.end(),
                       [&](const auto& header) { return header.second.find(text) != std::string::npos; });
}

// The back end's own class, when it names one that may be logged.
std::string code_of(const Answer& answer, const Question& asked, const char* otherwise) {
    rapidjson::Document body;
    std::string wrong;
    if (!says_json(answer) || !auth::parse_object(answer.body, &body, &wrong)) return otherwise;
    const auto code = auth::text_of(find(body, "code"));
    return code && is_code(*code) && !stands_in(asked, *code) ? std::string(*code) : otherwise;
}

// --- 200 ---

// The text of a number of seconds, its part of a second cut off. False: no such number.
bool read_seconds(const Value& value, int64_t* out) {
    if (value.IsInt64()) {
        *out = value.GetInt64();
    } else if (value.IsDouble() && std::fabs(value.GetDouble()) < 1e15) {
        *out = static_cast<int64_t>(std::floor(value.GetDouble()));
    } else {
        return false;
    }
    return true;
}

// Empty: *out is known.
std::string read_expiry(const Value& body, bool needed, int64_t now_s, int64_t* out) {
    const Value* in = find(body, "expires_in");
    const Value* at = find(body, "expires_at");
    if (in != nullptr && at != nullptr) return "expires_in and expires_at are both there";
    if (in == nullptr && at == nullptr) {
        return needed ? "neither expires_in nor expires_at is there; require_expiry: false allows that" : "";
    }
    int64_t seconds = 0;
    if (!read_seconds(in != nullptr ? *in : *at, &seconds) || seconds > auth::last_second)
        return std::string(in != nullptr ? "expires_in" : "expires_at") + " is no number of seconds";
    *out = in != nullptr ? std::min(now_s + seconds, auth::last_second) : seconds;
    if (*out <= 0) *out = 1;  // long over; 0 would be never
    return {};
}

std::string text_of_attribute(const Value& value) {
    if (value.IsString()) return {value.GetString(), value.GetStringLength()};
    return json::to_text(value);
}

// Empty: they are read. Null values are left out, as are empty texts: an attribute has a value.
std::string read_attributes(const Value& body, Outcome* out) {
    const Value* all = find(body, "attributes");
    if (all == nullptr) return {};
    if (!all->IsObject()) return "attributes is no object";
    rapidjson::StringBuffer names;
    rapidjson::Writer<rapidjson::StringBuffer> writer(names);
    writer.StartArray();
    for (const auto& [key, value] : all->GetObject()) {
        const std::string name(key.GetString(), key.GetStringLength());
        if (!auth::is_id(name) || name.size() > max_attribute_name_bytes)
            return "a name in attributes is not 1 to 64 bytes without control characters";
        if (name.compare(0, reserved_attributes.size(), reserved_attributes) == 0)
            return "a name in attributes begins with auth., as the gateway's own do";
        if (value.IsNull()) continue;
        std::string text = text_of_attribute(value);
        if (text.size() > auth::max_attribute_bytes) return "a value in attributes is longer than 4096 bytes";
        if (text.empty()) continue;
        if (out->attributes.size() == max_own_attributes) return "attributes has more than 32 entries";
        writer.String(name.data(), static_cast<rapidjson::SizeType>(name.size()));
        out->attributes.emplace_back(name, std::move(text));
    }
    writer.EndArray();
    if (!out->attributes.empty()) out->attribute_names.assign(names.GetString(), names.GetSize());
    return {};
}

// Empty: *out is complete.
std::string read_body(const Value& body, bool needs_expiry, int64_t now_s, Outcome* out) {
    auth::Identity& who = out->who;
    for (const auto& [name, place] :
         {std::pair("user_id", &who.user_id), std::pair("user_type", &who.user_type),
          std::pair("client_id", &who.client_id)}) {
        if (!auth::read_id(find(body, name), place))
            return std::string(name) + " is not 1 to 128 bytes of text without control characters";
    }
    if (who.user_id.empty()) return "user_id is missing";
    std::string_view name;
    if (!auth::optional_text(body, "name", &name) || name.size() > auth::max_attribute_bytes)
        return "name is no text of at most 4096 bytes";
    who.name = name;
    for (const auto& [list, place] : {std::pair("groups", &who.groups), std::pair("tickets", &who.tickets)}) {
        if (!auth::read_ids(find(body, list), place))
            return std::string(list) + " is no list of ids, 4096 bytes at most in all";
    }
    if (std::string wrong = read_attributes(body, out); !wrong.empty()) return wrong;
    return read_expiry(body, needs_expiry, now_s, &who.expires_at_s);
}

OutcomePtr read_admission(const Answer& answer, bool needs_expiry, int64_t now_s) {
    if (!says_json(answer)) return failed(Failure::answer, "the answer's Content-Type is not JSON");
    rapidjson::Document body;
    std::string wrong;
    if (!auth::parse_object(answer.body, &body, &wrong))
        return failed(Failure::answer, "the answer " + wrong);
    auto out = std::make_shared<Outcome>();
    out->kind = Outcome::Kind::admitted;
    wrong = read_body(body, needs_expiry, now_s, out.get());
    if (!wrong.empty()) return failed(Failure::answer, "the answer is of no use: " + wrong);
    return out;
}

}  // namespace

OutcomePtr read_answer(const Answer& answer, const Question& asked, bool needs_expiry, int64_t now_s) {
    if (answer.outcome != GW_HTTP_OK) return failed(failure_of(answer.outcome), answer.what());
    switch (answer.status) {
        case 200:
            return read_admission(answer, needs_expiry, now_s);
        case 401:
            return denied(401, code_of(answer, asked, "token_refused"), "the login refuses the token");
        case 403:
            return denied(403, code_of(answer, asked, "forbidden"), "the login does not let this client in");
        default:
            return failed(Failure::status, answer.what(), retry_after(answer));
    }
}

}  // namespace auth_http
