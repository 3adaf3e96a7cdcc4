# Element-wise operations and reductions: broadcasts, transpositions, indices, booleans, narrow floats, control flow in
# the body, sums and maxima over every dimension; random and odd extents against numpy.
import numpy as np
from kernels import compile_image, run, runnable

BINARY = """
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>
#column = affine_map<(d0, d1) -> (d0)>
#swapped = affine_map<(d0, d1) -> (d1, d0)>
func.func @binary(%x: memref<?x?xf32>, %r: memref<?xf32>, %c: memref<?xf32>, %t: memref<?x?xf32>, %y: memref<?x?xf32>) attributes {winnow.kernel} {
  scf.forall (%i) in (1) {
    linalg.generic {indexing_maps = [#id, #row, #column, #swapped, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %r, %c, %t : memref<?x?xf32>, memref<?xf32>, memref<?xf32>, memref<?x?xf32>) outs(%y : memref<?x?xf32>) {
    ^bb0(%a: f32, %b: f32, %d: f32, %e: f32, %o: f32):
      %0 = arith.addf %a, %b : f32
      %1 = arith.mulf %0, %d : f32
      %2 = arith.subf %1, %e : f32
      linalg.yield %2 : f32
    }
  }
  return
}
func.func @indexed(%x: memref<?x?xf32>, %y: memref<?x?xf32>, %z: memref<?x?xi32>, %mask: memref<?x?xi1>) attributes {winnow.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c1 : memref<?x?xf32>
  scf.forall (%i) in (1) {
    linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
        outs(%y, %z, %mask : memref<?x?xf32>, memref<?x?xi32>, memref<?x?xi1>) {
    ^bb0(%a: f32, %b: i32, %m: i1):
      %i0 = linalg.index 0 : index
      %i1 = linalg.index 1 : index
      %last = arith.subi %n, %c1 : index
      %back = arith.subi %last, %i1 : index
      %0 = memref.load %x[%i0, %i1] : memref<?x?xf32>
      %1 = memref.load %x[%i0, %back] : memref<?x?xf32>
      %2 = arith.subf %0, %1 : f32
      %3 = arith.index_cast %i1 : index to i32
      %4 = arith.index_cast %i0 : index to i32
      %5 = arith.muli %3, %4 : i32
      %6 = arith.cmpf ogt, %0, %1 : f32
      linalg.yield %2, %5, %6 : f32, i32, i1
    }
  }
  return
}
func.func @choose(%mask: memref<?x?xi1>, %x: memref<?x?xf32>, %y: memref<?x?xf16>, %z: memref<?x?xbf16>) attributes {winnow.kernel} {
  scf.forall (%i) in (1) {
    linalg.generic {indexing_maps = [#id, #id, #id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%mask, %x : memref<?x?xi1>, memref<?x?xf32>) outs(%y, %z : memref<?x?xf16>, memref<?x?xbf16>) {
    ^bb0(%m: i1, %a: f32, %o: f16, %p: bf16):
      %n = arith.negf %a : f32
      %0 = arith.select %m, %a, %n : f32
      %1 = arith.truncf %0 : f32 to f16
      %2 = arith.truncf %0 : f32 to bf16
      linalg.yield %1, %2 : f16, bf16
    }
  }
  return
}
func.func @branch(%mask: memref<?x?xi1>, %x: memref<?x?xf32>, %y: memref<?x?xf32>) attributes {winnow.kernel} {
  %zero = arith.constant 0.0 : f32
  scf.forall (%i) in (1) {
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%mask : memref<?x?xi1>) outs(%y : memref<?x?xf32>) {
    ^bb0(%m: i1, %o: f32):
      %i0 = linalg.index 0 : index
      %i1 = linalg.index 1 : index
      %0 = scf.if %m -> f32 {
        %v = memref.load %x[%i0, %i1] : memref<?x?xf32>
        scf.yield %v : f32
      } else {
        scf.yield %zero : f32
      }
      linalg.yield %0 : f32
    }
  }
  return
}
"""


def reduction(name, element, combine, start, kept):
    """Reduces dimension 1 - `kept` of a matrix into %y, which starts from `start`."""
    return f"""
func.func @{name}(%x: memref<?x?x{element}>, %y: memref<?x{element}>) attributes {{winnow.kernel}} {{
  %start = arith.constant {start} : {element}
  scf.forall (%i) in (1) {{
    linalg.fill ins(%start : {element}) outs(%y : memref<?x{element}>)
    linalg.generic {{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d{kept})>],
        iterator_types = [{'"parallel", "reduction"' if kept == 0 else '"reduction", "parallel"'}]}}
        ins(%x : memref<?x?x{element}>) outs(%y : memref<?x{element}>) {{
    ^bb0(%a: {element}, %s: {element}):
      %r = arith.{combine} %s, %a : {element}
      linalg.yield %r : {element}
    }}
  }}
  return
}}
"""


REDUCTIONS = [("sum", "f32", "addf", "1.0", np.add), ("largest", "f32", "maximumf", "-1.0", np.maximum), ("least", "f32", "minnumf", "1.0", np.minimum),
              ("count", "i32", "addi", "1", np.add), ("greatest", "i32", "maxsi", "-5", np.maximum), ("all", "i32", "andi", "-1", np.bitwise_and)]
SHAPES = [(1, 1), (0, 4), (4, 0), (3, 16), (8, 8), (5, 17), (2, 100), (33, 31), (64, 130)]
MATRIX = (None, None)


def check_elementwise(target, random):
    image = compile_image(BINARY, target)
    for shape in SHAPES:
        def floats(*extents):
            return random.standard_normal(extents, dtype=np.float32)
        x, row, column, swapped = floats(*shape), floats(shape[1]), floats(shape[0]), floats(*shape[::-1])
        y = np.full(shape, np.nan, np.float32)
        run(image, "binary", [MATRIX, (None,), (None,), MATRIX, MATRIX], [x, row, column, swapped, y], 1)
        np.testing.assert_allclose(y, (x + row) * column[:, None] - swapped.T, rtol=1e-6, atol=1e-5)

        product, mask = np.full(shape, -1, np.int32), np.full(shape, True)
        run(image, "indexed", [MATRIX] * 4, [x, y, product, mask], 1)
        np.testing.assert_array_equal(y, x - x[:, ::-1])
        np.testing.assert_array_equal(product, np.outer(np.arange(shape[0]), np.arange(shape[1])))
        np.testing.assert_array_equal(mask, x > x[:, ::-1])

        half, brain = np.zeros(shape, np.float16), np.zeros(shape, np.uint16)
        run(image, "choose", [MATRIX] * 4, [mask, x, half, brain], 1)
        chosen = np.where(mask, x, -x)
        np.testing.assert_array_equal(half, chosen.astype(np.float16))
        wide = (brain.astype(np.uint32) << 16).view(np.float32)
        np.testing.assert_allclose(wide, chosen, rtol=2**-8)

        run(image, "branch", [MATRIX] * 3, [mask, x, y], 1)
        np.testing.assert_array_equal(y, np.where(mask, x, 0))


def check_reductions(target, random):
    image = compile_image("".join(reduction(f"{name}{kept}", element, combine, start, kept)
                                  for name, element, combine, start, _ in REDUCTIONS for kept in (0, 1)), target)
    for shape in SHAPES:
        for name, element, _, start, function in REDUCTIONS:
            x = (random.standard_normal(shape, dtype=np.float32) if element == "f32"
                 else random.integers(-2**31, 2**31, shape).astype(np.int32))
            for kept in (0, 1):
                y = np.empty(shape[kept], x.dtype)
                run(image, f"{name}{kept}", [MATRIX, (None,)], [x, y], 1)
                expected = function.reduce(x, axis=1 - kept, initial=x.dtype.type(float(start)), dtype=x.dtype)
                np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4, err_msg=f"{name}{kept} {shape}")


if __name__ == "__main__":
    import sys
    for target in filter(runnable, sys.argv[1:]):
        random = np.random.default_rng(2)
        check_elementwise(target, random)
        check_reductions(target, random)
        print(target, "passed")
