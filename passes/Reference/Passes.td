// Passes of the reference pipeline, which executes nothing but definitions.
#ifndef WINNOW_PASSES_REFERENCE_TD
#define WINNOW_PASSES_REFERENCE_TD

include "mlir/Pass/PassBase.td"

def Decompose : Pass<"winnow-decompose", "::mlir::ModuleOp"> {
  let summary = "replaces every winnow operation by its executable definition";
  let description = [{
    Applies `DefinedOpInterface` to all operations, and replaces each selection, in signatures and in
    control flow too, by the values that stand for it: indices, counts and, when its type does not tell it,
    the universe.

    ```mlir
    func.func @f(%x: tensor<2x64xf32>, %s: !winnow.selection<2x64, 16>) -> tensor<2x16xf32> {
      %0 = winnow.gather %x, %s : tensor<2x64xf32>, !winnow.selection<2x64, 16> -> tensor<2x16xf32>
    ```

    becomes

    ```mlir
    func.func @f(%x: tensor<2x64xf32>, %indices: tensor<2x16xi32>, %counts: tensor<2xi32>)
        -> tensor<2x16xf32> {
      %0 = linalg.generic ... { ... scf.if ... tensor.extract %x[...] ... }
    ```

    It does not optimize: a definition only has to be obviously right.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

def HoistWeights : Pass<"winnow-hoist-reference-weights", "::mlir::ModuleOp"> {
  let summary = "turns constant tensors of public functions into arguments";
  let description = [{
    Each constant tensor of a public function becomes an argument after its inputs; the function's
    attribute `winnow.weights` lists their contents in the same order. Equal constants become one. A
    constant with a single value is filled in instead. Private functions keep theirs: inline first.

    ```mlir
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %w = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
    ```

    becomes

    ```mlir
    func.func @main(%x: tensor<2xf32>, %w: tensor<2xf32>) -> tensor<2xf32>
        attributes {winnow.weights = [dense<[1.0, 2.0]> : tensor<2xf32>]} {
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def WrapReference : Pass<"winnow-wrap-reference", "::mlir::ModuleOp"> {
  let summary = "gives bufferized functions the boundary of reference code";
  let description = [{
    A public function on memrefs becomes `SYMBOL(buffers, sizes, allocate, context)`: `buffers` points to the
    addresses of the arguments, then of the results, `sizes` to the dynamic extents of each of them in order,
    all 64-bit. Allocations call `allocate(context, bytes)` and are never freed; results are copied to their
    buffers. Zero bytes are never asked for: the size is at least 1.

    ```mlir
    func.func @main(%x: memref<?xf32>) -> memref<?xf32>
    ```

    becomes

    ```mlir
    func.func @main(%buffers: !llvm.ptr, %sizes: !llvm.ptr, %allocate: !llvm.ptr, %context: !llvm.ptr)
    ```

    A function that calls another, or takes or gives anything but memrefs of the identity layout, is an error.
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::memref::MemRefDialect"
  ];
}

def ExpandMath : Pass<"winnow-expand-math"> {
  let summary = "replaces math functions by arithmetic";
  let description = [{
    Exponentials, logarithms, error functions, powers and trigonometric functions become polynomials and
    arithmetic, so that code needs no mathematical library. Functions of f16 and bf16 are computed in f32.
    What a CPU has an instruction for (square root, absolute value, rounding) stays. The errors are listed in
    `lib/MathExpansions/MathExpansions.h`. Without `fma`, fused multiply-adds become two operations.
  }];
  let options = [Option<"fma", "fma", "bool", "true", "the CPU has fused multiply-add instructions">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"
  ];
}

def ViewExpansions : Pass<"winnow-view-expansions"> {
  let summary = "turns expansions of dense buffers into views of their sizes and strides";
  let description = [{
    Upstream's lowering of `memref.expand_shape` knows one dynamic size for each source dimension; a batch
    and a sequence length that share one need two. A dense buffer's view needs only the sizes:

    ```mlir
    %v = memref.reinterpret_cast %x to offset: [0], sizes: [%n, %s, 12], strides: [%s * 12, 12, 1]
    ```

    Expansions of other layouts stay.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::memref::MemRefDialect"];
}

def CheckReference : Pass<"winnow-check-reference", "::mlir::ModuleOp"> {
  let summary = "reports what the reference pipeline could not lower";
  let description = [{
    Each operation outside the LLVM dialect is an error that names it, and so is each function that is
    declared and not defined, since an image imports nothing.
  }];
}

#endif
