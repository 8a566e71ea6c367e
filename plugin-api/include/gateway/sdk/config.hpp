// Config: a plugin's configuration, typed. What is missing or wrong throws an Error that names the place in
// the YAML file and the key: "gateway.yaml:12:5: file: must be text". Valid during Configure only. [control]
#ifndef GATEWAY_SDK_CONFIG_HPP
#define GATEWAY_SDK_CONFIG_HPP

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/sdk/base.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

class Config {
   public:
    // parent_location: what errors name when the node itself is missing.
    Config(const gw_host* host, const gw_node* node, std::string key = {}, std::string parent_location = {})
        : host_(host), node_(node), key_(std::move(key)), parent_location_(std::move(parent_location)) {}

    // Whether the key is there and not null.
    bool exists() const { return type() != GW_NODE_NULL; }
    bool is_list() const { return type() == GW_NODE_LIST; }
    bool is_map() const { return type() == GW_NODE_MAP; }
    bool is_scalar() const { return type() == GW_NODE_SCALAR; }
    std::string location() const {
        const std::string_view own =
            node_ == nullptr ? std::string_view() : to_view(host_->node_location(node_));
        return own.empty() ? parent_location_ : std::string(own);
    }
    const std::string& key() const { return key_; }

    // Missing keys give a Config that does not exist, whose getters return defaults or throw.
    Config get(std::string_view key) const {
        const std::string name = key_.empty() ? std::string(key) : key_ + "." + std::string(key);
        return Config(host_, host_->node_get(node_, to_gw(key)), name, location());
    }
    uint64_t size() const { return host_->node_size(node_); }
    Config at(uint64_t index) const {
        return Config(host_, host_->node_at(node_, index), key_ + "[" + std::to_string(index) + "]",
                      location());
    }

    // The name of entry index of a map.
    std::string key_at(uint64_t index) const { return std::string(to_view(host_->node_key(node_, index))); }
    const gw_node* raw() const { return node_; }

    [[noreturn]] void fail(const std::string& what) const {
        const std::string place = location();
        throw Error((place.empty() ? "" : place + ": ") + (key_.empty() ? "config" : key_) + ": " + what,
                    GW_E_ARG);
    }
    // Throws for a key of this map that is none of these: a typing mistake must not pass unseen.
    void allow_only(std::initializer_list<std::string_view> keys) const {
        if (!exists()) return;
        if (!is_map()) fail("must be a map of keys");
        for (uint64_t i = 0; i < size(); ++i) {
            const std::string_view found = to_view(host_->node_key(node_, i));
            std::string known;
            bool is_known = false;
            for (const std::string_view key : keys) {
                is_known = is_known || key == found;
                known += (known.empty() ? "" : ", ") + std::string(key);
            }
            if (is_known) continue;
            get(found).fail(known.empty() ? "unknown key; there are none"
                                          : "unknown key; there are: " + known);
        }
    }

    std::string required_string() const {
        require();
        gw_str out{nullptr, 0};
        if (!is_scalar() || host_->node_str(node_, &out) != GW_OK) fail("must be text");
        return std::string(to_view(out));
    }
    std::string string_or(std::string_view fallback) const {
        return exists() ? required_string() : std::string(fallback);
    }

    int64_t required_integer(int64_t least = std::numeric_limits<int64_t>::min(),
                             int64_t most = std::numeric_limits<int64_t>::max()) const {
        require();
        int64_t out = 0;
        if (!is_scalar() || host_->node_i64(node_, &out) != GW_OK) fail("must be a whole number");
        if (out < least || out > most) {
            fail("must be from " + std::to_string(least) + " to " + std::to_string(most));
        }
        return out;
    }
    int64_t integer_or(int64_t fallback, int64_t least = std::numeric_limits<int64_t>::min(),
                       int64_t most = std::numeric_limits<int64_t>::max()) const {
        return exists() ? required_integer(least, most) : fallback;
    }

    double required_number() const {
        require();
        double out = 0;
        if (!is_scalar() || host_->node_f64(node_, &out) != GW_OK) fail("must be a number");
        return out;
    }
    double number_or(double fallback) const { return exists() ? required_number() : fallback; }

    bool required_bool() const {
        require();
        int32_t out = 0;
        if (!is_scalar() || host_->node_bool(node_, &out) != GW_OK) fail("must be true or false");
        return out != 0;
    }
    bool bool_or(bool fallback) const { return exists() ? required_bool() : fallback; }

    // A file's absolute path; relative ones are relative to the YAML file.
    std::string required_path() const {
        if (required_string().empty()) fail("must not be empty");
        gw_str out{nullptr, 0};
        if (host_->node_path(node_, &out) != GW_OK) fail("must be a path");
        return std::string(to_view(out));
    }

    // The entries of a list; none when the key is missing.
    std::vector<Config> list() const {
        std::vector<Config> entries;
        if (!exists()) return entries;
        if (!is_list()) fail("must be a list");
        for (uint64_t i = 0; i < size(); ++i)
            entries.push_back(at(i));
        return entries;
    }
    std::vector<std::string> string_list() const {
        std::vector<std::string> texts;
        for (const Config& entry : list())
            texts.push_back(entry.required_string());
        return texts;
    }

   private:
    int32_t type() const { return host_->node_type(node_); }
    void require() const {
        if (!exists()) fail("is required");
    }

    const gw_host* host_;
    const gw_node* node_;
    std::string key_;
    std::string parent_location_;
};

}  // namespace GATEWAY_SDK_HIDDEN

#endif
