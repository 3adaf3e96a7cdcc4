# Matrix products and convolutions of random shapes (0, 1 and odd extents included) against numpy.
import numpy as np
from kernels import compile_image, item_count, run, runnable

D = "strided<[?, 1], offset: ?>"


def matmul(name, left, right, result, transposed=False):
    """Items of 16 x 64; `transposed` takes the right operand as [n, k], whose reduction is contiguous."""
    bd, bs = ("[%j, 0][%w, %k]", "(d0, d1, d2) -> (d1, d2)") if transposed else ("[0, %j][%k, %w]", "(d0, d1, d2) -> (d2, d1)")
    extend = "arith.extsi" if left == "i8" else None
    values = ("%x = arith.extsi %p : i8 to i32\n      %y = arith.extsi %q : i8 to i32\n"
              "      %product = arith.muli %x, %y : i32\n      %s = arith.addi %r, %product : i32" if extend else
              f"%product = arith.mulf %p, %q : {result}\n      %s = arith.addf %r, %product : {result}")
    zero = "0" if extend else "0.0"
    return f"""
func.func @{name}(%a: memref<?x?x{left}>, %b: memref<?x?x{right}>, %c: memref<?x?x{result}>) attributes {{winnow.kernel}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant {zero} : {result}
  %m = memref.dim %c, %c0 : memref<?x?x{result}>
  %n = memref.dim %c, %c1 : memref<?x?x{result}>
  %k = memref.dim %a, %c1 : memref<?x?x{left}>
  scf.forall (%i, %j) = (0, 0) to (%m, %n) step (16, 64) {{
    %h = affine.min affine_map<(d0)[s0] -> (16, s0 - d0)>(%i)[%m]
    %w = affine.min affine_map<(d0)[s0] -> (64, s0 - d0)>(%j)[%n]
    %at = memref.subview %a[%i, 0][%h, %k][1, 1] : memref<?x?x{left}> to memref<?x?x{left}, {D}>
    %bt = memref.subview %b{bd}[1, 1] : memref<?x?x{right}> to memref<?x?x{right}, {D}>
    %ct = memref.subview %c[%i, %j][%h, %w][1, 1] : memref<?x?x{result}> to memref<?x?x{result}, {D}>
    linalg.fill ins(%zero : {result}) outs(%ct : memref<?x?x{result}, {D}>)
    linalg.generic {{indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<{bs}>, affine_map<(d0, d1, d2) -> (d0, d1)>],
        iterator_types = ["parallel", "parallel", "reduction"]}}
        ins(%at, %bt : memref<?x?x{left}, {D}>, memref<?x?x{right}, {D}>) outs(%ct : memref<?x?x{result}, {D}>) {{
    ^bb0(%p: {left}, %q: {right}, %r: {result}):
      {values}
      linalg.yield %s : {result}
    }}
  }}
  return
}}
"""


def check_matmuls(target, random):
    image = compile_image(matmul("mm", "f32", "f32", "f32") + matmul("mmt", "f32", "f32", "f32", transposed=True) +
                          matmul("mmi", "i8", "i8", "i32") + matmul("mmit", "i8", "i8", "i32", transposed=True), target)
    shapes = [(16, 64, 32), (1, 1, 1), (0, 5, 3), (5, 0, 3), (5, 3, 0), (33, 129, 17), (7, 64, 100)]
    shapes += [tuple(random.integers(1, 150, 3)) for _ in range(20)]
    for m, n, k in shapes:
        for name in ("mm", "mmt", "mmi", "mmit"):
            integer = "i" in name
            def operand(*shape):
                return (random.integers(-128, 128, shape).astype(np.int8) if integer
                        else random.standard_normal(shape, dtype=np.float32))
            a, b = operand(m, k), operand(n, k) if name.endswith("t") else operand(k, n)
            c = np.full((m, n), 7, np.int32 if integer else np.float32)
            run(image, name, [(None, None)] * 3, [a, b, c], item_count((m, n), (16, 64)), parts=3)
            wide = np.int32 if integer else np.float64
            expected = a.astype(wide) @ (b.T if name.endswith("t") else b).astype(wide)
            np.testing.assert_allclose(c, expected, rtol=2e-5, atol=2e-5 * max(1, k), err_msg=f"{name} {m, n, k}")


def convolution(name, oh, ow, h, w, stride, dilation, kernel, indirect):
    """One item is one image; `indirect` reads the input channel of each weight from a list of indices."""
    window = f"affine_map<(b, c, y, x, i, u, v) -> (b, i, y * {stride} + u * {dilation}, x * {stride} + v * {dilation})>"
    weight = "(b, c, y, x, i, u, v) -> (c, i, u, v)"
    operands, types, maps, arguments, load = ["%xt", "%w"], [f"memref<1x?x{h}x{w}xf32, strided<[?, {h * w}, {w}, 1], offset: ?>>", f"memref<?x?x{kernel}x{kernel}xf32>"], \
        [window, f"affine_map<{weight}>"], "%p: f32, %q: f32", ""
    if indirect:
        operands, types, maps, arguments = operands[:1], types[:1], maps[:1], "%p: f32"
        load = f"""%ii = linalg.index 4 : index
      %jj = linalg.index 1 : index
      %uu = linalg.index 5 : index
      %vv = linalg.index 6 : index
      %channel = memref.load %indices[%b, %ii] : memref<?x?xi32>
      %position = arith.index_cast %channel : i32 to index
      %q = memref.load %w[%jj, %position, %uu, %vv] : memref<?x?x{kernel}x{kernel}xf32>"""
    return f"""
func.func @{name}(%x: memref<?x?x{h}x{w}xf32>, %w: memref<?x?x{kernel}x{kernel}xf32>, %indices: memref<?x?xi32>, %y: memref<?x?x{oh}x{ow}xf32>) attributes {{winnow.kernel}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %x, %c0 : memref<?x?x{h}x{w}xf32>
  %in = memref.dim %x, %c1 : memref<?x?x{h}x{w}xf32>
  %out = memref.dim %y, %c1 : memref<?x?x{oh}x{ow}xf32>
  scf.forall (%b) in (%n) {{
    %xt = memref.subview %x[%b, 0, 0, 0][1, %in, {h}, {w}][1, 1, 1, 1] : memref<?x?x{h}x{w}xf32> to {types[0]}
    %yt = memref.subview %y[%b, 0, 0, 0][1, %out, {oh}, {ow}][1, 1, 1, 1] : memref<?x?x{oh}x{ow}xf32> to memref<1x?x{oh}x{ow}xf32, strided<[?, {oh * ow}, {ow}, 1], offset: ?>>
    linalg.fill ins(%zero : f32) outs(%yt : memref<1x?x{oh}x{ow}xf32, strided<[?, {oh * ow}, {ow}, 1], offset: ?>>)
    %shape = memref.alloca() : memref<{kernel}x{kernel}xf32>
    linalg.generic {{indexing_maps = [{", ".join(maps)}, affine_map<(b, c, y, x, i, u, v) -> (u, v)>, affine_map<(b, c, y, x, i, u, v) -> (b, c, y, x)>],
        iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}}
        ins({", ".join(operands)}, %shape : {", ".join(types)}, memref<{kernel}x{kernel}xf32>) outs(%yt : memref<1x?x{oh}x{ow}xf32, strided<[?, {oh * ow}, {ow}, 1], offset: ?>>) {{
    ^bb0({arguments}, %unused: f32, %r: f32):
      {load}
      %product = arith.mulf %p, %q : f32
      %s = arith.addf %r, %product : f32
      linalg.yield %s : f32
    }}
  }}
  return
}}
"""


def expected_convolution(x, w, stride, dilation, oh, ow):
    result = np.zeros((x.shape[0], w.shape[0], oh, ow))
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            window = x[:, :, u * dilation:u * dilation + (oh - 1) * stride + 1:stride, v * dilation:v * dilation + (ow - 1) * stride + 1:stride]
            result += np.einsum("bihw,oi->bohw", window.astype(np.float64), w[:, :, u, v].astype(np.float64))
    return result


def check_convolutions(target, random):
    for oh, ow, stride, dilation, kernel in [(8, 8, 1, 1, 3), (4, 4, 2, 1, 3), (7, 19, 1, 2, 3), (5, 33, 2, 2, 2), (16, 16, 1, 1, 1), (3, 20, 3, 1, 5)]:
        h, w = ((o - 1) * stride + (kernel - 1) * dilation + 1 for o in (oh, ow))
        image = compile_image(convolution("direct", oh, ow, h, w, stride, dilation, kernel, False) +
                              convolution("indirect", oh, ow, h, w, stride, dilation, kernel, True), target)
        for n, inputs, outputs in [(1, 1, 1), (0, 2, 2), (2, 0, 3), (2, 3, 0), (3, 7, 13), (1, 16, 8)]:
            x = random.standard_normal((n, inputs, h, w), dtype=np.float32)
            universe = inputs + 5
            indices = np.array([random.permutation(universe)[:inputs] for _ in range(n)], np.int32).reshape(n, inputs)
            weights = random.standard_normal((outputs, universe, kernel, kernel), dtype=np.float32)
            types = [(None, None, h, w), (None, None, kernel, kernel), (None, None), (None, None, oh, ow)]
            for name in ("direct", "indirect"):
                used = np.ascontiguousarray(weights[:, :inputs]) if name == "direct" else weights
                y = np.full((n, outputs, oh, ow), np.nan, np.float32)
                run(image, name, types, [x, used, indices, y], n)
                expected = np.zeros(y.shape)
                for b in range(n):
                    mine = used if name == "direct" else weights[:, indices[b]]
                    expected[b] = expected_convolution(x[b:b + 1], mine, stride, dilation, oh, ow)[0]
                np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4, err_msg=f"{name} {oh, ow, stride, dilation, kernel, n, inputs, outputs}")


if __name__ == "__main__":
    import sys
    for target in filter(runnable, sys.argv[1:]):
        random = np.random.default_rng(1)
        check_matmuls(target, random)
        check_convolutions(target, random)
        print(target, "passed")
