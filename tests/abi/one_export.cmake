# cmake -DNM=... -DFILE=plugin.so -P one_export.cmake: a plugin exports its entry and nothing else.
execute_process(COMMAND ${NM} -D --defined-only ${FILE} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(STRIP "${symbols}" symbols)
if(NOT symbols MATCHES "^[0-9a-f]+ T gw_plugin_entry_v1$")
  message(FATAL_ERROR "${FILE} exports other than gw_plugin_entry_v1 alone:\n${symbols}")
endif()
