// Host functions by name, for tests that make them fail.
#include <cstddef>
#include <map>

#include "core/harness/engine.h"

namespace gatewayd::harness {

size_t offset_of_function(const std::string& name) {
#define GATEWAYD_FUNCTION(function) \
    { #function, offsetof(gw_host, function) }
    static const std::map<std::string, size_t> offsets = {
        GATEWAYD_FUNCTION(log),
        GATEWAYD_FUNCTION(extension),
        GATEWAYD_FUNCTION(instance_name),
        GATEWAYD_FUNCTION(publish),
        GATEWAYD_FUNCTION(subscribe),
        GATEWAYD_FUNCTION(unsubscribe),
        GATEWAYD_FUNCTION(kick),
        GATEWAYD_FUNCTION(client_list),
        GATEWAYD_FUNCTION(client_get),
        GATEWAYD_FUNCTION(stats),
        GATEWAYD_FUNCTION(shutdown),
        GATEWAYD_FUNCTION(resume),
        GATEWAYD_FUNCTION(next),
        GATEWAYD_FUNCTION(defer),
        GATEWAYD_FUNCTION(kind),
        GATEWAYD_FUNCTION(is_binary),
        GATEWAYD_FUNCTION(field),
        GATEWAYD_FUNCTION(header),
        GATEWAYD_FUNCTION(query),
        GATEWAYD_FUNCTION(payload),
        GATEWAYD_FUNCTION(set_field),
        GATEWAYD_FUNCTION(set_json),
        GATEWAYD_FUNCTION(set_response_header),
        GATEWAYD_FUNCTION(replace_payload),
        GATEWAYD_FUNCTION(answer),
        GATEWAYD_FUNCTION(reject),
        GATEWAYD_FUNCTION(get_destination),
        GATEWAYD_FUNCTION(set_destination),
        GATEWAYD_FUNCTION(conn_id),
        GATEWAYD_FUNCTION(client),
        GATEWAYD_FUNCTION(attr_get),
        GATEWAYD_FUNCTION(attr_set),
        GATEWAYD_FUNCTION(send),
        GATEWAYD_FUNCTION(close),
    };
#undef GATEWAYD_FUNCTION
    const auto found = offsets.find(name);
    if (found == offsets.end()) throw gateway::harness::Error("there is no host function " + name);
    return found->second;
}

}  // namespace gatewayd::harness
