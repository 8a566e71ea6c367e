// The files of `gatewayd plugin new`, with @NAME@, @CLASS@, @UNIT@ where the plugin's names go. Constants.
#ifndef GATEWAYD_GATEWAYD_PLUGIN_TEMPLATES_H
#define GATEWAYD_GATEWAYD_PLUGIN_TEMPLATES_H

namespace gatewayd::templates {

extern const char* const source_c;
extern const char* const source_cpp;
extern const char* const cmake;
extern const char* const test;
extern const char* const config;
extern const char* const readme;

}  // namespace gatewayd::templates

#endif
