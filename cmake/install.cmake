# Installs the library, headers, programs, configs and what other builds find them by: encnet.pc and encnetConfig.cmake.
include(CMakePackageConfigHelpers)

install(TARGETS encnet encnet_static EXPORT encnetTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET encnet_mpi)
  install(TARGETS encnet_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(FILES ${ENCNET_HEADERS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/encnet)
install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/encnet-cl/configs)
foreach(app ${apps})
  get_filename_component(name ${app} NAME_WE)
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
endforeach()

set_target_properties(encnet PROPERTIES EXPORT_NAME encnet)
set_target_properties(encnet_static PROPERTIES EXPORT_NAME static)
install(EXPORT encnetTargets NAMESPACE encnet:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/encnet)
configure_package_config_file(cmake/encnetConfig.cmake.in encnetConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/encnet)
write_basic_package_version_file(encnetConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/encnetConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/encnetConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/encnet)
# relative, so that the installed tree can be moved
file(RELATIVE_PATH ENCNET_PC_INCLUDE ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(cmake/encnet.pc.in encnet.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/encnet.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
