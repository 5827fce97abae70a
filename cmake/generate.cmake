# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Man pages, completion for three shells and the reference of keys: the programs print them from their own tables.
# Results: below share in the build folder, at the places where a system looks for them.
set(ENCNET_SHARE ${PROJECT_BINARY_DIR}/share)
set(ENCNET_DOCS)

function(encnet_generate file program kind)
  get_filename_component(dir ${ENCNET_SHARE}/${file} DIRECTORY)
  add_custom_command(OUTPUT ${ENCNET_SHARE}/${file}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${dir}
    COMMAND ${program} --print-docs ${kind} > ${ENCNET_SHARE}/${file}
    DEPENDS ${program} VERBATIM)
  set(ENCNET_DOCS ${ENCNET_DOCS} ${ENCNET_SHARE}/${file} PARENT_SCOPE)
endfunction()

if(NOT CMAKE_CROSSCOMPILING)
  foreach(app ${apps})
    get_filename_component(name ${app} NAME_WE)
    encnet_generate(man/man1/${name}.1 ${name} man)
    encnet_generate(bash-completion/completions/${name} ${name} completion)
    encnet_generate(zsh/site-functions/_${name} ${name} completion-zsh)
    encnet_generate(fish/vendor_completions.d/${name}.fish ${name} completion-fish)
  endforeach()
  if(TARGET encnet-cl-train)
    encnet_generate(man/man5/encnet-cl-config.5 encnet-cl-train man-config)
    encnet_generate(doc/encnet/config-reference.md encnet-cl-train reference)
  endif()
  add_custom_target(docs_generated ALL DEPENDS ${ENCNET_DOCS})
  if(ENCNET_INSTALL)
    install(DIRECTORY ${ENCNET_SHARE}/ DESTINATION ${CMAKE_INSTALL_DATADIR} COMPONENT encnet-cl)
  endif()
endif()
