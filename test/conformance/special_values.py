# Operators on NaN and infinities as ONNX models, on every device: against ONNX Runtime, and against numpy where ONNX
# Runtime has no one answer or departs from ONNX.
import argparse
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

NAN, INFINITY = np.nan, np.inf
# NaN first, in the middle, last, and nothing else; equal values; infinities.
ROWS = np.array([[1, NAN, 3, 2], [NAN, 1, 3, 2], [1, 2, 3, NAN], [NAN] * 4, [NAN, 3, NAN, 5], [3, 5, 5, 3],
                 [-INFINITY, NAN, -INFINITY, -INFINITY], [INFINITY, 1, NAN, INFINITY], [-INFINITY] * 4], np.float32)


def largest_of_windows(x):
    """MaxPool [1, 3]. A NaN shows. In ONNX Runtime it depends on how the window is stored: it shows, is passed over,
    or becomes the least finite number."""
    return np.lib.stride_tricks.sliding_window_view(x, 3, axis=-1).max(axis=-1)


def cases():
    """Name, node, type of the result, input, and numpy's answer or None for that of ONNX Runtime."""
    for operator, last, axis in itertools.product(("ArgMax", "ArgMin"), (0, 1), (0, 1)):
        node = helper.make_node(operator, ["x"], ["y"], axis=axis, select_last_index=last, keepdims=0)
        yield f"{operator}, last {last}, axis {axis}", node, TensorProto.INT64, ROWS if axis else ROWS.T.copy(), None
    pool = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[1, 3])
    yield "MaxPool", pool, TensorProto.FLOAT, ROWS[None, None], largest_of_windows
    # ONNX Runtime makes infinities finite; ONNX's reference evaluator keeps them.
    for bounds in ([], ["", ""]):
        clip = helper.make_node("Clip", ["x", *bounds], ["y"])
        yield f"Clip of {1 + len(bounds)} inputs", clip, TensorProto.FLOAT, ROWS, lambda x: x


def check(node, kind, x, compute, folder, devices):
    """The devices that are wrong, with what they found."""
    graph = helper.make_graph([node], "special", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
                              [helper.make_tensor_value_info("y", kind, None)])
    model, module = folder / "model.onnx", folder / "model.wnm"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), model)
    np.save(folder / "x.npy", x)
    expected = compute(x) if compute else onnxruntime.InferenceSession(model).run(["y"], {"x": x})[0]
    subprocess.run(["winnow-compile", model, "-o", module, "--with-reference"], check=True)
    for device in devices:
        subprocess.run(["winnow-run", module, f"--device={device}", f"--input=x=@{folder}/x.npy",
                        f"--output=y=@{folder}/y.npy"], check=True, stdout=subprocess.DEVNULL)
        found = np.load(folder / "y.npy")
        if not np.array_equal(found, expected, equal_nan=found.dtype.kind == "f"):
            yield f"{device}: found\n{found}\nexpected\n{expected}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", default="reference,host,ptxsim")
    options = parser.parse_args()
    count = problems = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, *case in cases():
            count += 1
            for problem in check(*case, Path(folder), options.devices.split(",")):
                problems += 1
                print(f"{name}, {problem}")
    print(f"{count} operators, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
