// Outcome: what the back end's answer means. Only a well-formed 200 lets anybody in; only 401 and 403 are
// the back end's refusals; whatever else it is, the question has failed and nobody is let in. Values, shared
// by who waits and the cache, and never changed; the function: any thread.
#ifndef GATEWAYD_PLUGINS_AUTH_HTTP_ANSWER_H
#define GATEWAYD_PLUGINS_AUTH_HTTP_ANSWER_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../common/identity.h"
#include "gateway/plugin.hpp"
#include "question.h"

namespace auth_http {

inline constexpr uint64_t max_answer_bytes = 32768;
inline constexpr size_t max_own_attributes = 32;
inline constexpr size_t max_attribute_name_bytes = 64;

struct Outcome {
    enum class Kind : uint8_t { admitted, denied, failed };
    // Why it failed; the values of the metric failed_total.
    enum class Failure : uint8_t { timeout, unreachable, tls, status, answer, limit };

    Kind kind = Kind::failed;
    // admitted
    auth::Identity who;
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string attribute_names;  // a JSON list; empty: there are none
    // denied: 401 or 403, a class, and words for the client
    int32_t status = 0;
    std::string code;
    std::string why;  // failed: words for the log alone
    // failed
    Failure failure = Failure::limit;
    int64_t retry_after_s = 0;  // as the back end says; 0: it does not
};
using OutcomePtr = std::shared_ptr<const Outcome>;

// now_s: since 1970, when the answer came. `asked`: a `code` of the back end that stands in the token or in
// what was forwarded is not passed on.
OutcomePtr read_answer(const gateway::http::Answer& answer, const Question& asked, bool needs_expiry,
                       int64_t now_s);

}  // namespace auth_http

#endif
