// What only resembles a top-k stays: ties that the higher index wins, NaN as the highest, the lowest scores,
// a mask that is wider than the scores.
// RUN: %winnow-opt %s --winnow-raise-masks --canonicalize | FileCheck %s

// CHECK-NOT: winnow
#self = affine_map<(d0, d1, d2) -> (d0, d1)>
#other = affine_map<(d0, d1, d2) -> (d0, d2)>

func.func @higher_index_wins(%scores: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %zero_i32 = arith.constant 0 : i32
  %zero_i64 = arith.constant 0 : i64
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %false = arith.constant false
  %n = tensor.dim %scores, %c0 : tensor<?x8xf32>
  %r = tensor.empty(%n) : tensor<?x8xi32>
  %r0 = linalg.fill ins(%zero_i32 : i32) outs(%r : tensor<?x8xi32>) -> tensor<?x8xi32>
  %ranks = linalg.generic {indexing_maps = [#self, #other, #self],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%scores, %scores : tensor<?x8xf32>, tensor<?x8xf32>) outs(%r0 : tensor<?x8xi32>) {
  ^bb0(%a: f32, %b: f32, %acc: i32):
    %i = linalg.index 1 : index
    %j = linalg.index 2 : index
    %before = arith.cmpi sgt, %j, %i : index
    %higher = arith.cmpf ugt, %b, %a : f32
    %b_number = arith.cmpf ord, %b, %b : f32
    %better = arith.andi %higher, %b_number : i1
    %lower = arith.cmpf ugt, %a, %b : f32
    %a_number = arith.cmpf ord, %a, %a : f32
    %worse = arith.andi %lower, %a_number : i1
    %tied = arith.select %worse, %false, %before : i1
    %beats = arith.ori %better, %tied : i1
    %step = arith.extui %beats : i1 to i32
    %sum = arith.addi %acc, %step : i32
    linalg.yield %sum : i32
  } -> tensor<?x8xi32>
  %p = tensor.empty(%n) : tensor<?x3xi64>
  %p0 = linalg.fill ins(%zero_i64 : i64) outs(%p : tensor<?x3xi64>) -> tensor<?x3xi64>
  %indices = linalg.generic {indexing_maps = [#other, #self],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%ranks : tensor<?x8xi32>) outs(%p0 : tensor<?x3xi64>) {
  ^bb0(%rank: i32, %acc: i64):
    %i = linalg.index 1 : index
    %place = arith.index_cast %i : index to i32
    %j = linalg.index 2 : index
    %entry = arith.index_cast %j : index to i64
    %here = arith.cmpi eq, %rank, %place : i32
    %picked = arith.select %here, %entry, %acc : i64
    linalg.yield %picked : i64
  } -> tensor<?x3xi64>
  %m = tensor.empty(%n) : tensor<?x8xf32>
  %m0 = linalg.fill ins(%zero : f32) outs(%m : tensor<?x8xf32>) -> tensor<?x8xf32>
  %mask = linalg.generic {indexing_maps = [#other, #self],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%indices : tensor<?x3xi64>) outs(%m0 : tensor<?x8xf32>) {
  ^bb0(%index: i64, %acc: f32):
    %i = linalg.index 1 : index
    %entry = arith.index_cast %index : i64 to index
    %negative = arith.cmpi slt, %entry, %c0 : index
    %wrapped = arith.addi %entry, %c8 : index
    %resolved = arith.select %negative, %wrapped, %entry : index
    %hit = arith.cmpi eq, %resolved, %i : index
    %written = arith.select %hit, %one, %acc : f32
    linalg.yield %written : f32
  } -> tensor<?x8xf32>
  return %mask : tensor<?x8xf32>
}

func.func @nan_is_no_number(%scores: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %zero_i32 = arith.constant 0 : i32
  %zero_i64 = arith.constant 0 : i64
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %false = arith.constant false
  %n = tensor.dim %scores, %c0 : tensor<?x8xf32>
  %r = tensor.empty(%n) : tensor<?x8xi32>
  %r0 = linalg.fill ins(%zero_i32 : i32) outs(%r : tensor<?x8xi32>) -> tensor<?x8xi32>
  %ranks = linalg.generic {indexing_maps = [#self, #other, #self],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%scores, %scores : tensor<?x8xf32>, tensor<?x8xf32>) outs(%r0 : tensor<?x8xi32>) {
  ^bb0(%a: f32, %b: f32, %acc: i32):
    %i = linalg.index 1 : index
    %j = linalg.index 2 : index
    %before = arith.cmpi slt, %j, %i : index
    %higher = arith.cmpf ogt, %b, %a : f32
    %b_number = arith.cmpf ord, %b, %b : f32
    %better = arith.andi %higher, %b_number : i1
    %lower = arith.cmpf ogt, %a, %b : f32
    %a_number = arith.cmpf ord, %a, %a : f32
    %worse = arith.andi %lower, %a_number : i1
    %tied = arith.select %worse, %false, %before : i1
    %beats = arith.ori %better, %tied : i1
    %step = arith.extui %beats : i1 to i32
    %sum = arith.addi %acc, %step : i32
    linalg.yield %sum : i32
  } -> tensor<?x8xi32>
  %p = tensor.empty(%n) : tensor<?x3xi64>
  %p0 = linalg.fill ins(%zero_i64 : i64) outs(%p : tensor<?x3xi64>) -> tensor<?x3xi64>
  %indices = linalg.generic {indexing_maps = [#other, #self],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%ranks : tensor<?x8xi32>) outs(%p0 : tensor<?x3xi64>) {
  ^bb0(%rank: i32, %acc: i64):
    %i = linalg.index 1 : index
    %place = arith.index_cast %i : index to i32
    %j = linalg.index 2 : index
    %entry = arith.index_cast %j : index to i64
    %here = arith.cmpi eq, %rank, %place : i32
    %picked = arith.select %here, %entry, %acc : i64
    linalg.yield %picked : i64
  } -> tensor<?x3xi64>
  %m = tensor.empty(%n) : tensor<?x8xf32>
  %m0 = linalg.fill ins(%zero : f32) outs(%m : tensor<?x8xf32>) -> tensor<?x8xf32>
  %mask = linalg.generic {indexing_maps = [#other, #self],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%indices : tensor<?x3xi64>) outs(%m0 : tensor<?x8xf32>) {
  ^bb0(%index: i64, %acc: f32):
    %i = linalg.index 1 : index
    %entry = arith.index_cast %index : i64 to index
    %negative = arith.cmpi slt, %entry, %c0 : index
    %wrapped = arith.addi %entry, %c8 : index
    %resolved = arith.select %negative, %wrapped, %entry : index
    %hit = arith.cmpi eq, %resolved, %i : index
    %written = arith.select %hit, %one, %acc : f32
    linalg.yield %written : f32
  } -> tensor<?x8xf32>
  return %mask : tensor<?x8xf32>
}

func.func @lowest(%scores: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %zero_i32 = arith.constant 0 : i32
  %zero_i64 = arith.constant 0 : i64
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %false = arith.constant false
  %n = tensor.dim %scores, %c0 : tensor<?x8xf32>
  %r = tensor.empty(%n) : tensor<?x8xi32>
  %r0 = linalg.fill ins(%zero_i32 : i32) outs(%r : tensor<?x8xi32>) -> tensor<?x8xi32>
  %ranks = linalg.generic {indexing_maps = [#self, #other, #self],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%scores, %scores : tensor<?x8xf32>, tensor<?x8xf32>) outs(%r0 : tensor<?x8xi32>) {
  ^bb0(%a: f32, %b: f32, %acc: i32):
    %i = linalg.index 1 : index
    %j = linalg.index 2 : index
    %before = arith.cmpi slt, %j, %i : index
    %higher = arith.cmpf ult, %b, %a : f32
    %b_number = arith.cmpf ord, %b, %b : f32
    %better = arith.andi %higher, %b_number : i1
    %lower = arith.cmpf ult, %a, %b : f32
    %a_number = arith.cmpf ord, %a, %a : f32
    %worse = arith.andi %lower, %a_number : i1
    %tied = arith.select %worse, %false, %before : i1
    %beats = arith.ori %better, %tied : i1
    %step = arith.extui %beats : i1 to i32
    %sum = arith.addi %acc, %step : i32
    linalg.yield %sum : i32
  } -> tensor<?x8xi32>
  %p = tensor.empty(%n) : tensor<?x3xi64>
  %p0 = linalg.fill ins(%zero_i64 : i64) outs(%p : tensor<?x3xi64>) -> tensor<?x3xi64>
  %indices = linalg.generic {indexing_maps = [#other, #self],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%ranks : tensor<?x8xi32>) outs(%p0 : tensor<?x3xi64>) {
  ^bb0(%rank: i32, %acc: i64):
    %i = linalg.index 1 : index
    %place = arith.index_cast %i : index to i32
    %j = linalg.index 2 : index
    %entry = arith.index_cast %j : index to i64
    %here = arith.cmpi eq, %rank, %place : i32
    %picked = arith.select %here, %entry, %acc : i64
    linalg.yield %picked : i64
  } -> tensor<?x3xi64>
  %m = tensor.empty(%n) : tensor<?x8xf32>
  %m0 = linalg.fill ins(%zero : f32) outs(%m : tensor<?x8xf32>) -> tensor<?x8xf32>
  %mask = linalg.generic {indexing_maps = [#other, #self],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%indices : tensor<?x3xi64>) outs(%m0 : tensor<?x8xf32>) {
  ^bb0(%index: i64, %acc: f32):
    %i = linalg.index 1 : index
    %entry = arith.index_cast %index : i64 to index
    %negative = arith.cmpi slt, %entry, %c0 : index
    %wrapped = arith.addi %entry, %c8 : index
    %resolved = arith.select %negative, %wrapped, %entry : index
    %hit = arith.cmpi eq, %resolved, %i : index
    %written = arith.select %hit, %one, %acc : f32
    linalg.yield %written : f32
  } -> tensor<?x8xf32>
  return %mask : tensor<?x8xf32>
}

func.func @wider_mask(%scores: tensor<?x8xf32>) -> tensor<?x16xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %zero_i32 = arith.constant 0 : i32
  %zero_i64 = arith.constant 0 : i64
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %false = arith.constant false
  %n = tensor.dim %scores, %c0 : tensor<?x8xf32>
  %r = tensor.empty(%n) : tensor<?x8xi32>
  %r0 = linalg.fill ins(%zero_i32 : i32) outs(%r : tensor<?x8xi32>) -> tensor<?x8xi32>
  %ranks = linalg.generic {indexing_maps = [#self, #other, #self],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%scores, %scores : tensor<?x8xf32>, tensor<?x8xf32>) outs(%r0 : tensor<?x8xi32>) {
  ^bb0(%a: f32, %b: f32, %acc: i32):
    %i = linalg.index 1 : index
    %j = linalg.index 2 : index
    %before = arith.cmpi slt, %j, %i : index
    %higher = arith.cmpf ugt, %b, %a : f32
    %b_number = arith.cmpf ord, %b, %b : f32
    %better = arith.andi %higher, %b_number : i1
    %lower = arith.cmpf ugt, %a, %b : f32
    %a_number = arith.cmpf ord, %a, %a : f32
    %worse = arith.andi %lower, %a_number : i1
    %tied = arith.select %worse, %false, %before : i1
    %beats = arith.ori %better, %tied : i1
    %step = arith.extui %beats : i1 to i32
    %sum = arith.addi %acc, %step : i32
    linalg.yield %sum : i32
  } -> tensor<?x8xi32>
  %p = tensor.empty(%n) : tensor<?x3xi64>
  %p0 = linalg.fill ins(%zero_i64 : i64) outs(%p : tensor<?x3xi64>) -> tensor<?x3xi64>
  %indices = linalg.generic {indexing_maps = [#other, #self],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%ranks : tensor<?x8xi32>) outs(%p0 : tensor<?x3xi64>) {
  ^bb0(%rank: i32, %acc: i64):
    %i = linalg.index 1 : index
    %place = arith.index_cast %i : index to i32
    %j = linalg.index 2 : index
    %entry = arith.index_cast %j : index to i64
    %here = arith.cmpi eq, %rank, %place : i32
    %picked = arith.select %here, %entry, %acc : i64
    linalg.yield %picked : i64
  } -> tensor<?x3xi64>
  %m = tensor.empty(%n) : tensor<?x16xf32>
  %m0 = linalg.fill ins(%zero : f32) outs(%m : tensor<?x16xf32>) -> tensor<?x16xf32>
  %mask = linalg.generic {indexing_maps = [#other, #self],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%indices : tensor<?x3xi64>) outs(%m0 : tensor<?x16xf32>) {
  ^bb0(%index: i64, %acc: f32):
    %i = linalg.index 1 : index
    %entry = arith.index_cast %index : i64 to index
    %negative = arith.cmpi slt, %entry, %c0 : index
    %wrapped = arith.addi %entry, %c16 : index
    %resolved = arith.select %negative, %wrapped, %entry : index
    %hit = arith.cmpi eq, %resolved, %i : index
    %written = arith.select %hit, %one, %acc : f32
    linalg.yield %written : f32
  } -> tensor<?x16xf32>
  return %mask : tensor<?x16xf32>
}
