# Holds the lists of lib/models to their promise: every row has its file.

# encnet_check_rows(DEF MACRO COLUMN DIR): the argument COLUMN, from 0, of every MACRO row of DEF names a file DIR/NAME.c.
function(encnet_check_rows def macro column dir)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${def})
  file(STRINGS ${def} rows REGEX "^${macro}\\(")
  foreach(row ${rows})
    string(REGEX REPLACE "^${macro}\\(" "" row "${row}")
    string(REGEX MATCHALL "[a-z0-9_]+" words "${row}")
    list(GET words ${column} name)
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/${name}.c)
      message(FATAL_ERROR "${def} names ${name}, but ${dir}/${name}.c does not exist")
    endif()
  endforeach()
endfunction()
