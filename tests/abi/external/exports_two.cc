// A plugin whose own attribute opens what the flags hide: the version script hides it again.
#include <gateway/plugin.hpp>

extern "C" GW_EXPORT int another_symbol() {
    return 1;
}

class Two : public gateway::Interceptor {};
GATEWAY_PLUGIN(Two, "external.two", "1.0.0", "message")
