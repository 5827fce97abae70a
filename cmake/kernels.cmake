# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Turns cl/*.cl into C byte arrays.

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
