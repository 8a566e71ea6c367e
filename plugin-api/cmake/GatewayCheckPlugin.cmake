# cmake -DREADELF=... -DFILE=plugin.so -P GatewayCheckPlugin.cmake: after linking, what a gateway would refuse at
# its start: no note, no entry, or more exported than the entry.
execute_process(COMMAND ${READELF} --wide --section-headers --dyn-syms ${FILE}
  OUTPUT_VARIABLE text ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
get_filename_component(name ${FILE} NAME)
# A build tool would take a file that is left behind for a finished one.
function(refuse)
  file(REMOVE ${FILE})
  message(FATAL_ERROR ${ARGN})
endfunction()
if(NOT text MATCHES " \\.note\\.gateway ")
  refuse("${name} has no note: write GATEWAY_PLUGIN(...) (C++) or GW_PLUGIN_NOTE(...) (C) in one of its "
    "sources, outside of any function")
endif()
# Num: Value Size Type Bind Vis Ndx Name; Ndx UND: defined elsewhere.
string(REGEX MATCHALL "(GLOBAL|WEAK|UNIQUE) +(DEFAULT|PROTECTED) +[0-9]+ [^\n]+" exported "${text}")
list(TRANSFORM exported REPLACE "^.* ([^ ]+)$" "\\1")
list(REMOVE_DUPLICATES exported)
if(NOT exported STREQUAL "gw_plugin_entry_v1")
  list(JOIN exported ", " names)
  refuse("${name} must export gw_plugin_entry_v1 and nothing else, but exports: ${names}")
endif()
