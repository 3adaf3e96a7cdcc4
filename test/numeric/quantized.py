# Networks that the precision phase realizes in i8: against the same arithmetic in numpy, and against f32 within
# the error that quantization can cause.
import numpy as np

from case import Case, Expected, constant, gather, scatter
from contractions import convolve
from selections import quantize_rows, sample_activations

MARK = "winnow.precision = #winnow.precision<i8>"
CHANNELS, CLASSES = 9, 5


def quantize_weights(weights, channel):
    """Values and scales for each output channel, as the compiler does it."""
    others = tuple(axis for axis in range(weights.ndim) if axis != channel)
    scale = (np.abs(weights).max(axis=others) / np.float32(127)).astype(np.float32)
    scale[scale == 0] = 1
    shape = [1] * weights.ndim
    shape[channel] = -1
    values = np.clip(np.rint(weights / scale.reshape(shape)), -127, 127)
    return values.astype(np.int64), scale


class Layer:
    """A contraction in f32 and in i8, with the bound on what tells them apart."""

    def __init__(self, weights, channel, contract):
        self.weights, self.contract = weights, contract
        self.values, self.scale = quantize_weights(weights, channel)
        shape = [1] * weights.ndim
        shape[channel] = -1
        self.step = np.broadcast_to(self.scale.reshape(shape), weights.shape)

    def along_channels(self, result):
        return self.scale.reshape((1, -1) + (1,) * (result.ndim - 2)).astype(np.float64)

    def quantized(self, x, active=None):
        """`active`: which elements of x take part in a row's scale."""
        values, row_scale = quantize_rows(x, np.ones(x.shape, bool) if active is None else active)
        total = self.contract(values.astype(np.int64), self.values)
        return total * self.along_channels(total) * row_scale.reshape((-1,) + (1,) * (total.ndim - 1))

    def exact(self, x):
        return self.contract(x.astype(np.float64), self.weights.astype(np.float64))

    def bound(self, x, error=0.0):
        """How far i8 may be from f32, if x is off by `error` already: half a step in each factor."""
        x = np.abs(x.astype(np.float64)) + error
        row_step = np.max(x, axis=tuple(range(1, x.ndim)), initial=0) / 127
        off = error + row_step.reshape((-1,) + (1,) * (x.ndim - 1)) / 2 + np.zeros(x.shape)
        return (self.contract(x, self.step.astype(np.float64) / 2) +
                self.contract(off, np.abs(self.weights.astype(np.float64)) + self.step / 2))


def pair(name, text, sample, expect_same, expect_near):
    """One function, tested twice."""
    return [Case(name, text, sample, expect_same), Case(name + "_near_f32", "", sample, expect_near, name)]


def linear():
    """A product with a bias as its initial value; one channel of zeros, one very small."""
    random = np.random.default_rng(5)
    weights = random.standard_normal((37, 6)).astype(np.float32)
    weights[:, 2] = 0
    weights[:, 3] *= 1e-6
    bias = random.standard_normal(6).astype(np.float32)
    layer = Layer(weights, 1, np.matmul)
    text = f"""func.func @linear(%x: tensor<?x37xf32>) -> tensor<?x6xf32> {{
  %c0 = arith.constant 0 : index
  %w = {constant(weights)}
  %b = {constant(bias)}
  %n = tensor.dim %x, %c0 : tensor<?x37xf32>
  %e = tensor.empty(%n) : tensor<?x6xf32>
  %i = linalg.broadcast ins(%b : tensor<6xf32>) outs(%e : tensor<?x6xf32>) dimensions = [0]
  %0 = linalg.matmul {{{MARK}}} ins(%x, %w : tensor<?x37xf32>, tensor<37x6xf32>) outs(%i : tensor<?x6xf32>) -> tensor<?x6xf32>
  return %0 : tensor<?x6xf32>
}}
"""

    def same(x):
        with np.errstate(all="ignore"):
            value = layer.quantized(x)
        return [Expected(value + bias, np.abs(value) + np.abs(bias))]

    def near(x):
        finite = np.isfinite(x).all(axis=1)
        x = np.where(np.isfinite(x), x, 0)
        value = layer.exact(x) + bias
        return [Expected(value, layer.bound(x) + 1e-6 * np.abs(value), np.broadcast_to(finite[:, None], value.shape),
                         tolerance=1.001)]

    return pair("linear", text, lambda sampler: [sample_activations(sampler, sampler.size(0, 12), 37)], same, near)


def network():
    """Convolutions whose channels between them are selected, then a mean and a product: all in i8."""
    random = np.random.default_rng(6)
    first = Layer(random.standard_normal((CHANNELS, 2, 3, 3)).astype(np.float32), 0,
                  lambda x, w: convolve(x, w, (1, 1), (1, 1), (1, 1, 1, 1)))
    second = Layer(random.standard_normal((CLASSES, CHANNELS, 3, 3)).astype(np.float32), 0,
                   lambda x, w: convolve(x, w, (2, 2), (1, 1), (0, 0, 0, 0)))
    selection = f"!winnow.selection<?x{CHANNELS}, ?>"
    text = f"""func.func @network(%x: tensor<?x2x8x8xf32>, %i: tensor<?x?xi32>, %c: tensor<?xi32>) -> tensor<?x{CLASSES}x3x3xf32> {{
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v = {constant(first.weights)}
  %w = {constant(second.weights)}
  %s = winnow.selection.assemble %i, %c : tensor<?x?xi32>, tensor<?xi32> -> {selection}
  %0 = winnow.conv2d %x, %v outputs(%s : {selection}) {{padding = array<i64: 1, 1, 1, 1>, {MARK}}}
      : tensor<?x2x8x8xf32>, tensor<{CHANNELS}x2x3x3xf32> -> tensor<?x?x8x8xf32>
  %n = tensor.dim %i, %c0 : tensor<?x?xi32>
  %k = tensor.dim %i, %c1 : tensor<?x?xi32>
  %e = tensor.empty(%n, %k) : tensor<?x?x8x8xf32>
  %1 = linalg.generic {{indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
                        iterator_types = ["parallel", "parallel", "parallel", "parallel"]}}
      ins(%0 : tensor<?x?x8x8xf32>) outs(%e : tensor<?x?x8x8xf32>) {{
  ^bb0(%a: f32, %o: f32):
    %r = arith.maximumf %a, %zero : f32
    linalg.yield %r : f32
  }} -> tensor<?x?x8x8xf32>
  %2 = winnow.conv2d %1, %w inputs(%s : {selection}) {{strides = array<i64: 2, 2>, {MARK}}}
      : tensor<?x?x8x8xf32>, tensor<{CLASSES}x{CHANNELS}x3x3xf32> -> tensor<?x{CLASSES}x3x3xf32>
  return %2 : tensor<?x{CLASSES}x3x3xf32>
}}
"""

    def sample(sampler):
        rows = sampler.size(0, 6)
        return [sampler.tensor("f32", rows, 2, 8, 8), *sampler.selection(rows, CHANNELS, sampler.size(1, CHANNELS))]

    def select(dense, indices, counts):
        return scatter(gather(dense, indices, counts), indices, counts, CHANNELS)

    def same(x, indices, counts):
        # In f32 like the network: a value between two steps must fall on the same side.
        hidden = np.maximum(select(first.quantized(x), indices, counts), 0).astype(np.float32)
        value = second.quantized(hidden)
        # One activation may round the other way and move a result by a step of it.
        scale = np.max(hidden, axis=(1, 2, 3), initial=0).reshape(-1, 1, 1, 1) / 127
        slack = scale * np.max(np.abs(second.weights))
        return [Expected(value, np.abs(value) * 1e-5 + 2 * slack, tolerance=1)]

    def near(x, indices, counts):
        hidden = np.maximum(select(first.exact(x), indices, counts), 0)
        error = select(first.bound(x), indices, counts)
        return [Expected(second.exact(hidden), second.bound(hidden, error), tolerance=1.001)]

    return pair("network", text, sample, same, near)


def quantized_cases():
    return [*linear(), *network()]
