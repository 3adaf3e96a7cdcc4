// Layer norms and root-mean-square norms are recognized in the forms that exporters write.
// RUN: %winnow-opt %s --winnow-raise-normalization --canonicalize | FileCheck %s
// RUN: %winnow-opt %s --winnow-raise-normalization --remarks-filter=raise -o %t 2>&1 | FileCheck %s --check-prefix=REMARK

#whole = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>
#line = affine_map<(d0) -> (d0)>

// Divisions, as older exporters write them; then scale and bias.
// CHECK-LABEL: func @layer_norm
// CHECK-SAME: %[[X:[^ ]+]]: tensor<?x64xf32>, %[[G:[^ ]+]]: tensor<64xf32>, %[[B:[^ ]+]]: tensor<64xf32>
// CHECK: %[[Y:.*]] = winnow.normalize %[[X]] centered scale(%[[G]] : tensor<64xf32>) bias(%[[B]] : tensor<64xf32>) epsilon 9.99999974E-6 : tensor<?x64xf32>
// CHECK-NEXT: return %[[Y]]
// REMARK: recognized layer norm of width 64
func.func @layer_norm(%x: tensor<?x64xf32>, %g: tensor<64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 64.0 : f32
  %epsilon = arith.constant 1.0e-05 : f32
  %d = tensor.dim %x, %c0 : tensor<?x64xf32>
  %whole = tensor.empty(%d) : tensor<?x64xf32>
  %rows = tensor.empty(%d) : tensor<?xf32>
  %start = linalg.fill ins(%zero : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %mean = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%sum : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %n : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %centered = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%x, %mean : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %0 = arith.subf %in, %m : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %squares = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%centered : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %in : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  %root = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%squares : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %n : f32
    %1 = arith.addf %0, %epsilon : f32
    %2 = math.sqrt %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%centered, %root : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %r: f32, %out: f32):
    %0 = arith.divf %in, %r : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %s = linalg.generic {indexing_maps = [#whole, #column, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%y, %g : tensor<?x64xf32>, tensor<64xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %p: f32, %out: f32):
    %0 = arith.mulf %in, %p : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %t = linalg.generic {indexing_maps = [#whole, #column, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%s, %b : tensor<?x64xf32>, tensor<64xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %p: f32, %out: f32):
    %0 = arith.addf %in, %p : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  return %t : tensor<?x64xf32>
}

// Products with reciprocals and a power; a sum without a product before it is a bias.
// CHECK-LABEL: func @reciprocals
// CHECK-SAME: %[[X:[^ ]+]]: tensor<?x64xf32>, %{{[^ ]+}}: tensor<64xf32>, %[[B:[^ ]+]]: tensor<64xf32>
// CHECK: winnow.normalize %[[X]] centered bias(%[[B]] : tensor<64xf32>) epsilon
// REMARK: recognized layer norm of width 64
func.func @reciprocals(%x: tensor<?x64xf32>, %g: tensor<64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 0.015625 : f32
  %two = arith.constant 2.0 : f32
  %one = arith.constant 1.0 : f32
  %epsilon = arith.constant 1.0e-05 : f32
  %d = tensor.dim %x, %c0 : tensor<?x64xf32>
  %whole = tensor.empty(%d) : tensor<?x64xf32>
  %rows = tensor.empty(%d) : tensor<?xf32>
  %start = linalg.fill ins(%zero : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %mean = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%sum : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %n, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %centered = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%x, %mean : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %0 = arith.subf %in, %m : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %squares = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%centered : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.powf %in, %two : f32
    %1 = arith.addf %0, %out : f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  %root = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%squares : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %n, %in : f32
    %1 = arith.addf %0, %epsilon : f32
    %2 = math.sqrt %1 : f32
    %3 = arith.divf %one, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%centered, %root : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %r: f32, %out: f32):
    %0 = arith.mulf %r, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %t = linalg.generic {indexing_maps = [#column, #whole, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%b, %y : tensor<64xf32>, tensor<?x64xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %p: f32, %out: f32):
    %0 = arith.addf %in, %p : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  return %t : tensor<?x64xf32>
}

// Without a mean, as T5 and Llama have it.
// CHECK-LABEL: func @root_mean_square
// CHECK-SAME: %[[X:[^ ]+]]: tensor<?x64xf32>, %[[G:[^ ]+]]: tensor<64xf32>
// CHECK: winnow.normalize %[[X]] scale(%[[G]] : tensor<64xf32>) epsilon
// REMARK: recognized root-mean-square norm of width 64
func.func @root_mean_square(%x: tensor<?x64xf32>, %g: tensor<64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 64.0 : f32
  %epsilon = arith.constant 1.0e-05 : f32
  %d = tensor.dim %x, %c0 : tensor<?x64xf32>
  %whole = tensor.empty(%d) : tensor<?x64xf32>
  %rows = tensor.empty(%d) : tensor<?xf32>
  %start = linalg.fill ins(%zero : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
  %squares = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %in : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  %root = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%squares : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %n : f32
    %1 = arith.addf %0, %epsilon : f32
    %2 = math.rsqrt %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%x, %root : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %r: f32, %out: f32):
    %0 = arith.mulf %in, %r : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %t = linalg.generic {indexing_maps = [#column, #whole, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%g, %y : tensor<64xf32>, tensor<?x64xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %p: f32, %out: f32):
    %0 = arith.mulf %in, %p : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  return %t : tensor<?x64xf32>
}

// What is normalized is computed, and used elsewhere.
// CHECK-LABEL: func @computed_input
// CHECK: %[[X:.*]] = linalg.generic
// CHECK: winnow.normalize %[[X]] centered epsilon
// REMARK: recognized layer norm of width 64
func.func @computed_input(%i: tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 64.0 : f32
  %epsilon = arith.constant 1.0e-05 : f32
  %d = tensor.dim %i, %c0 : tensor<?x64xf32>
  %whole = tensor.empty(%d) : tensor<?x64xf32>
  %rows = tensor.empty(%d) : tensor<?xf32>
  %start = linalg.fill ins(%zero : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
  %x = linalg.generic {indexing_maps = [#whole, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%i : tensor<?x64xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.tanh %in : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %sum = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %mean = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%sum : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %n : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %centered = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%x, %mean : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %0 = arith.subf %in, %m : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %squares = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%centered : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %in : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  %root = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%squares : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %n : f32
    %1 = arith.addf %0, %epsilon : f32
    %2 = math.sqrt %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%centered, %root : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %r: f32, %out: f32):
    %0 = arith.divf %in, %r : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  return %y, %x : tensor<?x64xf32>, tensor<?x64xf32>
}

// What is subtracted is not the mean: the difference is not centered.
// CHECK-LABEL: func @other_mean
// CHECK: arith.subf
// CHECK: winnow.normalize %{{.*}} epsilon
// REMARK: recognized root-mean-square norm of width 64
func.func @other_mean(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 64.0 : f32
  %less = arith.constant 63.0 : f32
  %epsilon = arith.constant 1.0e-05 : f32
  %d = tensor.dim %x, %c0 : tensor<?x64xf32>
  %whole = tensor.empty(%d) : tensor<?x64xf32>
  %rows = tensor.empty(%d) : tensor<?xf32>
  %start = linalg.fill ins(%zero : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %mean = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%sum : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %less : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %centered = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%x, %mean : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %0 = arith.subf %in, %m : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %squares = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%centered : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %in : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  %root = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%squares : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %n : f32
    %1 = arith.addf %0, %epsilon : f32
    %2 = math.sqrt %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%centered, %root : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %r: f32, %out: f32):
    %0 = arith.divf %in, %r : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// The mean is that of another tensor.
// CHECK-LABEL: func @mean_of_another
// CHECK: winnow.normalize %{{.*}} epsilon
// REMARK: recognized root-mean-square norm of width 64
func.func @mean_of_another(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 64.0 : f32
  %epsilon = arith.constant 1.0e-05 : f32
  %d = tensor.dim %x, %c0 : tensor<?x64xf32>
  %whole = tensor.empty(%d) : tensor<?x64xf32>
  %rows = tensor.empty(%d) : tensor<?xf32>
  %start = linalg.fill ins(%zero : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %mean = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%sum : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %n : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %centered = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%o, %mean : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %0 = arith.subf %in, %m : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %squares = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%centered : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %in : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  %root = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%squares : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %n : f32
    %1 = arith.addf %0, %epsilon : f32
    %2 = math.sqrt %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%centered, %root : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %r: f32, %out: f32):
    %0 = arith.divf %in, %r : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Two users have parameters of their own, so that none is taken in.
// CHECK-LABEL: func @used_twice
// CHECK: winnow.normalize %{{.*}} centered epsilon
// CHECK: arith.mulf
// CHECK: arith.mulf
// REMARK: recognized layer norm of width 64
func.func @used_twice(%x: tensor<?x64xf32>, %g: tensor<64xf32>, %b: tensor<64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 64.0 : f32
  %epsilon = arith.constant 1.0e-05 : f32
  %d = tensor.dim %x, %c0 : tensor<?x64xf32>
  %whole = tensor.empty(%d) : tensor<?x64xf32>
  %rows = tensor.empty(%d) : tensor<?xf32>
  %start = linalg.fill ins(%zero : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %mean = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%sum : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %n : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %centered = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%x, %mean : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %0 = arith.subf %in, %m : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %squares = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%centered : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %in : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  %root = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%squares : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %n : f32
    %1 = arith.addf %0, %epsilon : f32
    %2 = math.sqrt %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%centered, %root : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %r: f32, %out: f32):
    %0 = arith.divf %in, %r : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %s = linalg.generic {indexing_maps = [#whole, #column, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%y, %g : tensor<?x64xf32>, tensor<64xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %p: f32, %out: f32):
    %0 = arith.mulf %in, %p : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %t = linalg.generic {indexing_maps = [#whole, #column, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%y, %b : tensor<?x64xf32>, tensor<64xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %p: f32, %out: f32):
    %0 = arith.mulf %in, %p : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  return %s, %t : tensor<?x64xf32>, tensor<?x64xf32>
}

// A factor for each row is no scale.
// CHECK-LABEL: func @factor_of_rows
// CHECK: winnow.normalize %{{.*}} centered epsilon
// CHECK: arith.mulf
// REMARK: recognized layer norm of width 64
func.func @factor_of_rows(%x: tensor<?x64xf32>, %f: tensor<?xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 64.0 : f32
  %epsilon = arith.constant 1.0e-05 : f32
  %d = tensor.dim %x, %c0 : tensor<?x64xf32>
  %whole = tensor.empty(%d) : tensor<?x64xf32>
  %rows = tensor.empty(%d) : tensor<?xf32>
  %start = linalg.fill ins(%zero : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %mean = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%sum : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %n : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %centered = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%x, %mean : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %0 = arith.subf %in, %m : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %squares = linalg.generic {indexing_maps = [#whole, #row], iterator_types = ["parallel", "reduction"]}
      ins(%centered : tensor<?x64xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %in : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  %root = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%squares : tensor<?xf32>) outs(%rows : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %n : f32
    %1 = arith.addf %0, %epsilon : f32
    %2 = math.sqrt %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%centered, %root : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %r: f32, %out: f32):
    %0 = arith.divf %in, %r : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %t = linalg.generic {indexing_maps = [#whole, #row, #whole], iterator_types = ["parallel", "parallel"]}
      ins(%y, %f : tensor<?x64xf32>, tensor<?xf32>) outs(%whole : tensor<?x64xf32>) {
  ^bb0(%in: f32, %p: f32, %out: f32):
    %0 = arith.mulf %in, %p : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  return %t : tensor<?x64xf32>
}
