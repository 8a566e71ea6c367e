target_include_directories(unit_async PRIVATE ${PROJECT_SOURCE_DIR})
