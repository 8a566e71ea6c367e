target_compile_definitions(unit_harness PRIVATE
  GATEWAYD_PLUGIN_FOLDER="${CMAKE_BINARY_DIR}/lib/gatewayd/plugins"
  GATEWAYD_TEST_PLUGIN_FOLDER="${CMAKE_BINARY_DIR}/tests/plugins")
add_dependencies(unit_harness abi_plugins plugins)
