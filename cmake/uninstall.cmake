# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Removes the files that the last `cmake --install` of DIR wrote, and the folders of ours that are then empty.
if(NOT EXISTS ${DIR}/install_manifest.txt)
  message(FATAL_ERROR "${DIR}/install_manifest.txt does not exist: nothing was installed from there")
endif()
# Line by line, as text: file(STRINGS) would take a letter outside ASCII for the end of a line, and what follows it for another file.
file(READ ${DIR}/install_manifest.txt rest)
set(count 0)
while(rest MATCHES "^([^\n]+)\n?(.*)$")
  set(file "$ENV{DESTDIR}${CMAKE_MATCH_1}")
  set(rest "${CMAKE_MATCH_2}")
  if(EXISTS "${file}" OR IS_SYMLINK "${file}")
    file(REMOVE "${file}")
    if(EXISTS "${file}" OR IS_SYMLINK "${file}")
      message(FATAL_ERROR "${file} cannot be removed: uninstalling needs the rights that installing had")
    endif()
    math(EXPR count "${count} + 1")
  endif()
  # rmdir removes a folder only if it is empty, and its parent only after it.
  get_filename_component(folder "${file}" DIRECTORY)
  set(failed 0)
  while(folder MATCHES "/encnet" AND failed EQUAL 0)
    execute_process(COMMAND rmdir "${folder}" RESULT_VARIABLE failed ERROR_QUIET)
    get_filename_component(folder "${folder}" DIRECTORY)
  endwhile()
endwhile()
message(STATUS "removed ${count} files")
