// Rows times FACTOR, which the test puts in.
func.func @main(%x: tensor<?x8xf32> {winnow.name = "x", winnow.dims = ["batch", ""]})
    -> (tensor<?x8xf32> {winnow.name = "y", winnow.dims = ["batch", ""]}) {
  %factor = arith.constant dense<FACTOR> : tensor<8xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
      affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %factor : tensor<?x8xf32>, tensor<8xf32>) outs(%x : tensor<?x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %scaled = arith.mulf %a, %b : f32
    linalg.yield %scaled : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
