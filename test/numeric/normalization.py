# Layer norm and root-mean-square norm, as the operation and as exporters write them, and what follows a product of
# flattened rows. Expected values are computed in f64.
import math

import numpy as np

from case import Case, Expected

EPSILON = 1e-5
TOLERANCE = {"f32": 1e-5, "f16": 2e-3, "bf16": 1.6e-2}


def normalized(x, centered):
    x = x - x.mean(axis=-1, keepdims=True) if centered else x
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + EPSILON)


def distances(x, centered):
    """What an error of a row's moments is relative to."""
    scale = np.sqrt((x * x).mean(axis=-1, keepdims=True) + EPSILON)
    spread = np.sqrt(x.var(axis=-1, keepdims=True) + EPSILON) if centered else scale
    return (np.abs(x) + scale) / spread


def normalize(name, kind, width, centered, scale=False, bias=False, rank=2, offset=0.0, tail=""):
    """`offset` is added to all: what is left after subtracting the mean has lost that much. `tail` is MLIR that
    makes %z of %y."""
    shape = "?x" * (rank - 1) + str(width)
    x, vector = f"tensor<{shape}x{kind}>", f"tensor<{width}x{kind}>"
    arguments = [f"%x: {x}"] + ([f"%g: {vector}"] if scale else []) + ([f"%b: {vector}"] if bias else [])
    operands = (" centered" if centered else "") + (f" scale(%g : {vector})" if scale else "")
    operands += f" bias(%b : {vector})" if bias else ""
    text = f"""func.func @{name}({', '.join(arguments)}) -> {x} {{
  %y = winnow.normalize %x{operands} epsilon {EPSILON:e} : {x}
{tail.replace('TYPE', x)}  return {'%z' if tail else '%y'} : {x}
}}
"""

    def sample(sampler):
        sizes = [sampler.size(0, 9) for _ in range(rank - 1)]
        array = (sampler.random.standard_normal((*sizes, width)) + offset).astype(sampler.tensor(kind).dtype)
        return [array] + [sampler.tensor(kind, width) for _ in range(scale + bias)]

    def expect(x, *parameters):
        x, *parameters = (array.astype(np.float64) for array in (x, *parameters))
        value, magnitude = normalized(x, centered), distances(x, centered)
        if scale:
            value, magnitude = value * parameters[0], magnitude * np.abs(parameters[0])
        if bias:
            value, magnitude = value + parameters[-1], magnitude + np.abs(parameters[-1])
        if tail:
            value, magnitude = np.tanh(value), magnitude + 1
        return [Expected(value, magnitude, tolerance=TOLERANCE[kind])]

    return Case(name, text, sample, expect)


def generic(name, inputs, types, maps, body, result, init, reduction=False):
    """A linalg.generic whose body makes %r of %a, %b and so on, and of the accumulator %o."""
    loops = ["parallel"] * (2 if "," in maps[0].split("->")[0] else 1)
    if reduction:
        loops[-1] = "reduction"
    kinds = ", ".join(f'"{loop}"' for loop in loops)
    arguments = ", ".join(f"%{letter}: f32" for letter in "abc"[:len(inputs)])
    return f"""  {name} = linalg.generic {{indexing_maps = [{', '.join(f'affine_map<{m}>' for m in maps)}], iterator_types = [{kinds}]}}
      ins({', '.join(inputs)} : {', '.join(types)}) outs({init} : {result}) {{
  ^bb0({arguments}, %o: f32):
{body}
    linalg.yield %r : f32
  }} -> {result}
"""


def exported():
    """A layer norm as PyTorch's older exporter decomposes it: the pipeline makes winnow.normalize of it."""
    x, row = "tensor<?x64xf32>", "tensor<?xf32>"
    whole, rows, line = "(m, n) -> (m, n)", "(m, n) -> (m)", "(m) -> (m)"
    text = f"""func.func @exported_layer_norm(%x: {x}) -> {x} {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 64.0 : f32
  %epsilon = arith.constant {EPSILON:e} : f32
  %d = tensor.dim %x, %c0 : {x}
  %e = tensor.empty(%d) : {x}
  %f = tensor.empty(%d) : {row}
  %z = linalg.fill ins(%zero : f32) outs(%f : {row}) -> {row}
"""
    add, divide = "    %r = arith.addf %o, %a : f32", "    %r = arith.divf %a, %n : f32"
    text += generic("%sum", ["%x"], [x], [whole, rows], add, row, "%z", reduction=True)
    text += generic("%mean", ["%sum"], [row], [line, line], divide, row, "%f")
    text += generic("%centered", ["%x", "%mean"], [x, row], [whole, rows, whole], "    %r = arith.subf %a, %b : f32", x, "%e")
    text += generic("%square", ["%centered"], [x], [whole, whole], "    %r = arith.mulf %a, %a : f32", x, "%e")
    text += generic("%squares", ["%square"], [x], [whole, rows], add, row, "%z", reduction=True)
    text += generic("%variance", ["%squares"], [row], [line, line], divide, row, "%f")
    text += generic("%root", ["%variance"], [row], [line, line],
                    "    %s = arith.addf %a, %epsilon : f32\n    %r = math.sqrt %s : f32", row, "%f")
    text += generic("%y", ["%centered", "%root"], [x, row], [whole, rows, whole], "    %r = arith.divf %a, %b : f32", x, "%e")

    def expect(x):
        x = x.astype(np.float64)
        return [Expected(normalized(x, True), distances(x, True))]

    def sample(sampler):
        return [sampler.tensor("f32", sampler.size(0, 9), 64)]

    return Case("exported_layer_norm", f"{text}  return %y : {x}\n}}\n", sample, expect)


def feed_forward():
    """Two products with bias and GELU between them, on sequences, as exporters write them."""
    x, h, flat, y = "tensor<?x?x8xf32>", "tensor<?x?x24xf32>", "tensor<?x24xf32>", "tensor<?x8xf32>"
    text = f"""func.func @exported_feed_forward(%x: {x}, %up: tensor<8x24xf32>, %bias: tensor<24xf32>, %down: tensor<24x8xf32>) -> {x} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %root = arith.constant 1.41421354 : f32
  %b = tensor.dim %x, %c0 : {x}
  %s = tensor.dim %x, %c1 : {x}
  %rows = arith.muli %b, %s : index
  %xf = tensor.collapse_shape %x [[0, 1], [2]] : {x} into {y}
  %e = tensor.empty(%rows) : {flat}
  %z = linalg.fill ins(%zero : f32) outs(%e : {flat}) -> {flat}
  %p = linalg.matmul ins(%xf, %up : {y}, tensor<8x24xf32>) outs(%z : {flat}) -> {flat}
  %pe = tensor.expand_shape %p [[0, 1], [2]] output_shape [%b, %s, 24] : {flat} into {h}
  %he = tensor.empty(%b, %s) : {h}
  %a = linalg.generic {{indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (k)>, affine_map<(i, j, k) -> (i, j, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}} ins(%pe, %bias : {h}, tensor<24xf32>) outs(%he : {h}) {{
  ^bb0(%v: f32, %c: f32, %o: f32):
    %0 = arith.addf %v, %c : f32
    %1 = arith.divf %0, %root : f32
    %2 = math.erf %1 : f32
    %3 = arith.addf %2, %one : f32
    %4 = arith.mulf %0, %3 : f32
    %5 = arith.mulf %4, %half : f32
    linalg.yield %5 : f32
  }} -> {h}
  %af = tensor.collapse_shape %a [[0, 1], [2]] : {h} into {flat}
  %ye = tensor.empty(%rows) : {y}
  %yz = linalg.fill ins(%zero : f32) outs(%ye : {y}) -> {y}
  %q = linalg.matmul ins(%af, %down : {flat}, tensor<24x8xf32>) outs(%yz : {y}) -> {y}
  %r = tensor.expand_shape %q [[0, 1], [2]] output_shape [%b, %s, 8] : {y} into {x}
  return %r : {x}
}}
"""

    def sample(sampler):
        shapes = (sampler.size(0, 4), sampler.size(0, 9), 8), (8, 24), (24,), (24, 8)
        return [sampler.tensor("f32", *shape) for shape in shapes]

    def expect(*inputs):
        x, up, bias, down = (array.astype(np.float64) for array in inputs)
        hidden, bound = x @ up + bias, np.abs(x) @ np.abs(up) + np.abs(bias)
        hidden = hidden / 2 * (1 + np.vectorize(math.erf, otypes=[np.float64])(hidden / math.sqrt(2)))
        return [Expected(hidden @ down, bound @ np.abs(down), tolerance=2e-5)]

    return Case("exported_feed_forward", text, sample, expect)


TANH = "  %z = math.tanh %y : TYPE\n"


def normalization_cases():
    cases = [normalize(f"{'layer' if centered else 'rms'}_norm_{width}", "f32", width, centered, scale=True, bias=centered)
             for centered in (True, False) for width in (1, 5, 32, 33, 64, 768, 3000)]
    cases += [normalize(f"norm_{kind}_{centered}", kind, 96, centered, True, True)
              for kind in ("f16", "bf16") for centered in (True, False)]
    cases += [exported(), feed_forward()]
    cases += [
        normalize("norm_row", "f32", 64, True, rank=1),
        normalize("norm_rank_4", "f32", 64, True, bias=True, rank=4),
        normalize("norm_far", "f32", 768, True, offset=1000.0),
        normalize("norm_tanh", "f32", 64, False, scale=True, tail=TANH),
        normalize("norm_tanh_33", "f32", 33, True, tail=TANH),
    ]
    return cases
