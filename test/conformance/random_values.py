# Random tensors by type, and the values at the edges of the types.
import ml_dtypes
import numpy as np

NUMPY = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "bf16": ml_dtypes.bfloat16, "bool": np.bool_,
         "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
         "u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64}


def random_values(spec, shape, random):
    """Numbers in the range that the row gives, or near zero."""
    kind = NUMPY[spec.kind]
    if kind is np.bool_:
        return random.random(shape) < 0.5
    if np.dtype(kind).kind in "iu":
        low, high = spec.range or (0 if spec.kind.startswith("u") else -9, 9)
        return np.asarray(random.integers(int(low), int(high) + 1, shape), kind)
    if spec.range:
        return np.asarray(random.uniform(*spec.range, shape), kind)
    return np.asarray(random.standard_normal(shape) * 2, kind)


def edges_of(kind, nan):
    if kind.kind == "b":
        return [True, False]
    if kind.kind in "iu":
        limits = np.iinfo(kind)
        return [0, 1, limits.max, limits.min]
    values = [0.0, -0.0, 1.0, -1.0]
    return values + [np.nan, np.inf, -np.inf] if nan else values


def edge_values(value, random, nan):
    """The same with a third of the elements at the edges of the type; without NaN and infinities unless `nan`."""
    edges = np.array(edges_of(value.dtype, nan), value.dtype) if value.dtype.kind != "V" else np.zeros(1, value.dtype)
    return np.where(random.random(value.shape) < 0.35, random.choice(edges, value.shape), value).astype(value.dtype)
