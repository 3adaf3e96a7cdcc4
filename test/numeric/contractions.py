# Matrix products and convolutions, dense and with selections, of dynamic and of fixed shapes, in every
# element type.
from dataclasses import dataclass

import numpy as np

from case import Case, Expected, gather, scatter, within_counts

# Strides, dilations and padding of a convolution.
WINDOWS = {"plain": ((1, 1), (1, 1), (0, 0, 0, 0)), "padded": ((1, 1), (1, 1), (1, 1, 1, 1)),
           "halved": ((2, 2), (1, 1), (1, 1, 1, 1)), "strided": ((2, 1), (1, 2), (1, 0, 2, 3))}
VARIANTS = ((), ("inputs",), ("outputs",), ("inputs", "outputs"))


@dataclass
class Side:
    """The channels of the inputs or outputs. A `channels` or `capacity` of None is known at run time only."""
    name: str
    value: str  # of the selection, in MLIR
    isSelected: bool
    channels: int | None
    capacity: int | None
    most: int  # of channels, if they are known at run time only

    def dimension(self):
        """Of the tensor that is compact in it."""
        return spell(self.capacity if self.isSelected else self.channels)

    def type(self):
        return f"!winnow.selection<?x{self.channels}, {spell(self.capacity)}>"

    def arguments(self):
        return f", %{self.value}i: tensor<?x{spell(self.capacity)}xi32>, %{self.value}c: tensor<?xi32>"

    def assembly(self):
        return (f"  %{self.value} = winnow.selection.assemble %{self.value}i, %{self.value}c : "
                f"tensor<?x{spell(self.capacity)}xi32>, tensor<?xi32> -> {self.type()}\n")

    def operand(self):
        return f" {self.name}(%{self.value} : {self.type()})"

    def sample_channels(self, sampler):
        return self.channels if self.channels is not None else sampler.size(0, self.most)

    def sample(self, sampler, rows):
        if not self.isSelected:
            return []
        capacity = self.capacity if self.capacity is not None else sampler.size(1, self.channels)
        return list(sampler.selection(rows, self.channels, min(capacity, self.channels)))


def spell(size):
    return "?" if size is None else str(size)


def sides(variant, channels, capacity, most):
    """The input and the output side."""
    return [Side(name, value, name in variant, channels[i], capacity[i], most[i])
            for i, (name, value) in enumerate((("inputs", "s"), ("outputs", "t")))]


def case_of(name, operation, kind, ends, types, attributes, sample, contract):
    """`types`: the shapes of x, the weights and the result as text."""
    x, w = (f"tensor<{shape}x{kind}>" for shape in types[:2])
    y = f"tensor<{types[2]}x{'i32' if kind == 'i8' else kind}>"
    selected = [end for end in ends if end.isSelected]
    text = (f"func.func @{name}(%x: {x}, %w: {w}{''.join(end.arguments() for end in selected)}) -> {y} {{\n"
            f"{''.join(end.assembly() for end in selected)}"
            f"  %0 = {operation} %x, %w{''.join(end.operand() for end in selected)} {attributes} : {x}, {w} -> {y}\n"
            f"  return %0 : {y}\n}}\n")

    def expect(x, w, *selections):
        selections = list(selections)
        wide = np.int64 if kind == "i8" else np.float64
        x, w, valid = x.astype(wide), w.astype(wide), None
        if ends[0].isSelected:
            x = scatter(x, *selections[:2], ends[0].channels)
            selections = selections[2:]
        value, magnitude = contract(x, w), contract(np.abs(x), np.abs(w))
        if ends[1].isSelected:
            value, magnitude = gather(value, *selections), gather(magnitude, *selections)
            valid = within_counts(selections[1], value.shape)
        if kind == "i8":
            return [Expected(value.astype(np.int32), valid=valid)]
        return [Expected(value, magnitude, valid)]

    return Case(name, text, sample, expect)


def sample_x(sampler, kind, end, rows, channels, rest=()):
    """The operand and the input selection, with rubbish where nothing may be read."""
    selection = end.sample(sampler, rows)
    x = sampler.tensor(kind, rows, selection[0].shape[1] if selection else channels, *rest)
    if selection and kind != "i8":
        x[~within_counts(selection[1], x.shape)] = np.nan
    return [x], selection


def matmul(name, kind, variant, channels=(None, None), capacity=(None, None)):
    ends = sides(variant, channels, capacity, (70, 40))

    def sample(sampler):
        rows = sampler.size(0, 20)
        count, columns = (end.sample_channels(sampler) for end in ends)
        x, selection = sample_x(sampler, kind, ends[0], rows, count)
        return x + [sampler.tensor(kind, count, columns)] + selection + ends[1].sample(sampler, rows)

    types = (f"?x{ends[0].dimension()}", f"{spell(channels[0])}x{spell(channels[1])}", f"?x{ends[1].dimension()}")
    return case_of("_".join(["matmul", name, kind, *variant]), "winnow.matmul", kind, ends, types, "", sample,
                   np.matmul)


def extents(sizes, kernel, window):
    strides, dilations, padding = WINDOWS[window]
    return [None if sizes[a] is None else
            (sizes[a] + padding[a] + padding[a + 2] - dilations[a] * (kernel[a] - 1) - 1) // strides[a] + 1
            for a in range(2)]


def convolve(x, weights, strides, dilations, padding):
    top, left, bottom, right = padding
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    kernel = weights.shape[2:]
    sizes = [(x.shape[2 + a] - dilations[a] * (kernel[a] - 1) - 1) // strides[a] + 1 for a in range(2)]
    result = np.zeros((x.shape[0], weights.shape[0], *sizes), x.dtype)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            begin = i * dilations[0], j * dilations[1]
            taps = x[:, :, begin[0]:begin[0] + strides[0] * (sizes[0] - 1) + 1:strides[0],
                     begin[1]:begin[1] + strides[1] * (sizes[1] - 1) + 1:strides[1]]
            result += np.moveaxis(np.tensordot(weights[:, :, i, j], taps, axes=(1, 1)), 0, 1)
    return result


def conv2d(window, kind, variant, kernel, channels=(None, None), capacity=(None, None), sizes=(None, None)):
    ends = sides(variant, channels, capacity, (9, 9))
    strides, dilations, padding = WINDOWS[window]
    fixed = kernel

    def sample(sampler):
        rows = sampler.size(0, 4)
        kernel = [sampler.size(1, 3) if size is None else size for size in fixed]
        count, outputs = (end.sample_channels(sampler) for end in ends)
        # At least as many as the window covers, so that the result has one row and one column or more.
        rest = [sizes[a] if sizes[a] is not None else
                sampler.size(max(1, dilations[a] * (kernel[a] - 1) + 1 - padding[a] - padding[a + 2]), 11)
                for a in range(2)]
        x, selection = sample_x(sampler, kind, ends[0], rows, count, rest)
        return (x + [sampler.tensor(kind, outputs, count, *kernel)] + selection + ends[1].sample(sampler, rows))

    name = "_".join(["conv2d", window, *(["fixed"] if sizes[0] else []), *(["any"] if kernel[0] is None else []), kind, *variant])
    types = (f"?x{ends[0].dimension()}x{spell(sizes[0])}x{spell(sizes[1])}",
             f"{spell(channels[1])}x{spell(channels[0])}x{spell(kernel[0])}x{spell(kernel[1])}",
             f"?x{ends[1].dimension()}x{'x'.join(map(spell, extents(sizes, kernel, window)))}")
    attributes = "{{strides = array<i64: {}, {}>, dilations = array<i64: {}, {}>, padding = array<i64: {}, {}, {}, {}>}}"
    return case_of(name, "winnow.conv2d", kind, ends, types, attributes.format(*strides, *dilations, *padding), sample,
                   lambda x, w: convolve(x, w, *WINDOWS[window]))


def known(variant, channels):
    """What the type of a selection must tell, and nothing else."""
    return tuple(size if name in variant else None for name, size in zip(("inputs", "outputs"), channels))


def matmul_cases():
    cases = [matmul("dynamic", kind, variant, known(variant, (13, 9)))
             for kind in ("f32", "f16", "bf16", "i8") for variant in VARIANTS]
    # Several vectors and blocks, with remainders, and a selection's capacity below its universe.
    cases += [matmul("wide", kind, variant, (67, 141), (19, 37)) for kind in ("f32", "f16", "bf16", "i8")
              for variant in VARIANTS]
    cases += [matmul("even", kind, variant, (64, 128), (16, 32)) for kind in ("f32", "f16", "bf16", "i8")
              for variant in ((), ("inputs", "outputs"))]
    return cases + [matmul("single", kind, (), (1, 1)) for kind in ("f32", "f16", "bf16", "i8")]


def conv2d_cases():
    kernels = {"plain": (1, 2), "padded": (3, 3), "strided": (2, 3)}
    cases = [conv2d(window, "f32", variant, kernels[window], known(variant, (13, 9)))
             for variant in VARIANTS for window in kernels]
    cases += [conv2d("strided", "f32", variant, (None, None), known(variant, (13, 9)))
              for variant in ((), ("inputs", "outputs"))]
    cases += [conv2d("padded", kind, variant, (3, 3), known(variant, (13, 9)))
              for kind in ("f16", "bf16", "i8") for variant in VARIANTS]
    cases += [conv2d("padded", kind, variant, (3, 3), (16, 24), (5, 7), (8, 8))
              for kind in ("f32", "f16", "bf16", "i8") for variant in VARIANTS]
    cases += [conv2d("plain", "f32", variant, (1, 1), (19, 33), (6, 11), (5, 17))
              for variant in ((), ("inputs", "outputs"))]
    return cases + [conv2d("halved", "f32", variant, (3, 3), (4, 10), (3, 9), (9, 8))
                    for variant in ((), ("inputs", "outputs"))]
