#include "core/config/tls_entries.h"

#include <algorithm>
#include <map>

#include "core/config/address.h"
#include "core/config/settings_reader.h"

namespace gatewayd::config {

namespace {

const std::vector<std::string> entry_keys{"names", "cert", "key"};

std::string lower_case(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

bool is_label(std::string_view label) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    return std::all_of(label.begin(), label.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    });
}

class EntriesReader {
   public:
    EntriesReader(TlsSettings& tls, Problems& problems) : tls_(tls), problems_(problems) {}

    void read(const ConfigNode& list) {
        if (list.type == ConfigNode::Type::null) return;
        if (list.type != ConfigNode::Type::list) {
            problems_.error(list.location, "wsc.tls.sni",
                            "expected a list such as [{ names: [a.example.com], cert: a.pem, key: a.key }], "
                            "not " +
                                what_it_is(list));
            return;
        }
        if (list.items.size() > max_tls_certificates) {
            problems_.error(list.location, "wsc.tls.sni",
                            "more than " + std::to_string(max_tls_certificates) + " certificates");
            return;
        }
        for (size_t i = 0; i < list.items.size(); ++i)
            read_entry(*list.items[i], "wsc.tls.sni[" + std::to_string(i) + "]");
    }

   private:
    void read_entry(const ConfigNode& entry, const std::string& path) {
        if (entry.type != ConfigNode::Type::map) {
            problems_.error(entry.location, path,
                            "expected a map such as { names: [a.example.com], cert: a.pem, key: a.key }, "
                            "not " +
                                what_it_is(entry));
            return;
        }
        TlsNameSettings made;
        for (const auto& [key, value] : entry.entries) {
            std::string inner = path;
            inner.append(".").append(key);
            if (key == "names") {
                read_names(*value, inner, &made.names);
            } else if (key == "cert") {
                read_file(*value, inner, &made.cert, &made.cert_location);
            } else if (key == "key") {
                read_file(*value, inner, &made.key, &made.key_location);
            } else {
                problems_.error(value->key_location, inner, unknown_key_message(key, entry_keys, ""));
            }
        }
        for (const std::string& key : entry_keys) {
            if (entry.get(key) == nullptr) problems_.error(entry.location, path, key + " is missing");
        }
        tls_.sni.push_back(std::move(made));
    }

    void read_file(const ConfigNode& node, const std::string& path, std::string* file,
                   std::string* location) {
        if (node.type != ConfigNode::Type::scalar || node.scalar.empty()) {
            problems_.error(node.location, path, "expected the path of a PEM file, not " + what_it_is(node));
            return;
        }
        *file = node.as_path();
        *location = node.location + ": " + path;
    }

    void read_names(const ConfigNode& node, const std::string& path, std::vector<std::string>* names) {
        if (node.type != ConfigNode::Type::list || node.items.empty()) {
            problems_.error(node.location, path,
                            "expected a list of names such as [a.example.com], not " +
                                (node.type == ConfigNode::Type::list ? "an empty one" : what_it_is(node)));
            return;
        }
        if (node.items.size() > max_tls_names) {
            problems_.error(node.location, path, "more than " + std::to_string(max_tls_names) + " names");
            return;
        }
        for (size_t i = 0; i < node.items.size(); ++i) {
            const ConfigNode& item = *node.items[i];
            const std::string inner = path + "[" + std::to_string(i) + "]";
            if (item.type != ConfigNode::Type::scalar) {
                problems_.error(item.location, inner, "expected a name, not " + what_it_is(item));
            } else if (const std::string why = check_tls_name(item.scalar); !why.empty()) {
                problems_.error(item.location, inner, why);
            } else {
                const std::string name = lower_case(item.scalar);
                const auto [other, is_new] = places_.emplace(name, item.location);
                if (is_new) {
                    names->push_back(name);
                } else {
                    problems_.error(item.location, inner,
                                    name + " is given at " + other->second + " too; keep one of them");
                }
            }
        }
    }

    TlsSettings& tls_;
    Problems& problems_;
    std::map<std::string, std::string> places_;  // of names
};

}  // namespace

std::string check_tls_name(std::string_view text) {
    const auto wrong = [text](const char* why) {
        return "expected a host name such as a.example.com or *.example.com, not " + quote_for_message(text) +
               why;
    };
    if (text.empty() || text.size() > max_tls_name_size_bytes) return wrong("");
    if (is_ip_literal(text)) return wrong(": clients never ask for an address by name");
    const bool wildcard = text.substr(0, 2) == "*.";
    std::string_view rest = wildcard ? text.substr(2) : text;
    if (wildcard && rest.find('.') == std::string_view::npos) return wrong(": a whole top-level domain");
    for (;;) {
        const size_t dot = rest.find('.');
        if (!is_label(rest.substr(0, dot))) return wrong("");
        if (dot == std::string_view::npos) return {};
        rest.remove_prefix(dot + 1);
    }
}

void read_tls_entries(const ConfigNode& root, Settings& settings, Problems& problems) {
    TlsSettings& tls = settings.wsc.tls;
    const auto place = [&root](const char* path) {
        const ConfigNode* node = find_node(root, path);
        return node != nullptr ? node->location : root.location;
    };
    tls.cert_location = place("wsc.tls.cert") + ": wsc.tls.cert";
    tls.key_location = place("wsc.tls.key") + ": wsc.tls.key";
    if (const ConfigNode* list = find_node(root, "wsc.tls.sni")) EntriesReader(tls, problems).read(*list);
    if (!tls.cert.empty() && tls.key.empty()) {
        problems.error(place("wsc.tls.cert"), "wsc.tls.cert", "needs the certificate's key in wsc.tls.key");
    } else if (tls.cert.empty() && !tls.key.empty()) {
        problems.error(place("wsc.tls.key"), "wsc.tls.key", "needs its certificate in wsc.tls.cert");
    } else if (tls.cert.empty() && !tls.sni.empty()) {
        problems.error(place("wsc.tls.sni"), "wsc.tls.sni",
                       "needs wsc.tls.cert and wsc.tls.key: what clients get that ask for no name");
    }
}

}  // namespace gatewayd::config
