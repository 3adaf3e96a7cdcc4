# A product with random constant weights of 64x48.
import numpy as np

weights = np.random.default_rng(1).standard_normal((64, 48)).astype(np.float32)
print(f"""func.func @main(%x: tensor<?x64xf32> {{winnow.name = "x", winnow.dims = ["n", ""]}}) -> tensor<?x48xf32> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<"0x{weights.tobytes().hex().upper()}"> : tensor<64x48xf32>
  %n = tensor.dim %x, %c0 : tensor<?x64xf32>
  %e = tensor.empty(%n) : tensor<?x48xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x48xf32>) -> tensor<?x48xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x48xf32>) outs(%z : tensor<?x48xf32>) -> tensor<?x48xf32> loc("layer")
  return %y : tensor<?x48xf32>
}}""")
