# Element types as ONNX models, on every device: arithmetic of all integers on edge values, casts between all types,
# the codes of narrow floats one by one. The oracle is exact arithmetic in Python, numpy and ml_dtypes.
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper

import packing

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "bfloat16", "float32", "float64"]
EIGHT_BIT_FLOATS = ["float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"]
PACKED = list(packing.BITS)
NUMPY = {name: np.dtype(getattr(np, name, None) or getattr(ml_dtypes, name))
         for name in INTEGERS + FLOATS + EIGHT_BIT_FLOATS + PACKED}
ONNX = {name: getattr(TensorProto, name.upper().replace("FLOAT8_E8M0FNU", "FLOAT8E8M0").replace("_", "")
                      .replace("FLOAT4E2M1FN", "FLOAT4E2M1").replace("FLOAT6E2M3FN", "FLOAT6E2M3")
                      .replace("FLOAT6E3M2FN", "FLOAT6E3M2").replace("FLOAT32", "FLOAT").replace("FLOAT64", "DOUBLE"))
        for name in NUMPY}
ONNX["bool"], NUMPY["bool"] = TensorProto.BOOL, np.dtype(bool)


def to_file(array):
    """The array as .npy has it."""
    name = array.dtype.name
    if name in PACKED:
        return packing.pack(array)
    if name in EIGHT_BIT_FLOATS:
        return array.view(np.uint8)
    return array.view("V2") if name == "bfloat16" else array


class Graph:
    """A model under construction: nodes with the results that they must have."""

    def __init__(self, opset):
        self.opset, self.inputs, self.nodes, self.expected = opset, {}, [], {}

    def input(self, array, name=None):
        name = name or f"x{len(self.inputs)}"
        self.inputs[name] = array
        return name

    def node(self, operator, inputs, expected, compared=True, **attributes):
        """`compared` is false where ONNX leaves the result open."""
        name = f"{operator}_{'_'.join(self.inputs[i].dtype.name for i in inputs)}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        self.expected[name] = expected, np.broadcast_to(compared, expected.shape)

    def model(self):
        def declare(name, array, static):
            shape = [size if static or array.dtype.name in PACKED else f"d{array.shape}_{i}"
                     for i, size in enumerate(array.shape)]
            return helper.make_tensor_value_info(name, ONNX[array.dtype.name], shape)
        graph = helper.make_graph(self.nodes, "types", [declare(n, a, False) for n, a in self.inputs.items()],
                                  [helper.make_tensor_value_info(n, ONNX[e.dtype.name], [None] * e.ndim)
                                   for n, (e, _) in self.expected.items()])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=10)


def wrap(values, dtype):
    """Integers of any size as two's complement has them."""
    bits = 8 * dtype.itemsize
    return (values & (2**bits - 1)).astype(np.uint64).astype(f"uint{bits}").view(dtype)


def edges(dtype):
    info = np.iinfo(dtype)
    values = [info.min, info.min + 1, -7, -3, -1, 0, 1, 2, 3, 7, 31, info.max // 2 + 1, info.max - 1, info.max]
    return np.array(sorted({v for v in values if info.min <= v <= info.max}), dtype)


def divide(a, b):
    """Exact division of pairs, to zero; by zero it is left open."""
    quotient = np.array([0 if y == 0 else abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1) for x, y in zip(a, b)],
                        object)
    return quotient, a - quotient * b


def power(base, exponent):
    """base ** exponent modulo 2**64; 1 / base rounds to zero."""
    if exponent >= 0:
        return pow(base, exponent, 2**64)
    return 0 if abs(base) != 1 else base ** (exponent % 2)


def arithmetic():
    """Every operator of integers on all pairs of edge values."""
    graph = Graph(21)
    for kind in INTEGERS:
        dtype = NUMPY[kind]
        values = edges(dtype)
        a, b = (g.ravel() for g in np.meshgrid(values, values))
        x, y = graph.input(a), graph.input(b)
        p, q = a.astype(object), b.astype(object)
        quotient, remainder = divide(p, q)
        modulus = np.array([0 if v == 0 else u % v for u, v in zip(p, q)], object)
        exact = {"Add": p + q, "Sub": p - q, "Mul": p * q, "BitwiseAnd": p & q, "BitwiseOr": p | q,
                 "BitwiseXor": p ^ q, "Max": np.maximum(p, q), "Min": np.minimum(p, q)}
        for operator, result in exact.items():
            graph.node(operator, [x, y], wrap(result, dtype))
        graph.node("Div", [x, y], wrap(quotient, dtype), b != 0)
        graph.node("Mod", [x, y], wrap(modulus, dtype), b != 0)
        graph.node("Mod", [x, y], wrap(remainder, dtype), b != 0, fmod=1)
        for operator, compare in (("Equal", np.equal), ("Less", np.less), ("Greater", np.greater),
                                  ("LessOrEqual", np.less_equal), ("GreaterOrEqual", np.greater_equal)):
            graph.node(operator, [x, y], compare(a, b))
        graph.node("BitwiseNot", [x], wrap(~p, dtype))
        graph.node("Abs", [x], wrap(abs(p), dtype))
        graph.node("Sign", [x], np.sign(a))
        low, high = graph.input(values[3:4].reshape(())), graph.input(values[-3:-2].reshape(()))
        graph.node("Clip", [x, low, high], np.clip(a, values[3], values[-3]))
        if kind.startswith("int"):
            graph.node("Neg", [x], wrap(-p, dtype))
            graph.node("Relu", [x], np.maximum(a, 0).astype(dtype))
        else:
            for direction, shift in (("LEFT", lambda u, v: u << v), ("RIGHT", lambda u, v: u >> v)):
                shifted = np.array([shift(u, v) if v < 8 * dtype.itemsize else 0 for u, v in zip(p, q)], object)
                graph.node("BitShift", [x, y], wrap(shifted, dtype), direction=direction)
        for base in ("int32", "int64"):
            bases = np.resize(edges(NUMPY[base]), a.shape)
            result = np.array([power(u, v) for u, v in zip(bases.tolist(), b.tolist())], object)
            graph.node("Pow", [graph.input(bases), y], wrap(result, NUMPY[base]), b.astype(np.float64) < 2**63)
    return graph


def numbers(kind):
    """Values that every wider type has, and the edges of the type."""
    if kind == "bool":
        return np.array([False, True] * 20)
    if kind in INTEGERS:
        small = np.arange(0 if kind[0] == "u" else -18, 20)
        return np.concatenate([small.astype(kind), edges(NUMPY[kind])])
    special = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-3, 65504, 1e-7, 3e38, -3e38, 1e-40]
    return np.concatenate([np.arange(-18, 20) * 0.75, special]).astype(np.float64).astype(NUMPY[kind])


def cast(array, kind):
    """The result of Cast, and where it is defined."""
    dtype = NUMPY[kind]
    if kind not in INTEGERS:
        return array.astype(dtype), True
    if array.dtype.name not in FLOATS:
        return array.astype(dtype), True
    info, value = np.iinfo(dtype), array.astype(np.float64)
    isInside = (value > info.min - 1) & (value < info.max + 1) & np.isfinite(value)
    return np.where(isInside, value, 0).astype(dtype), isInside


def casts():
    graph = Graph(21)
    kinds = INTEGERS + FLOATS + ["bool"]
    for source in kinds:
        array = numbers(source)
        name = graph.input(array)
        for target in kinds:
            if target != source:
                graph.node("Cast", [name], *cast(array, target), to=ONNX[target])
    return graph


def codes(kind):
    """All of them, in their order as unsigned numbers."""
    if kind not in PACKED:
        return np.arange(256, dtype=np.uint8).view(NUMPY[kind])
    bits = packing.BITS[kind]
    digits = np.arange(2**bits, dtype=np.uint8)[:, None] >> np.arange(bits, dtype=np.uint8) & 1
    return packing.unpack(np.packbits(digits, bitorder="little"), kind, [2**bits])


def neighbours(kind):
    """The numbers of a narrow float, those halfway between, and the f32 next to each; and what is far away."""
    with np.errstate(all="ignore"):
        values = codes(kind).astype(np.float32)
        values = np.unique(values[np.isfinite(values)])
        values = np.concatenate([values, (values[1:] + values[:-1]) / 2, [1e-30, -1e-30, 7e4, -7e4, 3e38]])
        values = np.concatenate([values, np.nextafter(values, np.inf), np.nextafter(values, -np.inf)])
    return np.concatenate([values, [0.0, -0.0, np.inf, -np.inf, np.nan]]).astype(np.float32)


def to_eight_bits(values, kind, saturate):
    dtype = NUMPY[kind]
    limits = ml_dtypes.finfo(dtype)
    return (np.clip(values, np.float32(limits.min), np.float32(limits.max)) if saturate else values).astype(dtype)


def to_exponents(values, mode, saturate):
    """ONNX's table for float8_e8m0fnu, from exact logarithms. Negative numbers have no value there."""
    result = []
    for value in values.astype(np.float64):
        fraction, exponent = np.frexp(value)  # 1/2 <= fraction < 1
        code = int(exponent) - 1 + 127 if np.isfinite(value) else 255
        code += {"up": fraction > 0.5, "down": 0, "nearest": fraction >= 0.75}[mode]
        if value < 2.0**-127:
            code = 0 if saturate else 255
        if code > 254:
            code = 254 if saturate else 255
        result.append(255 if np.isnan(value) else code)
    return np.array(result, np.uint8).view(ml_dtypes.float8_e8m0fnu)


def narrow():
    """Every code to wider types, and every rounding from f32."""
    graph = Graph(25)
    for kind in EIGHT_BIT_FLOATS + PACKED:
        array = codes(kind)
        name = graph.input(array)
        for target in ("float32", "float16", "bfloat16", "float64"):
            graph.node("Cast", [name], array.astype(np.float32).astype(NUMPY[target]), to=ONNX[target])
        graph.node("Transpose", [graph.input(array.reshape(2, -1))], array.reshape(2, -1).T)
    for kind in EIGHT_BIT_FLOATS[:4]:
        array = neighbours(kind)
        name = graph.input(array)
        for saturate in (0, 1):
            graph.node("Cast", [name], to_eight_bits(array, kind, saturate), to=ONNX[kind], saturate=saturate)
        graph.node("Cast", [graph.input(np.arange(-500, 500).astype(np.int16))],
                   to_eight_bits(np.arange(-500, 500).astype(np.float32), kind, 1), to=ONNX[kind])
    exponents = np.abs(neighbours("float8_e8m0fnu"))
    name = graph.input(exponents)
    for mode in ("up", "down", "nearest"):
        for saturate in (0, 1):
            graph.node("Cast", [name], to_exponents(exponents, mode, saturate), to=TensorProto.FLOAT8E8M0,
                       round_mode=mode, saturate=saturate)
    for kind in ("float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn"):
        array = neighbours(kind)
        graph.node("Cast", [graph.input(array)], array.astype(NUMPY[kind]), ~np.isnan(array), to=ONNX[kind])
    for kind in ("int4", "uint4", "int2", "uint2"):
        for values in (np.arange(-40, 41), np.arange(-10, 12) * 0.75):
            values = values.astype(np.int32 if values.dtype.kind == "i" else np.float32)
            limits = ml_dtypes.iinfo(NUMPY[kind])
            isDefined = (values > int(limits.min) - 1) & (values < int(limits.max) + 1) | (values.dtype.kind == "i")
            graph.node("Cast", [graph.input(values)], values.astype(np.int32).astype(NUMPY[kind]), isDefined,
                       to=ONNX[kind])
    return graph


def bits():
    graph = Graph(26)
    words = np.array([0, 1, 0x3f800000, 0x7fc00001, 0xffffffff, 0x80000000], np.uint32)
    for width, kinds in ((1, ("int8", "uint8", "float8_e5m2")), (2, ("int16", "uint16", "float16", "bfloat16")),
                         (4, ("int32", "uint32", "float32")), (8, ("int64", "uint64", "float64"))):
        data = words.view(f"uint{8 * width}")
        for source in kinds:
            name = graph.input(data.view(NUMPY[source]))
            for target in kinds:
                graph.node("BitCast", [name], data.view(NUMPY[target]), to=ONNX[target])
    return graph


def is_same(found, expected, compared):
    if found.shape != expected.shape:
        return False
    raw = f"uint{8 * expected.dtype.itemsize}"
    same = found.view(raw) == expected.view(raw)
    if expected.dtype.name in PACKED:
        # The upper bits of the byte that holds one are left open.
        same = (found.view(raw) ^ expected.view(raw)) & (2**packing.BITS[expected.dtype.name] - 1) == 0
    if expected.dtype.kind not in "biu" and expected.dtype.name not in PACKED:
        # Which of the NaNs it is is left open, but that of a narrow float.
        is_wide = expected.dtype.name in FLOATS
        same |= is_wide & np.isnan(found.astype(np.float64)) & np.isnan(expected.astype(np.float64))
    return bool(np.all(same | ~compared))


def check(graph, folder, devices):
    """What is wrong, on which device."""
    model, module, given, made = (folder / name for name in ("m.onnx", "m.wnm", "in.npz", "out.npz"))
    onnx.save(graph.model(), model)
    np.savez(given, **{name: to_file(array) for name, array in graph.inputs.items()})
    subprocess.run(["winnow-compile", model, "-o", module, "--with-reference"], check=True)
    for device in devices:
        subprocess.run(["winnow-run", module, f"--device={device}", f"--input=@{given}", f"--output=@{made}"],
                       check=True, stdout=subprocess.DEVNULL)
        outputs = np.load(made)
        for name, (expected, compared) in graph.expected.items():
            kind, found = expected.dtype.name, outputs[name]
            found = packing.unpack(found, kind, expected.shape) if kind in PACKED else found.view(expected.dtype)
            if not is_same(found, expected, compared):
                yield f"{name} to {kind} on {device}: found\n{found}\nexpected\n{expected}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", default="reference,host,ptxsim")
    parser.add_argument("--only", default="arithmetic,casts,narrow,bits")
    options = parser.parse_args()
    np.seterr(all="ignore")
    problems = 0
    with tempfile.TemporaryDirectory() as folder:
        for make in options.only.split(","):
            graph = globals()[make]()
            for problem in check(graph, Path(folder), options.devices.split(",")):
                problems += 1
                print(problem)
            print(f"{make}: {len(graph.expected)} outputs")
    print(f"{problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
