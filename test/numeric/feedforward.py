# Feed-forward layers of selected neurons, grouped products, and experts over the tokens routed to them.
import math

import numpy as np

from case import Case, Expected, to_mask

EXPERTS, NEURONS = 5, 24
ERF = np.vectorize(math.erf, otypes=[np.float64])
ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x / 2 * (1 + ERF(x / math.sqrt(2))),
    "gelu_tanh": lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))),
    "silu": lambda x: x / (1 + np.exp(-x)),
}
# Two products after each other, with an activation between: what one has in error the next one multiplies.
TOLERANCE = {"f32": 2e-5, "f16": 6e-3, "bf16": 5e-2}
# Added to a magnitude: hidden values near zero have an absolute error, the smallest step of their type.
SMALLEST = {"f32": 0, "f16": 1e-3, "bf16": 0}


def wide(*arrays):
    return [array.astype(np.float64) for array in arrays]


def layer(x, up, down, activation, gate=None, mask=None):
    """The layer's result, and the magnitude that its error is relative to."""
    hidden = ACTIVATIONS[activation](x @ (up if gate is None else gate))
    bound = np.abs(x) @ np.abs(up if gate is None else gate)
    if gate is not None:
        hidden, bound = hidden * (x @ up), bound * (np.abs(x) @ np.abs(up))
    if mask is not None:
        hidden, bound = np.where(mask, hidden, 0), np.where(mask, bound, 0)
    return hidden @ down, bound @ np.abs(down)


def ffn(kind, activation, gated, capacity):
    """A `capacity` of None has no selection, one of "?" is known at run time only."""
    name = "_".join(["ffn", kind, activation, *(["gated"] if gated else []), "dense" if capacity is None else
                     "any" if capacity == "?" else str(capacity)])
    selection = f"!winnow.selection<?x{NEURONS}, {capacity}>"
    x, up, down = f"tensor<?x?x{kind}>", f"tensor<?x{NEURONS}x{kind}>", f"tensor<{NEURONS}x?x{kind}>"
    arguments = [f"%x: {x}", f"%up: {up}", f"%down: {down}"]
    operands, assembly = "", ""
    if gated:
        arguments.append(f"%gate: {up}")
        operands += f" gate(%gate : {up})"
    if capacity is not None:
        arguments += [f"%i: tensor<?x{capacity}xi32>", "%c: tensor<?xi32>"]
        assembly = (f"  %s = winnow.selection.assemble %i, %c : tensor<?x{capacity}xi32>, tensor<?xi32> -> "
                    f"{selection}\n")
        operands += f" neurons(%s : {selection})"
    text = (f"func.func @{name}({', '.join(arguments)}) -> {x} {{\n{assembly}"
            f"  %0 = winnow.ffn %x, %up, %down{operands} activation({activation}) : {x}, {up}, {down} -> {x}\n"
            f"  return %0 : {x}\n}}\n")

    def sample(sampler):
        rows, inputs, outputs = sampler.size(0, 9), sampler.size(0, 17), sampler.size(0, 40)
        tensors = [sampler.tensor(kind, *shape) for shape in
                   ((rows, inputs), (inputs, NEURONS), (NEURONS, outputs), *([(inputs, NEURONS)] if gated else []))]
        if capacity is None:
            return tensors
        width = sampler.size(0, NEURONS) if capacity == "?" else capacity
        return tensors + list(sampler.selection(rows, NEURONS, width))

    def expect(x, up, down, *rest):
        rest = list(rest)
        gate = wide(rest.pop(0))[0] if gated else None
        mask = to_mask(*rest, NEURONS) if rest else None
        value, magnitude = layer(*wide(x, up, down), activation, gate, mask)
        return [Expected(value, magnitude + SMALLEST[kind], tolerance=TOLERANCE[kind])]

    return Case(name, text, sample, expect)


def ffn_cases():
    cases = [ffn("f32", activation, gated, capacity) for activation in ACTIVATIONS for gated in (False, True)
             for capacity in ("?", 7)]
    cases += [ffn("f32", "silu", gated, None) for gated in (False, True)]
    for kind in ("f16", "bf16"):
        cases += [ffn(kind, "gelu", True, 7), ffn(kind, "relu", False, None), ffn(kind, "silu", True, "?"),
                  ffn(kind, "gelu_tanh", False, 7)]
    return cases


def sample_routing(sampler, tokens, capacity):
    """Which experts each token takes: anything, but in some rounds all the same one, or none takes expert 1."""
    indices, counts = sampler.selection(tokens, EXPERTS, capacity)
    if sampler.round % 6 == 4 and capacity:
        counts[:] = 1
        indices[:, 0] = 2
    if sampler.round % 6 == 5:
        for token in range(tokens):
            kept = [expert for expert in indices[token, :counts[token]] if expert != 1]
            indices[token, :len(kept)], counts[token] = kept, len(kept)
    return indices, counts


def grouped(kind, isGrouped, tokens=9, columns=40):
    """At most so many tokens and result columns."""
    name = f"grouped_matmul_{kind}{'_grouped' if isGrouped else ''}{'_wide' if tokens > 9 else ''}"
    groups = f"!winnow.selection<?x{EXPERTS}, ?, columns>"
    x, w = f"tensor<?x?x{kind}>", f"tensor<{EXPERTS}x?x?x{kind}>"
    text = f"""func.func @{name}(%x: {x}, %w: {w}, %i: tensor<?x?xi32>, %c: tensor<?xi32>) -> {x} {{
  %s = winnow.selection.assemble %i, %c : tensor<?x?xi32>, tensor<?xi32> -> !winnow.selection<?x{EXPERTS}, ?>
  %g = winnow.selection.convert %s : !winnow.selection<?x{EXPERTS}, ?> -> {groups}
  %0 = winnow.grouped_matmul %x, %w groups(%g : {groups}) {"grouped " if isGrouped else ""}: {x}, {w} -> {x}
  return %0 : {x}
}}
"""

    def sample(sampler):
        count, inputs, capacity = sampler.size(0, tokens), sampler.size(0, 17), sampler.size(0, EXPERTS)
        indices, counts = sample_routing(sampler, count, capacity)
        x = sampler.tensor(kind, count * capacity if isGrouped else count, inputs)
        if isGrouped:
            x[counts.sum():] = np.nan
        return [x, sampler.tensor(kind, EXPERTS, inputs, sampler.size(0, columns)), indices, counts]

    def expect(x, weights, indices, counts):
        experts, tokens = np.nonzero(to_mask(indices, counts, EXPERTS).T)
        x, weights = wide(x, weights)
        total, places = len(tokens), indices.size
        value, magnitude = (np.zeros((places, weights.shape[2])) for _ in range(2))
        for place, (expert, token) in enumerate(zip(experts, tokens)):
            row = x[place if isGrouped else token]
            value[place], magnitude[place] = row @ weights[expert], np.abs(row) @ np.abs(weights[expert])
        return [Expected(value, magnitude, np.broadcast_to(np.arange(places)[:, None] < total, value.shape))]

    return Case(name, text, sample, expect)


def experts(kind, activation, capacity, form="rows", tokens=None, sizes=None, gated=False, biased=()):
    """`tokens`, if their number is always the same; `sizes` of inputs, hidden values and outputs, if static; the names
    of products that have a bias."""
    name = f"experts_{kind}_{activation}_{'any' if capacity == '?' else capacity}_{form}{tokens if tokens is not None else ''}"
    rows = f"!winnow.selection<?x{EXPERTS}, {capacity}>"
    routing = f"!winnow.selection<?x{EXPERTS}, {capacity}, {form}>"
    spelled = sizes if sizes else ("?", "?", "?")
    name += "_static" if sizes else ""
    x, y = (f"tensor<?x{spelled[axis]}x{kind}>" for axis in (0, 2))
    up, down = (f"tensor<{EXPERTS}x{spelled[axis]}x{spelled[axis + 1]}x{kind}>" for axis in (0, 1))
    gates = f"tensor<?x{EXPERTS}x{kind}>"
    name += "_gated" * gated + "".join(f"_{product}_bias" for product in biased)
    optional = [("gate", up)] * gated + [(f"{product}_bias", f"tensor<{EXPERTS}x{spelled[2 if product == 'down' else 1]}x{kind}>")
                                         for product in biased]
    operands = " ".join(f"{part}(%{part} : {type_})" for part, type_ in optional)
    text = f"""func.func @{name}(%x: {x}, %up: {up}, %down: {down}, %gates: {gates}, %i: tensor<?x{capacity}xi32>,
                     %c: tensor<?xi32>{"".join(f", %{part}: {type_}" for part, type_ in optional)}) -> {y} {{
  %s = winnow.selection.assemble %i, %c : tensor<?x{capacity}xi32>, tensor<?xi32> -> {rows}
  %r = winnow.selection.convert %s : {rows} -> {routing}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : {routing}) {operands} activation({activation})
      : {x}, {up}, {down}, {gates} -> {y}
  return %0 : {y}
}}
"""

    def sample(sampler):
        count = tokens if tokens is not None else sampler.size(0, 9)
        inputs, hidden, outputs = sizes or (sampler.size(0, 11), sampler.size(0, 13), sampler.size(0, 20))
        width = sampler.size(0, EXPERTS) if capacity == "?" else capacity
        tensors = [sampler.tensor(kind, *shape) for shape in
                   ((count, inputs), (EXPERTS, inputs, hidden), (EXPERTS, hidden, outputs), (count, EXPERTS))]
        indices, counts = sample_routing(sampler, count, width)
        # The gates of experts that a token does not take are rubbish.
        tensors[3][~to_mask(indices, counts, EXPERTS)] = np.nan
        shapes = {"gate": (EXPERTS, inputs, hidden), "down_bias": (EXPERTS, outputs)}
        return tensors + [indices, counts] + [sampler.tensor(kind, *shapes.get(part, (EXPERTS, hidden)))
                                              for part, _ in optional]

    def expect(x, up, down, gates, indices, counts, *rest):
        mask = to_mask(indices, counts, EXPERTS)
        x, up, down, gates = wide(x, up, down, gates)
        rest = dict(zip((part for part, _ in optional), wide(*rest)))
        # A bias is a row of the weights, for an input that is always one.
        x, up, gate = (np.concatenate([whole, row], axis=-2 if whole.ndim == 3 else -1) for whole, row in (
            (x, np.ones((len(x), 1))), (up, rest.get("up_bias", np.zeros((EXPERTS, up.shape[2])))[:, None]),
            (rest.get("gate", up), rest.get("gate_bias", np.zeros((EXPERTS, up.shape[2])))[:, None])))
        bias = rest.get("down_bias", np.zeros((EXPERTS, down.shape[2])))
        value, magnitude = (np.zeros((len(x), down.shape[2])) for _ in range(2))
        for expert in range(EXPERTS):
            taken = mask[:, expert]
            output, bound = layer(x[taken], up[expert], down[expert], activation, gate[expert] if gated else None)
            output, bound = output + bias[expert], bound + np.abs(bias[expert])
            value[taken] += gates[taken, expert, None] * output
            magnitude[taken] += np.abs(gates[taken, expert, None]) * bound
        return [Expected(value, magnitude + SMALLEST[kind], tolerance=TOLERANCE[kind])]

    return Case(name, text, sample, expect)


def expert_cases():
    return [*(grouped(kind, isGrouped) for kind in ("f32", "f16", "bf16") for isGrouped in (False, True)),
            # Several tiles of rows and columns, and groups that begin and end inside of them.
            grouped("f32", False, 40, 150), grouped("bf16", True, 40, 150),
            experts("f32", "silu", 2, tokens=50, sizes=(16, 136, 24)),
            *(experts("f32", activation, 2) for activation in ACTIVATIONS),
            experts("f32", "silu", "?"), experts("f32", "silu", EXPERTS), experts("f32", "gelu", 2, "columns"),
            experts("f32", "gelu", 2, "bitmap"), experts("f32", "relu", 2, tokens=0), experts("f32", "relu", 2, tokens=1),
            *(experts(kind, activation, capacity, form) for kind in ("f16", "bf16")
              for activation, capacity, form in (("silu", 2, "rows"), ("gelu", "?", "bitmap"), ("relu", 3, "columns"))),
            experts("f32", "silu", 2, gated=True), experts("f32", "gelu", 2, biased=("up", "down")),
            experts("f32", "silu", "?", "columns", gated=True, biased=("up", "gate", "down")),
            experts("f32", "relu", 2, tokens=0, biased=("up",)), experts("bf16", "silu", 2, gated=True, biased=("gate",)),
            experts("f32", "silu", 2, tokens=50, sizes=(16, 136, 24), gated=True, biased=("down",)),
            # More than one tile of hidden values, in 16 bits.
            experts("bf16", "silu", 2, tokens=50, sizes=(16, 136, 24))]
