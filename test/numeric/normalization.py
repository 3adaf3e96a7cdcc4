# Layer norm and root-mean-square norm, as the operation and as exporters write them, whose expected values are
# computed in f64.
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


TANH = "  %z = math.tanh %y : TYPE\n"


def normalization_cases():
    cases = [normalize(f"{'layer' if centered else 'rms'}_norm_{width}", "f32", width, centered, scale=True, bias=centered)
             for centered in (True, False) for width in (1, 5, 32, 33, 64, 768, 3000)]
    cases += [normalize(f"norm_{kind}_{centered}", kind, 96, centered, True, True)
              for kind in ("f16", "bf16") for centered in (True, False)]
    cases += [
        normalize("norm_row", "f32", 64, True, rank=1),
        normalize("norm_rank_4", "f32", 64, True, bias=True, rank=4),
        normalize("norm_far", "f32", 768, True, offset=1000.0),
        normalize("norm_tanh", "f32", 64, False, scale=True, tail=TANH),
        normalize("norm_tanh_33", "f32", 33, True, tail=TANH),
    ]
    return cases
