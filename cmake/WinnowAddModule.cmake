# winnow_add_module(): compiles a model into programs. Part of winnow's build and of find_package(winnow).

# winnow_add_module(TARGET <name> SOURCE <model> [OPTIONS <option>...] [DEPENDS <file>...])
#
# Makes a target that has a model, ONNX or MLIR text, in it: what links <name> and a winnow runtime can include <name>.h
# and call <name>_load(). OPTIONS are winnow-compile's, which runs in the current source folder. DEPENDS names files that
# are read besides the model, such as its external data. The model is compiled again when it, one of these files or
# winnow-compile changes.
#
#   winnow_add_module(TARGET gated SOURCE gated.onnx OPTIONS --target=host:x86-64-v3)
#   target_link_libraries(program PRIVATE gated winnow::runtime)
function(winnow_add_module)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;SOURCE" "OPTIONS;DEPENDS")
  if(NOT arg_TARGET OR NOT arg_SOURCE OR arg_UNPARSED_ARGUMENTS)
    list(JOIN ARGN " " found)
    message(FATAL_ERROR "winnow_add_module takes TARGET <name> SOURCE <model> [OPTIONS <option>...] [DEPENDS <file>...]"
      ", found '${found}'")
  endif()
  if(TARGET winnow-compile)
    set(compiler winnow-compile)
    set(command $<TARGET_FILE:winnow-compile>)
    set(runtime winnow_runtime)
    if(WINNOW_SANITIZERS)
      # As in test/lit.cfg.py: libMLIR is not instrumented.
      list(PREPEND command ${CMAKE_COMMAND} -E env ASAN_OPTIONS=allow_user_poisoning=0)
    endif()
  else()
    find_program(WINNOW_COMPILE winnow-compile HINTS ${WINNOW_COMMANDS} DOC "winnow's compiler" REQUIRED)
    set(compiler ${WINNOW_COMPILE})
    set(command ${WINNOW_COMPILE})
    set(runtime winnow::runtime)
  endif()
  # A folder of its own: those who link the target find this header and no other.
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.module)
  set(object ${folder}/${arg_TARGET}.o)
  set(header ${folder}/${arg_TARGET}.h)
  file(MAKE_DIRECTORY ${folder})
  get_filename_component(model ${arg_SOURCE} ABSOLUTE)
  add_custom_command(OUTPUT ${object} ${header}
    COMMAND ${command} ${model} --emit=obj -o ${object} ${arg_OPTIONS}
    DEPENDS ${compiler} ${model} ${arg_DEPENDS}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} COMMENT "Compiling the model ${arg_SOURCE}" VERBATIM)
  # The object goes to the linker as it is: in a static library it would be a second copy of the model.
  add_custom_target(${arg_TARGET}_object DEPENDS ${object} ${header})
  add_library(${arg_TARGET} INTERFACE)
  add_dependencies(${arg_TARGET} ${arg_TARGET}_object)
  # The header includes the runtime's, but which runtime to link is the program's choice.
  target_include_directories(${arg_TARGET} INTERFACE
    ${folder} $<TARGET_PROPERTY:${runtime},INTERFACE_INCLUDE_DIRECTORIES>)
  target_link_libraries(${arg_TARGET} INTERFACE ${object})
endfunction()
