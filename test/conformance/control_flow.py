# If, Loop, Scan and the operators that need a loop or have as many results as the data says agree with ONNX Runtime on
# every device.
import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from data_sizes import RANDOM, check, ints, node, sparse
from onnx import TensorProto, helper, numpy_helper


def floats(*values):
    return np.array(values, np.float32)


def uniform(*shape):
    return RANDOM.random(shape).astype(np.float32)


def graph(nodes, inputs, outputs, **constants):
    """A body: its inputs and outputs are NAME: (type, shape)."""
    def declare(values):
        return [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in values.items()]
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    return helper.make_graph(nodes, "body", declare(inputs), declare(outputs), initializer=initializers)


FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
THEN = graph([node("Mul", "x x", "t")], {}, {"t": (FLOAT, ["n"])})
ELSE = graph([node("Neg", "x", "e")], {}, {"e": (FLOAT, ["n"])})
# Of other shapes, one of which the branch computes: the elements of x that are above 0, or x twice.
POSITIVE = graph([node("Greater", "x zero", "p"), node("Compress", "x p", "t"), node("Shape", "t", "u")], {},
                 {"t": (FLOAT, None), "u": (INT64, None)}, zero=np.array(0, np.float32))
TWICE = graph([node("Concat", "x x", "e", axis=0), node("Identity", "one", "f")], {}, {"e": (FLOAT, None), "f": (INT64, None)},
              one=np.array([1]))
ROUND = {"i": (INT64, []), "c": (BOOL, []), "a": (FLOAT, ["n"])}
NEXT = {"on": (BOOL, []), "b": (FLOAT, ["n"]), "s": (FLOAT, ["n"])}
COUNTED = graph([node("Add", "a x", "b"), node("Identity", "b", "s"), node("Identity", "c", "on")], ROUND, NEXT)
CONDITIONAL = graph([node("Cast", "i", "f", to=FLOAT), node("Add", "a f", "g"), node("Add", "g x", "b"),
                     node("ReduceSum", "b", "sum", keepdims=0), node("Less", "sum limit", "on"),
                     node("Mul", "b b", "s")], ROUND, NEXT, limit=np.array(10, np.float32))
STEP = graph([node("Add", "s e", "n"), node("Mul", "n e", "r")], {"s": (FLOAT, [2]), "e": (FLOAT, [2])},
             {"n": (FLOAT, [2]), "r": (FLOAT, [2])})
SWAP = graph([node("Identity", "a", "p"), node("Identity", "b", "q"), node("Identity", "c", "on")],
             {"i": (INT64, []), "c": (BOOL, []), "a": (FLOAT, ["n"]), "b": (FLOAT, ["n"])},
             {"on": (BOOL, []), "q": (FLOAT, ["n"]), "p": (FLOAT, ["n"])})
# The next round's condition is a state, which the round changes.
FLAGGED = graph([node("Identity", "f", "on"), node("Identity", "never", "g"), node("Add", "a a", "b")],
                {"i": (INT64, []), "c": (BOOL, []), "f": (BOOL, []), "a": (FLOAT, ["n"])},
                {"on": (BOOL, []), "g": (BOOL, []), "b": (FLOAT, ["n"])}, never=np.array(False))
BOXES = {"b": ["i", "n", 4], "s": ["i", "c", "n"], "m": [1], "o": [1], "t": [1]}


def suppression(images, classes, boxes, most, overlap, score):
    return [uniform(images, boxes, 4), uniform(images, classes, boxes), ints(most), floats(overlap), floats(score)]


# Name, nodes, the inputs' shapes, the inputs of each call, outputs.
CASES = [
    ("If", [node("If", "c", "y", then_branch=THEN, else_branch=ELSE)], {"c": [], "x": ["n"]},
     [[np.array(True), floats(1, 2, 3)], [np.array(False), floats(1, 2)]], ["y"]),
    ("If with branches of different shapes", [node("If", "c", "y z", then_branch=POSITIVE, else_branch=TWICE)],
     {"c": [], "x": ["n"]}, [[np.array(True), floats(1, -2, 3)], [np.array(False), floats(1, 2)],
                             [np.array(True), floats(-1, -2)], [np.array(False), floats()]], ["y", "z"]),
    ("Loop", [node("Loop", "m  a", "y z", body=COUNTED)], {"m": [], "a": ["n"], "x": ["n"]},
     [[np.array(3), floats(0, 1), floats(1, 2)], [np.array(1), floats(4), floats(1)]], ["y", "z"]),
    ("Loop that ends early", [node("Loop", "m c a", "y z", body=CONDITIONAL)],
     {"m": [], "c": [], "a": ["n"], "x": ["n"]},
     [[np.array(100), np.array(True), floats(0, 1), floats(1, 2)],
      [np.array(2), np.array(True), floats(0, 1), floats(.1, .2)]], ["y", "z"]),
    ("Loop that does not begin", [node("Loop", "m c a", "y z", body=CONDITIONAL)],
     {"m": [], "c": [], "a": ["n"], "x": ["n"]}, [[np.array(100), np.array(False), floats(0, 1), floats(1, 2)]], ["y"]),
    ("Loop without a count", [node("Loop", " c a", "y", body=graph(list(CONDITIONAL.node), ROUND, dict(list(NEXT.items())[:2]),
                                                                    limit=np.array(10, np.float32)))],
     {"c": [], "a": ["n"], "x": ["n"]}, [[np.array(True), floats(0, 1), floats(1, 2)]], ["y"]),
    ("Loop whose condition is a state", [node("Loop", "m  f a", "g y", body=FLAGGED)], {"m": [], "f": [], "a": ["n"]},
     [[np.array(9), np.array(True), floats(1, 2)], [np.array(9), np.array(False), floats(3)]], ["y"]),
    ("Loop that swaps", [node("Loop", "m  a b", "y z", body=SWAP)], {"m": [], "a": ["n"], "b": ["n"]},
     [[np.array(3), floats(0, 1), floats(2, 3)], [np.array(2), floats(0), floats(2)]], ["y", "z"]),
    ("Scan", [node("Scan", "s x", "y z", body=STEP, num_scan_inputs=1)], {"s": [2], "x": ["t", 2]},
     [[floats(0, 0), uniform(4, 2)], [floats(0, 1), uniform(1, 2)]], ["y", "z"]),
    ("Scan along the other axis, backwards",
     [node("Scan", "s x", "y z", body=STEP, num_scan_inputs=1, scan_input_axes=[1], scan_input_directions=[1],
           scan_output_axes=[1], scan_output_directions=[1])], {"s": [2], "x": [2, "t"]},
     [[floats(0, 0), uniform(2, 5)]], ["y", "z"]),
    ("Unique", [node("Unique", "x", "y i v c")], {"x": ["a"]},
     [[floats(2, 1, 1, 3, 4, 3)], [floats(5)], [sparse(40)]], ["y", "i", "v", "c"]),
    ("Unique, not sorted", [node("Unique", "x", "y i v c", sorted=0)], {"x": ["a", "b"]},
     [[floats([2, 1, 1], [3, 4, 3])], [sparse(7, 5)]], ["y", "i", "v", "c"]),
    ("Unique columns", [node("Unique", "x", "y i v c", axis=1)], {"x": ["a", "b"]}, [[sparse(2, 12)]],
     ["y", "i", "v", "c"]),
    ("NonMaxSuppression", [node("NonMaxSuppression", "b s m o t", "y")], BOXES,
     [suppression(2, 3, 9, 4, .3, .1), suppression(1, 1, 20, 30, .5, 0), suppression(1, 1, 2, 30, .5, 2),
      suppression(1, 2, 40, 2**63 - 1, .2, .1)], ["y"]),
    ("NonMaxSuppression of centers", [node("NonMaxSuppression", "b s m o t", "y", center_point_box=1)], BOXES,
     [suppression(2, 3, 9, 4, .3, .1)], ["y"]),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", default="reference,host,ptxsim")
    devices = parser.parse_args().devices.split(",")
    problems = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, nodes, shapes, calls, outputs in CASES:
            for problem in check(nodes, shapes, calls, Path(folder), devices, outputs):
                problems += 1
                print(f"{name}, {problem}")
    print(f"{len(CASES)} models, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
