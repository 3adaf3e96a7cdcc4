# Matrix products and convolutions, dense and with selections, in every element type.
import numpy as np

from case import NUMPY, Case, Expected, gather, scatter, within_counts

INPUTS, OUTPUTS = 13, 9  # the universes of selections, which a type must tell
# Strides, dilations and padding, and the size of the kernel.
WINDOWS = {"plain": ((1, 1), (1, 1), (0, 0, 0, 0)), "padded": ((1, 1), (1, 1), (1, 1, 1, 1)),
           "strided": ((2, 1), (1, 2), (1, 0, 2, 3))}
KERNELS = {"plain": (1, 2), "padded": (3, 3), "strided": (2, 3)}


def selection_text(variant):
    """Arguments and operations that make the selections of a variant, and the operand list."""
    arguments, body, operands = "", "", ""
    for name, value, universe in (("inputs", "s", INPUTS), ("outputs", "t", OUTPUTS)):
        if name in variant:
            arguments += f", %{value}i: tensor<?x?xi32>, %{value}c: tensor<?xi32>"
            body += (f"  %{value} = winnow.selection.assemble %{value}i, %{value}c : tensor<?x?xi32>, tensor<?xi32>"
                     f" -> !winnow.selection<?x{universe}, ?>\n")
            operands += f" {name}(%{value} : !winnow.selection<?x{universe}, ?>)"
    return arguments, body, operands


def contraction_case(name, operation, kind, variant, rank, weight_text, attributes, sample, contract):
    result = "i32" if kind == "i8" else kind
    x = f"tensor<{'x'.join('?' * rank)}x{kind}>"
    y = f"tensor<{'x'.join('?' * rank)}x{result}>"
    w = f"tensor<{weight_text}x{kind}>"
    arguments, body, operands = selection_text(variant)
    text = (f"func.func @{name}(%x: {x}, %w: {w}{arguments}) -> {y} {{\n{body}"
            f"  %0 = {operation} %x, %w{operands} {attributes} : {x}, {w} -> {y}\n  return %0 : {y}\n}}\n")

    def expect(x, w, *selections):
        selections = list(selections)
        wide = np.int64 if kind == "i8" else np.float64
        valid = None
        x = x.astype(wide)
        if "inputs" in variant:
            x = scatter(x, *selections[:2], INPUTS)
            selections = selections[2:]
        value, magnitude = contract(x, w.astype(wide)), contract(np.abs(x), np.abs(w.astype(wide)))
        if "outputs" in variant:
            value, magnitude = gather(value, *selections), gather(magnitude, *selections)
            valid = within_counts(selections[1], value.shape)
        if kind == "i8":
            return [Expected(value.astype(np.int32), valid=valid)]
        return [Expected(value, magnitude, valid)]

    return Case(name, text, sample, expect)


def sample_x(sampler, kind, variant, rows, channels, rest=()):
    """The operand and the input selection, with rubbish where nothing may be read."""
    if "inputs" not in variant:
        return [sampler.tensor(kind, rows, channels, *rest)], []
    capacity = sampler.size(1, INPUTS)
    indices, counts = sampler.selection(rows, INPUTS, min(capacity, INPUTS))
    x = sampler.tensor(kind, rows, indices.shape[1], *rest)
    if kind != "i8":
        x[~within_counts(counts, x.shape)] = np.nan
    return [x], [indices, counts]


def sample_outputs(sampler, variant, rows):
    if "outputs" not in variant:
        return []
    return list(sampler.selection(rows, OUTPUTS, min(sampler.size(1, OUTPUTS), OUTPUTS)))


def matmul(kind, variant):
    def sample(sampler):
        rows = sampler.size(0, 20)
        channels = INPUTS if "inputs" in variant else sampler.size(0, 70)
        columns = OUTPUTS if "outputs" in variant else sampler.size(0, 40)
        x, selection = sample_x(sampler, kind, variant, rows, channels)
        return x + [sampler.tensor(kind, channels, columns)] + selection + sample_outputs(sampler, variant, rows)

    name = "_".join(["matmul", kind, *variant])
    weights = f"{INPUTS if 'inputs' in variant else '?'}x{OUTPUTS if 'outputs' in variant else '?'}"
    return contraction_case(name, "winnow.matmul", kind, variant, 2, weights, "", sample, np.matmul)


def convolve(x, weights, strides, dilations, padding):
    top, left, bottom, right = padding
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    kernel = weights.shape[2:]
    extents = [(x.shape[2 + a] - dilations[a] * (kernel[a] - 1) - 1) // strides[a] + 1 for a in range(2)]
    result = np.zeros((x.shape[0], weights.shape[0], *extents), x.dtype)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            begin = i * dilations[0], j * dilations[1]
            taps = x[:, :, begin[0]:begin[0] + strides[0] * (extents[0] - 1) + 1:strides[0],
                     begin[1]:begin[1] + strides[1] * (extents[1] - 1) + 1:strides[1]]
            result += np.einsum("bchw,oc->bohw", taps, weights[:, :, i, j])
    return result


def conv2d(kind, variant, window):
    strides, dilations, padding = WINDOWS[window]
    kernel = KERNELS[window]

    def sample(sampler):
        rows = sampler.size(0, 4)
        channels = INPUTS if "inputs" in variant else sampler.size(0, 9)
        outputs = OUTPUTS if "outputs" in variant else sampler.size(0, 9)
        # At least as many as the window covers, so that the result has one row and one column or more.
        rest = [sampler.size(max(1, dilations[a] * (kernel[a] - 1) + 1 - padding[a] - padding[a + 2]), 11)
                for a in range(2)]
        x, selection = sample_x(sampler, kind, variant, rows, channels, rest)
        return (x + [sampler.tensor(kind, outputs, channels, *kernel)] + selection +
                sample_outputs(sampler, variant, rows))

    name = "_".join(["conv2d", window, kind, *variant])
    weights = f"{OUTPUTS if 'outputs' in variant else '?'}x{INPUTS if 'inputs' in variant else '?'}x{kernel[0]}x{kernel[1]}"
    attributes = "{{strides = array<i64: {}, {}>, dilations = array<i64: {}, {}>, padding = array<i64: {}, {}, {}, {}>}}"
    return contraction_case(name, "winnow.conv2d", kind, variant, 4, weights,
                            attributes.format(*strides, *dilations, *padding), sample,
                            lambda x, w: convolve(x, w, *WINDOWS[window]))


VARIANTS = ((), ("inputs",), ("outputs",), ("inputs", "outputs"))


def matmul_cases():
    return [matmul(kind, variant) for kind in ("f32", "f16", "bf16", "i8") for variant in VARIANTS]


def conv2d_cases():
    cases = [conv2d("f32", variant, window) for variant in VARIANTS for window in WINDOWS]
    return cases + [conv2d(kind, variant, "padded") for kind in ("f16", "bf16", "i8")
                    for variant in ((), ("inputs", "outputs"))]
