# Every function that becomes arithmetic, against numpy in double precision: over its range, and at zero, infinities
# and NaN. Tolerances are relative to the larger of the value and 1 (the largest error in units of 2^-23).
import math

import numpy as np
from kernels import compile_image, run, runnable

KERNEL = """
func.func @{name}(%x: memref<?xf32>, %y: memref<?xf32>, %z: memref<?xf32>) attributes {{winnow.kernel}} {{
  scf.forall (%i) in (1) {{
    linalg.generic {{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}}
        ins(%x, %y : memref<?xf32>, memref<?xf32>) outs(%z : memref<?xf32>) {{
    ^bb0(%a: f32, %b: f32, %o: f32):
      %r = math.{name} {operands} : f32
      linalg.yield %r : f32
    }}
  }}
  return
}}
"""
ONE, TWO = "%a", "%a, %b"
erf = np.vectorize(math.erf, otypes=[np.float64])
# name: operands, reference, range of the first operand, largest error in units
FUNCTIONS = {
    "exp": (ONE, np.exp, (-80, 80), 8),
    "exp2": (ONE, np.exp2, (-100, 100), 90),  # by exp: the error grows with the exponent
    "expm1": (ONE, np.expm1, (-20, 20), 8),
    "log": (ONE, np.log, (1e-30, 1e30), 8),
    "log2": (ONE, np.log2, (1e-30, 1e30), 8),
    "log10": (ONE, np.log10, (1e-30, 1e30), 8),
    "log1p": (ONE, np.log1p, (-0.99, 100), 8),
    "tanh": (ONE, np.tanh, (-12, 12), 8),
    "erf": (ONE, erf, (-6, 6), 8),
    "sin": (ONE, np.sin, (-50, 50), 40),
    "cos": (ONE, np.cos, (-50, 50), 40),
    "tan": (ONE, np.tan, (-1.4, 1.4), 16),
    "atan": (ONE, np.arctan, (-100, 100), 20),
    "atan2": (TWO, np.arctan2, (-100, 100), 24),
    "asin": (ONE, np.arcsin, (-1, 1), 16),
    "acos": (ONE, np.arccos, (-1, 1), 16),
    "sinh": (ONE, np.sinh, (-20, 20), 24),
    "cosh": (ONE, np.cosh, (-20, 20), 24),
    "asinh": (ONE, np.arcsinh, (-10, 100), 64),
    "acosh": (ONE, np.arccosh, (1, 100), 64),
    "atanh": (ONE, np.arctanh, (-0.9, 0.9), 16),
    "cbrt": (ONE, np.cbrt, (-100, 100), 2),
    "powf": (TWO, np.power, (0.01, 20), 256),
    "sqrt": (ONE, np.sqrt, (0, 1e10), 1),
    "rsqrt": (ONE, lambda x: 1 / np.sqrt(x), (1e-10, 1e10), 4),
    "floor": (ONE, np.floor, (-1e6, 1e6), 0),
    "ceil": (ONE, np.ceil, (-1e6, 1e6), 0),
    "trunc": (ONE, np.trunc, (-1e6, 1e6), 0),
    "round": (ONE, lambda x: np.trunc(x + np.copysign(0.5, x)), (-1000, 1000), 0),
    "roundeven": (ONE, np.round, (-1000, 1000), 0),
    "absf": (ONE, np.abs, (-1000, 1000), 0),
    "copysign": (TWO, np.copysign, (-10, 10), 0),
}
# name: what a few operands give, as pairs
SPECIAL = {
    "exp": [(0, 1), (-np.inf, 0), (np.inf, np.inf), (np.nan, np.nan), (-200, 0), (200, np.inf)],
    "log": [(1, 0), (0, -np.inf), (np.inf, np.inf), (-1, np.nan), (np.nan, np.nan)],
    "tanh": [(0, 0), (-np.inf, -1), (np.inf, 1), (np.nan, np.nan)],
    "erf": [(0, 0), (-np.inf, -1), (np.inf, 1)],
    "round": [(0.5, 1), (-0.5, -1), (1.5, 2), (2.5, 3)],
    "roundeven": [(0.5, 0), (1.5, 2), (2.5, 2), (-2.5, -2)],
}


def compute(image, name, a, b):
    z = np.full(a.shape, 7, np.float32)
    run(image, name, [(None,)] * 3, [a, b, z], 1)
    return z


def check(target, random):
    image = compile_image("".join(KERNEL.format(name=name, operands=row[0]) for name, row in FUNCTIONS.items()), target)
    for name, (operands, reference, (low, high), units) in FUNCTIONS.items():
        a = random.uniform(low, high, 1003).astype(np.float32)
        if low > 0:
            a = np.exp(random.uniform(np.log(low), np.log(high), 1003)).astype(np.float32)
        b = random.uniform(-5, 5, 1003).astype(np.float32)
        wide = [a.astype(np.float64), b.astype(np.float64)][:1 if operands == ONE else 2]
        expected = reference(*wide)
        error = np.abs(compute(image, name, a, b) - expected) / np.maximum(np.abs(expected), 1) * 2.0**23
        if name == "rsqrt":
            error = np.abs(compute(image, name, a, b) / expected - 1) * 2.0**23
        assert error.max() <= units, f"{name}: error {error.max()} at {a[error.argmax()]}, {b[error.argmax()]}, at most {units} allowed"
    for name, pairs in SPECIAL.items():
        a, expected = np.array(pairs, np.float32).T.copy()
        np.testing.assert_allclose(compute(image, name, a, a), expected, rtol=4e-7, err_msg=name)


if __name__ == "__main__":
    import sys
    for target in filter(runnable, sys.argv[1:]):
        check(target, np.random.default_rng(3))
        print(target, "passed")
