# Operations that make, convert and apply selections, and what goes with them: gates and quantization.
import numpy as np

from case import Case, Expected, from_mask, gather, scatter, within_counts

UNIVERSE = 11
SELECTION = f"!winnow.selection<?x{UNIVERSE}, ?>"
ASSEMBLE = (f"  %s = winnow.selection.assemble %i, %c : tensor<?x?xi32>, tensor<?xi32> -> {SELECTION}\n")
FLOATS = ("f32", "f16", "bf16")


def parts(mask):
    """What a function that returns indices and counts must return for a mask."""
    indices, counts = from_mask(mask)
    return [Expected(indices, valid=within_counts(counts, indices.shape)), Expected(counts)]


def sample_scores(kind):
    def sample(sampler):
        scores = sampler.tensor(kind, sampler.size(0, 9), sampler.size(0, 40))
        # Few different values, so that there are ties; and what is not a number.
        scores = np.round(scores.astype(np.float32) * 2).astype(scores.dtype) / scores.dtype.type(2)
        scores[sampler.random.random(scores.shape) < 0.1] = np.nan
        return [scores]
    return sample


def expect_topk(k):
    def expect(scores):
        rows, universe = scores.shape
        keys = np.where(np.isnan(scores.astype(np.float32)), -np.inf, scores.astype(np.float32))
        # NaN below every number, minus infinity included.
        order = np.lexsort((np.broadcast_to(np.arange(universe), scores.shape), -keys,
                            np.isnan(scores.astype(np.float32))), axis=1) if universe else None
        indices = np.full((rows, k), -1, np.int32)
        count = min(k, universe)
        if universe:
            indices[:, :count] = np.sort(order[:, :count], axis=1)
        counts = np.full(rows, count, np.int32)
        return [Expected(indices, valid=within_counts(counts, indices.shape)), Expected(counts)]
    return expect


def maker(name, kind, operation, capacity, sample, expect):
    """A function that makes a selection and returns its parts."""
    selection = f"!winnow.selection<?x?, {capacity}>"
    text = f"""func.func @{name}(%a: tensor<?x?x{kind}>) -> (tensor<?x{capacity}xi32>, tensor<?xi32>) {{
  %s = {operation} : tensor<?x?x{kind}> -> {selection}
  %i = winnow.selection.indices %s : {selection} -> tensor<?x{capacity}xi32>
  %c = winnow.selection.counts %s : {selection} -> tensor<?xi32>
  return %i, %c : tensor<?x{capacity}xi32>, tensor<?xi32>
}}
"""
    return Case(name, text, sample, expect)


def makers():
    for kind in FLOATS:
        yield maker(f"topk_{kind}", kind, "winnow.select.topk %a, k = 5", 5, sample_scores(kind), expect_topk(5))
        yield maker(f"threshold_{kind}", kind, "winnow.select.threshold %a, gt 0.5", "?", sample_scores(kind),
                    lambda scores: parts(scores.astype(np.float32) > 0.5))
    yield maker("threshold_ge", "f32", "winnow.select.threshold %a, ge 0.5", "?", sample_scores("f32"),
                lambda scores: parts(scores >= np.float32(0.5)))
    yield maker("from_mask", "i1", "winnow.selection.from_mask %a", "?",
                lambda sampler: [sampler.mask(sampler.size(0, 9), sampler.size(0, 40))], parts)


def converters():
    def sample(sampler):
        return list(sampler.selection(sampler.size(0, 9), UNIVERSE, sampler.size(0, UNIVERSE)))

    def mask(indices, counts):
        return scatter(np.ones(indices.shape, bool), indices, counts, UNIVERSE)

    def positions(indices, counts):
        ranks = np.broadcast_to(np.arange(1, indices.shape[1] + 1, dtype=np.int32), indices.shape)
        return scatter(ranks, indices, counts, UNIVERSE) - np.int32(1)

    for name, kind, expect in (("to_mask", "i1", mask), ("positions", "i32", positions)):
        text = f"""func.func @{name}(%i: tensor<?x?xi32>, %c: tensor<?xi32>) -> tensor<?x{UNIVERSE}x{kind}> {{
{ASSEMBLE}  %0 = winnow.selection.{name} %s : {SELECTION} -> tensor<?x{UNIVERSE}x{kind}>
  return %0 : tensor<?x{UNIVERSE}x{kind}>
}}
"""
        yield Case(name, text, sample, lambda i, c, expect=expect: [Expected(expect(i, c))])


def movers():
    for kind in ("f32", "f16", "bf16", "i8", "i32", "i64", "i1"):
        for rank in (2, 4) if kind == "f32" else (3,):
            yield gather_case(kind, rank)
            yield scatter_case(kind, rank)
    for kind in ("f32", "i8"):
        yield shared_gather_case(kind)


def sample_rest(sampler, rank):
    return [sampler.size(0, 7) for _ in range(rank - 2)]


def gather_case(kind, rank):
    rest = "x?" * (rank - 2)
    name = f"gather_{kind}_{rank}"
    source, result = f"tensor<?x{UNIVERSE}{rest}x{kind}>", f"tensor<?x?{rest}x{kind}>"
    text = f"""func.func @{name}(%x: {source}, %i: tensor<?x?xi32>, %c: tensor<?xi32>) -> {result} {{
{ASSEMBLE}  %0 = winnow.gather %x, %s : {source}, {SELECTION} -> {result}
  return %0 : {result}
}}
"""

    def sample(sampler):
        rows = sampler.size(0, 9)
        return [sampler.tensor(kind, rows, UNIVERSE, *sample_rest(sampler, rank)),
                *sampler.selection(rows, UNIVERSE, sampler.size(0, UNIVERSE))]

    def expect(x, indices, counts):
        value = gather(x, indices, counts)
        return [Expected(value, valid=within_counts(counts, value.shape), tolerance=0)]

    return Case(name, text, sample, expect)


def shared_gather_case(kind):
    name = f"gather_shared_{kind}"
    text = f"""func.func @{name}(%x: tensor<{UNIVERSE}x?x{kind}>, %i: tensor<?x?xi32>, %c: tensor<?xi32>) -> tensor<?x?x?x{kind}> {{
{ASSEMBLE}  %0 = winnow.gather %x, %s shared : tensor<{UNIVERSE}x?x{kind}>, {SELECTION} -> tensor<?x?x?x{kind}>
  return %0 : tensor<?x?x?x{kind}>
}}
"""

    def sample(sampler):
        return [sampler.tensor(kind, UNIVERSE, sampler.size(0, 7)),
                *sampler.selection(sampler.size(0, 9), UNIVERSE, sampler.size(0, UNIVERSE))]

    def expect(x, indices, counts):
        value = gather(np.broadcast_to(x, (len(counts), *x.shape)), indices, counts)
        return [Expected(value, valid=within_counts(counts, value.shape), tolerance=0)]

    return Case(name, text, sample, expect)


def scatter_case(kind, rank):
    rest = "x?" * (rank - 2)
    name = f"scatter_{kind}_{rank}"
    source, result = f"tensor<?x?{rest}x{kind}>", f"tensor<?x{UNIVERSE}{rest}x{kind}>"
    text = f"""func.func @{name}(%x: {source}, %i: tensor<?x?xi32>, %c: tensor<?xi32>) -> {result} {{
{ASSEMBLE}  %0 = winnow.scatter %x, %s : {source}, {SELECTION} -> {result}
  return %0 : {result}
}}
"""

    def sample(sampler):
        indices, counts = sampler.selection(sampler.size(0, 9), UNIVERSE, sampler.size(0, UNIVERSE))
        return [sampler.tensor(kind, *indices.shape, *sample_rest(sampler, rank)), indices, counts]

    return Case(name, text, sample,
                lambda x, i, c: [Expected(scatter(x, i, c, UNIVERSE), tolerance=0)])


def channel_gates():
    for kind in FLOATS:
        x = f"tensor<?x?x?x?x{kind}>"
        text = f"""func.func @channel_gate_{kind}(%x: {x}, %g: tensor<?x?x{kind}>) -> {x} {{
  %0 = winnow.channel_gate %x, %g : {x}, tensor<?x?x{kind}>
  return %0 : {x}
}}
"""

        def sample(sampler, kind=kind):
            shape = [sampler.size(0, 6) for _ in range(4)]
            return [sampler.tensor(kind, *shape), sampler.tensor(kind, *shape[:2])]

        yield Case(f"channel_gate_{kind}", text, sample, lambda x, g: [
            Expected(x.astype(np.float64) * g.astype(np.float64)[:, :, None, None])])


def quantize_rows(x, valid):
    """The definition of winnow.quantize: values and scales."""
    axes = tuple(range(1, x.ndim))
    with np.errstate(all="ignore"):
        largest = np.max(np.abs(x), axis=axes, where=valid & ~np.isnan(x), initial=0)
        scale = (largest / np.float32(127)).astype(np.float32)
        quotient = x / scale.reshape((-1,) + (1,) * len(axes))
        values = np.where(np.isnan(quotient), 0, np.clip(np.rint(quotient), -127, 127)).astype(np.int8)
    return values, scale


def sample_activations(sampler, *shape):
    """Zeros, infinities and NaN among them in some rounds."""
    x = sampler.tensor("f32", *shape) * np.float32(10 ** sampler.random.uniform(-3, 3))
    if sampler.round % 4 == 1:
        x[sampler.random.random(x.shape) < 0.1] = np.nan
        x[sampler.random.random(x.shape) < 0.05] = np.inf
    if sampler.round % 4 == 2:
        x[::2] = 0
    return x


def quantizations():
    text = f"""func.func @quantize(%x: tensor<?x?x?xf32>) -> (tensor<?x?x?xi8>, tensor<?xf32>) {{
  %v, %s = winnow.quantize %x : tensor<?x?x?xf32> -> tensor<?x?x?xi8>, tensor<?xf32>
  return %v, %s : tensor<?x?x?xi8>, tensor<?xf32>
}}
func.func @quantize_active(%x: tensor<?x?x?xf32>, %i: tensor<?x?xi32>, %c: tensor<?xi32>)
    -> (tensor<?x?x?xi8>, tensor<?xf32>) {{
{ASSEMBLE}  %v, %scale = winnow.quantize %x active(%s : {SELECTION}) : tensor<?x?x?xf32> -> tensor<?x?x?xi8>, tensor<?xf32>
  return %v, %scale : tensor<?x?x?xi8>, tensor<?xf32>
}}
"""

    def expect(x, indices=None, counts=None):
        valid = np.ones(x.shape, bool) if counts is None else within_counts(counts, x.shape)
        values, scale = quantize_rows(x, valid)
        return [Expected(values, valid=valid), Expected(scale, tolerance=2e-7)]

    def sample(sampler):
        return [sample_activations(sampler, sampler.size(0, 9), sampler.size(0, 9), sampler.size(0, 9))]

    def sample_active(sampler):
        rows = sampler.size(0, 9)
        indices, counts = sampler.selection(rows, UNIVERSE, sampler.size(0, UNIVERSE))
        return [sample_activations(sampler, rows, indices.shape[1], sampler.size(0, 9)), indices, counts]

    yield Case("quantize", text, sample, expect)
    yield Case("quantize_active", "", sample_active, expect)


def selection_cases():
    return [*makers(), *converters()]


def movement_cases():
    return [*movers()]


def gate_cases():
    return [*channel_gates(), *quantizations()]
