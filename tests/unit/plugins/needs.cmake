find_package(SQLite3 3.35 REQUIRED)
# The tests load built plugins, and compile the parts of bundled ones that are tested by themselves.
target_sources(unit_plugins PRIVATE
  ${PROJECT_SOURCE_DIR}/plugins/auth-http/answer.cc
  ${PROJECT_SOURCE_DIR}/plugins/auth-http/cache.cc
  ${PROJECT_SOURCE_DIR}/plugins/auth-jwt/base64url.cc
  ${PROJECT_SOURCE_DIR}/plugins/common/bearer.cc
  ${PROJECT_SOURCE_DIR}/plugins/common/identity.cc
  ${PROJECT_SOURCE_DIR}/plugins/common/strict_json.cc
  ${PROJECT_SOURCE_DIR}/plugins/cors/origin.cc
  ${PROJECT_SOURCE_DIR}/plugins/examples/moderate/verdict.cc
  ${PROJECT_SOURCE_DIR}/plugins/audit/journal.cc
  ${PROJECT_SOURCE_DIR}/plugins/audit/json_line.cc
  ${PROJECT_SOURCE_DIR}/plugins/lua/shared_store.cc
  ${PROJECT_SOURCE_DIR}/plugins/common/address.cc
  ${PROJECT_SOURCE_DIR}/plugins/common/store_queue.cc
  ${PROJECT_SOURCE_DIR}/plugins/store-memory/memory_engine.cc
  ${PROJECT_SOURCE_DIR}/plugins/store-sqlite/sqlite_engine.cc
  ${PROJECT_SOURCE_DIR}/plugins/store-sqlite/sqlite_file.cc
  ${PROJECT_SOURCE_DIR}/plugins/common/json_object.cc
  ${PROJECT_SOURCE_DIR}/plugins/common/json_read.cc
  ${PROJECT_SOURCE_DIR}/plugins/common/replies.cc
  ${PROJECT_SOURCE_DIR}/plugins/common/storage.cc
  ${PROJECT_SOURCE_DIR}/plugins/group/model.cc
  ${PROJECT_SOURCE_DIR}/plugins/group/notices.cc
  ${PROJECT_SOURCE_DIR}/plugins/group/plans.cc
  ${PROJECT_SOURCE_DIR}/plugins/group/records.cc
  ${PROJECT_SOURCE_DIR}/plugins/group/settings.cc
  ${PROJECT_SOURCE_DIR}/plugins/group/views.cc
  ${PROJECT_SOURCE_DIR}/plugins/ticket/assignment.cc
  ${PROJECT_SOURCE_DIR}/plugins/ticket/model.cc
  ${PROJECT_SOURCE_DIR}/plugins/ticket/notices.cc
  ${PROJECT_SOURCE_DIR}/plugins/ticket/plans.cc
  ${PROJECT_SOURCE_DIR}/plugins/ticket/records.cc
  ${PROJECT_SOURCE_DIR}/plugins/ticket/settings.cc
  ${PROJECT_SOURCE_DIR}/plugins/ticket/views.cc
  ${PROJECT_SOURCE_DIR}/plugins/ip-filter/network_set.cc
  ${PROJECT_SOURCE_DIR}/plugins/limits/admission.cc
  ${PROJECT_SOURCE_DIR}/plugins/limits/bans.cc
  ${PROJECT_SOURCE_DIR}/plugins/limits/message_id.cc
  ${PROJECT_SOURCE_DIR}/plugins/limits/tracked.cc
  ${PROJECT_SOURCE_DIR}/plugins/webhook/backoff.cc
  ${PROJECT_SOURCE_DIR}/plugins/webhook/batch.cc
  ${PROJECT_SOURCE_DIR}/plugins/webhook/handover.cc
  ${PROJECT_SOURCE_DIR}/plugins/webhook/queue.cc
  ${PROJECT_SOURCE_DIR}/plugins/webhook/selection.cc
  ${PROJECT_SOURCE_DIR}/plugins/webhook/signature.cc
  ${PROJECT_SOURCE_DIR}/plugins/webhook/verdict.cc)
target_compile_definitions(unit_plugins PRIVATE
  GATEWAYD_PLUGIN_FOLDER="${CMAKE_BINARY_DIR}/lib/gatewayd/plugins"
  GATEWAYD_TEST_PLUGIN_FOLDER="${CMAKE_BINARY_DIR}/tests/plugins")
add_dependencies(unit_plugins abi_plugins plugins)
target_link_libraries(unit_plugins PRIVATE GatewayPlugin::harness OpenSSL::Crypto SQLite::SQLite3)
