"""Models that use one weight of 1 MiB many times: shared_weights.py FOLDER."""
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.parser

SIZE = 512
ONNX = {
    "calls": """<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
        main (float[n, 512] x) => (float[n, 512] y) {
          a = local.layer (x, w)
          y = local.layer (a, w)
        }
        <domain: "local", opset_import: ["" : 17]>
        layer (v, m) => (r) {
          p = MatMul (v, m)
          r = Tanh (p)
        }""",
    "branches": """<ir_version: 8, opset_import: ["" : 17]>
        main (float[n, 512] x, bool c) => (float[n, 512] y) {
          y = If (c) <then_branch = yes () => (float[n, 512] t) { t = MatMul (x, w) },
                      else_branch = no () => (float[n, 512] e) { p = MatMul (x, w)
                                                                e = Tanh (p) }>
        }""",
    "loop": """<ir_version: 8, opset_import: ["" : 17]>
        main (float[n, 512] x, int64 k) => (float[n, 512] y) {
          go = Constant <value_int = 1> ()
          yes = Cast <to = 9> (go)
          z = Loop (k, yes, x) <body = body (int64 i, bool b, float[n, 512] v) => (bool o, float[n, 512] u) {
            o = Identity (b)
            p = MatMul (v, w)
            u = Tanh (p)
          }>
          y = MatMul (z, w)
        }""",
    "shapes": """<ir_version: 8, opset_import: ["" : 17]>
        main (float[n, 512] x, float[n, 512, 4, 4] i) => (float[n, 512] y, float[1, n, 512] z, float[n, 512, 4, 4] c) {
          y = MatMul (x, w)
          batch = Constant <value_ints = [1, 512, 512]> ()
          r = Reshape (w, batch)
          axis = Constant <value_ints = [0]> ()
          t = Unsqueeze (x, axis)
          z = MatMul (t, r)
          kernel = Constant <value_ints = [512, 512, 1, 1]> ()
          k = Reshape (w, kernel)
          c = Conv (i, k)
        }""",
}
FUNCTION = """
  func.func @{name}(%x: tensor<?x512xf32> {{winnow.name = "x"}}) -> (tensor<?x512xf32> {{winnow.name = "y"}}) {{
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %w = arith.constant dense_resource<w> : tensor<512x512xf32>
    %n = tensor.dim %x, %c0 : tensor<?x512xf32>
    %e = tensor.empty(%n) : tensor<?x512xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x512xf32>) -> tensor<?x512xf32>
    %y = linalg.matmul ins(%x, %w : tensor<?x512xf32>, tensor<512x512xf32>) outs(%z : tensor<?x512xf32>)
        -> tensor<?x512xf32>
    return %y : tensor<?x512xf32>
  }}
"""


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    weight = np.random.default_rng(3).random((SIZE, SIZE), np.float32)
    for name, text in ONNX.items():
        model = onnx.parser.parse_model(text)
        model.graph.initializer.append(onnx.numpy_helper.from_array(weight, "w"))
        onnx.save(model, folder / f"{name}.onnx")
    blob = "0x40000000" + weight.tobytes().hex()
    resources = '{-# dialect_resources: { builtin: { w: "' + blob + '" } } #-}'
    functions = FUNCTION.format(name="first") + FUNCTION.format(name="second")
    (folder / "functions.mlir").write_text("module {" + functions + "}" + resources)


main()
