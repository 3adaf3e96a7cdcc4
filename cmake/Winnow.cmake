# One function for each kind of target, and the flags that all of them share.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

set(WINNOW_SANITIZERS "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them: address,undefined or thread")

add_library(winnow_flags INTERFACE)
target_include_directories(winnow_flags INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}>)
# Clang reports that stable_sort of GCC 12's library uses what that library calls deprecated.
target_compile_options(winnow_flags INTERFACE -Wall -Wextra -Werror
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-deprecated-declarations>)
target_compile_definitions(winnow_flags INTERFACE WINNOW_VERSION="${PROJECT_VERSION}")
if(WINNOW_SANITIZERS)
  target_compile_options(winnow_flags INTERFACE -fsanitize=${WINNOW_SANITIZERS} -fno-omit-frame-pointer
    -fno-sanitize-recover=undefined)
  target_link_options(winnow_flags INTERFACE -fsanitize=${WINNOW_SANITIZERS})
endif()

# winnow_add_library(NAME SOURCES ... [LINK ...]): a library that needs no LLVM (format, runtime).
function(winnow_add_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${name} PUBLIC winnow_flags ${arg_LINK})
endfunction()

# winnow_add_compiler_library(NAME SOURCES ... [LINK ...] [DEPENDS ...]): a library on MLIR.
# Symbols stay visible: MLIR compares traits by the address of an inline variable, which libMLIR.so must share.
function(winnow_add_compiler_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC winnow_flags winnow_mlir ${arg_LINK})
  add_dependencies(${name} winnow_generated ${arg_DEPENDS})
  if(TARGET winnow_precompiled)
    target_precompile_headers(${name} REUSE_FROM winnow_precompiled)
  endif()
endfunction()

# winnow_add_tool(NAME SOURCES ... [LINK ...]): an installed command.
function(winnow_add_tool name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE winnow_flags ${arg_LINK})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
