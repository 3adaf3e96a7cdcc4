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
    "cbrt": ("math.cbrt", np.cbrt, -100, 100),
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
# Functions on all of f32: what each computes in f64.
EVERYWHERE = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log2": np.log2, "log10": np.log10,
    "log1p": np.log1p, "sqrt": np.sqrt, "rsqrt": lambda x: 1 / np.sqrt(x), "tanh": np.tanh,
    "cbrt": np.cbrt, "erf": np.vectorize(math.erf, otypes=[np.float64]), "erfc": np.vectorize(math.erfc, otypes=[np.float64]),
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "sinh": np.sinh, "cosh": np.cosh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "roundeven": np.rint,
    "round": lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x),
}
# Two units in the last place, at most.
TOLERANCES = {"cbrt": 2.0**-22}
# Where implementations go wrong: signed zeros, subnormal numbers, halves, the ends of ranges, huge angles.
SPECIAL = np.array([0, 0.5, 0.49999997, 1, 1.0000001, 0.99999994, 1.5, 2, 2.5, 3, 4, 5, 8, 1 / 3, 22, 88.7, 89, 103, 128,
                    149, 31415.9, 1e6, 8388609, 16777217, 1e10, 3e38, 1e-10, 1e-20, 1.1754944e-38, 1e-40, 1e-45,
                    np.inf, np.nan], np.float32)
CONSTANT_EXPONENTS = {"0": 0.0, "1": 1.0, "4": 4.0, "5": 5.0, "minus_1": -1.0, "minus_3": -3.0, "half": 0.5,
                      "minus_half": -0.5, "three_quarters": 0.75, "minus_20": -20.0}


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


def sample_everywhere(sampler, shape):
    """Numbers of every magnitude: special ones, ordinary ones, and any bits."""
    special = np.copysign(sampler.random.choice(SPECIAL, shape), sampler.random.choice([-1, 1], shape))
    bits = sampler.random.integers(0, 2**32, shape, dtype=np.uint32).view(np.float32)
    ordinary = sampler.random.uniform(-30, 30, shape)
    kind = sampler.random.random(shape)
    with np.errstate(invalid="ignore"):
        return np.where(kind < 0.4, special, np.where(kind < 0.7, bits, ordinary)).astype(np.float32)


def expect_function(compute, tolerance=None, zero_signs=False):
    def expect(*inputs):
        with np.errstate(all="ignore"):
            # Rounded to the type at once, so that what overflows is infinite.
            return [Expected(compute(*(x.astype(np.float64) for x in inputs)).astype(inputs[0].dtype),
                             tolerance=tolerance, zero_signs=zero_signs)]
    return expect


def everywhere():
    """Functions of one number on all of f32, relative to their value: an edge may not be lost among others."""
    for name, compute in EVERYWHERE.items():
        body = f"    %r = math.{name} %v0 : f32\n    linalg.yield %r : f32\n"
        yield Case(f"everywhere_{name}", function_text(f"everywhere_{name}", "f32", "f32", 1, body),
                   lambda sampler: [sample_everywhere(sampler, (sampler.size(0, 9), sampler.size(0, 300)))],
                   expect_function(compute, TOLERANCES.get(name), zero_signs=True))


def sample_pairs(kind):
    """Pairs from everywhere; in every third round, a whole exponent or divisor."""
    def sample(sampler):
        shape = sampler.size(0, 9), sampler.size(0, 300)
        x, y = sample_everywhere(sampler, shape), sample_everywhere(sampler, shape)
        if sampler.round % 3 == 0:
            y = np.rint(sampler.random.uniform(-20, 20, shape))
        with np.errstate(over="ignore"):
            return [x.astype(NUMPY[kind]), y.astype(NUMPY[kind])]
    return sample


def powers():
    body = "    %r = math.powf %v0, %v1 : f32\n    linalg.yield %r : f32\n"
    # numpy's power of an array by an array is C's, with its exceptions.
    yield Case("power", function_text("power", "f32", "f32", 2, body), sample_pairs("f32"),
               expect_function(np.power, zero_signs=True))
    for name, exponent in CONSTANT_EXPONENTS.items():
        name = f"power_constant_{name}"
        body = (f"    %c = arith.constant {exponent!r} : f32\n    %r = math.powf %v0, %c : f32\n"
                "    linalg.yield %r : f32\n")
        yield Case(name, function_text(name, "f32", "f32", 1, body),
                   lambda sampler: [sample_everywhere(sampler, (sampler.size(0, 9), sampler.size(0, 300)))],
                   expect_function(lambda x, exponent=exponent: np.power(x, np.full_like(x, exponent)), zero_signs=True))


def remainders():
    for kind in FLOATS:
        body = f"    %r = arith.remf %v0, %v1 : {kind}\n    linalg.yield %r : {kind}\n"
        yield Case(f"remainder_{kind}", function_text(f"remainder_{kind}", kind, kind, 2, body), sample_pairs(kind),
                   expect_function(np.fmod, tolerance=0, zero_signs=True))


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

    return Case(f"{name}_{kind}", function_text(f"{name}_{kind}", kind, kind, 2, body), sample_extremes(kind),
                expect_function(compute))


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
            *(binary(name, kind) for name in BINARY for kind in FLOATS), *comparisons(), *everywhere(), *powers(),
            *remainders(), sigmoid(), *conversions()]
