// A structured model computes what the dense one does, to the last bit: the definitions of both are executed.
// RUN: %lower-definitions %s | %run | grep -v base > %t.dense
// RUN: %winnow-opt %s --winnow-raise --winnow-structure -o %t.mlir
// RUN: FileCheck %s --input-file=%t.mlir
// RUN: %lower-definitions %t.mlir | %run | grep -v base > %t.structured
// RUN: FileCheck %s --input-file=%t.dense --check-prefix=VALUES
// RUN: diff %t.dense %t.structured

// CHECK: winnow.conv2d
// CHECK: winnow.conv2d {{.*}} inputs({{.*}} outputs(
// CHECK: linalg.pooling_nchw_max {{.*}} tensor<?x5x7x7xf32>
// CHECK: winnow.matmul {{.*}} inputs(

// Some channels are closed, and some are not.
// VALUES: 0,    0,    0
// VALUES: {{[1-9]}}

#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
#shared = affine_map<(d0, d1, d2, d3) -> (d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
#bias = affine_map<(d0, d1) -> (d1)>

func.func private @printMemrefF32(tensor<*xf32>)

func.func @model(%x: tensor<?x2x5x5xf32>, %w1: tensor<6x2x3x3xf32>, %b1: tensor<6xf32>, %v: tensor<2x6xf32>, %w2: tensor<5x6x3x3xf32>, %b2: tensor<5xf32>, %u: tensor<6x5xf32>, %fc: tensor<5x4xf32>)
    -> (tensor<?x4xf32>, tensor<?x5x3x3xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %area = arith.constant 25.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x2x5x5xf32>
  %p0_e = tensor.empty(%n) : tensor<?x2xf32>
  %p0_z = linalg.fill ins(%zero : f32) outs(%p0_e : tensor<?x2xf32>) -> tensor<?x2xf32>
  %p0_s = linalg.generic {indexing_maps = [#all, #channel],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<?x2x5x5xf32>) outs(%p0_z : tensor<?x2xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %a = arith.addf %acc, %in : f32
    linalg.yield %a : f32
  } -> tensor<?x2xf32>
  %p0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p0_s : tensor<?x2xf32>) outs(%p0_e : tensor<?x2xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %a = arith.divf %in, %area : f32
    linalg.yield %a : f32
  } -> tensor<?x2xf32>
  %scores1_e = tensor.empty(%n) : tensor<?x6xf32>
  %scores1_z = linalg.fill ins(%zero : f32) outs(%scores1_e : tensor<?x6xf32>) -> tensor<?x6xf32>
  %scores1 = linalg.matmul ins(%p0, %v : tensor<?x2xf32>, tensor<2x6xf32>)
      outs(%scores1_z : tensor<?x6xf32>) -> tensor<?x6xf32>
  %s = winnow.select.topk %scores1, k = 3 : tensor<?x6xf32> -> !winnow.selection<?x6, 3>
  %g1_m = winnow.selection.to_mask %s : !winnow.selection<?x6, 3> -> tensor<?x6xi1>
  %g1_e = tensor.empty(%n) : tensor<?x6xf32>
  %g1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%g1_m : tensor<?x6xi1>) outs(%g1_e : tensor<?x6xf32>) {
  ^bb0(%in: i1, %acc: f32):
    %f = arith.uitofp %in : i1 to f32
    linalg.yield %f : f32
  } -> tensor<?x6xf32>
  %y1_p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<?x2x5x5xf32> to tensor<?x2x7x7xf32>
  %y1_e = tensor.empty(%n) : tensor<?x6x5x5xf32>
  %y1_z = linalg.fill ins(%zero : f32) outs(%y1_e : tensor<?x6x5x5xf32>) -> tensor<?x6x5x5xf32>
  %y1_c = linalg.conv_2d_nchw_fchw ins(%y1_p, %w1 : tensor<?x2x7x7xf32>, tensor<6x2x3x3xf32>)
      outs(%y1_z : tensor<?x6x5x5xf32>) -> tensor<?x6x5x5xf32>
  %y1 = linalg.generic {indexing_maps = [#all, #shared, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y1_c, %b1 : tensor<?x6x5x5xf32>, tensor<6xf32>) outs(%y1_e : tensor<?x6x5x5xf32>) {
  ^bb0(%in: f32, %c: f32, %acc: f32):
    %a = arith.addf %in, %c : f32
    %r = arith.maximumf %a, %zero : f32
    linalg.yield %r : f32
  } -> tensor<?x6x5x5xf32>
  %z1_e = tensor.empty(%n) : tensor<?x6x5x5xf32>
  %z1 = linalg.generic {indexing_maps = [#all, #channel, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y1, %g1 : tensor<?x6x5x5xf32>, tensor<?x6xf32>) outs(%z1_e : tensor<?x6x5x5xf32>) {
  ^bb0(%in: f32, %h: f32, %acc: f32):
    %p = arith.mulf %in, %h : f32
    linalg.yield %p : f32
  } -> tensor<?x6x5x5xf32>
  %p1_e = tensor.empty(%n) : tensor<?x6xf32>
  %p1_z = linalg.fill ins(%zero : f32) outs(%p1_e : tensor<?x6xf32>) -> tensor<?x6xf32>
  %p1_s = linalg.generic {indexing_maps = [#all, #channel],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%z1 : tensor<?x6x5x5xf32>) outs(%p1_z : tensor<?x6xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %a = arith.addf %acc, %in : f32
    linalg.yield %a : f32
  } -> tensor<?x6xf32>
  %p1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p1_s : tensor<?x6xf32>) outs(%p1_e : tensor<?x6xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %a = arith.divf %in, %area : f32
    linalg.yield %a : f32
  } -> tensor<?x6xf32>
  %scores2_e = tensor.empty(%n) : tensor<?x5xf32>
  %scores2_z = linalg.fill ins(%zero : f32) outs(%scores2_e : tensor<?x5xf32>) -> tensor<?x5xf32>
  %scores2 = linalg.matmul ins(%p1, %u : tensor<?x6xf32>, tensor<6x5xf32>)
      outs(%scores2_z : tensor<?x5xf32>) -> tensor<?x5xf32>
  %t = winnow.select.threshold %scores2, gt 0.0 : tensor<?x5xf32> -> !winnow.selection<?x5, 5>
  %g2_m = winnow.selection.to_mask %t : !winnow.selection<?x5, 5> -> tensor<?x5xi1>
  %g2_e = tensor.empty(%n) : tensor<?x5xf32>
  %g2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%g2_m : tensor<?x5xi1>) outs(%g2_e : tensor<?x5xf32>) {
  ^bb0(%in: i1, %acc: f32):
    %f = arith.uitofp %in : i1 to f32
    linalg.yield %f : f32
  } -> tensor<?x5xf32>
  %y2_p = tensor.pad %z1 low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<?x6x5x5xf32> to tensor<?x6x7x7xf32>
  %y2_e = tensor.empty(%n) : tensor<?x5x5x5xf32>
  %y2_z = linalg.fill ins(%zero : f32) outs(%y2_e : tensor<?x5x5x5xf32>) -> tensor<?x5x5x5xf32>
  %y2_c = linalg.conv_2d_nchw_fchw ins(%y2_p, %w2 : tensor<?x6x7x7xf32>, tensor<5x6x3x3xf32>)
      outs(%y2_z : tensor<?x5x5x5xf32>) -> tensor<?x5x5x5xf32>
  %y2 = linalg.generic {indexing_maps = [#all, #shared, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y2_c, %b2 : tensor<?x5x5x5xf32>, tensor<5xf32>) outs(%y2_e : tensor<?x5x5x5xf32>) {
  ^bb0(%in: f32, %c: f32, %acc: f32):
    %a = arith.addf %in, %c : f32
    %r = arith.maximumf %a, %zero : f32
    linalg.yield %r : f32
  } -> tensor<?x5x5x5xf32>
  %z2_e = tensor.empty(%n) : tensor<?x5x5x5xf32>
  %z2 = linalg.generic {indexing_maps = [#all, #channel, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y2, %g2 : tensor<?x5x5x5xf32>, tensor<?x5xf32>) outs(%z2_e : tensor<?x5x5x5xf32>) {
  ^bb0(%in: f32, %h: f32, %acc: f32):
    %p = arith.mulf %in, %h : f32
    linalg.yield %p : f32
  } -> tensor<?x5x5x5xf32>
  %pool_p = tensor.pad %z2 low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %lowest : f32
  } : tensor<?x5x5x5xf32> to tensor<?x5x7x7xf32>
  %pool_e = tensor.empty(%n) : tensor<?x5x3x3xf32>
  %pool_z = linalg.fill ins(%lowest : f32) outs(%pool_e : tensor<?x5x3x3xf32>) -> tensor<?x5x3x3xf32>
  %window = tensor.empty() : tensor<3x3xf32>
  %pool = linalg.pooling_nchw_max {strides = dense<2> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
      ins(%pool_p, %window : tensor<?x5x7x7xf32>, tensor<3x3xf32>) outs(%pool_z : tensor<?x5x3x3xf32>) -> tensor<?x5x3x3xf32>
  %p2_e = tensor.empty(%n) : tensor<?x5xf32>
  %p2_z = linalg.fill ins(%zero : f32) outs(%p2_e : tensor<?x5xf32>) -> tensor<?x5xf32>
  %p2_s = linalg.generic {indexing_maps = [#all, #channel],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%z2 : tensor<?x5x5x5xf32>) outs(%p2_z : tensor<?x5xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %a = arith.addf %acc, %in : f32
    linalg.yield %a : f32
  } -> tensor<?x5xf32>
  %p2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p2_s : tensor<?x5xf32>) outs(%p2_e : tensor<?x5xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %a = arith.divf %in, %area : f32
    linalg.yield %a : f32
  } -> tensor<?x5xf32>
  %y_e = tensor.empty(%n) : tensor<?x4xf32>
  %y_z = linalg.fill ins(%zero : f32) outs(%y_e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = linalg.matmul ins(%p2, %fc : tensor<?x5xf32>, tensor<5x4xf32>)
      outs(%y_z : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y, %pool : tensor<?x4xf32>, tensor<?x5x3x3xf32>
}

func.func @main() {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c7 = arith.constant 7 : index
  %c11 = arith.constant 11 : index
  %c13 = arith.constant 13 : index
  %c17 = arith.constant 17 : index
  %c19 = arith.constant 19 : index
  %c23 = arith.constant 23 : index
  %c29 = arith.constant 29 : index
  %x_e = tensor.empty() : tensor<3x2x5x5xf32>
  %x = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      outs(%x_e : tensor<3x2x5x5xf32>) {
  ^bb0(%acc: f32):
    %i0 = linalg.index 0 : index
    %i1 = linalg.index 1 : index
    %i2 = linalg.index 2 : index
    %i3 = linalg.index 3 : index
    %a0 = arith.addi %i0, %c1 : index
    %m1 = arith.muli %a0, %c2 : index
    %a1 = arith.addi %m1, %i1 : index
    %m2 = arith.muli %a1, %c5 : index
    %a2 = arith.addi %m2, %i2 : index
    %m3 = arith.muli %a2, %c5 : index
    %a3 = arith.addi %m3, %i3 : index
    %h = arith.muli %a3, %c7 : index
    %r = arith.remui %h, %c19 : index
    %j = arith.index_cast %r : index to i32
    %f = arith.sitofp %j : i32 to f32
    %shift = arith.constant 9.0 : f32
    %scale = arith.constant 0.125 : f32
    %g = arith.subf %f, %shift : f32
    %value = arith.mulf %g, %scale : f32
    linalg.yield %value : f32
  } -> tensor<3x2x5x5xf32>
  %w1_e = tensor.empty() : tensor<6x2x3x3xf32>
  %w1 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      outs(%w1_e : tensor<6x2x3x3xf32>) {
  ^bb0(%acc: f32):
    %i0 = linalg.index 0 : index
    %i1 = linalg.index 1 : index
    %i2 = linalg.index 2 : index
    %i3 = linalg.index 3 : index
    %a0 = arith.addi %i0, %c1 : index
    %m1 = arith.muli %a0, %c2 : index
    %a1 = arith.addi %m1, %i1 : index
    %m2 = arith.muli %a1, %c3 : index
    %a2 = arith.addi %m2, %i2 : index
    %m3 = arith.muli %a2, %c3 : index
    %a3 = arith.addi %m3, %i3 : index
    %h = arith.muli %a3, %c11 : index
    %r = arith.remui %h, %c23 : index
    %j = arith.index_cast %r : index to i32
    %f = arith.sitofp %j : i32 to f32
    %shift = arith.constant 11.0 : f32
    %scale = arith.constant 0.0625 : f32
    %g = arith.subf %f, %shift : f32
    %value = arith.mulf %g, %scale : f32
    linalg.yield %value : f32
  } -> tensor<6x2x3x3xf32>
  %b1_e = tensor.empty() : tensor<6xf32>
  %b1 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      outs(%b1_e : tensor<6xf32>) {
  ^bb0(%acc: f32):
    %i0 = linalg.index 0 : index
    %a0 = arith.addi %i0, %c1 : index
    %h = arith.muli %a0, %c5 : index
    %r = arith.remui %h, %c7 : index
    %j = arith.index_cast %r : index to i32
    %f = arith.sitofp %j : i32 to f32
    %shift = arith.constant 3.0 : f32
    %scale = arith.constant 0.25 : f32
    %g = arith.subf %f, %shift : f32
    %value = arith.mulf %g, %scale : f32
    linalg.yield %value : f32
  } -> tensor<6xf32>
  %v_e = tensor.empty() : tensor<2x6xf32>
  %v = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      outs(%v_e : tensor<2x6xf32>) {
  ^bb0(%acc: f32):
    %i0 = linalg.index 0 : index
    %i1 = linalg.index 1 : index
    %a0 = arith.addi %i0, %c1 : index
    %m1 = arith.muli %a0, %c6 : index
    %a1 = arith.addi %m1, %i1 : index
    %h = arith.muli %a1, %c13 : index
    %r = arith.remui %h, %c17 : index
    %j = arith.index_cast %r : index to i32
    %f = arith.sitofp %j : i32 to f32
    %shift = arith.constant 8.0 : f32
    %scale = arith.constant 0.5 : f32
    %g = arith.subf %f, %shift : f32
    %value = arith.mulf %g, %scale : f32
    linalg.yield %value : f32
  } -> tensor<2x6xf32>
  %w2_e = tensor.empty() : tensor<5x6x3x3xf32>
  %w2 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      outs(%w2_e : tensor<5x6x3x3xf32>) {
  ^bb0(%acc: f32):
    %i0 = linalg.index 0 : index
    %i1 = linalg.index 1 : index
    %i2 = linalg.index 2 : index
    %i3 = linalg.index 3 : index
    %a0 = arith.addi %i0, %c1 : index
    %m1 = arith.muli %a0, %c6 : index
    %a1 = arith.addi %m1, %i1 : index
    %m2 = arith.muli %a1, %c3 : index
    %a2 = arith.addi %m2, %i2 : index
    %m3 = arith.muli %a2, %c3 : index
    %a3 = arith.addi %m3, %i3 : index
    %h = arith.muli %a3, %c17 : index
    %r = arith.remui %h, %c29 : index
    %j = arith.index_cast %r : index to i32
    %f = arith.sitofp %j : i32 to f32
    %shift = arith.constant 14.0 : f32
    %scale = arith.constant 0.03125 : f32
    %g = arith.subf %f, %shift : f32
    %value = arith.mulf %g, %scale : f32
    linalg.yield %value : f32
  } -> tensor<5x6x3x3xf32>
  %b2_e = tensor.empty() : tensor<5xf32>
  %b2 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      outs(%b2_e : tensor<5xf32>) {
  ^bb0(%acc: f32):
    %i0 = linalg.index 0 : index
    %a0 = arith.addi %i0, %c1 : index
    %h = arith.muli %a0, %c3 : index
    %r = arith.remui %h, %c5 : index
    %j = arith.index_cast %r : index to i32
    %f = arith.sitofp %j : i32 to f32
    %shift = arith.constant 2.0 : f32
    %scale = arith.constant 0.125 : f32
    %g = arith.subf %f, %shift : f32
    %value = arith.mulf %g, %scale : f32
    linalg.yield %value : f32
  } -> tensor<5xf32>
  %u_e = tensor.empty() : tensor<6x5xf32>
  %u = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      outs(%u_e : tensor<6x5xf32>) {
  ^bb0(%acc: f32):
    %i0 = linalg.index 0 : index
    %i1 = linalg.index 1 : index
    %a0 = arith.addi %i0, %c1 : index
    %m1 = arith.muli %a0, %c5 : index
    %a1 = arith.addi %m1, %i1 : index
    %h = arith.muli %a1, %c7 : index
    %r = arith.remui %h, %c11 : index
    %j = arith.index_cast %r : index to i32
    %f = arith.sitofp %j : i32 to f32
    %shift = arith.constant 5.0 : f32
    %scale = arith.constant 0.25 : f32
    %g = arith.subf %f, %shift : f32
    %value = arith.mulf %g, %scale : f32
    linalg.yield %value : f32
  } -> tensor<6x5xf32>
  %fc_e = tensor.empty() : tensor<5x4xf32>
  %fc = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      outs(%fc_e : tensor<5x4xf32>) {
  ^bb0(%acc: f32):
    %i0 = linalg.index 0 : index
    %i1 = linalg.index 1 : index
    %a0 = arith.addi %i0, %c1 : index
    %m1 = arith.muli %a0, %c4 : index
    %a1 = arith.addi %m1, %i1 : index
    %h = arith.muli %a1, %c5 : index
    %r = arith.remui %h, %c13 : index
    %j = arith.index_cast %r : index to i32
    %f = arith.sitofp %j : i32 to f32
    %shift = arith.constant 6.0 : f32
    %scale = arith.constant 0.5 : f32
    %g = arith.subf %f, %shift : f32
    %value = arith.mulf %g, %scale : f32
    linalg.yield %value : f32
  } -> tensor<5x4xf32>
  %dynamic = tensor.cast %x : tensor<3x2x5x5xf32> to tensor<?x2x5x5xf32>
  %y, %features = call @model(%dynamic, %w1, %b1, %v, %w2, %b2, %u, %fc) : (tensor<?x2x5x5xf32>, tensor<6x2x3x3xf32>, tensor<6xf32>, tensor<2x6xf32>, tensor<5x6x3x3xf32>, tensor<5xf32>, tensor<6x5xf32>, tensor<5x4xf32>) -> (tensor<?x4xf32>, tensor<?x5x3x3xf32>)
  %0 = tensor.cast %y : tensor<?x4xf32> to tensor<*xf32>
  %1 = tensor.cast %features : tensor<?x5x3x3xf32> to tensor<*xf32>
  call @printMemrefF32(%0) : (tensor<*xf32>) -> ()
  call @printMemrefF32(%1) : (tensor<*xf32>) -> ()
  return
}
