// The passes of the precision phase.
#ifndef WINNOW_PASSES_PRECISION_TD
#define WINNOW_PASSES_PRECISION_TD

include "mlir/Pass/PassBase.td"

def PrintWeightError : Pass<"winnow-print-weight-error", "::mlir::ModuleOp"> {
  let summary = "prints what 8-bit weights would cost each contraction";
  let description = [{
    Prints, to standard error and for each matrix product and convolution with constant weights, the bytes of
    the weights now and as i8 with one f32 scale for each output channel, and the relative error
    `||W - Wq|| / ||W||` (Frobenius norms); or why it cannot be i8. It changes nothing.

    ```
    conv1: 2304 bytes, 640 as i8, error 7.46e-03
    scores: 64 bytes, f32 only: its weights are not finite
    ```
  }];
}

def AssignPrecision : Pass<"winnow-assign-precision", "::mlir::ModuleOp"> {
  let summary = "chooses a precision for each contraction under a budget of weight bytes";
  let description = [{
    Goal: the weights of all contractions fit in the budget, with the least error. Weights become i8 with one
    scale for each output channel; what that costs is the squared relative error of the weights: errors of
    layers that feed each other add up by their squares. The choice is exact (branch and bound) up to a limit
    on the work, and beyond it the best found. Operations that share their weights change together.

    A budget chooses between i8 and f32. With `all`, everything that can be is i8, f16 or bf16; weights can be
    f16 if none is beyond its range.

    An operation stays f32 if it has no integer form, if its weights are not constant, not finite or used as
    f32 elsewhere, if i8 would not be smaller, if its sums may exceed 32 bits, or if its error is above
    `max-error`. A `winnow.precision` that is already there is kept. If the budget cannot be met, a warning
    says what can be, and as much as may be becomes i8.

    ```mlir
    %y = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x32xf32>) outs(%z : tensor<?x32xf32>)
        -> tensor<?x32xf32>
    ```
    becomes
    ```mlir
    %y = linalg.matmul {winnow.precision = #winnow.precision<i8>}
        ins(%x, %w : tensor<?x64xf32>, tensor<64x32xf32>) outs(%z : tensor<?x32xf32>) -> tensor<?x32xf32>
    ```

    Every choice leaves a remark of the category `precision`, and an entry in the module's attribute
    `winnow.precision_report`. It changes no arithmetic: `winnow-realize-precision` does.
  }];
  let options = [
    Option<"budgetBytes", "budget-bytes", "int64_t", "0",
           "bytes that the contractions' weights may take; 0 sets no budget">,
    Option<"budget", "budget", "double", "0",
           "the same as a fraction of their bytes in f32, for example 0.4; 0 sets no budget">,
    Option<"maxError", "max-error", "double", "0.02",
           "the largest relative weight error that an operation which is not f32 may have">,
    Option<"all", "all", "::winnow::UniformPrecision", "::winnow::UniformPrecision::None",
           "one precision for everything that can have it, whatever the budget",
           [{::llvm::cl::values(
             clEnumValN(::winnow::UniformPrecision::None, "none", "as the budget asks"),
             clEnumValN(::winnow::UniformPrecision::F32, "f32", "everything stays f32"),
             clEnumValN(::winnow::UniformPrecision::I8, "i8", "i8 wherever max-error allows it"),
             clEnumValN(::winnow::UniformPrecision::F16, "f16", "f16 wherever max-error allows it"),
             clEnumValN(::winnow::UniformPrecision::BF16, "bf16", "bf16 wherever max-error allows it"))}]>
  ];
  let dependentDialects = ["::winnow::WinnowDialect"];
}

def RealizePrecision : Pass<"winnow-realize-precision", "::mlir::ModuleOp"> {
  let summary = "turns marked contractions into integer arithmetic or 16-bit floats";
  let description = [{
    With i8, the activations are quantized at run time with a scale for each row (`winnow.quantize`), the weights now
    with a scale for each output channel; products are summed in i32, and the sum is scaled back. A zero
    padding of a convolution's input becomes padding of the integer convolution, so that the smaller tensor
    is quantized. An initial value that is not zero is added at the end. The marks disappear.

    ```mlir
    %y = linalg.matmul {winnow.precision = #winnow.precision<i8>}
        ins(%x, %w : tensor<?x64xf32>, tensor<64x32xf32>) outs(%zero : tensor<?x32xf32>) -> tensor<?x32xf32>
    ```
    becomes
    ```mlir
    %q, %sx = winnow.quantize %x : tensor<?x64xf32> -> tensor<?x64xi8>, tensor<?xf32>
    %a = winnow.matmul %q, %wq : tensor<?x64xi8>, tensor<64x32xi8> -> tensor<?x32xi32>
    %y = linalg.generic ... ins(%a, %sx, %sw) { f32(a) * sw * sx }
    ```

    With a selection of inputs, only active entries take part in a row's scale; with one of outputs, the
    channels' scales are gathered.

    With f16 or bf16, activations are rounded at run time and weights now; sums stay f32, and so does the result.

    ```mlir
    %h = linalg.generic ... ins(%x) { arith.truncf ... : f32 to f16 } -> tensor<?x64xf16>
    %y = linalg.matmul ins(%h, %wh : tensor<?x64xf16>, tensor<64x32xf16>) outs(%zero : tensor<?x32xf32>)
        -> tensor<?x32xf32>
    ```

    An operation that is marked and cannot be is an error. It does not fuse
    the scaling with what follows: dispatch does.
  }];
  let dependentDialects = ["::winnow::WinnowDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def WidenAccumulators : Pass<"winnow-widen-accumulators", "::mlir::func::FuncOp"> {
  let summary = "makes sums and products of 16-bit floats in f32 and rounds them once at the end";
  let description = [{
    Products, convolutions, pooling and reductions that accumulate in f16 or bf16 lose what is small beside the
    sum. They get an accumulator of f32, and products of two 16-bit numbers are added without being rounded; the
    result is rounded to its type at the end. Maxima and minima are exact as they are.

    ```mlir
    %y = linalg.matmul ins(%x, %w : tensor<?x64xf16>, tensor<64x32xf16>) outs(%zero : tensor<?x32xf16>)
        -> tensor<?x32xf16>
    ```
    becomes
    ```mlir
    %s = linalg.matmul ins(%x, %w : tensor<?x64xf16>, tensor<64x32xf16>) outs(%wide : tensor<?x32xf32>)
        -> tensor<?x32xf32>
    %y = linalg.generic ... ins(%s) { arith.truncf ... : f32 to f16 } -> tensor<?x32xf16>
    ```

    Element-wise arithmetic stays as it is: each operation rounds its result. Accumulations of any other kind,
    and those with several results, are left alone.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif
