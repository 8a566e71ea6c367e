// The schema of the configuration as JSON Schema (draft 2020-12), for editors and for checks before a file
// is deployed: config/gatewayd.schema.json, and what `gatewayd schema` prints. It is made from schema.h's
// rows. What needs two keys, the file system or a plugin is left to `gatewayd check`. Pure functions: any
// thread.
#ifndef GATEWAYD_CORE_CONFIG_JSON_SCHEMA_H
#define GATEWAYD_CORE_CONFIG_JSON_SCHEMA_H

#include <string>

#include "core/config/schema.h"

namespace gatewayd {

std::string render_json_schema();

namespace config {

// A regular expression (ECMA 262) for all that a check takes. Not everything that it matches is taken:
// 999.0.0.1 is for the check to find. Empty: there is none.
std::string pattern_of(Check check);

}  // namespace config

}  // namespace gatewayd

#endif
