#include "records.h"

#include "../common/ids.h"
#include "../common/json_object.h"
#include "../common/json_read.h"
#include "../common/store_engine.h"
#include "draft.h"
#include "notices.h"

namespace ticket {
namespace {

using json::JsonList;
using json::JsonObject;

std::string key(char letter, std::string_view id) {
    return std::string{letter, '\t'}.append(id);
}

template <typename List>
std::string list_of(const List& words) {
    JsonList list;
    for (const std::string& word : words)
        list.text(word);
    return list.end();
}

std::string to_record(const Ticket& ticket) {
    JsonObject refused;
    for (const auto& [agent, until] : ticket.refused)
        refused.number(agent, until);
    return JsonObject()
        .text("state", word_of(ticket.state))
        .text("customer", ticket.customer)
        .optional_text("customer_name", ticket.customer_name)
        .optional_text("agent", ticket.agent)
        .optional_text("agent_name", ticket.agent_name)
        .optional_text("last_agent", ticket.last_agent)
        .optional_text("subject", ticket.subject)
        .text("data", ticket.data)
        .text("priority", word_of(ticket.priority))
        .raw("skills", list_of(ticket.skills))
        .raw("participants", list_of(ticket.participants))
        .raw("refused", refused.end())
        .number("transfers", ticket.transfers)
        .number("created", ticket.created_ms)
        .number("since", ticket.since_ms)
        .number("waiting", ticket.waiting_ms)
        .number("state_at", ticket.state_ms)
        .number("offered_until", ticket.offered_until_ms)
        .number("assigned", ticket.assigned_ms)
        .number("first_response", ticket.first_response_ms)
        .number("closed", ticket.closed_ms)
        .optional_text("closed_by", ticket.closed_by)
        .optional_text("close_reason", ticket.close_reason)
        .number("entries", static_cast<int64_t>(ticket.entries))
        .end();
}

std::vector<std::string> texts_of(const rapidjson::Document& record, const char* name) {
    std::vector<std::string> texts;
    const rapidjson::Value* const list = json::member_of(record, name);
    if (!list || !list->IsArray()) return texts;
    for (const rapidjson::Value& text : list->GetArray()) {
        if (text.IsString()) texts.emplace_back(text.GetString(), text.GetStringLength());
    }
    std::sort(texts.begin(), texts.end());
    return texts;
}

bool load_ticket(std::string_view id, const rapidjson::Document& record, int64_t now, Model* model) {
    const auto text = [&](const char* name) { return json::text_member(record, name).value_or(""); };
    const auto number = [&](const char* name) { return json::number_member(record, name); };
    const auto state = named<State>(state_words, text("state"));
    const auto priority = named<Priority>(priority_words, text("priority"));
    Ticket ticket;
    ticket.id = id;
    ticket.customer = text("customer");
    ticket.agent = text("agent");
    ticket.data = text("data");
    if (!state || !priority || !ids::is_id(ticket.customer) || ticket.data.empty() || ticket.data[0] != '{')
        return false;
    ticket.state = *state;
    ticket.priority = *priority;
    if (ticket.is_held() && !ids::is_id(ticket.agent)) return false;
    ticket.customer_name = text("customer_name");
    ticket.agent_name = text("agent_name");
    ticket.last_agent = text("last_agent");
    ticket.subject = text("subject");
    ticket.skills = texts_of(record, "skills");
    ticket.participants = texts_of(record, "participants");
    if (const rapidjson::Value* const refused = json::member_of(record, "refused");
        refused && refused->IsObject()) {
        for (const auto& one : refused->GetObject()) {
            if (one.value.IsInt64())
                ticket.refused.emplace(std::string(one.name.GetString(), one.name.GetStringLength()),
                                       one.value.GetInt64());
        }
    }
    ticket.transfers = static_cast<uint32_t>(number("transfers"));
    ticket.created_ms = number("created");
    ticket.since_ms = number("since");
    ticket.waiting_ms = number("waiting");
    ticket.state_ms = number("state_at");
    ticket.offered_until_ms = number("offered_until");
    ticket.assigned_ms = number("assigned");
    ticket.first_response_ms = number("first_response");
    ticket.closed_ms = number("closed");
    ticket.closed_by = text("closed_by");
    ticket.close_reason = text("close_reason");
    ticket.entries = static_cast<uint64_t>(number("entries"));
    model->load(std::move(ticket), now);
    return true;
}

bool load_agent(std::string_view id, const rapidjson::Document& record, Model* model) {
    const auto status = named<Status>(status_words, json::text_member(record, "status").value_or(""));
    if (!status) return false;
    Agent agent;
    agent.id = id;
    agent.status = *status;
    agent.skills = texts_of(record, "skills");
    agent.max_tickets = static_cast<uint32_t>(json::number_member(record, "max_tickets"));
    model->load(std::move(agent));
    return true;
}

}  // namespace

std::vector<storage::KeyRange> model_ranges() {
    return {{"a", "b"}, {"t", "u"}, {"v", "w"}};
}

void write(const std::vector<Fact>& facts, const Model& model, storage::Batch* batch) {
    TicketPtr last;
    for (const Fact& fact : facts) {
        if (fact.kind == Fact::Kind::agent_changed) {
            batch->put(key('a', fact.agent->id), JsonObject()
                                                     .text("status", word_of(fact.agent->status))
                                                     .raw("skills", list_of(fact.agent->skills))
                                                     .number("max_tickets", fact.agent->max_tickets)
                                                     .end());
        } else if (fact.kind == Fact::Kind::removed) {
            batch->erase(key('t', fact.ticket->id));
            batch->erase_prefix(history_prefix(fact.ticket->id));
        } else if (is_in_history(fact.kind)) {
            batch->append(history_prefix(fact.ticket->id),
                          std::string(1, is_for_staff(fact.kind) ? 's' : 'a') + entry_of(fact));
            last = fact.ticket;
        }
    }
    if (!last) return;
    const Live* const before = model.find(last->id);
    if (!before || before->ticket != last) batch->put(key('t', last->id), to_record(*last));
}

bool load(const storage::Entry& entry, int64_t now, Model* model) {
    const std::string_view whole = entry.first;
    if (whole == version_key) {
        if (entry.second == records_version) return true;
        throw gateway::Error("the store has tickets of version " + entry.second +
                             ", which a later gatewayd wrote; start that one, or move its store away");
    }
    if (whole.size() < 3 || whole[1] != '\t' || !ids::is_id(whole.substr(2))) return false;
    rapidjson::Document record;
    std::string why;
    if (!json::parse_object(entry.second, &record, &why)) return false;
    if (whole[0] == 'a') return load_agent(whole.substr(2), record, model);
    return whole[0] == 't' && load_ticket(whole.substr(2), record, now, model);
}

std::string history_prefix(std::string_view id) {
    return key('h', id) + '\t';
}

std::string history_key(std::string_view id, uint64_t number) {
    return history_prefix(id) + store::number_bytes(number);
}

uint64_t history_number(const std::string& key) {
    return store::number_of(key);
}

}  // namespace ticket
