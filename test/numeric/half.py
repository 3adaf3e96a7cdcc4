# 16-bit floats: the dense operations on f16 and bf16 tensors, and networks that the precision phase realizes in them.
import ml_dtypes
import numpy as np

import dense
from case import NUMPY, Case, Expected, constant, gather, within_counts
from contractions import convolve

KINDS = ("f16", "bf16")
# Half of the distance between neighbouring numbers, relative: what one rounding may cost.
ROUNDING = {kind: float(ml_dtypes.finfo(NUMPY[kind]).eps) / 2 for kind in KINDS}
INFINITY = {"f16": "0xFC00", "bf16": "0xFF80"}
# Sums are made in f32, whatever the type; on top of them come this many roundings.
SUMS = 1e-5
ROUNDINGS = {"batch_matmul": 1, "linear_relu_dynamic": 2, "linear_relu_fixed": 2, "linear_relu_even": 2, "pool_max": 0,
             "pool_sum": 1, "sum": 1, "largest": 0, "transpose": 0, "concatenation": 0, "slicing": 0, "padding": 0,
             "reshaping": 1,
             # A difference of up to 9 is rounded before it becomes an exponent; exponential, sum, quotient.
             "softmax": 12}


def in_half(case, kind):
    """A case of f32 tensors, for tensors of another type."""
    name = f"{case.name}_{kind}"
    text = case.text.replace("0xFF800000", INFINITY[kind]).replace("f32", kind).replace(f"@{case.name}(", f"@{name}(")
    roundings = ROUNDINGS[case.name]

    def expect(*inputs):
        expected = case.expect(*(array.astype(np.float32) for array in inputs))
        tolerance = roundings * ROUNDING[kind] * 1.01 + SUMS if roundings else 0
        return [Expected(one.value, one.magnitude, one.valid, tolerance) for one in expected]

    return Case(name, text, lambda sampler: [array.astype(NUMPY[kind]) for array in case.sample(sampler)], expect)


def rounded(array, kind):
    return array.astype(NUMPY[kind]).astype(np.float64)


def near_f32(kind, value, magnitude, valid=None):
    """What two rounded factors may cost, each relative to itself."""
    return [Expected(value, magnitude, valid, 2 * ROUNDING[kind] * 1.01 + SUMS)]


def linear(kind):
    """A product with a bias as its initial value."""
    random = np.random.default_rng(8)
    weights = random.standard_normal((37, 21)).astype(np.float32)
    bias = random.standard_normal(21).astype(np.float32)
    name = f"linear_in_{kind}"
    text = f"""func.func @{name}(%x: tensor<?x37xf32>) -> tensor<?x21xf32> {{
  %c0 = arith.constant 0 : index
  %w = {constant(weights)}
  %b = {constant(bias)}
  %n = tensor.dim %x, %c0 : tensor<?x37xf32>
  %e = tensor.empty(%n) : tensor<?x21xf32>
  %i = linalg.broadcast ins(%b : tensor<21xf32>) outs(%e : tensor<?x21xf32>) dimensions = [0]
  %0 = linalg.matmul {{winnow.precision = #winnow.precision<{kind}>}}
      ins(%x, %w : tensor<?x37xf32>, tensor<37x21xf32>) outs(%i : tensor<?x21xf32>) -> tensor<?x21xf32>
  return %0 : tensor<?x21xf32>
}}
"""

    def same(x):
        x, w = rounded(x, kind), rounded(weights, kind)
        return [Expected(x @ w + bias, np.abs(x) @ np.abs(w) + np.abs(bias))]

    def near(x):
        x, w = x.astype(np.float64), weights.astype(np.float64)
        return near_f32(kind, x @ w + bias, np.abs(x) @ np.abs(w) + np.abs(bias))

    sample = lambda sampler: [sampler.tensor("f32", sampler.size(0, 30), 37)]
    return [Case(name, text, sample, same), Case(name + "_near_f32", "", sample, near, name)]


def selected(kind):
    """A convolution with padding, for the output channels that are selected."""
    random = np.random.default_rng(9)
    weights = random.standard_normal((9, 3, 3, 3)).astype(np.float32)
    name = f"selected_in_{kind}"
    text = f"""func.func @{name}(%x: tensor<?x3x8x8xf32>, %i: tensor<?x?xi32>, %c: tensor<?xi32>) -> tensor<?x?x8x8xf32> {{
  %w = {constant(weights)}
  %s = winnow.selection.assemble %i, %c : tensor<?x?xi32>, tensor<?xi32> -> !winnow.selection<?x9, ?>
  %0 = winnow.conv2d %x, %w outputs(%s : !winnow.selection<?x9, ?>)
      {{padding = array<i64: 1, 1, 1, 1>, winnow.precision = #winnow.precision<{kind}>}}
      : tensor<?x3x8x8xf32>, tensor<9x3x3x3xf32> -> tensor<?x?x8x8xf32>
  return %0 : tensor<?x?x8x8xf32>
}}
"""

    def sample(sampler):
        rows = sampler.size(0, 6)
        return [sampler.tensor("f32", rows, 3, 8, 8), *sampler.selection(rows, 9, sampler.size(1, 9))]

    def compute(x, w, indices, counts):
        padded = lambda x, w: gather(convolve(x, w, (1, 1), (1, 1), (1, 1, 1, 1)), indices, counts)
        value = padded(x, w)
        return value, padded(np.abs(x), np.abs(w)), within_counts(counts, value.shape)

    def same(x, indices, counts):
        return [Expected(*compute(rounded(x, kind), rounded(weights, kind), indices, counts))]

    def near(x, indices, counts):
        return near_f32(kind, *compute(x.astype(np.float64), weights.astype(np.float64), indices, counts))

    return [Case(name, text, sample, same), Case(name + "_near_f32", "", sample, near, name)]


def long_sum(kind):
    """Adding 16-bit ones in 16 bits stops at 2048 or 256; a sum in f32 does not."""
    name = f"long_sum_{kind}"
    text = f"""func.func @{name}(%x: tensor<?x?x{kind}>) -> tensor<?x{kind}> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : {kind}
  %n = tensor.dim %x, %c0 : tensor<?x?x{kind}>
  %e = tensor.empty(%n) : tensor<?x{kind}>
  %i = linalg.fill ins(%zero : {kind}) outs(%e : tensor<?x{kind}>) -> tensor<?x{kind}>
  %0 = linalg.reduce {{ arith.addf }} ins(%x : tensor<?x?x{kind}>) outs(%i : tensor<?x{kind}>) dimensions = [1]
  return %0 : tensor<?x{kind}>
}}
"""
    return Case(name, text, lambda sampler: [np.ones((sampler.size(0, 3), sampler.size(0, 5000)), NUMPY[kind])],
                lambda x: [Expected(x.astype(np.float64).sum(axis=1), tolerance=ROUNDING[kind] * 1.01)])


def half_cases():
    plain = [case for case in dense.dense_cases() if case.name in ROUNDINGS]
    cases = [in_half(case, kind) for case in plain for kind in KINDS]
    for kind in KINDS:
        cases += [*linear(kind), *selected(kind), long_sum(kind)]
    return cases
