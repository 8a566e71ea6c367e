# gateway_add_plugin(NAME SOURCES... [LINK LIBRARIES...]): the target NAME, a plugin's shared library NAME.so, built
# the way the plugin ABI asks for: it exports gw_plugin_entry_v1 alone, shares no symbol with other plugins or with
# other versions of itself, and lacks no symbol when it is loaded. The build fails when the file would not load.
#
# Needs GATEWAY_PLUGIN_MAP (the linker's version script), GATEWAY_PLUGIN_CHECK (the script that looks at the result)
# and the target GatewayPlugin::api: find_package(GatewayPlugin) sets them.
function(gateway_add_plugin name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  if(NOT arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "gateway_add_plugin(${name}): name at least one source file")
  endif()
  add_library(${name} MODULE ${arg_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".so" POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  # Clang makes no unique symbols, and does not know the option.
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  target_link_options(${name} PRIVATE
    -Wl,-z,now -Wl,--exclude-libs,ALL -Wl,--version-script=${GATEWAY_PLUGIN_MAP})
  # A sanitizer's functions come from the program.
  get_directory_property(options LINK_OPTIONS)
  if(NOT "${options} ${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize")
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${GATEWAY_PLUGIN_MAP})
  target_link_libraries(${name} PRIVATE GatewayPlugin::api ${arg_LINK})
  if(CMAKE_READELF)
    add_custom_command(TARGET ${name} POST_BUILD VERBATIM
      COMMAND ${CMAKE_COMMAND} -DREADELF=${CMAKE_READELF} -DFILE=$<TARGET_FILE:${name}> -P ${GATEWAY_PLUGIN_CHECK})
  endif()
endfunction()
