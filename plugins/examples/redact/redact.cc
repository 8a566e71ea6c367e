// redact - an example plugin in C++ with a library of its own (RE2): masks card numbers, phone numbers and
// what the YAML's patterns find, before a message goes on. README.md
#include <gateway/plugin.hpp>
#include <string>
#include <vector>

#include "json_values.h"
#include "masks.h"

namespace redact {
namespace {

constexpr size_t max_patterns = 64;

class Redact : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        config.allow_only({"applies_to", "fields", "cards", "phones", "mask", "keep_last", "patterns"});
        if (config.get("applies_to").exists()) kinds_ = 0;
        for (const gateway::Config& kind : config.get("applies_to").list())
            kinds_ |= kind_of(kind);
        if (config.get("fields").exists()) fields_ = config.get("fields").string_list();

        const std::string mask = config.get("mask").string_or("*");
        if (mask.size() != 1 || mask[0] < ' ' || mask[0] > '~' || (mask[0] >= '0' && mask[0] <= '9')) {
            config.get("mask").fail("must be one ASCII character, and no digit");
        }
        masks_.set_mask(mask[0], static_cast<size_t>(config.get("keep_last").integer_or(4, 0, 4)));
        if (config.get("cards").bool_or(true)) masks_.look_for_cards();
        if (config.get("phones").bool_or(true)) masks_.look_for_phones();
        const auto patterns = config.get("patterns").list();
        if (patterns.size() > max_patterns) {
            config.get("patterns").fail("at most " + std::to_string(max_patterns) + " are allowed");
        }
        for (const gateway::Config& pattern : patterns) {
            pattern.allow_only({"regex", "replace"});
            const std::string why = masks_.add(pattern.get("regex").required_string(),
                                               pattern.get("replace").string_or("[redacted]"));
            if (!why.empty()) pattern.get("regex").fail(why);
        }
        if (masks_.empty() || fields_.empty() || kinds_ == 0) config.fail("there is nothing to mask");
    }

    void Wants(uint32_t* kinds, uint64_t*) override { *kinds = kinds_; }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next&) override {
        for (const std::string& field : fields_) {
            if (const auto text = request.field(field)) {
                std::string masked(*text);
                if (masks_.apply(&masked)) request.set_field(field, masked);
            } else if (const auto json = request.json_field(field)) {
                if (const auto masked_value = masked_json(*json, masks_))
                    request.set_json(field, *masked_value);
            }
        }
        return gateway::Continue;
    }

   private:
    static uint32_t kind_of(const gateway::Config& name) {
        const std::string text = name.required_string();
        if (text == "message") return GW_KIND_MESSAGE;
        if (text == "publish") return GW_KIND_PUBLISH;
        if (text == "delivery") return GW_KIND_DELIVERY;
        name.fail("must be message, publish or delivery");
    }

    Masks masks_;
    std::vector<std::string> fields_{"content", "data"};
    uint32_t kinds_ = GW_KIND_MESSAGE | GW_KIND_PUBLISH;
};

}  // namespace
}  // namespace redact

GATEWAY_PLUGIN_WITH(redact::Redact, "redact", "1.0.0", "message,publish,delivery",
                    "description=Masks card numbers, phone numbers and patterns of yours\n")
