# Segments of a token axis, alignment and contrastive logits against numpy.
import numpy as np

from case import Case, Expected

NAMES = "text, image, audio"


def segments_case(name, tokens, rows=None):
    """`tokens`: the static number of tokens, or None for an operand."""
    types = tuple(f"tensor<{'?' if rows is None else rows}x{'?' if size is None else size}xi32>" for size in (3, tokens, 4))
    extent = "" if tokens else " tokens(%n)"
    text = f"""func.func @{name}(%l: {types[0]}, %t: tensor<?xi1>) -> ({types[1]}, {types[2]}) {{
  %zero = arith.constant 0 : index
  %n = tensor.dim %t, %zero : tensor<?xi1>
  %i, %o = winnow.segments %l of <{NAMES}>{extent} : {types[0]} -> {types[1]}, {types[2]}
  return %i, %o : {types[1]}, {types[2]}
}}
"""

    def sample(sampler):
        lengths = sampler.random.integers(-2, 12, (sampler.size(0, 9) if rows is None else rows, 3)).astype(np.int32)
        lengths[:, sampler.round % 3] *= sampler.round % 2  # a modality that no row has
        return [lengths, np.zeros(sampler.size(0, 40), bool)]

    def expect(lengths, padded):
        count = tokens or len(padded)
        used = np.maximum(lengths, 0)
        offsets = np.concatenate([np.zeros((len(lengths), 1), int), np.cumsum(used, axis=1)], axis=1)
        ids = np.full((len(lengths), count), -1, np.int32)
        for row, each in enumerate(used):
            filled = np.repeat(np.arange(3), each)[:count]
            ids[row, :len(filled)] = filled
        return [Expected(ids), Expected(offsets.astype(np.int32))]

    return Case(name, text, sample, expect)


def align_case(name, kind, shape=(None, None, None)):
    rows, width, shared = ("?" if size is None else size for size in shape)
    x, p, y = f"tensor<{rows}x{width}x{kind}>", f"tensor<{width}x{shared}x{kind}>", f"tensor<{rows}x{shared}x{kind}>"
    text = f"""func.func @{name}(%x: {x}, %p: {p}) -> {y} {{
  %y = winnow.align %x, %p of "image" : {x}, {p} -> {y}
  return %y : {y}
}}
"""

    def sample(sampler):
        sizes = [sampler.size(0, most) if size is None else size for size, most in zip(shape, (9, 40, 70))]
        features = sampler.tensor(kind, *sizes[:2])
        features[::3] = 0
        if sampler.round % 4 == 1 and features.size:
            features[-1, 0] = np.nan
        return [features, sampler.tensor(kind, *sizes[1:])]

    def expect(features, projection):
        x, p = features.astype(np.float64), projection.astype(np.float64)
        y, magnitude = x @ p, np.abs(x) @ np.abs(p)
        norm = np.maximum(np.sqrt((y * y).sum(axis=1, keepdims=True)), 1e-12)
        return [Expected(y / norm, magnitude / norm)]

    return Case(name, text, sample, expect)


def contrast_case(name, kind, shape=(None, None, None)):
    rows, columns, width = ("?" if size is None else size for size in shape)
    a, b, y = f"tensor<{rows}x{width}x{kind}>", f"tensor<{columns}x{width}x{kind}>", f"tensor<{rows}x{columns}x{kind}>"
    text = f"""func.func @{name}(%a: {a}, %b: {b}, %t: tensor<f32>) -> {y} {{
  %y = winnow.contrast %a, %b, %t of <text, image> : {a}, {b}, tensor<f32> -> {y}
  return %y : {y}
}}
"""

    def sample(sampler):
        sizes = [sampler.size(0, most) if size is None else size for size, most in zip(shape, (30, 30, 70))]
        return [sampler.tensor(kind, sizes[0], sizes[2]), sampler.tensor(kind, sizes[1], sizes[2]),
                np.float32(sampler.random.normal()).reshape(())]

    def expect(a, b, temperature):
        a, b, factor = a.astype(np.float64), b.astype(np.float64), np.exp(np.float64(temperature))
        return [Expected(factor * (a @ b.T), factor * (np.abs(a) @ np.abs(b.T)))]

    return Case(name, text, sample, expect)


def modality_cases():
    cases = [segments_case("segments", None), segments_case("segments_static", 20, 3)]
    for kind in ("f32", "f16", "bf16"):
        cases += [align_case(f"align_{kind}", kind), contrast_case(f"contrast_{kind}", kind),
                  align_case(f"align_static_{kind}", kind, (5, 24, 64)),
                  contrast_case(f"contrast_static_{kind}", kind, (16, 9, 64))]
    return cases
