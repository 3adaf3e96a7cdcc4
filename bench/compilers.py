#!/usr/bin/env python3
"""Times what two winnow-compile make of the same model, side by side on the host, in the order old new new old:
bench/compilers.py OLD NEW [MODEL.onnx --dim=NAME=SIZE ...]. Without a model: normalizations and a feed-forward layer of
the shapes of BERT and Llama. Needs winnow-run in PATH, and numpy and onnx."""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def constant(name, value):
    return numpy_helper.from_array(np.asarray(value, np.float32), name)


def save(path, nodes, width, constants, opset=17):
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", "sequence", width]) for name in "xy")
    graph = helper.make_graph(nodes, "g", [x], [y], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]), path)


def layer_norm(path, width):
    node = helper.make_node("LayerNormalization", ["x", "g", "b"], ["y"], axis=-1)
    save(path, [node], width, [constant(name, np.random.rand(width)) for name in "gb"])


def rms_norm(path, width):
    n = helper.make_node
    nodes = [n("Mul", ["x", "x"], ["s"]), n("ReduceMean", ["s"], ["m"], axes=[-1]), n("Add", ["m", "epsilon"], ["v"]),
             n("Sqrt", ["v"], ["d"]), n("Div", ["x", "d"], ["n"]), n("Mul", ["n", "g"], ["y"])]
    save(path, nodes, width, [constant("g", np.random.rand(width)), constant("epsilon", 1e-6)])


def feed_forward(path, width):
    """Two linear layers with GELU between them."""
    n, neurons = helper.make_node, 4 * width
    nodes = [n("MatMul", ["x", "up"], ["p"]), n("Add", ["p", "bu"], ["h"]), n("Div", ["h", "root"], ["r"]),
             n("Erf", ["r"], ["e"]), n("Add", ["e", "one"], ["o"]), n("Mul", ["h", "o"], ["t"]),
             n("Mul", ["t", "half"], ["a"]), n("MatMul", ["a", "down"], ["q"]), n("Add", ["q", "bd"], ["y"])]
    random = np.random.default_rng(0)
    weights = {"up": (width, neurons), "bu": (neurons,), "down": (neurons, width), "bd": (width,)}
    constants = [constant(name, random.standard_normal(shape) / np.sqrt(width)) for name, shape in weights.items()]
    save(path, nodes, width, constants + [constant("root", 2**0.5), constant("one", 1), constant("half", 0.5)])


# Name, what makes the model, width, sequence, repetitions.
BUILT_IN = [("BERT's layer norm", layer_norm, 768, 128, 2000), ("BERT's layer norm", layer_norm, 768, 4096, 60),
            ("Llama's norm", rms_norm, 4096, 128, 400), ("Llama's norm", rms_norm, 4096, 1, 20000),
            ("BERT's feed-forward layer", feed_forward, 768, 128, 10)]


def milliseconds(module, sizes, repeat, threads):
    """The fastest of the calls: other programs only ever make one slower."""
    command = ["winnow-run", module, "--device=host", "--random-inputs=1", "--json", f"--repeat={repeat}",
               f"--threads={threads}"] + [f"--dim={size}" for size in sizes]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return report["milliseconds"]["min"]


def compare(name, compilers, model, sizes, repeat, threads, folder):
    modules = []
    for number, compiler in enumerate(compilers):
        modules.append(folder / f"{number}.wnm")
        subprocess.run([compiler, model, "-o", modules[-1], "--target=host:native"], check=True)
    times = {module: [] for module in modules}
    for module in [modules[0], modules[1], modules[1], modules[0]] * 2:
        times[module].append(milliseconds(module, sizes, repeat, threads))
    old, new = (min(values) for values in times.values())
    print(f"{name}, {' '.join(sizes)}: {old:.4f} ms, {new:.4f} ms, {old / new:.2f} times as fast", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("model", nargs="?")
    parser.add_argument("--dim", action="append", default=[], help="the size of a named dimension: sequence=128")
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    compilers = [options.old, options.new]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.model:
            compare(options.model, compilers, options.model, options.dim, options.repeat, options.threads, folder)
            return
        for title, make, width, sequence, repeat in BUILT_IN:
            make(folder / "model.onnx", width)
            sizes = ["batch=1", f"sequence={sequence}"]
            compare(f"{title} of {width}", compilers, folder / "model.onnx", sizes, repeat, options.threads, folder)


if __name__ == "__main__":
    sys.exit(main())
