# The forms of a selection: conversions between all of them, masks, counts and unions from each, and the choice
# of key blocks.
import itertools

import numpy as np

from case import Case, Expected, from_mask, to_mask, within_counts
from selections import expect_topk

# More than one word of a bitmap, and not a whole number of them.
UNIVERSE = 37
FORMS = ("rows", "columns", "bitmap")


def words_of(mask):
    """The words of a mask's bitmap."""
    rows, universe = mask.shape
    words = -(-universe // 32)
    padded = np.zeros((rows, words * 32), bool)
    padded[:, :universe] = mask
    return np.packbits(padded, axis=1, bitorder="little").view("<i4").reshape(rows, words)


def columns_of(mask, places):
    """Offsets and members, with -1 beyond the last."""
    members = np.full(places, -1, np.int32)
    entries, rows = np.nonzero(mask.T)
    members[:len(rows)] = rows
    return np.searchsorted(entries, np.arange(mask.shape[1] + 1)).astype(np.int32), members


class Form:
    """How a function takes a selection of `capacity` (None: dynamic) in a form, and returns one."""

    def __init__(self, name, capacity=None, rows=None):
        self.name, self.capacity, self.rows = name, capacity, rows
        spelled = "?" if capacity is None else str(capacity)
        height = "?" if rows is None else str(rows)
        places = "?" if capacity is None or rows is None else str(rows * capacity)
        self.type = f"!winnow.selection<{height}x{UNIVERSE}, {spelled}, {name}>"
        self.parts = {"rows": [("indices", f"tensor<{height}x{spelled}xi32>"), ("counts", f"tensor<{height}xi32>")],
                      "columns": [("offsets", f"tensor<{UNIVERSE + 1}xi32>"), ("members", f"tensor<{places}xi32>")],
                      "bitmap": [("words", f"tensor<{height}x{-(-UNIVERSE // 32)}xi32>")]}[name]

    def arguments(self):
        """A tensor that has the rows and the capacity as its dimensions, then the parts."""
        return ", ".join(["%like: tensor<?x?xi8>", *(f"%{part}: {type}" for part, type in self.parts)])

    def assembly(self):
        extents = {"rows": "", "columns": " rows(%r)" if self.rows is None else "", "bitmap": ""}[self.name]
        if self.name != "rows" and self.capacity is None:
            extents += " capacity(%k)"
        operation = "assemble" if self.name == "rows" else f"assemble_{self.name}"
        return (f"  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n"
                f"  %r = tensor.dim %like, %c0 : tensor<?x?xi8>\n  %k = tensor.dim %like, %c1 : tensor<?x?xi8>\n"
                f"  %s = winnow.selection.{operation} {', '.join('%' + part for part, _ in self.parts)}{extents} : "
                f"{', '.join(type for _, type in self.parts)} -> {self.type}\n")

    def sample(self, sampler):
        rows = self.rows if self.rows is not None else sampler.size(0, 9)
        capacity = self.capacity if self.capacity is not None else sampler.size(0, UNIVERSE)
        indices, counts = sampler.selection(rows, UNIVERSE, capacity)
        like = np.zeros((rows, capacity), np.int8)
        if self.name == "rows":
            return [like, indices, counts]
        mask = to_mask(indices, counts, UNIVERSE)
        if self.name == "columns":
            offsets, members = columns_of(mask, rows * capacity)
            members[offsets[-1]:] = sampler.random.integers(-1000, 1000, rows * capacity - offsets[-1])
            return [like, offsets, members]
        # Bits beyond the universe are rubbish.
        padded = sampler.random.random((rows, -(-UNIVERSE // 32) * 32)) < 0.5
        padded[:, :UNIVERSE] = mask
        return [like, words_of(padded)]

    def mask(self, like, *parts):
        """What the parts select."""
        if self.name == "rows":
            return to_mask(*parts, UNIVERSE)
        mask = np.zeros((like.shape[0], UNIVERSE), bool)
        if self.name == "columns":
            offsets, members = parts
            for entry in range(UNIVERSE):
                mask[members[offsets[entry]:offsets[entry + 1]], entry] = True
        else:
            for entry in range(UNIVERSE):
                mask[:, entry] = parts[0][:, entry // 32] >> (entry % 32) & 1
        return mask

    def expect(self, mask, capacity):
        """The parts that a function must return for a mask."""
        if self.name == "rows":
            indices, counts = from_mask(mask)
            kept = np.full((len(counts), capacity), -1, np.int32)
            least = min(capacity, indices.shape[1])
            kept[:, :least] = indices[:, :least]
            return [Expected(kept, valid=within_counts(counts, kept.shape)), Expected(counts)]
        if self.name == "columns":
            offsets, members = columns_of(mask, len(mask) * capacity)
            return [Expected(offsets), Expected(members, valid=np.arange(len(members)) < offsets[-1])]
        return [ExpectedWords(mask)]


class ExpectedWords(Expected):
    """The words of a mask, whose bits beyond the universe are unspecified."""

    def __init__(self, mask):
        super().__init__(words_of(mask))
        self.bits = words_of(np.ones_like(mask))

    def differs(self, found):
        return super().differs(found & self.bits if found.shape == self.value.shape else found)


def conversion(source, target):
    name = f"{source.name}_to_{target.name}_{source.capacity or 'any'}_{source.rows or 'any'}"
    results = ", ".join(type for _, type in target.parts)
    body = "".join(f"  %{part}_out = winnow.selection.{part} %t : {target.type} -> {type}\n"
                   for part, type in target.parts)
    text = (f"func.func @{name}({source.arguments()}) -> ({results}) {{\n{source.assembly()}"
            f"  %t = winnow.selection.convert %s : {source.type} -> {target.type}\n{body}"
            f"  return {', '.join(f'%{part}_out' for part, _ in target.parts)} : {results}\n}}\n")
    return Case(name, text, source.sample,
                lambda like, *parts: target.expect(source.mask(like, *parts), like.shape[1]))


def reader(source, operation, type, expect):
    """A function that reads one tensor from a selection."""
    name = f"{operation}_of_{source.name}"
    text = (f"func.func @{name}({source.arguments()}) -> {type} {{\n{source.assembly()}"
            f"  %0 = winnow.selection.{operation} %s : {source.type} -> {type}\n  return %0 : {type}\n}}\n")
    return Case(name, text, source.sample, lambda like, *parts: [Expected(expect(source.mask(like, *parts)))])


def union(source, capacity):
    spelled = "?" if capacity is None else str(capacity)
    name = f"union_of_{source.name}_{spelled if capacity else 'any'}"
    type = f"!winnow.selection<1x{UNIVERSE}, {spelled}>"
    results = f"tensor<1x{spelled}xi32>, tensor<1xi32>"
    text = (f"func.func @{name}({source.arguments()}) -> ({results}) {{\n{source.assembly()}"
            f"  %t = winnow.selection.union %s : {source.type} -> {type}\n"
            f"  %i = winnow.selection.indices %t : {type} -> tensor<1x{spelled}xi32>\n"
            f"  %c = winnow.selection.counts %t : {type} -> tensor<1xi32>\n  return %i, %c : {results}\n}}\n")
    target = Form("rows", capacity, 1)

    def expect(like, *parts):
        return target.expect(source.mask(like, *parts).any(axis=0, keepdims=True), capacity)

    return Case(name, text, source.sample, expect)


def dynamic_universe():
    """From a mask of any extents to columns and a bitmap and back to a mask."""
    text = """func.func @any_universe(%m: tensor<?x?xi1>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>) {
  %s = winnow.selection.from_mask %m : tensor<?x?xi1> -> !winnow.selection<?x?, ?>
  %c = winnow.selection.convert %s : !winnow.selection<?x?, ?> -> !winnow.selection<?x?, ?, columns>
  %b = winnow.selection.convert %s : !winnow.selection<?x?, ?> -> !winnow.selection<?x?, ?, bitmap>
  %0 = winnow.selection.offsets %c : !winnow.selection<?x?, ?, columns> -> tensor<?xi32>
  %1 = winnow.selection.members %c : !winnow.selection<?x?, ?, columns> -> tensor<?xi32>
  %2 = winnow.selection.words %b : !winnow.selection<?x?, ?, bitmap> -> tensor<?x?xi32>
  %3 = winnow.selection.entry_counts %b : !winnow.selection<?x?, ?, bitmap> -> tensor<?xi32>
  return %0, %1, %2, %3 : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>
}
"""

    def expect(mask):
        offsets, members = columns_of(mask, mask.size)
        return [Expected(offsets), Expected(members, valid=np.arange(mask.size) < offsets[-1]),
                ExpectedWords(mask), Expected(mask.sum(axis=0).astype(np.int32))]

    return Case("any_universe", text, lambda sampler: [sampler.mask(sampler.size(0, 9), sampler.size(0, 70))], expect)


def blocks(kind, k):
    name = f"blocks_{kind}_{k}"
    type = f"!winnow.selection<?x?, {k}>"
    results = f"tensor<?x{k}xi32>, tensor<?xi32>"
    text = f"""func.func @{name}(%q: tensor<?x?x?x{kind}>, %k: tensor<?x?x?x{kind}>) -> ({results}) {{
  %s = winnow.select.blocks %q, %k, k = {k} : tensor<?x?x?x{kind}>, tensor<?x?x?x{kind}> -> {type}
  %i = winnow.selection.indices %s : {type} -> tensor<?x{k}xi32>
  %c = winnow.selection.counts %s : {type} -> tensor<?xi32>
  return %i, %c : {results}
}}
"""

    def sample(sampler):
        batch, width = sampler.size(0, 3), sampler.size(0, 8)
        queries, keys = (sampler.tensor(kind, batch, sampler.size(0, 7), width) for _ in range(2))
        # Small integers, so that scores are exact and often equal; and some that are not a number.
        queries, keys = (np.round(x.astype(np.float32)).astype(x.dtype) for x in (queries, keys))
        keys[sampler.random.random(keys.shape[:2]) < 0.1] = np.nan
        return [queries, keys]

    def expect(queries, keys):
        scores = np.einsum("bqd,bkd->bqk", queries.astype(np.float32), keys.astype(np.float32))
        return expect_topk(k)(scores.reshape(-1, keys.shape[1]) if scores.size else
                              np.zeros((queries.shape[0] * queries.shape[1], keys.shape[1]), np.float32))

    return Case(name, text, sample, expect)


def form_cases():
    pairs = [pair for pair in itertools.permutations(FORMS, 2)]
    cases = [conversion(Form(source), Form(target)) for source, target in pairs]
    cases += [conversion(Form(source, 5), Form(target, 5)) for source, target in pairs]
    cases += [conversion(Form(source, 5, 3), Form(target, 5, 3)) for source, target in pairs]
    for name in FORMS:
        source = Form(name)
        cases += [reader(source, "to_mask", f"tensor<?x{UNIVERSE}xi1>", lambda mask: mask),
                  reader(source, "counts", "tensor<?xi32>", lambda mask: mask.sum(axis=1).astype(np.int32)),
                  reader(source, "entry_counts", f"tensor<{UNIVERSE}xi32>",
                         lambda mask: mask.sum(axis=0).astype(np.int32)),
                  union(source, UNIVERSE), union(Form(name, 5, 3), 15)]
    return [*cases, dynamic_universe(), *(blocks(kind, 3) for kind in ("f32", "f16", "bf16")), blocks("f32", 1)]
