# Attention with every kind of score region agrees with numpy on every device, edges included: no keys, no queries,
# keys masked for whole queries, scores that are huge or no numbers, active blocks.
import numpy as np

from case import NUMPY, Case, Expected

COORDINATES = "bhqk"
# exp's own error, and that of the scores, which grows with them.
TOLERANCE = {"f32": 3e-5, "f16": 1.5e-3, "bf16": 1e-2}


class Attention:
    """One function: the shapes' dimensions are numbers or None, `captures` are (type, map, sample)."""

    def __init__(self, name, kind="f32", heads=(4, 2), widths=(16, 24), scale=0.25, captures=(), arguments=(),
                 score="", modify=None, blocks=None, attributes="", tensor="tensor", most=(2, 40, 140)):
        self.name, self.kind, self.heads, self.widths, self.scale = name, kind, heads, widths, scale
        self.captures, self.arguments, self.score, self.modify = list(captures), list(arguments), score, modify
        self.blocks, self.attributes, self.most, self.tensor = blocks, attributes, most, tensor

    def types(self):
        spell = lambda *sizes: "tensor<" + "".join(f"{'?' if size is None else size}x" for size in sizes) + f"{self.kind}>"
        heads, groups = self.heads
        width, columns = self.widths
        return (spell(None, heads, None, width), spell(None, groups, None, width), spell(None, groups, None, columns),
                spell(None, heads, None, columns))

    def text(self):
        query, key, value, result = self.types()
        extra = self.captures + self.arguments
        arguments = "".join(f", %{name}: {kind}" for name, kind, _ in extra)
        assembly = active = captures = region = ""
        if self.blocks:
            arguments += ", %i: tensor<?x?xi32>, %c: tensor<?xi32>, %universe: tensor<?xi1>"
            selection = "!winnow.selection<?x?, ?>"
            assembly = ("  %zero = arith.constant 0 : index\n  %n = tensor.dim %universe, %zero : tensor<?xi1>\n"
                        "  %s = winnow.selection.assemble %i, %c universe(%n) : tensor<?x?xi32>, tensor<?xi32> "
                        f"-> {selection}\n")
            active = f" active(%s : {selection})"
        if self.captures:
            names, kinds = ", ".join(f"%{name}" for name, _, _ in self.captures), ", ".join(kind for _, kind, _ in self.captures)
            maps = ", ".join(f"affine_map<(b, h, q, k) -> ({', '.join(coordinates)})>"
                             for _, _, coordinates in self.captures)
            captures = f" captures({names} : {kinds}) [{maps}]"
        if self.score:
            elements = "".join(f", %{name}_: {kind[:-1].split('x')[-1].removeprefix('tensor<')}"
                               for name, kind, _ in self.captures)
            region = (" score {\n^bb0(%score: f32, %b: index, %h: index, %q_: index, %k_: index" + elements + "):\n"
                      + self.score + "\n  winnow.yield %new : f32\n}")
        return (f"func.func @{self.name}(%q: {query}, %k: {key}, %v: {value}{arguments}) -> {result} {{\n{assembly}"
                f"  %y = winnow.attention %q, %k, %v, scale {self.scale:e}{active}{captures} {self.attributes}"
                f" : {query}, {key}, {value} -> {result}{region}\n  return %y : {result}\n}}\n")

    def sample(self, sampler):
        heads, groups = self.heads
        if groups is None:
            groups = sampler.size(0, 3)
            heads = groups * sampler.size(1, 3)
        width, columns = (sampler.size(0, 20) if size is None else size for size in self.widths)
        batch, queries, keys = (sampler.size(0, most) for most in self.most)
        if sampler.round == 4:
            keys = 0
        if sampler.round == 5:
            queries = 1
        sizes = {"b": batch, "h": heads, "q": queries, "k": keys}
        inputs = [sampler.tensor(self.kind, batch, heads, queries, width),
                  sampler.tensor(self.kind, batch, groups, keys, width),
                  sampler.tensor(self.kind, batch, groups, keys, columns)]
        inputs += [SAMPLES[name](sampler, [sizes[c] for c in coordinates]) for name, _, coordinates in self.captures]
        inputs += [make(sampler, sizes) for _, _, make in self.arguments]
        if self.blocks:
            query_blocks, key_blocks = -(-queries // self.blocks[0]), -(-keys // self.blocks[1])
            inputs += sampler.selection(batch * heads * query_blocks, key_blocks, key_blocks)
            inputs.append(np.zeros(key_blocks, bool))
        return inputs

    def expect(self, query, key, value, *rest):
        q, k, v = (array.astype(np.float64) for array in (query, key, value))
        groups = max(1, k.shape[1])
        k, v = (np.repeat(array, q.shape[1] // groups, axis=1) for array in (k, v))
        with np.errstate(all="ignore"):
            scores = np.einsum("bhqd,bhkd->bhqk", q, k) * self.scale
            captured = [spread(array, coordinates) for array, (_, _, coordinates) in zip(rest, self.captures)]
            if self.modify:
                coordinates = np.meshgrid(*map(np.arange, scores.shape), indexing="ij")
                scores = self.modify(scores, coordinates, *captured,
                                     *rest[len(self.captures):len(self.captures) + len(self.arguments)])
            if self.blocks:
                scores, v = self.deactivate(scores, v, *rest[-3:-1])
            return [self.softmax(scores, v)]

    def deactivate(self, scores, v, indices, counts):
        batch, heads, queries, keys = scores.shape
        query_blocks = -(-queries // self.blocks[0])
        active = np.zeros(scores.shape, bool)
        for row, count in enumerate(counts):
            b, h, block = row // (heads * query_blocks), row // query_blocks % heads, row % query_blocks
            for index in indices[row, :count]:
                active[b, h, block * self.blocks[0]:(block + 1) * self.blocks[0],
                       index * self.blocks[1]:(index + 1) * self.blocks[1]] = True
        return np.where(active, scores, -np.inf), v

    def softmax(self, scores, v):
        largest = np.max(np.where(np.isnan(scores), -np.inf, scores), axis=-1, initial=-np.inf, keepdims=True)
        weights = np.exp(scores - np.where(largest == -np.inf, 0, largest))
        total = weights.sum(axis=-1, keepdims=True)
        weights = np.where(total == 0, 0, weights / np.where(total == 0, 1, total))
        return Expected(weights @ v, weights @ np.abs(v), tolerance=TOLERANCE[self.kind])

    def case(self):
        return Case(self.name, self.text(), self.sample, self.expect)


def spread(array, coordinates):
    """A captured tensor with all four dimensions, as far as they are its own."""
    order = sorted(range(len(coordinates)), key=lambda i: COORDINATES.index(coordinates[i]))
    array = np.transpose(array, order).astype(np.float64 if array.dtype.kind == "f" else array.dtype)
    return array.reshape([array.shape[sorted(coordinates, key=COORDINATES.index).index(c)] if c in coordinates else 1
                          for c in COORDINATES])


def random_f32(sampler, shape):
    return sampler.tensor("f32", *shape)


def sample_mask(sampler, shape):
    """Nothing, everything, or a mixture with whole rows that mask everything."""
    mask = sampler.random.random(shape) < sampler.random.choice([0.0, 0.3, 0.9, 1.0])
    mask[..., ::2, :] &= sampler.random.random() < 0.7
    return mask


def sample_special(sampler, shape):
    """Biases that are no numbers, in some rows."""
    bias = sampler.tensor("f32", *shape)
    for special in (np.nan, np.inf, -np.inf):
        bias[sampler.random.random(shape) < 0.01] = special
    bias[..., ::3, :] = np.where(np.isfinite(bias[..., ::3, :]), bias[..., ::3, :], -np.inf)
    return bias


SAMPLES = {"beta": random_f32, "f": random_f32, "slope": random_f32, "bias": random_f32, "mask": sample_mask,
           "special": sample_special,
           "modality": lambda sampler, shape: sampler.random.integers(0, 3, shape).astype(np.int32)}

CONTEXT = """  %scaled = arith.mulf %beta_, %f_ : f32
  %one = arith.constant 1.0 : f32
  %factor = arith.addf %one, %scaled : f32
  %new = arith.mulf %score, %factor : f32"""
GATED = """  %m = arith.index_cast %modality_ : i32 to index
  %gate = tensor.extract %gates[%b, %h, %m] : tensor<?x?x3xf32>
  %new = arith.mulf %score, %gate : f32"""
ALIBI = """  %distance = arith.subi %k_, %q_ : index
  %signed = arith.index_cast %distance : index to i32
  %float = arith.sitofp %signed : i32 to f32
  %bias = arith.mulf %slope_, %float : f32
  %new = arith.addf %score, %bias : f32"""
MASK = """  %none = arith.constant 0xFF800000 : f32
  {condition}
  %new = arith.select %masked, %none, %score : f32"""
CAUSAL = "%masked = arith.cmpi ugt, %k_, %q_ : index"
WINDOW = """%three = arith.constant 3 : index
  %last = arith.addi %k_, %three : index
  %isBehind = arith.cmpi ugt, %k_, %q_ : index
  %isBefore = arith.cmpi ult, %last, %q_ : index
  %masked = arith.ori %isBehind, %isBefore : i1"""
BIAS = "  %new = arith.addf %score, %{name}_ : f32"


def masked(condition):
    return lambda scores, at, *captured: np.where(condition(at[2], at[3], *captured), -np.inf, scores)


def gated(scores, at, modality, gates):
    ids = np.broadcast_to(modality, scores.shape)
    return scores * gates.astype(np.float64)[at[0], at[1], ids] if scores.size else scores


def context(name, captured, coordinates):
    return Attention(name, captures=[("beta", "tensor<f32>", ""), ("f", captured, coordinates)], score=CONTEXT,
                     modify=lambda scores, at, beta, f: scores * (1 + beta * f))


def bias(name, captured, coordinates, **options):
    return Attention(name, captures=[("bias", captured, coordinates)], score=BIAS.format(name="bias"),
                     modify=lambda scores, at, added: scores + added, **options)


class Large(Attention):
    """Scores of tens of thousands, which are exact: small whole numbers."""

    def sample(self, sampler):
        inputs = super().sample(sampler)
        return [np.round(array * 4).astype(array.dtype) for array in inputs[:2]] + inputs[2:]


ANY_SIZE = dict(heads=(None, None), widths=(None, None))


def attention_cases():
    """Products and blocks of every type, without score regions."""
    cases = [Attention(f"plain_{kind}", kind) for kind in ("f32", "f16", "bf16")]
    cases += [Attention(f"dynamic_{kind}", kind, **ANY_SIZE) for kind in ("f32", "f16", "bf16")]
    cases += [
        Attention("single", heads=(1, 1), widths=(1, 1), scale=1.0),
        Attention("wide", heads=(2, 1), widths=(64, 200), attributes="{key_block = 16 : i64}", most=(1, 20, 70)),
        Attention("one_key_blocks", attributes="{key_block = 1 : i64}", most=(2, 9, 20)),
        Attention("large_blocks", attributes="{key_block = 1024 : i64}", most=(1, 9, 1100), heads=(1, 1)),
        Large("large", scale=1024.0),
        Attention("active", blocks=(64, 64)),
    ]
    for kind in ("f32", "f16", "bf16"):
        cases += [Attention(f"active_small_{kind}", kind, blocks=(12, 8), most=(2, 40, 70),
                            attributes="{query_block = 12 : i64, key_block = 8 : i64}"),
                  Attention(f"key_block_{kind}", kind, attributes="{key_block = 5 : i64}", most=(2, 9, 40))]
    return [case.case() for case in cases]


def score_region_cases():
    cases = [
        context("context_head", "tensor<?x4xf32>", "bh"),
        context("context_query", "tensor<?x4x?xf32>", "bhq"),
        context("context_pair", "tensor<?x4x?x?xf32>", "bhqk"),
        Attention("modality", heads=(4, 4), captures=[("modality", "tensor<?xi32>", "k")], score=GATED, modify=gated,
                  arguments=[("gates", "tensor<?x?x3xf32>",
                              lambda sampler, sizes: sampler.tensor("f32", sizes["b"], sizes["h"], 3))]),
        Attention("alibi", captures=[("slope", "tensor<4xf32>", "h")], score=ALIBI,
                  modify=lambda scores, at, slope: scores + slope * (at[3] - at[2])),
        Attention("causal", score=MASK.format(condition=CAUSAL), modify=masked(lambda q, k: k > q)),
        Attention("window", score=MASK.format(condition=WINDOW), modify=masked(lambda q, k: (k > q) | (k + 3 < q))),
        Attention("mask", captures=[("mask", "tensor<?x?x?xi1>", "bqk")],
                  score=MASK.format(condition="%masked = arith.ori %mask_, %mask_ : i1"),
                  modify=masked(lambda q, k, mask: mask)),
        Attention("mask_bf16", "bf16", captures=[("mask", "tensor<?x?x?xi1>", "bqk")],
                  score=MASK.format(condition="%masked = arith.ori %mask_, %mask_ : i1"),
                  modify=masked(lambda q, k, mask: mask)),
        bias("bias_key_query", "tensor<?x?xf32>", "kq"),
        bias("bias_dynamic", "tensor<?x?x?xf32>", "hkb", kind="f16", **ANY_SIZE),
        Attention("special", captures=[("special", "tensor<?x?x?xf32>", "bqk")], score=BIAS.format(name="special"),
                  modify=lambda scores, at, special: scores + special),
        Attention("active_causal", blocks=(16, 16), attributes="{query_block = 16 : i64, key_block = 16 : i64}",
                  score=MASK.format(condition=CAUSAL), modify=masked(lambda q, k: k > q), **ANY_SIZE),
    ]
    return [case.case() for case in cases]
