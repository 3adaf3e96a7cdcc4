# Packed weights of every structure and type: what compression keeps, what expansion gives back, and products, with
# weights that are inputs, parts that are inputs, and constants.
import numpy as np

from case import NUMPY, Case, Expected

# Structure, extents of the matrix. More than one word of indices, words that are not full, single columns,
# blocks that are not square, capacities that everything fits in and that it does not.
SHAPES = [("nm<2:4>", 64, 48), ("nm<2:4>", 36, 5), ("nm<2:4>", 4, 1),
          ("blocks<16x16>", 64, 48), ("blocks<4x2, 5>", 24, 10), ("blocks<1x1>", 3, 2),
          ("coo", 12, 7), ("coo<9>", 20, 33), ("coo<1>", 1, 1)]
KINDS = ("f32", "f16", "bf16", "i8")


class Structure:
    """A packed type, and what compression to it does, in numpy."""

    def __init__(self, text, rows, columns, kind):
        self.text, self.rows, self.columns, self.kind = text, rows, columns, kind
        self.form, _, detail = text.rstrip(">").partition("<")
        extents, _, capacity = detail.partition(", ")
        self.block = tuple(map(int, extents.split("x"))) if self.form == "blocks" else (1, 1)
        self.grid = rows // self.block[0], columns // self.block[1]
        given = capacity or (extents if self.form == "coo" else "")
        self.capacity = int(given) if given else self.grid[0] * self.grid[1]

    def type(self):
        return f"!winnow.packed<{self.rows}x{self.columns}x{self.kind}, #winnow.{self.text}>"

    def dense(self):
        return f"tensor<{self.rows}x{self.columns}x{self.kind}>"

    def part_types(self):
        count = self.capacity
        if self.form == "nm":
            return [f"tensor<{self.rows // 2}x{self.columns}x{self.kind}>",
                    f"tensor<{-(-self.rows // 32)}x{self.columns}xi32>"]
        if self.form == "blocks":
            return [f"tensor<{count}x{self.block[0]}x{self.block[1]}x{self.kind}>", f"tensor<{count}xi32>",
                    f"tensor<{self.grid[1] + 1}xi32>"]
        return [f"tensor<{count}x{self.kind}>", f"tensor<{count}xi32>", f"tensor<{count}xi32>"]

    def pack(self, dense):
        """The parts, and which elements of each are specified."""
        return self.pack_groups(dense) if self.form == "nm" else self.pack_grid(dense)

    def pack_groups(self, dense):
        groups = magnitude(dense).reshape(self.rows // 4, 4, self.columns)
        order = np.argsort(-groups, axis=1, kind="stable")
        places = np.sort(order[:, :2], axis=1)
        values = np.take_along_axis(dense.reshape(groups.shape), places, axis=1).reshape(-1, self.columns)
        places = places.reshape(-1, self.columns)
        words = np.zeros((-(-self.rows // 32), self.columns), np.uint32)
        for stored, row in enumerate(places):
            words[stored // 16] |= row.astype(np.uint32) << np.uint32(2 * (stored % 16))
        return [values, words.view(np.int32)], [None, None]

    def stored(self, dense):
        """Rows and columns of the grid that are stored, in order."""
        a, b = self.block
        blocks = dense.reshape(self.grid[0], a, self.grid[1], b)
        isSet = (magnitude(blocks) != 0).any(axis=(1, 3))
        columns, rows = np.nonzero(isSet.T)
        return rows[:self.capacity], columns[:self.capacity], blocks

    def pack_grid(self, dense):
        rows, columns, blocks = self.stored(dense)
        count = len(rows)
        values = np.zeros((self.capacity, *self.block), dense.dtype)
        values[:count] = blocks[rows, :, columns]
        allRows = np.zeros(self.capacity, np.int32)
        allRows[:count] = rows
        isUsed = np.arange(self.capacity) < count
        if self.form == "blocks":
            offsets = np.searchsorted(columns, np.arange(self.grid[1] + 1)).astype(np.int32)
            return ([values, allRows, offsets],
                    [np.broadcast_to(isUsed[:, None, None], values.shape), isUsed, None])
        allColumns = np.full(self.capacity, self.columns, np.int32)
        allColumns[:count] = columns
        return [values.reshape(-1), allRows, allColumns], [isUsed, isUsed, None]

    def kept(self, dense):
        """The matrix with zeros where compression leaves something out."""
        if self.form == "nm":
            groups = magnitude(dense).reshape(self.rows // 4, 4, self.columns)
            order = np.argsort(-groups, axis=1, kind="stable")
            isKept = np.zeros(groups.shape, bool)
            np.put_along_axis(isKept, order[:, :2], True, axis=1)
            return np.where(isKept.reshape(dense.shape), dense, np.zeros((), dense.dtype))
        rows, columns, blocks = self.stored(dense)
        result = np.zeros_like(blocks)
        result[rows, :, columns] = blocks[rows, :, columns]
        return result.reshape(dense.shape)


def magnitude(array):
    """By bits: NaN above infinity."""
    if array.dtype == np.int8:
        return np.abs(array.astype(np.int64))
    bits = array.view({2: np.uint16, 4: np.uint32}[array.dtype.itemsize]).astype(np.int64)
    return bits & (2 ** (8 * array.dtype.itemsize - 1) - 1)


def sample_weights(sampler, structure, odd=False):
    """Nothing, everything, or a part; equal magnitudes now and then. `odd`: NaN, infinities, zeros of both signs."""
    dense = sampler.tensor(structure.kind, structure.rows, structure.columns)
    share = (0.0, 1.0, 0.5, 0.1)[sampler.round % 4]
    dense[sampler.random.random(dense.shape) >= share] = 0
    if structure.form == "blocks":
        isOut = sampler.random.random(structure.grid) < 0.5
        dense[np.kron(isOut, np.ones(structure.block, bool)).astype(bool)] = 0
    if sampler.round % 3 == 2:
        dense = np.sign(dense.astype(np.float32)).astype(dense.dtype)
    if odd and structure.kind != "i8":
        for value in (np.nan, np.inf, -np.inf, -0.0):
            dense[sampler.random.random(dense.shape) < 0.03] = value
    return dense


def product(kind, x, weights):
    if kind == "i8":
        return [Expected((x.astype(np.int64) @ weights.astype(np.int64)).astype(np.int32))]
    x, weights = x.astype(np.float64), weights.astype(np.float64)
    return [Expected(x @ weights, np.abs(x) @ np.abs(weights))]


def name_of(what, structure):
    form = "".join(c if c.isalnum() else "_" for c in structure.text)
    return f"{what}_{form}_{structure.rows}x{structure.columns}_{structure.kind}"


def result_type(kind, columns):
    return f"tensor<?x{columns}x{'i32' if kind == 'i8' else kind}>"


def sample_x(sampler, structure):
    return sampler.tensor(structure.kind, sampler.size(0, 9), structure.rows)


def conversions(structure):
    """Compression to the parts, and back."""
    name, parts = name_of("convert", structure), structure.part_types()
    names = [f"%p#{index}" for index in range(len(parts))]
    text = f"""func.func @{name}(%w: {structure.dense()}) -> ({', '.join(parts)}, {structure.dense()}) {{
  %c = winnow.compress %w : {structure.dense()} -> {structure.type()}
  %p:{len(parts)} = winnow.packed.parts %c : {structure.type()} -> {', '.join(parts)}
  %d = winnow.expand %c : {structure.type()} -> {structure.dense()}
  return {', '.join(names)}, %d : {', '.join(parts)}, {structure.dense()}
}}
"""

    def expect(dense):
        parts, valid = structure.pack(dense)
        return [Expected(part, valid=mask) for part, mask in zip(parts, valid)] + [Expected(structure.kept(dense))]

    return Case(name, text, lambda sampler: [sample_weights(sampler, structure, odd=True)], expect)


def compressed_product(structure):
    """Weights that are compressed at run time."""
    name, kind = name_of("compressed", structure), structure.kind
    x, y = f"tensor<?x{structure.rows}x{kind}>", result_type(kind, structure.columns)
    text = f"""func.func @{name}(%x: {x}, %w: {structure.dense()}) -> {y} {{
  %c = winnow.compress %w : {structure.dense()} -> {structure.type()}
  %y = winnow.packed.matmul %x, %c : {x}, {structure.type()} -> {y}
  return %y : {y}
}}
"""
    return Case(name, text, lambda sampler: [sample_x(sampler, structure), sample_weights(sampler, structure)],
                lambda x, weights: product(kind, x, structure.kept(weights)))


def assembled_product(structure):
    """Parts that are inputs, with rubbish where nothing is stored."""
    name, kind, parts = name_of("assembled", structure), structure.kind, structure.part_types()
    x, y = f"tensor<?x{structure.rows}x{kind}>", result_type(kind, structure.columns)
    names = [f"%p{index}" for index in range(len(parts))]
    arguments = ", ".join(f"{part}: {kind}" for part, kind in zip(names, parts))
    text = f"""func.func @{name}(%x: {x}, {arguments}) -> {y} {{
  %c = winnow.packed.assemble {', '.join(names)} : {', '.join(parts)} -> {structure.type()}
  %y = winnow.packed.matmul %x, %c : {x}, {structure.type()} -> {y}
  return %y : {y}
}}
"""

    def sample(sampler):
        parts, valid = structure.pack(sample_weights(sampler, structure))
        for part, mask in zip(parts, valid):
            if mask is not None:
                part[~mask] = -77 if part.dtype.kind == "i" else np.nan
        return [sample_x(sampler, structure), *parts]

    return Case(name, text, sample, lambda x, *parts: product(kind, x, unpack(structure, parts)))


def unpack(structure, parts):
    values, indices, last = (*parts, None)[:3]
    if structure.form == "nm":
        dense = np.zeros((structure.rows, structure.columns), values.dtype)
        for stored in range(structure.rows // 2):
            place = indices[stored // 16].view(np.uint32) >> np.uint32(2 * (stored % 16)) & np.uint32(3)
            dense[stored // 2 * 4 + place, np.arange(structure.columns)] = values[stored]
        return dense
    blocks = np.zeros((structure.grid[0], structure.block[0], structure.grid[1], structure.block[1]), values.dtype)
    columns = (np.repeat(np.arange(structure.grid[1]), np.diff(last)) if structure.form == "blocks" else
               last[last < structure.columns])
    rows = indices[:len(columns)]
    blocks[rows, :, columns] = values[:len(columns)].reshape(-1, *structure.block)
    return blocks.reshape(structure.rows, structure.columns)


def constant_product(structure):
    """Weights that the compiler packs."""
    random = np.random.default_rng(3)
    weights = random.standard_normal((structure.rows, structure.columns)).astype(NUMPY[structure.kind])
    if structure.kind == "i8":
        weights = random.integers(-127, 128, weights.shape).astype(np.int8)
    weights[random.random(weights.shape) < 0.5] = 0
    name, kind = name_of("constant", structure), structure.kind
    x, y = f"tensor<?x{structure.rows}x{kind}>", result_type(kind, structure.columns)
    text = f"""func.func @{name}(%x: {x}) -> {y} {{
  %w = arith.constant dense<"0x{weights.tobytes().hex().upper()}"> : {structure.dense()}
  %c = winnow.compress %w : {structure.dense()} -> {structure.type()}
  %y = winnow.packed.matmul %x, %c : {x}, {structure.type()} -> {y}
  return %y : {y}
}}
"""
    return Case(name, text, lambda sampler: [sample_x(sampler, structure)],
                lambda x: product(kind, x, structure.kept(weights)))


def packed_cases():
    structures = [Structure(*shape, kind) for shape in SHAPES for kind in KINDS]
    cases = [make(structure) for structure in structures for make in (conversions, compressed_product)]
    cases += [assembled_product(Structure(*shape, kind)) for shape in SHAPES[:8] for kind in KINDS]
    return cases + [constant_product(Structure(*shape, kind)) for shape in SHAPES[:8] for kind in KINDS]
