"""Time and memory of the compiler on models that differ in how many weights they have.

A model is a chain of matrix products with weights as external data. It is compiled with W, 2 W and 4 W bytes of weights;
neither time nor memory may grow faster than they do, and no peak may be above 3 times the weights plus 1 GB. With
--once, one model of W bytes is compiled and executed on the host instead: with 2.5 GB, it is one that protobuf could not
read if it held its weights.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

WIDTH = 1024  # of a layer, which has 4 MiB of weights
LAYER_BYTES = 4 * WIDTH * WIDTH
SLACK = 1.5  # of time, which is measured on a machine that does other things
MOST_PER_BYTE, MOST_BESIDE = 3, 10**9  # of memory


def layer_weights(index):
    """Different ones for each layer, none larger than what keeps a row's length."""
    random = np.random.default_rng(index)
    return (random.random((WIDTH, WIDTH), np.float32) - np.float32(0.5)) * np.float32((12 / WIDTH) ** 0.5)


def make_model(path, layers):
    initializers, nodes = [], []
    with open(path.with_suffix(".bin"), "wb") as data:
        for index in range(layers):
            tensor = TensorProto(name=f"w{index}", data_type=TensorProto.FLOAT, dims=[WIDTH, WIDTH],
                                 data_location=TensorProto.EXTERNAL)
            place = dict(location=path.with_suffix(".bin").name, offset=index * LAYER_BYTES, length=LAYER_BYTES)
            for key, value in place.items():
                tensor.external_data.add(key=key, value=str(value))
            initializers.append(tensor)
            nodes.append(helper.make_node("MatMul", [f"h{index}", tensor.name], [f"h{index + 1}"]))
            layer_weights(index).tofile(data)
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", WIDTH])
    graph = helper.make_graph(nodes, "main", [value("h0")], [value(f"h{layers}")], initializers)
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), path)


def compile_model(compiler, path):
    """Seconds of the processor, and the peak of memory in bytes."""
    command = [compiler, str(path), "-o", str(path.with_suffix(".wnm")), "--target=host:native", "--no-ptxas"]
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"FAILED: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def measure(compiler, folder, layers):
    path = folder / "model.onnx"
    make_model(path, layers)
    seconds, peak = compile_model(compiler, path)
    weights, module = layers * LAYER_BYTES, path.with_suffix(".wnm").stat().st_size
    print(f"weights {weights / 1e6:.0f} MB: {seconds:.1f} s, peak {peak / 1e6:.0f} MB, module {module / 1e6:.0f} MB",
          flush=True)
    return weights, seconds, peak


def check_growth(compiler, folder, layers):
    runs = [measure(compiler, folder, count) for count in (layers, 2 * layers, 4 * layers)]
    problems = [f"peak above {MOST_PER_BYTE} times the weights and 1 GB" for weights, _, peak in runs
                if peak > MOST_PER_BYTE * weights + MOST_BESIDE]
    (first, time1, peak1), (second, time2, peak2), (third, time4, peak4) = runs
    # What does not depend on the weights is in neither difference.
    if peak4 - peak2 > SLACK * 2 * max(peak2 - peak1, second - first):
        problems.append("memory grows faster than the weights")
    if time4 > SLACK * 2 * time2 or time2 > SLACK * 2 * time1:
        problems.append("time grows faster than the weights")
    print(f"memory grows by {(peak4 - peak1) / (third - first):.2f} bytes for each of the weights")
    return problems


def check_execution(compiler, folder, layers):
    """The last product depends on all the weights."""
    measure(compiler, folder, layers)
    x = np.random.default_rng(0).random((1, WIDTH), np.float32)
    np.save(folder / "x.npy", x)
    expected = x.astype(np.float64)
    for index in range(layers):
        expected = expected @ layer_weights(index)
    np.save(folder / "y.npy", expected.astype(np.float32))
    start = time.perf_counter()
    tolerance = f"--atol={1e-4 * np.abs(expected).max()}"
    run = subprocess.run([Path(compiler).with_name("winnow-run") if "/" in compiler else "winnow-run",
                          folder / "model.wnm", f"--input=h0=@{folder / 'x.npy'}",
                          f"--compare=h{layers}=@{folder / 'y.npy'}", "--device=host", tolerance])
    print(f"executed in {time.perf_counter() - start:.1f} s")
    return ["wrong values"] if run.returncode else []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="winnow-compile")
    parser.add_argument("--megabytes", type=float, default=64, help="W")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--folder", help="where models are made (default: the system's for temporary files)")
    arguments = parser.parse_args()
    layers = max(1, round(arguments.megabytes * 1e6 / LAYER_BYTES))
    check = check_execution if arguments.once else check_growth
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        problems = check(arguments.compiler, Path(folder), layers)
    for problem in problems:
        print(f"PROBLEM: {problem}")
    print(f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
