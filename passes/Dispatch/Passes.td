// The passes of the dispatch phase.
#ifndef WINNOW_PASSES_DISPATCH_TD
#define WINNOW_PASSES_DISPATCH_TD

include "mlir/Pass/PassBase.td"

def ThreadSession : Pass<"winnow-thread-session", "::mlir::ModuleOp"> {
  let summary = "turns what a session keeps into arguments and results of the functions that use it";
  let description = [{
    A parameter that a function reads becomes an argument behind its inputs, of the parameter's type, with the
    attribute `winnow.parameter`. A state becomes an argument and, if the function writes it, a result, with
    the attribute `winnow.state`; a read behind a write is what was written. The phases behind this one see
    functions on tensors only.

    ```mlir
    func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
      %sum = winnow.state.read @sum : tensor<64xf32>
      %next = ...
      winnow.state.write @sum, %next : tensor<64xf32>
      return %x : tensor<64xf32>
    ```
    becomes
    ```mlir
    func.func @main(%x: tensor<64xf32>, %sum: tensor<64xf32> {winnow.state = @sum})
        -> (tensor<64xf32>, tensor<64xf32> {winnow.state = @sum}) {
      %next = ...
      return %x, %next : tensor<64xf32>, tensor<64xf32>
    ```

    A state that is written inside a region is an error, and so is a function that uses one and is called.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def NumberHostValues : Pass<"winnow-number-host-values", "::mlir::func::FuncOp"> {
  let summary = "names the elements of tensors that the host needs";
  let description = [{
    An integer element that is taken between operations on tensors, for a size, becomes a `winnow.host_value`. The
    numbers tell the programs of all devices which is which. Elements of parameters, which the host knows, stay.

    ```mlir
    %n = tensor.extract %counts[%c0] : tensor<1xi64>
    ```
    becomes
    ```mlir
    %n = winnow.host_value %counts[%c0] number 0 : tensor<1xi64>
    ```
  }];
  let dependentDialects = ["::winnow::WinnowDialect"];
}

def GeneralizeOperations : Pass<"winnow-generalize-operations", "::mlir::func::FuncOp"> {
  let summary = "turns named and data-moving operations into linalg.generic";
  let description = [{
    Every linalg operation except `linalg.fill` becomes a `linalg.generic`, and so do `tensor.concat`,
    `tensor.extract_slice`, `tensor.insert_slice` and `tensor.generate`, whose bodies then read the source
    by index, and `tensor.from_elements` and `tensor.splat` of what the host knows, such as sizes. After it, `linalg.fill`, `linalg.generic`, `tensor.pad`, reshapes and the operations of the
    winnow dialect are what is left. A reduction whose type says that it is over nothing is what it starts with.

    ```mlir
    %r = tensor.extract_slice %x[2, 0] [4, 8] [1, 1] : tensor<8x8xf32> to tensor<4x8xf32>
    ```
    becomes
    ```mlir
    %r = linalg.generic {...} outs(%e : tensor<4x8xf32>) { ... tensor.extract %x[%i + 2, %j] ... }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::affine::AffineDialect", "::mlir::scf::SCFDialect"];
}

def FuseElementwise : Pass<"winnow-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "fuses element-wise operations into the one operation that reads them";
  let description = [{
    Uses upstream's fusion of `linalg.generic` operations, restricted to reads that visit each element once,
    so that nothing is computed twice: a broadcast or a window of a computed value is not fused.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def FlattenRows : Pass<"winnow-flatten-rows", "::mlir::func::FuncOp"> {
  let summary = "computes what follows a matrix product on the product's own rows";
  let description = [{
    A linear layer of a batch of sequences is a product of a matrix [batch * sequence, features], and what follows
    it, bias and activation, is written on [batch, sequence, features]. Element-wise operations on a reshape of a
    result that nothing else reads are computed on that result's own dimensions, and reshaped afterwards. They can
    then be the product's epilogue, and two products of a feed-forward layer have no reshape between them.

    ```mlir
    %h = tensor.expand_shape %product [[0, 1], [2]] ... : tensor<?x3072xf32> into tensor<?x?x3072xf32>
    %y = linalg.generic ins(%h, %bias : tensor<?x?x3072xf32>, tensor<3072xf32>) ... -> tensor<?x?x3072xf32>
    ```
    becomes
    ```mlir
    %f = linalg.generic ins(%product, %bias : tensor<?x3072xf32>, tensor<3072xf32>) ... -> tensor<?x3072xf32>
    %y = tensor.expand_shape %f [[0, 1], [2]] ... : tensor<?x3072xf32> into tensor<?x?x3072xf32>
    ```

    An operation that reads another operand by some of the flattened dimensions only stays as it is. It runs behind
    `winnow-check-extents`: products of sizes may agree where the sizes do not.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::affine::AffineDialect"];
}

def CheckExtents : Pass<"winnow-check-extents", "::mlir::func::FuncOp"> {
  let summary = "checks at each call what operations assume of their operands' shapes";
  let description = [{
    The operands of a linalg operation agree in the dimensions that a loop of it runs over. Where their types do not
    say so, a `plan.check` compares the sizes, and so it does where a `tensor.cast` makes a size static and for
    the operands of `winnow.attention`; it disappears when they turn out to be the same value. Windows, whose
    reach is no single dimension, are not checked.

    ```mlir
    %y = linalg.generic ... ins(%a, %b : tensor<?xf32>, tensor<?xf32>)
    ```
    becomes
    ```mlir
    plan.check %size_of_a, %size_of_b, "..."
    %y = linalg.generic ... ins(%a, %b : tensor<?xf32>, tensor<?xf32>)
    ```
  }];
  let dependentDialects = ["::winnow::plan::PlanDialect", "::mlir::tensor::TensorDialect"];
}

def OutlineDispatches : Pass<"winnow-outline-dispatches", "::mlir::ModuleOp"> {
  let summary = "outlines fused groups of operations into kernel functions";
  let description = [{
    Goal: every operation that computes on tensors ends up in a kernel, a function in destination-passing
    style with the attribute `winnow.kernel`, which the entry function calls.

    A group grows from its last operation. An element-wise root takes in the reductions, convolutions and
    products that only it reads and that have its shape, so that it becomes their epilogue. Fills, splat
    constants and `tensor.empty` are repeated in each group that needs them.

    ```mlir
    %c = linalg.generic {...reduction...} ins(%x, %w) outs(%zero : tensor<?x64xf32>) -> tensor<?x64xf32>
    %r = linalg.generic {...parallel...} ins(%c) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
    ```
    becomes
    ```mlir
    %r = func.call @main_0(%x, %w, %e) : (...) -> tensor<?x64xf32>
    func.func private @main_0(%x, %w, %out : tensor<?x64xf32>) -> tensor<?x64xf32> attributes {winnow.kernel}
    ```

    It does not look through reshapes, and it does not fuse an element-wise producer into a reduction that
    would read it more than once.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def DeduplicateKernels : Pass<"winnow-deduplicate-kernels", "::mlir::ModuleOp"> {
  let summary = "merges kernels that are equal but for their names and locations";
  let description = [{
    Calls of a merged kernel are redirected to the first of its kind. Constants of different value make
    kernels different only when they are inside; weights are arguments.
  }];
}

def ConvertToPlan : Pass<"winnow-convert-to-plan", "::mlir::ModuleOp"> {
  let summary = "turns the entry functions into plan programs";
  let description = [{
    Tensors become buffers with known sizes, calls of kernels become `plan.dispatch`, constants become
    `plan.weight`, reshapes disappear, and all shape arithmetic moves to the front. The kernels move into
    the nested module `@kernels`.
  }];
  let dependentDialects = ["::winnow::plan::PlanDialect", "::mlir::arith::ArithDialect",
                           "::mlir::affine::AffineDialect", "::mlir::cf::ControlFlowDialect"];
}

def PlanBuffers : Pass<"winnow-plan-buffers", "::winnow::plan::FuncOp"> {
  let summary = "ends the life of every transient buffer after its last use";
  let description = [{
    The runtime places transient buffers by the intervals between `plan.alloc` and `plan.release`. This pass
    moves each allocation to its first use and adds the release after the last one, slices included.
  }];
}

#endif
