// What cannot become reference code is one error that names it.
// RUN: not %winnow-opt %s --winnow-reference --split-input-file 2>&1 | FileCheck %s

// CHECK: error: reference code takes and gives buffers in row-major order, but function 'index' has 'index'
func.func @index(%n: index, %x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// -----

func.func private @elsewhere(tensor<?xf32>) -> tensor<?xf32>
// CHECK: error: reference code cannot call a function, but calls 'elsewhere'
func.func @call(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = call @elsewhere(%x) : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// CHECK: error: reference code cannot be made of 'gpu.thread_id'
func.func @foreign(%x: tensor<4xindex>) -> tensor<4xindex> {
  %0 = gpu.thread_id x
  %1 = linalg.fill ins(%0 : index) outs(%x : tensor<4xindex>) -> tensor<4xindex>
  return %1 : tensor<4xindex>
}

// -----

// CHECK: error: reference code imports nothing, but would import 'abort'
func.func @assertion(%x: tensor<?xf32>, %n: tensor<i1>) -> tensor<?xf32> {
  %0 = tensor.extract %n[] : tensor<i1>
  cf.assert %0, "no"
  return %x : tensor<?xf32>
}
