# Finds the pinned LLVM and MLIR, and the functions that run TableGen on the project's ODS files.
# The package refuses a version request of "22" for 22.1.x, so the version is checked here.
file(STRINGS ${PROJECT_SOURCE_DIR}/llvm-version.txt WINNOW_LLVM_VERSION LIMIT_COUNT 1)
string(REGEX MATCH "^[0-9]+" WINNOW_LLVM_MAJOR ${WINNOW_LLVM_VERSION})
find_package(MLIR REQUIRED CONFIG HINTS /usr/lib/llvm-${WINNOW_LLVM_MAJOR}/lib/cmake/mlir)
find_package(LLD REQUIRED CONFIG HINTS /usr/lib/llvm-${WINNOW_LLVM_MAJOR}/lib/cmake/lld)
if(NOT "${LLVM_VERSION_MAJOR}.${LLVM_VERSION_MINOR}" VERSION_EQUAL WINNOW_LLVM_VERSION)
  message(FATAL_ERROR "winnow needs LLVM ${WINNOW_LLVM_VERSION} (llvm-version.txt), found ${LLVM_PACKAGE_VERSION}")
endif()
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

add_library(winnow_mlir INTERFACE)
target_include_directories(winnow_mlir SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(WINNOW_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(winnow_mlir INTERFACE ${WINNOW_LLVM_DEFINITIONS})
# MLIR's headers trip these with GCC 12: unnamed parameters, and FailureOr's optional when it is empty.
target_compile_options(winnow_mlir INTERFACE -Wno-unused-parameter
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
target_link_libraries(winnow_mlir INTERFACE MLIR LLVM)

# MLIR's headers take most of the time that a compiler source takes: Clang reads them once. GCC's precompiled
# headers of them have 600 MB and save less.
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  add_library(winnow_precompiled OBJECT ${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp)
  target_link_libraries(winnow_precompiled PUBLIC winnow_flags winnow_mlir)
  target_compile_options(winnow_precompiled PRIVATE "SHELL:-Xclang -fno-pch-timestamp") # for ccache
  target_precompile_headers(winnow_precompiled PRIVATE
    <mlir/Conversion/Passes.h> <mlir/Dialect/Affine/IR/AffineOps.h> <mlir/Dialect/Arith/IR/Arith.h>
    <mlir/Dialect/Arith/Utils/Utils.h> <mlir/Dialect/Func/IR/FuncOps.h> <mlir/Dialect/GPU/IR/GPUDialect.h>
    <mlir/Dialect/LLVMIR/NVVMDialect.h> <mlir/Dialect/Linalg/Transforms/Transforms.h>
    <mlir/Dialect/Math/IR/Math.h> <mlir/Dialect/MemRef/IR/MemRef.h> <mlir/Dialect/SCF/IR/SCF.h>
    <mlir/Dialect/Tensor/IR/Tensor.h> <mlir/Dialect/Vector/IR/VectorOps.h> <mlir/IR/Matchers.h>
    <mlir/IR/PatternMatch.h> <mlir/Pass/PassManager.h> <mlir/Transforms/DialectConversion.h>
    <mlir/Transforms/GreedyPatternRewriteDriver.h> <mlir/Transforms/Passes.h>)
endif()

# Everything that TableGen makes; every compiler library waits for it.
add_custom_target(winnow_generated)

# winnow_tablegen(FILE.td OUTPUT ARGS...): runs mlir-tblgen on a file of the current folder.
function(winnow_tablegen source output)
  set(LLVM_TARGET_DEFINITIONS ${source})
  mlir_tablegen(${output} ${ARGN} EXTRA_INCLUDES ${PROJECT_SOURCE_DIR} ${MLIR_INCLUDE_DIRS})
  string(MAKE_C_IDENTIFIER "winnow_tablegen_${CMAKE_CURRENT_SOURCE_DIR}_${output}" target)
  add_custom_target(${target} DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${output})
  add_dependencies(winnow_generated ${target})
endfunction()

# winnow_add_passes(FOLDER): Passes.h.inc from the folder's Passes.td.
function(winnow_add_passes folder)
  winnow_tablegen(Passes.td Passes.h.inc -gen-pass-decls -name=Winnow${folder})
endfunction()
