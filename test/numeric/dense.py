# Dense operations as ONNX models have them: products, pooling, reductions, normalization, data movement.
import numpy as np

from case import Case, Expected, constant
from contractions import WINDOWS, convolve


def normal(*least_and_most):
    """Samples one f32 tensor of the given ranges of sizes."""
    return lambda sampler: [sampler.tensor("f32", *(sampler.size(*bounds) for bounds in least_and_most))]


def exact(compute):
    return lambda *inputs: [Expected(compute(*inputs), tolerance=0)]


def batch_matmul():
    text = """func.func @batch_matmul(%x: tensor<?x?x?xf32>, %y: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %x, %c0 : tensor<?x?x?xf32>
  %m = tensor.dim %x, %c1 : tensor<?x?x?xf32>
  %n = tensor.dim %y, %c2 : tensor<?x?x?xf32>
  %e = tensor.empty(%b, %m, %n) : tensor<?x?x?xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %0 = linalg.batch_matmul ins(%x, %y : tensor<?x?x?xf32>, tensor<?x?x?xf32>) outs(%i : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  return %0 : tensor<?x?x?xf32>
}
"""

    def sample(sampler):
        b, m, k, n = (sampler.size(0, most) for most in (4, 20, 40, 20))
        return [sampler.tensor("f32", b, m, k), sampler.tensor("f32", b, k, n)]

    def expect(x, y):
        x, y = x.astype(np.float64), y.astype(np.float64)
        return [Expected(x @ y, np.abs(x) @ np.abs(y))]

    return Case("batch_matmul", text, sample, expect)


def linear_relu(name, inner, columns):
    """A product with an addition of a broadcast row and a maximum, which fuse."""
    x, w, b, y = (f"tensor<{shape}xf32>" for shape in (f"?x{inner}", f"{inner}x{columns}", columns, f"?x{columns}"))
    sizes = "%m, %n" if columns == "?" else "%m"
    text = f"""func.func @linear_relu_{name}(%x: {x}, %w: {w}, %b: {b}) -> {y} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : {x}
  %n = tensor.dim %w, %c1 : {w}
  %e = tensor.empty({sizes}) : {y}
  %i = linalg.fill ins(%zero : f32) outs(%e : {y}) -> {y}
  %0 = linalg.matmul ins(%x, %w : {x}, {w}) outs(%i : {y}) -> {y}
  %1 = linalg.generic {{indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>,
                                        affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}}
      ins(%0, %b : {y}, {b}) outs(%e : {y}) {{
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    %r = arith.maximumf %s, %zero : f32
    linalg.yield %r : f32
  }} -> {y}
  return %1 : {y}
}}
"""

    def sample(sampler):
        m, k, n = (sampler.size(0, most) for most in (20, 70, 40))
        k, n = (k if inner == "?" else int(inner)), (n if columns == "?" else int(columns))
        return [sampler.tensor("f32", m, k), sampler.tensor("f32", k, n), sampler.tensor("f32", n)]

    def expect(x, w, b):
        x, w = x.astype(np.float64), w.astype(np.float64)
        return [Expected(np.maximum(x @ w + b, 0), np.abs(x) @ np.abs(w) + np.abs(b))]

    return Case(f"linear_relu_{name}", text, sample, expect)


def image_network():
    """Two layers of a CNN with constant weights: padding, convolution, bias, maximum, pooling, product."""
    random = np.random.default_rng(4)
    filters = random.standard_normal((10, 3, 3, 3)).astype(np.float32)
    bias = random.standard_normal(10).astype(np.float32)
    matrix = random.standard_normal((160, 7)).astype(np.float32)
    images, maps, pooled = "tensor<?x3x8x8xf32>", "tensor<?x10x8x8xf32>", "tensor<?x10x4x4xf32>"
    text = f"""func.func @image_network(%x: {images}) -> tensor<?x7xf32> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %w = {constant(filters)}
  %b = {constant(bias)}
  %m = {constant(matrix)}
  %n = tensor.dim %x, %c0 : {images}
  %pad = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {{
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  }} : {images} to tensor<?x3x10x10xf32>
  %e0 = tensor.empty(%n) : {maps}
  %z0 = linalg.fill ins(%zero : f32) outs(%e0 : {maps}) -> {maps}
  %conv = linalg.conv_2d_nchw_fchw ins(%pad, %w : tensor<?x3x10x10xf32>, tensor<10x3x3x3xf32>) outs(%z0 : {maps}) -> {maps}
  %relu = linalg.generic {{indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d1)>,
                                           affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>],
                          iterator_types = ["parallel", "parallel", "parallel", "parallel"]}}
      ins(%conv, %b : {maps}, tensor<10xf32>) outs(%e0 : {maps}) {{
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    %r = arith.maximumf %s, %zero : f32
    linalg.yield %r : f32
  }} -> {maps}
  %window = tensor.empty() : tensor<2x2xf32>
  %e1 = tensor.empty(%n) : {pooled}
  %z1 = linalg.fill ins(%least : f32) outs(%e1 : {pooled}) -> {pooled}
  %pool = linalg.pooling_nchw_max {{strides = dense<2> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}}
      ins(%relu, %window : {maps}, tensor<2x2xf32>) outs(%z1 : {pooled}) -> {pooled}
  %flat = tensor.collapse_shape %pool [[0], [1, 2, 3]] : {pooled} into tensor<?x160xf32>
  %e2 = tensor.empty(%n) : tensor<?x7xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<?x7xf32>) -> tensor<?x7xf32>
  %0 = linalg.matmul ins(%flat, %m : tensor<?x160xf32>, tensor<160x7xf32>) outs(%z2 : tensor<?x7xf32>) -> tensor<?x7xf32>
  return %0 : tensor<?x7xf32>
}}
"""

    def layers(x, w, m, absolute):
        hidden = convolve(x, w, *WINDOWS["padded"]) + (np.abs(bias) if absolute else bias).reshape(1, -1, 1, 1)
        hidden = np.maximum(hidden, 0).reshape(len(x), 10, 4, 2, 4, 2).max(axis=(3, 5))
        return hidden.reshape(len(x), 160) @ m

    def expect(x):
        arrays = [array.astype(np.float64) for array in (x, filters, matrix)]
        return [Expected(layers(*arrays, False), layers(*map(np.abs, arrays), True))]

    return Case("image_network", text, lambda sampler: [sampler.tensor("f32", sampler.size(0, 9), 3, 8, 8)], expect)


POOLS = {"max": ("pooling_nchw_max", "0xFF800000", np.max), "sum": ("pooling_nchw_sum", "0.0", np.sum)}


def pooling(kind):
    operation, start, reduce = POOLS[kind]
    text = f"""func.func @pool_{kind}(%x: tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32> {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %start = arith.constant {start} : f32
  %n = tensor.dim %x, %c0 : tensor<?x?x?x?xf32>
  %c = tensor.dim %x, %c1 : tensor<?x?x?x?xf32>
  %h = tensor.dim %x, %c2 : tensor<?x?x?x?xf32>
  %w = tensor.dim %x, %c3 : tensor<?x?x?x?xf32>
  %oh = arith.divui %h, %c2 : index
  %ow = arith.subi %w, %c1 : index
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty(%n, %c, %oh, %ow) : tensor<?x?x?x?xf32>
  %i = linalg.fill ins(%start : f32) outs(%e : tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  %0 = linalg.{operation} {{strides = dense<[2, 1]> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}}
      ins(%x, %window : tensor<?x?x?x?xf32>, tensor<2x2xf32>) outs(%i : tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  return %0 : tensor<?x?x?x?xf32>
}}
"""

    def expect(x):
        height, width = x.shape[2] // 2, x.shape[3] - 1
        windows = np.stack([x[:, :, i:i + 2 * height - 1:2, j:j + width] for i in range(2) for j in range(2)])
        return [Expected(reduce(windows.astype(np.float64), axis=0), np.sum(np.abs(windows), axis=0))]

    return Case(f"pool_{kind}", text, normal((0, 3), (0, 5), (2, 9), (2, 9)), expect)


def reduction(name, start, operation, reduce):
    text = f"""func.func @{name}(%x: tensor<?x?x?xf32>) -> tensor<?x?xf32> {{
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %start = arith.constant {start} : f32
  %n = tensor.dim %x, %c0 : tensor<?x?x?xf32>
  %m = tensor.dim %x, %c2 : tensor<?x?x?xf32>
  %e = tensor.empty(%n, %m) : tensor<?x?xf32>
  %i = linalg.fill ins(%start : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %0 = linalg.reduce {{ {operation} }} ins(%x : tensor<?x?x?xf32>) outs(%i : tensor<?x?xf32>) dimensions = [1]
  return %0 : tensor<?x?xf32>
}}
"""
    return Case(name, text, normal((0, 5), (0, 50), (0, 20)),
                lambda x: [Expected(reduce(x.astype(np.float64)), np.sum(np.abs(x), axis=1) + 1e-30)])


def softmax():
    """Three passes over each row: the maximum, the sum of exponentials, the quotient."""
    row, same = "affine_map<(d0, d1) -> (d0)>", "affine_map<(d0, d1) -> (d0, d1)>"
    text = f"""func.func @softmax(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %n = tensor.dim %x, %c0 : tensor<?x?xf32>
  %m = tensor.dim %x, %c1 : tensor<?x?xf32>
  %rows = tensor.empty(%n) : tensor<?xf32>
  %all = tensor.empty(%n, %m) : tensor<?x?xf32>
  %leasts = linalg.fill ins(%least : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
  %max = linalg.reduce {{ arith.maximumf }} ins(%x : tensor<?x?xf32>) outs(%leasts : tensor<?xf32>) dimensions = [1]
  %exp = linalg.generic {{indexing_maps = [{same}, {row}, {same}], iterator_types = ["parallel", "parallel"]}}
      ins(%x, %max : tensor<?x?xf32>, tensor<?xf32>) outs(%all : tensor<?x?xf32>) {{
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    %r = math.exp %d : f32
    linalg.yield %r : f32
  }} -> tensor<?x?xf32>
  %sum = linalg.reduce {{ arith.addf }} ins(%exp : tensor<?x?xf32>) outs(%zeros : tensor<?xf32>) dimensions = [1]
  %0 = linalg.generic {{indexing_maps = [{same}, {row}, {same}], iterator_types = ["parallel", "parallel"]}}
      ins(%exp, %sum : tensor<?x?xf32>, tensor<?xf32>) outs(%all : tensor<?x?xf32>) {{
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.divf %a, %b : f32
    linalg.yield %r : f32
  }} -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}}
"""

    def expect(x):
        if x.size == 0:
            return [Expected(x)]
        powers = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True))
        return [Expected(powers / powers.sum(axis=1, keepdims=True))]

    return Case("softmax", text, normal((0, 9), (0, 200)), expect)


def transpose():
    text = """func.func @transpose(%x: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %a = tensor.dim %x, %c0 : tensor<?x?x?xf32>
  %b = tensor.dim %x, %c1 : tensor<?x?x?xf32>
  %c = tensor.dim %x, %c2 : tensor<?x?x?xf32>
  %e = tensor.empty(%c, %a, %b) : tensor<?x?x?xf32>
  %0 = linalg.transpose ins(%x : tensor<?x?x?xf32>) outs(%e : tensor<?x?x?xf32>) permutation = [2, 0, 1]
  return %0 : tensor<?x?x?xf32>
}
"""
    return Case("transpose", text, normal((0, 9), (0, 9), (0, 9)), exact(lambda x: x.transpose(2, 0, 1)))


def concatenation():
    text = """func.func @concatenation(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %z: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = tensor.concat dim(1) %x, %y, %z : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
"""

    def sample(sampler):
        rows = sampler.size(0, 9)
        return [sampler.tensor("f32", rows, sampler.size(0, 20)) for _ in range(3)]

    return Case("concatenation", text, sample, exact(lambda *parts: np.concatenate(parts, axis=1)))


def slicing():
    text = """func.func @slicing(%x: tensor<?x?xf32>) -> tensor<?x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x?xf32>
  %m = arith.subi %n, %c1 : index
  %0 = tensor.extract_slice %x[1, 2] [%m, 3] [1, 2] : tensor<?x?xf32> to tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}
"""
    return Case("slicing", text, normal((1, 9), (7, 20)), exact(lambda x: x[1:, 2:7:2]))


def padding():
    text = """func.func @padding(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %value = arith.constant -1.5 : f32
  %0 = tensor.pad %x low[1, 0] high[2, 3] {
  ^bb0(%i: index, %j: index):
    tensor.yield %value : f32
  } : tensor<?x?xf32> to tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
"""
    return Case("padding", text, normal((0, 9), (0, 20)),
                exact(lambda x: np.pad(x, ((1, 2), (0, 3)), constant_values=np.float32(-1.5))))


def reshaping():
    """Both directions, with a computation on either side of each."""
    text = """func.func @reshaping(%x: tensor<?x6x5xf32>) -> tensor<?x3x10xf32> {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x6x5xf32>
  %flat = tensor.collapse_shape %x [[0], [1, 2]] : tensor<?x6x5xf32> into tensor<?x30xf32>
  %e = tensor.empty(%n) : tensor<?x30xf32>
  %next = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>],
                          iterator_types = ["parallel", "parallel"]}
      ins(%flat : tensor<?x30xf32>) outs(%e : tensor<?x30xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %a, %one : f32
    linalg.yield %r : f32
  } -> tensor<?x30xf32>
  %0 = tensor.expand_shape %next [[0], [1, 2]] output_shape [%n, 3, 10] : tensor<?x30xf32> into tensor<?x3x10xf32>
  return %0 : tensor<?x3x10xf32>
}
"""
    return Case("reshaping", text, lambda sampler: [sampler.tensor("f32", sampler.size(0, 30), 6, 5)],
                exact(lambda x: (x + np.float32(1)).reshape(-1, 3, 10)))


def dense_cases():
    return [batch_matmul(), linear_relu("dynamic", "?", "?"), linear_relu("fixed", "61", "133"),
            linear_relu("even", "64", "64"), image_network(), pooling("max"), pooling("sum"),
            reduction("sum", "0.0", "arith.addf", lambda x: x.sum(axis=1)),
            reduction("largest", "0xFF800000", "arith.maximumf", lambda x: x.max(axis=1, initial=-np.inf)),
            softmax(), transpose(), concatenation(), slicing(), padding(), reshaping()]
