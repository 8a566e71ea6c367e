// require-header - an example of a handshake plugin: refuses an upgrade without a header, or with a value
// that is not allowed. README.md
#include <re2/re2.h>

#include <gateway/plugin.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace require_header {
namespace {

constexpr size_t max_rules = 64;

// A header's value may be a secret: the time says nothing of where it differs.
bool same(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned char difference = 0;
    for (size_t i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned char>(a[i] ^ b[i]);
    return difference == 0;
}

// One entry of `rules`. Constant after Configure: any thread.
class Rule {
   public:
    explicit Rule(const gateway::Config& config) {
        config.allow_only({"header", "equals", "prefix", "regex", "status", "why"});
        header_ = config.get("header").required_string();
        if (header_.empty() || header_.find_first_of(" :\r\n") != std::string::npos) {
            config.get("header").fail("must be the name of a header, as in X-Api-Key");
        }
        status_ = static_cast<int32_t>(config.get("status").integer_or(403, 400, 599));
        why_ = config.get("why").string_or("");
        const gateway::Config equals = config.get("equals");
        if (equals.is_list()) {
            values_ = equals.string_list();
            if (values_.empty()) equals.fail("must name at least one value");
        } else if (equals.exists()) {
            values_.push_back(equals.required_string());
        }
        if (config.get("prefix").exists()) {
            prefix_ = config.get("prefix").required_string();
            if (prefix_.empty()) config.get("prefix").fail("must not be empty: without it any value will do");
        }
        if (const gateway::Config regex = config.get("regex"); regex.exists()) {
            re2::RE2::Options options;
            options.set_log_errors(false);
            regex_ = std::make_unique<const re2::RE2>(regex.required_string(), options);
            if (!regex_->ok()) regex.fail("is no regular expression (RE2): " + regex_->error());
        }
        if (!values_.empty() + !prefix_.empty() + (regex_ != nullptr) > 1) {
            config.fail("only one of equals, prefix and regex; write two rules to ask for both");
        }
    }

    bool accepts(std::string_view value) const {
        if (regex_) return re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
        if (!prefix_.empty()) return value.substr(0, prefix_.size()) == prefix_;
        bool accepted = values_.empty();
        for (const std::string& allowed : values_)
            accepted |= same(value, allowed);
        return accepted;
    }
    gateway::Verdict refuse(gateway::Request& request, const std::string& what) const {
        return request.reject(status_, status_ == 401 ? "unauthorized" : "forbidden",
                              why_.empty() ? "the header " + header_ + " " + what : why_);
    }
    const std::string& header() const { return header_; }

   private:
    std::string header_;
    std::vector<std::string> values_;        // one of them; empty: anything
    std::string prefix_;                     // empty: anything
    std::unique_ptr<const re2::RE2> regex_;  // the whole value; null: anything
    int32_t status_ = 403;
    std::string why_;  // empty: in our words
};

class RequireHeader : public gateway::Interceptor {
   public:
    static constexpr uint32_t stage = GW_STAGE_HANDSHAKE;

    void Configure(const gateway::Config& config) override {
        config.allow_only({"rules"});
        const auto rules = config.get("rules").list();
        if (rules.empty())
            config.get("rules").fail("is required: at least one, such as { header: X-Api-Key }");
        if (rules.size() > max_rules) {
            config.get("rules").fail("at most " + std::to_string(max_rules) + " are allowed");
        }
        for (const gateway::Config& rule : rules)
            rules_.emplace_back(rule);
    }

    // The answer never says which value would be allowed.
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next&) override {
        for (const Rule& rule : rules_) {
            const auto value = request.header(rule.header());
            if (!value) return rule.refuse(request, "is missing");
            if (!rule.accepts(*value)) return rule.refuse(request, "has a value that is not allowed");
        }
        return gateway::Continue;
    }

   private:
    std::vector<Rule> rules_;
};

}  // namespace
}  // namespace require_header

GATEWAY_PLUGIN_WITH(require_header::RequireHeader, "require-header", "1.0.0", "handshake",
                    "description=Refuses handshakes without a header, or with a wrong value of it\n")
