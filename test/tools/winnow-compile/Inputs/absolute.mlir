// The absolute value of a matrix with a named batch: the least that is a model.
func.func @main(%x: tensor<?x8xf32> {winnow.name = "x", winnow.dims = ["batch", ""]})
    -> (tensor<?x8xf32> {winnow.name = "y", winnow.dims = ["batch", ""]}) {
  %y = linalg.abs ins(%x : tensor<?x8xf32>) outs(%x : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
