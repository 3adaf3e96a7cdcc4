# What a test's outputs are held against: tolerances by type, and properties where the standard leaves the values open.
import numpy as np
from onnx import numpy_helper

from onnx_cases import operators_of

# The least relative tolerance by type, two units in the last place; a test may allow more (most allow 1e-3). Integers,
# bools and the types that only store numbers must be equal.
LEAST_RELATIVE = {"float64": 0, "float32": 0, "float16": 2 ** -9, "bfloat16": 2 ** -6}
# Sums that cancel: a result near zero may be off by so much of the largest magnitude in its output.
OF_THE_LARGEST = {"float64": 2 ** -50, "float32": 2 ** -21, "float16": 2 ** -10, "bfloat16": 2 ** -7}

# Types whose elements share bytes: modules take and give them as a list of uint8, packed as in a TensorProto.
PACKED = {"int4", "uint4", "int2", "uint2", "float4_e2m1fn"}


def to_module(array):
    """An array as modules take and give it."""
    if array.dtype.name not in PACKED:
        return array
    return np.frombuffer(numpy_helper.from_array(array).raw_data, np.uint8)


def difference(found, expected, rtol, atol):
    """None, or a sentence about what is wrong with an output."""
    if found.dtype != expected.dtype:
        return f"is of type {found.dtype}, expected {expected.dtype}"
    if found.shape != expected.shape:
        return f"has shape {list(found.shape)}, expected {list(expected.shape)}"
    kind = expected.dtype.name
    if expected.dtype.kind in "biu":
        return describe(found != expected, found, expected)
    actual, wanted = found.astype(np.float64), expected.astype(np.float64)
    finite = np.abs(wanted[np.isfinite(wanted)])
    is_exact = kind not in LEAST_RELATIVE  # types that only store numbers
    rtol = 0 if is_exact else max(rtol, LEAST_RELATIVE[kind])
    atol = 0 if is_exact else max(atol, OF_THE_LARGEST[kind] * finite.max(initial=0))
    with np.errstate(all="ignore"):
        return describe(~np.isclose(actual, wanted, rtol, atol, equal_nan=True), found, expected)


def describe(wrong, found, expected):
    if not wrong.any():
        return None
    first = tuple(int(i) for i in np.argwhere(np.atleast_1d(wrong))[0])
    value = lambda array: np.atleast_1d(array)[first]
    return (f"{wrong.sum()} of {wrong.size} elements are wrong, the first at {list(first)}: found {value(found)}, "
            f"expected {value(expected)}")


# ---- values that the standard leaves open ----

def check_bernoulli(inputs, outputs):
    if not np.isin(outputs[0].astype(np.float64), (0, 1)).all():
        return "is neither 0 nor 1 somewhere"
    return None


def check_dropout(inputs, outputs):
    """Each element is dropped or scaled, as the mask says, if there is one."""
    x, y = inputs[0].astype(np.float64), outputs[0].astype(np.float64)
    ratio = float(inputs[1]) if len(inputs) > 1 else 0.5
    scaled = np.isclose(y, x / (1 - ratio), 1e-3, 1e-7) if ratio < 1 else np.zeros(x.shape, bool)
    if not (scaled | (y == 0)).all():
        return "is neither zero nor the scaled input somewhere"
    if len(outputs) > 1 and not np.where(outputs[1], scaled, y == 0).all():
        return "contradicts its mask"
    return None


def open_values(case):
    """The check of a test whose expected values depend on a generator of random numbers, or None."""
    if "Bernoulli" in case.operator:
        return check_bernoulli
    if case.operator == "Dropout" and case.name.startswith("test_training_dropout") and "zero_ratio" not in case.name:
        return check_dropout
    return None


def check_outputs(case, inputs, found, expected):
    """None, or a sentence about what is wrong with the outputs."""
    check = open_values(case)
    for value, actual, wanted in zip(case.model.graph.output, found, expected):
        wanted = to_module(wanted)
        if check:  # shapes and types are not open
            wanted = actual if (actual.dtype, actual.shape) == (wanted.dtype, wanted.shape) else wanted
        problem = difference(actual, wanted, case.rtol, case.atol)
        if problem:
            return f"output '{value.name}' {problem}"
    problem = check(inputs, found) if check else None
    return f"output '{case.model.graph.output[0].name}' {problem}" if problem else None
