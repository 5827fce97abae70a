# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Debian packages, by `cpack -G DEB` in the build folder: libencnet0, libencnet-dev, libencnet-mpi0, encnet-cl.  Configure with
# -DCMAKE_INSTALL_PREFIX=/usr (the preset "debian"), so that libraries get the folder of their architecture.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME encnet-cl)
set(CPACK_PACKAGE_VENDOR encnet-cl)
set(CPACK_PACKAGE_CONTACT "The encnet-cl authors <encnet-cl@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL libencnet0 libencnet-dev encnet-cl)
if(TARGET encnet_mpi)
  list(APPEND CPACK_COMPONENTS_ALL libencnet-mpi0)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_CURRENT_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_SECTION science)

# Their own libraries, of the same version; dpkg-shlibdeps finds the others.
set(same "libencnet0 (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_LIBENCNET0_PACKAGE_NAME libencnet0)
set(CPACK_DEBIAN_LIBENCNET0_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBENCNET0_PACKAGE_RECOMMENDS "pocl-opencl-icd | opencl-icd")
set(CPACK_DEBIAN_LIBENCNET0_PACKAGE_SUGGESTS "fonts-dejavu-core, fonts-wqy-zenhei") # of names in pictures
set(CPACK_DEBIAN_LIBENCNET0_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/cmake/triggers)
set(CPACK_COMPONENT_LIBENCNET0_DESCRIPTION "Semantic segmentation networks on any OpenCL device: the library")
set(CPACK_DEBIAN_LIBENCNET-DEV_PACKAGE_NAME libencnet-dev)
set(CPACK_DEBIAN_LIBENCNET-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBENCNET-DEV_PACKAGE_DEPENDS ${same})
set(CPACK_DEBIAN_LIBENCNET-DEV_PACKAGE_RECOMMENDS opencl-headers) # of encnet/opencl.h
# of the static library
set(CPACK_DEBIAN_LIBENCNET-DEV_PACKAGE_SUGGESTS
  "ocl-icd-opencl-dev, opencl-headers, libclblast-dev, libpng-dev, libjpeg62-turbo-dev, libinih-dev, libfreetype-dev")
set(CPACK_COMPONENT_LIBENCNET-DEV_DESCRIPTION "Semantic segmentation networks on any OpenCL device: headers and static library")
set(CPACK_DEBIAN_LIBENCNET-MPI0_PACKAGE_NAME libencnet-mpi0)
set(CPACK_DEBIAN_LIBENCNET-MPI0_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBENCNET-MPI0_PACKAGE_DEPENDS ${same})
set(CPACK_DEBIAN_LIBENCNET-MPI0_PACKAGE_SUGGESTS "openmpi-bin | mpich") # mpirun
set(CPACK_COMPONENT_LIBENCNET-MPI0_DESCRIPTION "Semantic segmentation networks on any OpenCL device: training over MPI")
set(CPACK_DEBIAN_ENCNET-CL_PACKAGE_NAME encnet-cl)
set(CPACK_DEBIAN_ENCNET-CL_PACKAGE_DEPENDS ${same})
set(CPACK_DEBIAN_ENCNET-CL_PACKAGE_SUGGESTS libencnet-mpi0)
set(CPACK_COMPONENT_ENCNET-CL_DESCRIPTION "Semantic segmentation networks on any OpenCL device: the programs")
include(CPack)
