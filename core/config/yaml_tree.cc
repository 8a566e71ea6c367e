#include "core/config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <vector>

#include "core/base/utf8.h"

namespace gatewayd::config {

namespace {

using NodePtr = std::shared_ptr<ConfigNode>;

// Stops the parser: what follows would make no sense.
struct Refused {
    YAML::Mark mark;
    std::string message;
};

// Builds the tree from the parser's events; at most max_depth containers are open at a time.
class TreeBuilder : public YAML::EventHandler {
   public:
    TreeBuilder(const YamlSource& source, const Environment& environment, Problems& problems)
        : source_(source), environment_(environment), problems_(problems) {}

    NodePtr root() const { return root_; }
    // Where the last value in quotes began; {-1, -1}: none.
    YAML::Mark last_quoted() const { return last_quoted_; }
    std::string location(const YAML::Mark& mark) const {
        if (!source_.has_lines || mark.line < 0) return source_.name;
        return source_.name + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
    }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (root_) throw Refused{mark, "a second YAML document (---); a configuration is one document"};
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (wants_key()) throw Refused{mark, "a key is missing before the ':'"};
        NodePtr node = make(mark, ConfigNode::Type::null);
        // The parser's mark of an empty value is the next token.
        if (!open_.empty() && !open_.back().key_location.empty()) node->location = open_.back().key_location;
        remember(anchor, node, 1);
        attach(node);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check_tag(mark, tag);
        if (wants_key()) {
            take_key(mark, value);
            return;
        }
        NodePtr node = make(mark, ConfigNode::Type::scalar);
        if (tag == "!") last_quoted_ = mark;
        // "${PORT}" needs its quotes within { }, so it has the type of what takes its place.
        node->quoted = tag == "!" && !is_one_reference(value);
        node->scalar = expanded(value, node->location);
        remember(anchor, node, 1);
        attach(node);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (wants_key()) throw Refused{mark, "an alias cannot be a key"};
        if (anchor >= anchors_.size() || !anchors_[anchor].node)
            throw Refused{mark, "an alias within its own anchor"};
        const Anchor& target = anchors_[anchor];
        count(mark, target.weight);
        attach(std::make_shared<ConfigNode>(*target.node));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        start(mark, tag, anchor, ConfigNode::Type::list);
    }
    void OnSequenceEnd() override { end(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        start(mark, tag, anchor, ConfigNode::Type::map);
    }
    void OnMapEnd() override { end(); }

   private:
    struct Open {
        NodePtr node;
        YAML::anchor_t anchor;
        size_t nodes_before;
        bool has_key = false;
        std::string key;
        std::string key_location;
        std::unordered_map<std::string, std::string> seen;  // keys and where they stand
    };
    struct Anchor {
        NodePtr node;  // null: not complete
        size_t weight = 0;
    };

    bool wants_key() const {
        return !open_.empty() && open_.back().node->type == ConfigNode::Type::map && !open_.back().has_key;
    }

    NodePtr make(const YAML::Mark& mark, ConfigNode::Type type) {
        count(mark, 1);
        auto node = std::make_shared<ConfigNode>();
        node->type = type;
        node->location = location(mark);
        node->base_folder = source_.base_folder;
        return node;
    }

    void count(const YAML::Mark& mark, size_t nodes) {
        nodes_ += nodes;
        if (nodes_ > max_nodes) {
            throw Refused{
                mark, "more than " + std::to_string(max_nodes) + " values, with those that aliases repeat"};
        }
    }

    static void check_tag(const YAML::Mark& mark, const std::string& tag) {
        if (tag.size() > 1) throw Refused{mark, "YAML tags are not taken: " + quote_for_message(tag)};
    }

    void take_key(const YAML::Mark& mark, const std::string& key) {
        Open& map = open_.back();
        if (key.size() > max_key_size_bytes) throw Refused{mark, "a key longer than 256 bytes"};
        if (key == "<<") throw Refused{mark, "YAML merge keys (<<) are not taken; write the keys out"};
        map.has_key = true;
        map.key = key;
        map.key_location = location(mark);
    }

    void start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, ConfigNode::Type type) {
        check_tag(mark, tag);
        if (wants_key())
            throw Refused{mark, "a list or a map cannot be a key; is a bracket or a brace left open?"};
        if (open_.size() == max_depth) {
            throw Refused{mark,
                          "more than " + std::to_string(max_depth) + " lists and maps within each other"};
        }
        const size_t nodes_before = nodes_;
        NodePtr node = make(mark, type);
        remember(anchor, nullptr, 0);
        open_.push_back(Open{node, anchor, nodes_before, false, {}, {}, {}});
    }

    void end() {
        const Open closed = std::move(open_.back());
        open_.pop_back();
        remember(closed.anchor, closed.node, nodes_ - closed.nodes_before);
        attach(closed.node);
    }

    void remember(YAML::anchor_t anchor, NodePtr node, size_t weight) {
        if (anchor == YAML::NullAnchor) return;
        if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
        anchors_[anchor] = Anchor{std::move(node), weight};
    }

    void attach(const NodePtr& node) {
        if (open_.empty()) {
            root_ = node;
            return;
        }
        Open& parent = open_.back();
        if (parent.node->type == ConfigNode::Type::list) {
            node->key_location.clear();
            parent.node->items.push_back(node);
            return;
        }
        node->key_location = parent.key_location;
        const auto [first, is_new] = parent.seen.emplace(parent.key, parent.key_location);
        if (is_new) {
            parent.node->entries.emplace_back(parent.key, node);
        } else {
            problems_.error(parent.key_location, path(), "given twice; the first is at " + first->second);
        }
        parent.has_key = false;
        parent.key_location.clear();
    }

    // Of the value that comes next: "plugins.load[1].config.file".
    std::string path() const {
        std::string text = source_.path;
        for (const Open& open : open_) {
            if (open.node->type == ConfigNode::Type::list) {
                text += "[" + std::to_string(open.node->items.size()) + "]";
            } else {
                if (!text.empty()) text += ".";
                text += open.key;
            }
        }
        return text;
    }

    std::string expanded(const std::string& value, const std::string& at) {
        Expansion expansion = expand_environment(value, environment_);
        if (expansion.error.empty()) {
            expanded_size_ += expansion.text.size();
            if (expanded_size_ > max_expanded_size_bytes) {
                expansion.error = "the values are larger than 1 MiB after expansion of ${NAME}";
            } else if (!is_valid_utf8(expansion.text) || expansion.text.find('\0') != std::string::npos) {
                expansion.error = "is not UTF-8 text, or contains NUL";
            }
        }
        if (!expansion.error.empty()) {
            problems_.error(at, path(), expansion.error);
            return value;
        }
        if (!expansion.warning.empty()) problems_.warn(at, path(), expansion.warning);
        return std::move(expansion.text);
    }

    const YamlSource& source_;
    const Environment& environment_;
    Problems& problems_;
    NodePtr root_;
    std::vector<Open> open_;
    std::vector<Anchor> anchors_;
    size_t nodes_ = 0;
    size_t expanded_size_ = 0;
    YAML::Mark last_quoted_ = YAML::Mark::null_mark();
};

// The library takes a value in quotes that the end of the text cuts off; such a value can only be the last.
bool ends_in_quotes(std::string_view text, const YAML::Mark& mark) {
    if (mark.line < 0) return false;
    for (int line = 0; line < mark.line; ++line) {
        const size_t end = text.find('\n');
        if (end == std::string_view::npos) return false;
        text.remove_prefix(end + 1);
    }
    // The mark may be an anchor before the quote, and counts characters, not bytes: the first quote behind
    // it.
    int column = 0;
    while (!text.empty() && column < mark.column) {
        text.remove_prefix(1);
        while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0) == 0x80)
            text.remove_prefix(1);
        ++column;
    }
    const size_t start = text.find_first_of("\"'");
    if (start == std::string_view::npos) return false;
    const char quote = text[start];
    for (size_t at = start + 1; at < text.size(); ++at) {
        if (quote == '"' && text[at] == '\\') {
            ++at;
        } else if (text[at] == quote) {
            if (quote == '"' || at + 1 >= text.size() || text[at + 1] != quote) return false;
            ++at;
        }
    }
    return true;
}

// In words for an operator where the library's are not.
std::string syntax_message(std::string_view text, const YAML::Exception& exception) {
    if (exception.msg == YAML::ErrorMsg::EOF_IN_SCALAR) return "not YAML: a quote that is never closed";
    for (int line = 0; line < exception.mark.line && !text.empty(); ++line) {
        const size_t end = text.find('\n');
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    const std::string_view indent = text.substr(0, std::min(text.find_first_not_of(" \t"), text.size()));
    const bool has_tab = indent.find('\t') != std::string_view::npos;
    return "not YAML: " + exception.msg + (has_tab ? " (indent with spaces, not with tabs)" : "");
}

// Empty: nothing against it. NULs and the like would be taken for an end of the text.
std::string unreadable_text(std::string_view text) {
    if (!is_valid_utf8(text)) return "is not UTF-8 text";
    size_t line = 1;
    for (char c : text) {
        if (c == '\n') ++line;
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F) {
            return "a control character in line " + std::to_string(line);
        }
    }
    return {};
}

}  // namespace

ConfigNodePtr parse_yaml(const YamlSource& source, const Environment& environment, Problems& problems) {
    if (source.text.size() > max_file_size_bytes) {
        problems.error(source.name, source.path, "larger than 1 MiB");
        return nullptr;
    }
    if (std::string why = unreadable_text(source.text); !why.empty()) {
        problems.error(source.name, source.path, why);
        return nullptr;
    }
    TreeBuilder builder(source, environment, problems);
    const auto refuse = [&](const YAML::Mark& mark, const std::string& message) {
        problems.error(builder.location(mark), source.path, message);
        return nullptr;
    };
    try {
        std::istringstream stream{std::string(source.text)};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Refused& refused) {
        return refuse(refused.mark, refused.message);
    } catch (const YAML::Exception& exception) {
        return refuse(exception.mark, syntax_message(source.text, exception));
    }
    if (ends_in_quotes(source.text, builder.last_quoted())) {
        return refuse(builder.last_quoted(), "not YAML: a quote that is never closed");
    }
    if (builder.root()) return builder.root();
    auto empty = std::make_shared<ConfigNode>();
    empty->location = source.name;
    empty->base_folder = source.base_folder;
    return empty;
}

}  // namespace gatewayd::config
