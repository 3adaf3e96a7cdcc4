// Passes that recognize what an imported model computes.
#ifndef WINNOW_PASSES_RAISE_TD
#define WINNOW_PASSES_RAISE_TD

include "mlir/Pass/PassBase.td"

def DropUnitSpace : Pass<"winnow-drop-unit-space", "::mlir::ModuleOp"> {
  let summary = "turns computations on images of a single point into computations on matrices";
  let description = [{
    What a model computes of a pooled image, [rows, channels, 1, 1], is computed on [rows, channels]:
    element-wise operations lose the dimensions of extent 1 and 1x1 convolutions become matrix products,
    with their constant weights transposed. Gates are then matrices, as the other passes of this folder
    expect.

    ```mlir
    %0 = linalg.conv_2d_nchw_fchw ins(%pooled, %w : tensor<?x64x1x1xf32>, tensor<4x64x1x1xf32>) ...
    ```

    becomes

    ```mlir
    %matrix = tensor.collapse_shape %pooled [[0], [1, 2, 3]] : tensor<?x64x1x1xf32> into tensor<?x64xf32>
    %product = linalg.matmul ins(%matrix, %w_transposed : tensor<?x64xf32>, tensor<64x4xf32>) ...
    %0 = tensor.expand_shape %product [[0], [1, 2, 3]] ... : tensor<?x4xf32> into tensor<?x4x1x1xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"
  ];
}

def RaiseMasks : Pass<"winnow-raise-masks", "::mlir::ModuleOp"> {
  let summary = "recognizes masks that a threshold or a top-k makes";
  let description = [{
    A comparison of scores [rows, entries] with a constant becomes the mask of a `winnow.select.threshold`,
    and ones that are scattered to the places of the k highest scores become that of a `winnow.select.topk`.
    Both are exact: what a body computes is proven by evaluating it for every order of its operands, ties
    and NaN included.

    ```mlir
    %mask = linalg.generic ins(%scores : tensor<?x64xf32>) outs(...) { arith.cmpf ogt, %in, %cst ... }
    ```

    becomes

    ```mlir
    %s = winnow.select.threshold %scores, gt 5.000000e-01 : tensor<?x64xf32> -> !winnow.selection<?x64, 64>
    %mask = winnow.selection.to_mask %s : !winnow.selection<?x64, 64> -> tensor<?x64xi1>
    ```

    Selections of the lowest scores, scores of another rank and comparisons of two tensors stay as they are.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
    "::winnow::WinnowDialect"
  ];
}

def RaiseChannelGates : Pass<"winnow-raise-channel-gates", "::mlir::ModuleOp"> {
  let summary = "recognizes products of channels with their gates";
  let description = [{
    A product of a tensor [rows, channels, ...] with a tensor [rows, channels] becomes
    `winnow.channel_gate`; so does a choice between a tensor and zero by a mask [rows, channels]. When both
    factors have rank 2, one must be a hard gate: zero where a mask is not set. A remark says whether the
    gate is hard, a squeeze-excite gate (mean over space, linear, relu, linear, sigmoid or hard sigmoid), or
    another soft one.

    ```mlir
    %y = linalg.generic ins(%x, %g : tensor<?x64x8x8xf32>, tensor<?x64xf32>) outs(...) { arith.mulf ... }
    ```

    becomes

    ```mlir
    %y = winnow.channel_gate %x, %g : tensor<?x64x8x8xf32>, tensor<?x64xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
    "::winnow::WinnowDialect"
  ];
}

def RaiseExperts : Pass<"winnow-raise-experts", "::mlir::ModuleOp"> {
  let summary = "recognizes mixtures of experts that compute every expert for every token";
  let description = [{
    A sum over experts of their outputs times their gates becomes `winnow.experts`, if the gates of a token
    are known to be zero but for a few: values that are scattered to where a top-k is, products with a mask
    that winnow-raise-masks found, a softmax of scores that are minus infinity elsewhere, each divided by the
    sum of a row or not. Experts are two matrix products with an activation between, or three where a gate
    multiplies the hidden values, with biases or without. They are a dimension of the tensors, as `MatMul` and
    `Einsum` have them, or written one after another; the weights of the latter are constants that become one.

    ```mlir
    %up = linalg.generic ins(%x, %w : tensor<?x64xf32>, tensor<8x64x96xf32>) ... -> tensor<8x?x96xf32>
    %hidden = linalg.generic ins(%up : tensor<8x?x96xf32>) ... { arith.maximumf %in, %zero ... }
    %out = linalg.batch_matmul ins(%hidden, %v : tensor<8x?x96xf32>, tensor<8x96x64xf32>) ...
    %weighted = linalg.generic ins(%out, %gates : tensor<8x?x64xf32>, tensor<?x8xf32>) ... { arith.mulf ... }
    %y = linalg.generic ins(%weighted : tensor<8x?x64xf32>) ... { arith.addf ... } -> tensor<?x64xf32>
    ```

    becomes

    ```mlir
    %routing = winnow.select.topk %scores, k = 2 : tensor<?x8xf32> -> !winnow.selection<?x8, 2>
    %y = winnow.experts %x, %w, %v, %gates routing(%routing : !winnow.selection<?x8, 2>) activation(relu) ...
    ```

    An infinity or NaN that an expert makes of a token which is not routed to it is not in the sum any more:
    zero times it would be NaN. Which activation it is, is found by evaluating what the body computes.
    Experts stay dense where gates may be other than zero, where a token may have more than half of the
    experts, where an expert differs from others in activation or shape, or where what an expert computes is
    used otherwise; a remark says so in the first two cases.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
    "::winnow::WinnowDialect"
  ];
}

def RaiseAttention : Pass<"winnow-raise-attention", "::mlir::ModuleOp"> {
  let summary = "recognizes attention in matrix products with a softmax between them";
  let description = [{
    A batched product of queries with transposed keys, a softmax over the keys and a batched product with
    the values become `winnow.attention`, as exporters write them: with batches and heads as one dimension
    of the products and two of the scores, or as one dimension throughout. Multiplications and divisions
    by constants, of queries, keys or products, become the scale. Whatever else happens to the scores
    element by element, masks among it, becomes the score region, and tensors that it reads are captured.
    Heads of keys and values that a broadcast repeats, neighbouring ones being the same, are taken as they
    were before. A remark names heads and width.

    ```mlir
    %s = linalg.batch_matmul ins(%q, %kt : tensor<?x?x64xf32>, tensor<?x64x?xf32>) ...
    %heads = tensor.expand_shape %s [[0, 1], [2], [3]] ... : tensor<?x?x?xf32> into tensor<?x8x?x?xf32>
    %masked = linalg.generic ins(%heads, %mask : tensor<?x8x?x?xf32>, tensor<?x?xf32>) { arith.addf ... }
    ... // softmax
    %y = linalg.batch_matmul ins(%weights, %v : tensor<?x?x?xf32>, tensor<?x?x64xf32>) ...
    ```

    becomes

    ```mlir
    %y = winnow.attention %q, %k, %v, scale 1.0 captures(%mask : tensor<?x?xf32>)
        [affine_map<(b, h, q, k) -> (q, k)>] : ... score { ... }
    ```

    Where every score of a query is minus infinity, its result is zero instead of NaN. A choice of zero where
    a weight is NaN, or where the largest score of a row is minus infinity, says the same and is dropped; scores that are NaN stay NaN. Attention whose scores
    or weights are used otherwise, whose number of heads is not known, or of other element types than f32
    stays as it is.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
    "::winnow::WinnowDialect"
  ];
}

def RaiseNormalization : Pass<"winnow-raise-normalization", "::mlir::ModuleOp"> {
  let summary = "recognizes layer norm and root-mean-square norm in reductions and arithmetic";
  let description = [{
    What is divided by the root of the mean of its squares plus a constant, over the last dimension, becomes
    `winnow.normalize`; what has its mean subtracted before, the centered form of it. Divisions may be products
    with reciprocals, roots may be powers, and the arithmetic may be spread over any element-wise operations. A
    product with a vector along the last dimension, and then a sum with one, become its scale and bias. A
    remark names the kind and the width.

    ```mlir
    %squares = linalg.generic ins(%x : tensor<?x512xf32>) { arith.mulf %in, %in ... }
    %sum = linalg.generic ins(%squares : tensor<?x512xf32>) outs(%zero : tensor<?xf32>) { arith.addf ... }
    %root = linalg.generic ins(%sum : tensor<?xf32>) {
      %mean = arith.divf %in, %c512 ...
      %variance = arith.addf %mean, %epsilon ...
      math.sqrt %variance ... }
    %normalized = linalg.generic ins(%x, %root : tensor<?x512xf32>, tensor<?xf32>) { arith.divf ... }
    %y = linalg.generic ins(%normalized, %g : tensor<?x512xf32>, tensor<512xf32>) { arith.mulf ... }
    ```

    becomes

    ```mlir
    %y = winnow.normalize %x scale(%g : tensor<512xf32>) epsilon 1.0e-06 : tensor<?x512xf32>
    ```

    Normalization stays as it is over other dimensions than the last one, or more of them; of a width that
    is not known or above 65536; when something else needs its means or deviations; when its variance is computed
    as a mean of squares less a squared mean, which rounds otherwise; and of other element types than f32.
  }];
  let dependentDialects = ["::winnow::WinnowDialect"];
}

def RecognizeFeedForward : Pass<"winnow-recognize-feed-forward", "::mlir::ModuleOp"> {
  let summary = "says which activation functions and feed-forward layers there are";
  let description = [{
    A remark names each activation function that arithmetic makes, and each pair of matrix products with an
    activation between them, or with the product of an activation and a third matrix product. GELU is known by
    the error function, by tanh and by a sigmoid, SiLU by a sigmoid; their arithmetic may be spread over any
    element-wise operations and be in any order.

    ```mlir
    %h = linalg.matmul ins(%x, %up : tensor<?x64xf32>, tensor<64x256xf32>) ...
    %a = linalg.generic ins(%h : tensor<?x256xf32>) { ... math.erf ... }
    %y = linalg.matmul ins(%a, %down : tensor<?x256xf32>, tensor<256x64xf32>) ...
    ```
    ```
    remark: recognized a feed-forward layer of 256 neurons with GELU
    ```

    Nothing changes: with all neurons active, the layer is matrix products with an epilogue. Neurons that a hard
    mask closes are taken out by `winnow-raise-channel-gates` and the structure phase.
  }];
}

#endif
