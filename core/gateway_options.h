// The network core's options, made of the configuration. Pure function, for the start.
#ifndef GATEWAYD_CORE_GATEWAY_OPTIONS_H
#define GATEWAYD_CORE_GATEWAY_OPTIONS_H

#include "core/config/settings.h"
#include "core/net/options.h"

namespace gatewayd {

NetOptions net_options(const Settings& settings);

}  // namespace gatewayd

#endif
