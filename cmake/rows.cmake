# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Holds a list of rows, MACRO(name, ...), to its files: each file in the remaining arguments, in which @ stands for the
# argument number COLUMN (0 is the name) of the row, must be there.
function(encnet_check_rows def macro column)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${def})
  file(STRINGS ${def} rows REGEX "^${macro}\\(")
  foreach(row ${rows})
    string(REGEX REPLACE "^${macro}\\(" "" row "${row}")
    string(REGEX MATCHALL "[a-z0-9_]+" words "${row}")
    list(GET words ${column} name)
    foreach(pattern ${ARGN})
      string(REPLACE "@" "${name}" file ${pattern})
      if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
        message(FATAL_ERROR "${def} names ${name}, but ${file} does not exist")
      endif()
    endforeach()
  endforeach()
endfunction()
