// The options of the network core and of the HTTP client, made of the configuration. Pure functions, for the
// start.
#ifndef GATEWAYD_CORE_GATEWAY_OPTIONS_H
#define GATEWAYD_CORE_GATEWAY_OPTIONS_H

#include "core/config/settings.h"
#include "core/http/client.h"
#include "core/net/options.h"

namespace gatewayd {

NetOptions net_options(const Settings& settings);
HttpClientOptions http_options(const HttpClientSettings& settings);

}  // namespace gatewayd

#endif
