# Element-wise arithmetic and mathematical functions, on ordinary and on extreme values.
import math

import numpy as np

from case import NUMPY, Case, Expected

FLOATS = ("f32", "f16", "bf16")
# Operation, what it computes in f64, the least and the greatest argument.
FUNCTIONS = {
    "exp": ("math.exp", np.exp, -20, 20),
    "exp2": ("math.exp2", np.exp2, -20, 20),
    "log": ("math.log", np.log, 1e-6, 1e6),
    "log2": ("math.log2", np.log2, 1e-6, 1e6),
    "log1p": ("math.log1p", np.log1p, -0.9, 100),
    "sqrt": ("math.sqrt", np.sqrt, 0, 1e4),
    "rsqrt": ("math.rsqrt", lambda x: 1 / np.sqrt(x), 1e-3, 1e4),
    "tanh": ("math.tanh", np.tanh, -10, 10),
    "erf": ("math.erf", np.vectorize(math.erf, otypes=[np.float64]), -5, 5),
    "sin": ("math.sin", np.sin, -10, 10),
    "cos": ("math.cos", np.cos, -10, 10),
    "abs": ("math.absf", np.abs, -100, 100),
    "floor": ("math.floor", np.floor, -100, 100),
    "ceil": ("math.ceil", np.ceil, -100, 100),
    "roundeven": ("math.roundeven", np.rint, -100, 100),
    "negate": ("arith.negf", np.negative, -100, 100),
}
# For functions near their zeros, an absolute error counts: relative to 1.
NEAR_ZEROS = {"log", "log2", "log1p", "sin", "cos", "tanh", "erf"}
BINARY = {"add": ("arith.addf", np.add), "subtract": ("arith.subf", np.subtract), "multiply": ("arith.mulf", np.multiply),
          "divide": ("arith.divf", np.divide), "maximum": ("arith.maximumf", np.maximum),
          "minimum": ("arith.minimumf", np.minimum)}
EXTREMES = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])


def function_text(name, kind, result, operands, body):
    """A linalg.generic over two dynamic dimensions."""
    x, y = f"tensor<?x?x{kind}>", f"tensor<?x?x{result}>"
    names = [f"%a{i}" for i in range(operands)]
    maps = ", ".join(["affine_map<(d0, d1) -> (d0, d1)>"] * (operands + 1))
    return f"""func.func @{name}({', '.join(f'{a}: {x}' for a in names)}) -> {y} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %a0, %c0 : {x}
  %m = tensor.dim %a0, %c1 : {x}
  %e = tensor.empty(%n, %m) : {y}
  %0 = linalg.generic {{indexing_maps = [{maps}], iterator_types = ["parallel", "parallel"]}}
      ins({', '.join(names)} : {', '.join([x] * operands)}) outs(%e : {y}) {{
  ^bb0({', '.join(f'%v{i}: {kind}' for i in range(operands))}, %o: {result}):
{body}  }} -> {y}
  return %0 : {y}
}}
"""


def sample_uniform(kind, least, greatest, operands):
    def sample(sampler):
        shape = sampler.size(0, 9), sampler.size(0, 300)
        return [sampler.random.uniform(least, greatest, shape).astype(NUMPY[kind]) for _ in range(operands)]
    return sample


def sample_extremes(kind):
    def sample(sampler):
        shape = sampler.size(0, 9), sampler.size(0, 60)
        return [np.where(sampler.random.random(shape) < 0.3, sampler.random.choice(EXTREMES, shape),
                         sampler.random.standard_normal(shape)).astype(NUMPY[kind]) for _ in range(2)]
    return sample


def unary(name, kind):
    operation, compute, least, greatest = FUNCTIONS[name]
    if kind == "f16":
        least, greatest = max(least, -9 if least < 0 else 1e-3), min(greatest, 9)
    body = f"    %r = {operation} %v0 : {kind}\n    linalg.yield %r : {kind}\n"

    def expect(x):
        with np.errstate(all="ignore"):
            value = compute(x.astype(np.float64))
        magnitude = np.maximum(np.abs(value), 1) if name in NEAR_ZEROS else None
        return [Expected(value, magnitude)]

    return Case(f"{name}_{kind}", function_text(f"{name}_{kind}", kind, kind, 1, body),
                sample_uniform(kind, least, greatest, 1), expect)


def binary(name, kind):
    operation, compute = BINARY[name]
    body = f"    %r = {operation} %v0, %v1 : {kind}\n    linalg.yield %r : {kind}\n"

    def expect(x, y):
        with np.errstate(all="ignore"):
            # Rounded to the type at once, so that what overflows is infinite.
            return [Expected(compute(x.astype(np.float64), y.astype(np.float64)).astype(x.dtype))]

    return Case(f"{name}_{kind}", function_text(f"{name}_{kind}", kind, kind, 2, body), sample_extremes(kind),
                expect)


def comparisons():
    for kind in FLOATS:
        body = f"    %r = arith.cmpf olt, %v0, %v1 : {kind}\n    linalg.yield %r : i1\n"
        yield Case(f"less_{kind}", function_text(f"less_{kind}", kind, "i1", 2, body), sample_extremes(kind),
                   lambda x, y: [Expected(x.astype(np.float32) < y.astype(np.float32))])


def sigmoid():
    body = """    %q = arith.negf %v0 : f32
    %x = math.exp %q : f32
    %one = arith.constant 1.0 : f32
    %d = arith.addf %one, %x : f32
    %r = arith.divf %one, %d : f32
    linalg.yield %r : f32
"""

    def expect(x):
        with np.errstate(all="ignore"):
            return [Expected(1 / (1 + np.exp(-x.astype(np.float64))), np.ones(x.shape))]

    def sample(sampler):
        x, _ = sample_extremes("f32")(sampler)
        return [x * np.float32(50)]

    return Case("sigmoid", function_text("sigmoid", "f32", "f32", 1, body), sample, expect)


def conversions():
    for source, target, operation in (("f32", "f16", "arith.truncf"), ("f32", "bf16", "arith.truncf"),
                                      ("f16", "f32", "arith.extf"), ("bf16", "f32", "arith.extf"),
                                      ("i32", "f32", "arith.sitofp"), ("i8", "i32", "arith.extsi"),
                                      ("i64", "i32", "arith.trunci"), ("i32", "i64", "arith.extsi")):
        name = f"convert_{source}_{target}"
        body = f"    %r = {operation} %v0 : {source} to {target}\n    linalg.yield %r : {target}\n"
        yield Case(name, function_text(name, source, target, 1, body),
                   lambda sampler, source=source: [sampler.tensor(source, sampler.size(0, 9), sampler.size(0, 60))],
                   lambda x, target=target: [Expected(x.astype(NUMPY[target]), tolerance=0)])


def elementwise_cases():
    return [*(unary(name, kind) for name in FUNCTIONS for kind in FLOATS),
            *(binary(name, kind) for name in BINARY for kind in FLOATS), *comparisons(), sigmoid(), *conversions()]
