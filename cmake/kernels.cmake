# Turns cl/*.cl into C byte arrays, and holds lib/ops/ops.def to its promise: one op = one .c, one test.

# Every OP(name, ...) row needs lib/ops/NAME.c and tests/ops/test_NAME.c.
function(encnet_check_ops def)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${def})
  file(STRINGS ${def} rows REGEX "^OP\\(")
  foreach(row ${rows})
    string(REGEX REPLACE "^OP\\(([a-z0-9_]+),.*" "\\1" name "${row}")
    foreach(file lib/ops/${name}.c tests/ops/test_${name}.c)
      if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
        message(FATAL_ERROR "ops.def names ${name}, but ${file} does not exist")
      endif()
    endforeach()
  endforeach()
endfunction()

# Sets OUT to the generated kernels.c.
function(encnet_embed_kernels out)
  file(GLOB sources CONFIGURE_DEPENDS cl/*.cl)
  file(GLOB headers CONFIGURE_DEPENDS cl/*.clh)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/kernels.c)
  add_custom_command(OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DOUT=${generated} -DDIR=${CMAKE_CURRENT_SOURCE_DIR}/cl
      -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${sources} ${headers} cmake/embed.cmake
    COMMENT "Embedding kernels")
  set(${out} ${generated} PARENT_SCOPE)
endfunction()
