# Mixtures of experts as models write them densely: what a token is not routed to is not computed, and ONNX Runtime agrees.
import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

WIDTH, HIDDEN, EXPERTS, CHOSEN = 12, 20, 6, 2
SIZES = (0, 1, 40)
RELATIVE = 1e-5  # to the largest magnitude


class Graph:
    """Nodes and constants; a method for each operator that returns the name of its result."""

    def __init__(self, seed):
        self.random, self.nodes, self.constants = np.random.default_rng(seed), [], []

    def constant(self, value):
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def weights(self, *shape):
        return self.constant((self.random.standard_normal(shape) / shape[-1] ** 0.5).astype(np.float32))

    def node(self, operator, *inputs, outputs=1, **attributes):
        names = [f"{operator}{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def filled(self, like, value):
        return self.node("ConstantOfShape", self.node("Shape", like),
                         value=numpy_helper.from_array(np.array([value], np.float32)))

    def save(self, result, path):
        tensor = helper.make_tensor_value_info
        graph = helper.make_graph([*self.nodes, helper.make_node("Identity", [result], ["y"])], "mixture",
                                  [tensor("x", onnx.TensorProto.FLOAT, ["tokens", WIDTH])],
                                  [tensor("y", onnx.TensorProto.FLOAT, ["tokens", WIDTH])], self.constants)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)


def gates(graph, form):
    """The gates of each token, zero for most experts, as routers compute them."""
    scores = graph.node("Gemm", "x", graph.weights(EXPERTS, WIDTH), graph.weights(EXPERTS), transB=1)
    probabilities = scores if form in ("softmax-of-chosen", "lowest") else graph.node("Softmax", scores, axis=-1)
    best, chosen = graph.node("TopK", probabilities, graph.constant([CHOSEN]), outputs=2)
    last = graph.constant([-1])
    if form in ("softmax-of-chosen", "lowest"):
        elsewhere = -np.inf if form == "softmax-of-chosen" else np.finfo(np.float32).min
        return graph.node("Softmax", graph.node("ScatterElements", graph.filled(scores, elsewhere), chosen, best, axis=1),
                          axis=-1)
    if form == "mask":
        mask = graph.node("ScatterElements", graph.filled(scores, 0), chosen, graph.filled(best, 1), axis=1)
        masked = graph.node("Mul", probabilities, mask)
        return graph.node("Div", masked, graph.node("ReduceSum", masked, last))
    weights = graph.node("Div", best, graph.node("ReduceSum", best, last))
    return graph.node("ScatterElements", graph.filled(scores, 0.01 if form == "leaking" else 0), chosen, weights, axis=1)


def silu(graph, x):
    return graph.node("Mul", x, graph.node("Sigmoid", x))


def batched(graph, gates):
    """Mixtral's experts, a dimension of the tensors."""
    product = lambda x, *shape: graph.node("MatMul", x, graph.weights(*shape))
    hidden = graph.node("Mul", silu(graph, product("x", EXPERTS, WIDTH, HIDDEN)), product("x", EXPERTS, WIDTH, HIDDEN))
    outputs = product(hidden, EXPERTS, HIDDEN, WIDTH)
    columns = graph.node("Unsqueeze", graph.node("Transpose", gates, perm=[1, 0]), graph.constant([2]))
    return graph.node("ReduceSum", graph.node("Mul", columns, outputs), graph.constant([0]), keepdims=0)


def unrolled(graph, gates):
    """Two layers with biases for each expert, one after another, and a shared one besides."""
    def expert():
        hidden = graph.node("Gemm", "x", graph.weights(HIDDEN, WIDTH), graph.weights(HIDDEN), transB=1)
        return graph.node("Gemm", graph.node("Gelu", hidden), graph.weights(WIDTH, HIDDEN), graph.weights(WIDTH), transB=1)

    total = expert()
    for number in range(EXPERTS):
        column = graph.node("Slice", gates, *(graph.constant([value]) for value in (number, number + 1, 1)))
        total = graph.node("Add", total, graph.node("Mul", column, expert()))
    return total


def products(path):
    """The multiply-adds of a run in the simulator."""
    command = ["winnow-run", path.with_suffix(".wnm"), "--device=ptxsim", "--random-inputs", "--dim=tokens=4", "--profile"]
    profile = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return sum(map(int, re.findall(r"float_multiply_adds = (\d+)", profile)))


def check(path, device, isRouted):
    """Yields what is wrong with a model."""
    command = ["winnow-compile", path, "-o", path.with_suffix(".wnm"), "--remarks", "--no-ptxas"]
    remarks = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    expected = f"recognized {EXPERTS} experts, of which a token has {CHOSEN}"
    if isRouted != (expected in remarks):
        yield f"expected {'the' if isRouted else 'no'} remark '{expected}', but found: {remarks}"
    oracle = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for tokens in SIZES:
        x = np.random.default_rng(tokens).standard_normal((tokens, WIDTH)).astype(np.float32)
        np.savez(path.with_name("inputs.npz"), x=x)
        subprocess.run(["winnow-run", path.with_suffix(".wnm"), f"--device={device}",
                        f"--input=@{path.with_name('inputs.npz')}", f"--output=@{path.with_name('outputs.npz')}"],
                       check=True, stdout=subprocess.DEVNULL)
        answer, = oracle.run(["y"], {"x": x})
        found = np.load(path.with_name("outputs.npz"))["y"]
        error = np.abs(found - answer).max(initial=0) / np.abs(answer).max(initial=1e-9)
        if found.shape != answer.shape or not error <= RELATIVE:
            yield f"{tokens} tokens: shape {found.shape}, expected {answer.shape}, differs by {error:.2g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="host")
    options = parser.parse_args()
    problems = 0
    for seed, model in enumerate((batched, unrolled)):
        counts = {}
        for form in ("leaking", "lowest", "scattered", "mask", "softmax-of-chosen"):
            isRouted = form not in ("leaking", "lowest")
            graph = Graph(seed)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "model.onnx"
                graph.save(model(graph, gates(graph, form)), path)
                found = list(check(path, options.device, isRouted))
                counts[form] = products(path)
            # A third of the products are left, with those of the router and what computes activations.
            if isRouted and not counts[form] < counts["leaking"] / 2:
                found.append(f"{counts[form]} multiply-adds, expected less than half of {counts['leaking']}")
            for problem in found:
                print(f"{model.__name__}, {form}: {problem}", flush=True)
            problems += len(found)
        print(f"{model.__name__}: multiply-adds {counts}", flush=True)
    print(f"{problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
