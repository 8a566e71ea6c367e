#include "core/config/expand.h"

#include "core/config/problems.h"

namespace gatewayd::config {

namespace {

bool starts_name(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}
bool continues_name(char c) {
    return starts_name(c) || (c >= '0' && c <= '9');
}

size_t name_length(std::string_view text) {
    if (text.empty() || !starts_name(text.front())) return 0;
    size_t length = 1;
    while (length < text.size() && continues_name(text[length]))
        ++length;
    return length;
}

// `inside` is what stands between ${ and }.
void expand_reference(std::string_view inside, const Environment& environment, Expansion& out) {
    const std::string_view name = inside.substr(0, name_length(inside));
    const std::string_view rest = inside.substr(name.size());
    const bool has_default = rest.substr(0, 2) == ":-";
    if (name.empty() || (!rest.empty() && !has_default)) {
        out.error = quote_for_message("${" + std::string(inside) + "}") +
                    " is not understood; use ${NAME}, ${NAME:-default}, or $$ for a dollar";
        return;
    }
    if (has_default && rest.find("${") != std::string_view::npos) {
        out.error = "the default in ${" + std::string(name) + ":-...} cannot contain another ${";
        return;
    }
    const std::optional<std::string> value = environment(name);
    if (value && !(has_default && value->empty())) {
        out.text += *value;
    } else if (has_default) {
        out.text += rest.substr(2);
    } else {
        out.error = "the environment variable " + std::string(name) + " is not set; set it or write ${" +
                    std::string(name) + ":-default}";
    }
}

std::string warning_of(const std::string& name) {
    std::string text = "$" + name;
    text.append(" is not expanded; write ${").append(name).append("} for the environment variable, or $$");
    return text.append(name).append(" for a dollar");
}

}  // namespace

bool is_one_reference(std::string_view text) {
    return text.substr(0, 2) == "${" && text.find('}') == text.size() - 1;
}

Expansion expand_environment(std::string_view text, const Environment& environment) {
    Expansion out;
    size_t at = 0;
    while (at < text.size()) {
        const size_t dollar = text.find('$', at);
        if (dollar == std::string_view::npos) break;
        out.text += text.substr(at, dollar - at);
        const std::string_view after = text.substr(dollar + 1);
        if (after.substr(0, 1) == "$") {
            out.text += '$';
            at = dollar + 2;
        } else if (after.substr(0, 1) == "{") {
            const size_t end = after.find('}');
            if (end == std::string_view::npos) {
                out.error = "${ without a }; write $$ for a dollar";
                return out;
            }
            expand_reference(after.substr(1, end - 1), environment, out);
            if (!out.error.empty()) return out;
            at = dollar + 1 + end + 1;
        } else {
            const std::string name(after.substr(0, name_length(after)));
            if (!name.empty() && out.warning.empty()) out.warning = warning_of(name);
            out.text += '$';
            at = dollar + 1;
        }
    }
    out.text += text.substr(at);
    return out;
}

}  // namespace gatewayd::config
