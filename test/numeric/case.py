# What a numeric test consists of: a function in MLIR, how to sample its inputs, and what it must compute.
from dataclasses import dataclass
from typing import Callable

import ml_dtypes
import numpy as np

# The relative error that one operation may have, by the type of its result: sums are made in f32, and a
# result is rounded once to its type. Integers and booleans are exact.
TOLERANCE = {"float32": 1e-5, "float16": 1e-3, "bfloat16": 8e-3}
NUMPY = {"f32": np.float32, "f16": np.float16, "bf16": ml_dtypes.bfloat16, "i8": np.int8, "i32": np.int32,
         "i64": np.int64, "i1": np.bool_}


@dataclass
class Expected:
    """One result. `magnitude` is what its tolerance is relative to (|value| by default); where `valid` is
    false, it is unspecified."""
    value: np.ndarray
    magnitude: np.ndarray | None = None
    valid: np.ndarray | None = None
    tolerance: float | None = None
    zero_signs: bool = False  # whether 0 and -0 differ

    def differs(self, found):
        """Where `found` is wrong: indices of elements, or a sentence."""
        if found.shape != self.value.shape:
            return f"has shape {found.shape}, but {self.value.shape} was expected"
        if found.dtype.kind in "biu":
            wrong = found != self.value
        else:
            relative = self.tolerance if self.tolerance is not None else TOLERANCE[found.dtype.name]
            with np.errstate(all="ignore"):
                value, actual = self.value.astype(np.float64), found.astype(np.float64)
                scale = np.abs(value) if self.magnitude is None else self.magnitude
                # Below the smallest normal number, a type has steps of a fixed size.
                near = np.abs(actual - value) <= relative * scale + float(ml_dtypes.finfo(found.dtype).smallest_subnormal)
                near &= np.isfinite(value)  # from infinity, every number is infinitely far: within any tolerance
                wrong = ~(near | (actual == value) | (np.isnan(actual) & np.isnan(value)))
                if self.zero_signs:
                    wrong |= (value == 0) & (actual == 0) & (np.signbit(value) != np.signbit(actual))
        if self.valid is not None:
            wrong &= self.valid
        return None if not wrong.any() else wrong


@dataclass
class Case:
    """A function and what it computes. `text` defines the function, or is empty if another case does."""
    name: str
    text: str
    sample: Callable  # (Sampler) -> inputs
    expect: Callable  # (*inputs) -> list of Expected
    function: str | None = None  # called `name` unless this says otherwise


class Sampler:
    """Random sizes, tensors and selections of one round. The first rounds take the edges."""

    def __init__(self, seed, round_number):
        self.random = np.random.default_rng([seed, round_number])
        self.round = round_number

    def size(self, least, most):
        """Edges in the first rounds, then odd and even sizes, and now and then an edge again."""
        if self.round == 0:
            return max(1, least)
        if self.round == 1:
            return most | 1
        if self.random.random() < 0.15:
            return max(least, self.random.integers(0, 2))
        return int(self.random.integers(least, most + 1))

    def tensor(self, kind, *shape):
        if kind == "i1":
            return self.random.random(shape) < 0.5
        if kind.startswith("i"):
            return self.random.integers(-127, 128, shape).astype(NUMPY[kind])
        return self.random.standard_normal(shape).astype(NUMPY[kind])

    def counts(self, rows, most):
        """How many each row selects: nothing, everything, or anything."""
        if self.round % 5 == 2:
            return np.zeros(rows, np.int32)
        if self.round % 5 == 3:
            return np.full(rows, most, np.int32)
        return self.random.integers(0, most + 1, rows).astype(np.int32)

    def selection(self, rows, universe, capacity):
        """Indices and counts, with rubbish beyond the counts."""
        counts = self.counts(rows, min(universe, capacity))
        indices = self.random.integers(-1000, 1000, (rows, capacity)).astype(np.int32)
        for row, count in enumerate(counts):
            indices[row, :count] = np.sort(self.random.permutation(universe)[:count])
        return indices, counts

    def mask(self, rows, universe):
        indices, counts = self.selection(rows, universe, universe)
        return to_mask(indices, counts, universe)


def constant(array):
    """An MLIR constant with exactly these f32 values."""
    bits = np.ascontiguousarray(array, np.float32).tobytes().hex().upper()
    return f'arith.constant dense<"0x{bits}"> : tensor<{"x".join(map(str, array.shape))}xf32>'


def to_mask(indices, counts, universe):
    mask = np.zeros((len(counts), universe), bool)
    for row, count in enumerate(counts):
        mask[row, indices[row, :count]] = True
    return mask


def from_mask(mask):
    """Indices (rubbish is -1) and counts."""
    counts = mask.sum(axis=1).astype(np.int32)
    indices = np.full(mask.shape, -1, np.int32)
    for row, count in enumerate(counts):
        indices[row, :count] = np.flatnonzero(mask[row])
    return indices, counts


def within_counts(counts, shape):
    """Which elements of a compact tensor lie within their row's count."""
    valid = np.arange(shape[1])[None, :] < counts[:, None]
    return np.broadcast_to(valid.reshape(valid.shape + (1,) * (len(shape) - 2)), shape)


def scatter(compact, indices, counts, universe):
    dense = np.zeros((compact.shape[0], universe) + compact.shape[2:], compact.dtype)
    for row, count in enumerate(counts):
        dense[row, indices[row, :count]] = compact[row, :count]
    return dense


def gather(dense, indices, counts):
    """Compact; zero beyond the counts."""
    compact = np.zeros((dense.shape[0], indices.shape[1]) + dense.shape[2:], dense.dtype)
    for row, count in enumerate(counts):
        compact[row, :count] = dense[row, indices[row, :count]]
    return compact
