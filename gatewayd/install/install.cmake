# What `cmake --install BUILD --prefix P` lays down, all of it below P (and below $DESTDIR): docs/operating.md
# shows the tree. The program finds its plugins from where it is itself, so P may be moved afterwards; only the
# unit file and the sample's line for editors name it.
include(GNUInstallDirs)

# Not CMAKE_INSTALL_LIBDIR: that is lib/x86_64-linux-gnu on Debian, and the program looks in ../lib.
set(GATEWAYD_INSTALL_PLUGINS lib/gatewayd/plugins)
set(GATEWAYD_INSTALL_SHARE ${CMAKE_INSTALL_DATAROOTDIR}/gatewayd)

install(TARGETS gatewayd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
get_property(bundled GLOBAL PROPERTY GATEWAYD_BUNDLED_PLUGINS)
install(TARGETS ${bundled} LIBRARY DESTINATION ${GATEWAYD_INSTALL_PLUGINS})

# For those who write plugins: plugin-api/CMakeLists.txt.

# For those who read: with the repository's folders, so that the links between the pages work.
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/plugins DESTINATION ${CMAKE_INSTALL_DOCDIR}
  FILES_MATCHING PATTERN "README.md" PATTERN "examples/*/*" PATTERN "lua/scripts/*.lua")
install(FILES ${PROJECT_SOURCE_DIR}/config/reference.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR}/config)
install(FILES ${PROJECT_SOURCE_DIR}/config/gatewayd.schema.json DESTINATION ${GATEWAYD_INSTALL_SHARE})

configure_file(${CMAKE_CURRENT_LIST_DIR}/gatewayd.1.in ${CMAKE_BINARY_DIR}/install/gatewayd.1 @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/install/gatewayd.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/gatewayd.sysusers DESTINATION lib/sysusers.d RENAME gatewayd.conf)

# What names the prefix is written when that is known.
configure_file(${CMAKE_CURRENT_LIST_DIR}/at_install.cmake.in ${CMAKE_BINARY_DIR}/install/at_install.cmake @ONLY)
install(SCRIPT ${CMAKE_BINARY_DIR}/install/at_install.cmake)
