# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Installs the library, headers, programs, configs and what other builds find them by: encnet.pc and encnetConfig.cmake.
# A component is a Debian package (packages.cmake).
include(CMakePackageConfigHelpers)
set(ENCNET_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/encnet)

install(TARGETS encnet EXPORT encnetTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  COMPONENT libencnet0 NAMELINK_COMPONENT libencnet-dev)
install(TARGETS encnet_static EXPORT encnetStaticTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libencnet-dev)
if(TARGET encnet_mpi)
  install(TARGETS encnet_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libencnet-mpi0)
endif()
install(FILES ${ENCNET_HEADERS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/encnet COMPONENT libencnet-dev)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT libencnet-dev)
# A page of section 3 for each header, and one for each function that leads there.
find_program(AWK awk)
set(ENCNET_MAN3 ${CMAKE_CURRENT_BINARY_DIR}/man3)
foreach(header ${ENCNET_HEADERS})
  get_filename_component(name ${header} NAME_WE)
  if(header MATCHES "[.]h$" AND AWK)
    add_custom_command(OUTPUT ${ENCNET_MAN3}/encnet-${name}.3
      COMMAND ${CMAKE_COMMAND} -E make_directory ${ENCNET_MAN3}
      COMMAND ${AWK} -v dir=${ENCNET_MAN3} -v version=${PROJECT_VERSION} -f ${CMAKE_CURRENT_SOURCE_DIR}/cmake/man3.awk ${header}
      DEPENDS ${header} cmake/man3.awk VERBATIM)
    list(APPEND ENCNET_MAN3_PAGES ${ENCNET_MAN3}/encnet-${name}.3)
  endif()
endforeach()
add_custom_target(man3 ALL DEPENDS ${ENCNET_MAN3_PAGES})
install(DIRECTORY ${ENCNET_MAN3}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT libencnet-dev)
# The headers as pages of HTML, by hand: cmake --build build --target doc
find_program(DOXYGEN doxygen)
if(DOXYGEN AND AWK)
  configure_file(cmake/Doxyfile.in Doxyfile @ONLY)
  add_custom_target(doc COMMAND ${DOXYGEN} ${CMAKE_CURRENT_BINARY_DIR}/Doxyfile VERBATIM)
endif()
if(ENCNET_PROGRAMS)
  install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/encnet-cl/configs COMPONENT encnet-cl)
  foreach(app ${apps})
    get_filename_component(name ${app} NAME_WE)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT encnet-cl)
    set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  endforeach()
endif()

set_target_properties(encnet PROPERTIES EXPORT_NAME encnet)
set_target_properties(encnet_static PROPERTIES EXPORT_NAME static)
foreach(export encnetTargets encnetStaticTargets)
  install(EXPORT ${export} NAMESPACE encnet:: DESTINATION ${ENCNET_CMAKE_DIR} COMPONENT libencnet-dev)
endforeach()
configure_package_config_file(cmake/encnetConfig.cmake.in encnetConfig.cmake INSTALL_DESTINATION ${ENCNET_CMAKE_DIR})
write_basic_package_version_file(encnetConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/encnetConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/encnetConfigVersion.cmake
  DESTINATION ${ENCNET_CMAKE_DIR} COMPONENT libencnet-dev)
# relative, so that the installed tree can be moved
file(RELATIVE_PATH ENCNET_PC_INCLUDE ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR})
if(FREETYPE_FOUND)
  set(ENCNET_PC_FREETYPE " -lfreetype")
endif()
configure_file(cmake/encnet.pc.in encnet.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/encnet.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libencnet-dev)

add_custom_target(uninstall COMMAND ${CMAKE_COMMAND} -DDIR=${CMAKE_CURRENT_BINARY_DIR}
  -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/uninstall.cmake)
