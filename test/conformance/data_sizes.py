# Models whose sizes depend on data agree with ONNX Runtime on every device, each at several sizes from one module; a call
# whose sizes cannot be fails and says why.
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

RANDOM = np.random.default_rng(7)
TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64, np.dtype(bool): TensorProto.BOOL}


def sparse(*shape):
    return RANDOM.integers(-1, 2, shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


def node(operator, inputs, outputs, **attributes):
    """A node; two spaces between inputs are one that is absent."""
    return helper.make_node(operator, inputs.split(" ") if inputs else [], outputs.split(), **attributes)


# As many elements again as there were if that number is even.
HALF_AND_BACK = [node("MaxPool", "x", "p", kernel_shape=[2], strides=[2]), node("Concat", "p p", "u", axis=2),
                 node("Add", "x u", "y")]

# From the end if the difference is negative.
LAST = [node("Shape", "x", "n", start=0, end=1), node("Shape", "t", "m"), node("Sub", "m n", "d"),
        node("Constant", "", "e", value_ints=[2**63 - 1]), node("Slice", "x d e", "y")]

# Name, nodes, the inputs' shapes, and the inputs of each call in the order of the shapes. The result is y.
CASES = [
    ("NonZero", [node("NonZero", "x", "y")], {"x": ["a", "b"]},
     [[sparse(3, 4)], [sparse(5, 7)], [np.zeros((2, 3), np.float32)], [sparse(0, 3)]]),
    ("what is not zero", [node("NonZero", "x", "p"), node("Transpose", "p", "q"), node("GatherND", "x q", "g"),
                          node("Exp", "g", "y")], {"x": ["a", "b"]},
     [[sparse(3, 4)], [sparse(6, 5)], [np.zeros((2, 3), np.float32)]]),
    ("Compress", [node("Compress", "x c", "y", axis=1)], {"x": ["a", "b"], "c": ["b"]},
     [[sparse(3, 4), np.array([1, 0, 1, 1], bool)], [sparse(2, 5), np.zeros(5, bool)]]),
    ("Compress, flat", [node("Compress", "x c", "y")], {"x": ["a", "b"], "c": ["n"]},
     [[sparse(3, 4), np.arange(12) % 5 == 0]]),
    ("Reshape", [node("Reshape", "x s", "y")], {"x": ["a", "b"], "s": [3]},
     [[sparse(3, 4), ints(2, 2, 3)], [sparse(3, 4), ints(0, 2, -1)], [sparse(0, 4), ints(0, 0, 3)]]),
    ("Reshape of a static shape", [node("Reshape", "x s", "y")], {"x": [3, 4], "s": [2]},
     [[sparse(3, 4), ints(2, 6)], [sparse(3, 4), ints(-1, 2)]]),
    ("Reshape of a result to what is computed after it",
     [node("Tanh", "x", "t"), node("Neg", "s", "m"), node("Abs", "m", "a"), node("Reshape", "t a", "y")],
     {"x": ["a", "b"], "s": [2]}, [[sparse(3, 4), ints(2, -6)], [sparse(2, 5), ints(-10, 1)]]),
    ("Add of what may be 1", [node("Compress", "a c", "p"), node("Compress", "b d", "q"), node("Add", "p q", "r"),
                              node("Mul", "p r", "y")], {"a": ["n"], "c": ["n"], "b": ["m"], "d": ["m"]},
     [[sparse(4), np.array([1, 0, 1, 1], bool), sparse(3), np.array([0, 1, 0], bool)],
      [sparse(4), np.array([0, 0, 1, 0], bool), sparse(3), np.array([1, 1, 0], bool)],
      [sparse(2), np.array([1, 1], bool), sparse(3), np.array([1, 1, 0], bool)],
      [sparse(2), np.array([1, 0], bool), sparse(3), np.array([0, 0, 0], bool)]]),
    ("Expand", [node("Expand", "x s", "y")], {"x": [3, 1], "s": [3]},
     [[sparse(3, 1), ints(2, 1, 6)], [sparse(3, 1), ints(1, 3, 1)]]),
    ("Expand of what may be 1", [node("Identity", "x", "i"), node("ConstantOfShape", "s", "c"), node("Add", "c i", "d"),
                                 node("Constant", "", "w", value_ints=[2, 4]), node("Expand", "d w", "y")],
     {"x": [1], "s": [1]}, [[sparse(1), ints(1)], [sparse(1), ints(4)]]),
    ("Slice", [node("Slice", "x s e", "y")], {"x": ["a", "b"], "s": [2], "e": [2]},
     [[sparse(5, 7), ints(1, 2), ints(4, -1)], [sparse(5, 7), ints(-3, 0), ints(1000, 3)]]),
    ("Slice backwards, of nothing",
     [node("Constant", "", "s", value_ints=[-1]), node("Constant", "", "e", value_ints=[-99]),
      node("Constant", "", "a", value_ints=[0]), node("Slice", "x s e a s", "y")],
     {"x": ["a", 3]}, [[sparse(0, 3)], [sparse(4, 3)]]),
    ("Tile", [node("Tile", "x s", "y")], {"x": ["a", 3], "s": [2]},
     [[sparse(2, 3), ints(2, 3)], [sparse(2, 3), ints(1, 0)]]),
    ("TopK", [node("TopK", "x k", "y i")], {"x": ["a", 6], "k": [1]},
     [[RANDOM.random((2, 6)).astype(np.float32), ints(3)], [RANDOM.random((4, 6)).astype(np.float32), ints(6)]]),
    ("ConstantOfShape", [node("ConstantOfShape", "s", "y")], {"s": [2]}, [[ints(3, 2)], [ints(0, 5)]]),
    ("Pad", [node("Pad", "x p", "y")], {"x": ["a", 3], "p": [4]}, [[sparse(2, 3), ints(1, 0, 2, 1)]]),
    *[(f"Pad, {mode}, of four dimensions", [node("Pad", "x p", "y", mode=mode)], {"x": ["a", 3, 4, 5], "p": [8]},
       [[sparse(2, 3, 4, 5), ints(0, 1, 2, 3, 1, 0, 3, 2)], [sparse(1, 3, 4, 5), ints(0, 0, 0, 0, 0, 0, 0, 1)]])
      for mode in ("constant", "edge", "reflect")],
    ("Slice from a difference of sizes", LAST, {"x": ["a"], "t": ["b"]},
     [[sparse(5), sparse(7)], [sparse(5), sparse(3)], [sparse(4), sparse(4)], [sparse(3), sparse(9)]]),
    # Sizes that agree only for some inputs.
    ("Sum with what was pooled and repeated", HALF_AND_BACK, {"x": [1, "c", "h"]},
     [[sparse(1, 2, 6)], [sparse(1, 3, 2)]]),
    ("Product with what was repeated", [node("Concat", "x x x", "w", axis=1), node("MatMul", "w v", "y")],
     {"x": ["n", "k"], "v": ["m", 2]}, [[sparse(2, 2), sparse(6, 2)], [sparse(3, 1), sparse(3, 2)]]),
]

# The same, and what the message of the failing call contains.
FAILURES = [
    ("Reshape to another number of elements", [node("Reshape", "x s", "y")], {"x": ["a", "b"], "s": [2]},
     [sparse(3, 4), ints(5, 2)], "sizes that must agree differ at node 'Reshape:y': 12 and 10 are not equal"),
    ("Reshape to a negative size", [node("Reshape", "x s", "y")], {"x": ["a", "b"], "s": [2]},
     [sparse(3, 4), ints(-3, -4)], "a dimension of the shape is negative at node 'Reshape:y'"),
    ("ConstantOfShape of a negative size", [node("ConstantOfShape", "s", "y")], {"s": [2]}, [ints(2, -2)],
     "the shape is negative at node 'ConstantOfShape:y'"),
    ("Pad of a dimension without elements", [node("Pad", "x p", "y", mode="edge")], {"x": ["a", 3], "p": [4]},
     [sparse(0, 3), ints(1, 0, 0, 0)], "pads an empty dimension with mode edge at node 'Pad:y'"),
    ("TopK of more than there is", [node("TopK", "x k", "y i")], {"x": ["a", 6], "k": [1]}, [sparse(2, 6), ints(7)],
     "k is greater than the dimension at node 'TopK:y'"),
    ("Pad of an empty dimension",
     [node("Constant", "", "p", value_ints=[1, 0, 2, 0]), node("Pad", "x p", "y", mode="edge")],
     {"x": ["a", 3]}, [sparse(0, 3)], "pads an empty dimension with mode edge at node 'Pad:y'"),
    ("Sum of sizes that differ when they are odd", HALF_AND_BACK, {"x": [1, "c", "h"]},
     [sparse(1, 2, 5)], "sizes that must agree differ at node 'Add:y': 5 and 4 are not equal"),
]


def compile_model(nodes, shapes, arrays, folder, outputs=("y",)):
    inputs = [helper.make_tensor_value_info(name, TYPES[array.dtype], shape)
              for (name, shape), array in zip(shapes.items(), arrays)]
    graph = helper.make_graph(nodes, "sizes", inputs, [helper.make_empty_tensor_value_info(name) for name in outputs])
    model = onnx.shape_inference.infer_shapes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))
    onnx.save(model, folder / "model.onnx")
    subprocess.run(["winnow-compile", folder / "model.onnx", "-o", folder / "model.wnm", "--with-reference"], check=True)


def run(device, shapes, arrays, folder, outputs=("y",)):
    for name, array in zip(shapes, arrays):
        np.save(folder / f"{name}.npy", array)
    inputs = [f"--input={name}=@{folder}/{name}.npy" for name in shapes]
    results = [f"--output={name}=@{folder}/{name}.npy" for name in outputs]
    return subprocess.run(["winnow-run", folder / "model.wnm", f"--device={device}", *inputs, *results],
                          capture_output=True, text=True)


def agree(found, expected):
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return False
    return np.allclose(found, expected, 1e-6, 1e-6) if found.dtype.kind == "f" else np.array_equal(found, expected)


def check(nodes, shapes, calls, folder, devices, outputs=("y",)):
    """What is wrong, on which device."""
    compile_model(nodes, shapes, calls[0], folder, outputs)
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    for arrays in calls:
        expected = session.run(list(outputs), dict(zip(shapes, arrays)))
        for device in devices:
            result = run(device, shapes, arrays, folder, outputs)
            if result.returncode:
                yield f"{device}: {result.stderr}"
                continue
            for name, array in zip(outputs, expected):
                found = np.load(folder / f"{name}.npy")
                if not agree(found, array):
                    yield f"{device}: found {name} {found}, expected {array}"


def check_failure(nodes, shapes, arrays, message, folder, devices):
    compile_model(nodes, shapes, arrays, folder)
    for device in devices:
        result = run(device, shapes, arrays, folder)
        if result.returncode != 1 or message not in result.stderr:
            yield f"{device}: status {result.returncode}, {result.stderr}, expected '{message}'"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", default="reference,host,ptxsim")
    devices = parser.parse_args().devices.split(",")
    problems = 0
    with tempfile.TemporaryDirectory() as folder:
        for checker, cases in (check, CASES), (check_failure, FAILURES):
            for name, *case in cases:
                for problem in checker(*case, Path(folder), devices):
                    problems += 1
                    print(f"{name}, {problem}")
    print(f"{len(CASES) + len(FAILURES)} models, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
