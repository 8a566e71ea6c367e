#include "frame.h"

#include <charconv>

#include "../common/json_object.h"

namespace ticket {

Traits read_traits(json::Fields* fields, const Settings& settings) {
    Traits traits;
    if (fields->has("subject")) traits.subject = fields->text("subject", max_subject_bytes);
    traits.priority = fields->choice<Priority>("priority", priority_words);
    traits.skills = fields->texts("skills", max_skills, max_skill_bytes);
    traits.data = fields->object("data", settings.max_data_bytes, "wsc.ticket.max_data_size");
    return traits;
}

std::string read_note(json::Fields* fields, const Settings& settings) {
    json::JsonObject note;
    const std::string content = fields->text("content", settings.max_message_bytes);
    const auto data = fields->object("data", settings.max_data_bytes, "wsc.ticket.max_data_size");
    if (content.empty() && !data) fields->refuse("content is missing");
    note.optional_text("content", content);
    if (data) note.raw("data", *data);
    return note.end();
}

Filter filter_of(std::string_view word, std::string* wrong) {
    Filter filter;
    filter.open_only = word.empty() || word == "open";
    if (filter.open_only || word == "any") return filter;
    filter.state = named<State>(state_words, word);
    if (!filter.state)
        *wrong = "state must be open, any, queued, reopened, offered, active, paused or closed";
    return filter;
}

Filter read_filter(json::Fields* fields) {
    std::string wrong;
    const Filter filter = filter_of(fields->text("state", 16), &wrong);
    if (!wrong.empty()) fields->refuse(wrong);
    return filter;
}

void read_history_page(std::string_view cursor, std::string_view order, HistoryPage* page,
                       json::Fields* fields) {
    page->newest = order == "desc";
    if (!order.empty() && order != "desc" && order != "asc") fields->refuse("order must be asc or desc");
    if (cursor.empty()) return;
    const char* const end = cursor.data() + cursor.size();
    const auto [stopped, error] = std::from_chars(cursor.data(), end, page->cursor);
    if (error != std::errc() || stopped != end || page->cursor == 0)
        fields->refuse("cursor is not one of a page of this history");
}

}  // namespace ticket
