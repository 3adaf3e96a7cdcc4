# Small networks as ONNX models, on every device, against ONNX Runtime. Each has a dynamic batch.
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

# Products of at most a few hundred terms of magnitude 1, in f32, in any order.
RELATIVE, ABSOLUTE = 1e-4, 1e-4
node = helper.make_node


def residual(random):
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("BatchNormalization", ["c1", "scale", "shift", "mean", "variance"], ["n1"]),
        node("Relu", ["n1"], ["r1"]),
        node("Conv", ["r1", "w2"], ["c2"], pads=[1, 1, 1, 1]),
        node("Conv", ["x", "ws"], ["shortcut"], strides=[2, 2]),
        node("Add", ["c2", "shortcut"], ["sum"]),
        node("Relu", ["sum"], ["r2"]),
        node("MaxPool", ["r2"], ["p"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("AveragePool", ["p"], ["q"], kernel_shape=[2, 2], pads=[0, 0, 1, 1]),
        node("GlobalAveragePool", ["q"], ["g"]),
        node("Flatten", ["g"], ["f"]),
        node("Gemm", ["f", "wf", "bf"], ["logits"], transB=1),
        node("Softmax", ["logits"], ["y"], axis=1),
    ]
    weights = {"w1": (8, 3, 3, 3), "b1": (8,), "scale": (8,), "shift": (8,), "mean": (8,), "w2": (8, 8, 3, 3),
               "ws": (8, 3, 1, 1), "wf": (5, 8), "bf": (5,)}
    constants = {name: 0.3 * random(*shape) for name, shape in weights.items()}
    constants["variance"] = np.abs(random(8)) + np.float32(0.5)
    return nodes, ["n", 3, 17, 19], constants, lambda n: random(n, 3, 17, 19)


def squeeze_excite(random):
    nodes = [
        node("Conv", ["x", "depthwise"], ["d"], group=6, pads=[1, 1, 1, 1]),
        node("HardSwish", ["d"], ["h"]),
        node("ReduceMean", ["h"], ["m"], axes=[2, 3], keepdims=1),
        node("Conv", ["m", "reduce"], ["e1"]),
        node("Relu", ["e1"], ["e2"]),
        node("Conv", ["e2", "expand"], ["e3"]),
        node("HardSigmoid", ["e3"], ["gate"]),
        node("Mul", ["h", "gate"], ["gated"]),
        node("Conv", ["gated", "pointwise"], ["y"]),
    ]
    constants = {"depthwise": random(6, 1, 3, 3), "reduce": random(2, 6, 1, 1), "expand": random(6, 2, 1, 1),
                 "pointwise": random(4, 6, 1, 1)}
    return nodes, ["n", 6, 9, 9], constants, lambda n: random(n, 6, 9, 9)


def gated_feed_forward(random):
    nodes = [
        node("LayerNormalization", ["x", "scale", "shift"], ["n"]),
        node("MatMul", ["n", "w1"], ["a"]),
        node("MatMul", ["n", "w3"], ["b"]),
        node("Sigmoid", ["a"], ["s"]),
        node("Mul", ["a", "s"], ["silu"]),
        node("Mul", ["silu", "b"], ["h"]),
        node("MatMul", ["h", "w2"], ["o"]),
        node("Add", ["o", "x"], ["y"]),
    ]
    constants = {"scale": random(16), "shift": random(16), "w1": 0.3 * random(16, 40), "w3": 0.3 * random(16, 40),
                 "w2": 0.3 * random(40, 16)}
    return nodes, ["n", "s", 16], constants, lambda n: random(n, 5, 16)


def movement(random):
    nodes = [
        node("Split", ["x"], ["a", "b"], axis=1),
        node("Transpose", ["a"], ["t"], perm=[0, 2, 1]),
        node("Transpose", ["b"], ["u"], perm=[0, 2, 1]),
        node("Concat", ["u", "t", "u"], ["c"], axis=2),
        node("Slice", ["c", "starts", "ends", "axes", "steps"], ["slice"]),
        node("Softmax", ["slice"], ["p"], axis=-1),
        node("ReduceMax", ["p"], ["m"], axes=[1], keepdims=0),
        node("Tanh", ["m"], ["y"]),
    ]
    constants = {"starts": np.array([1, 0]), "ends": np.array([6, 9]), "axes": np.array([1, 2]),
                 "steps": np.array([2, 2])}
    return nodes, ["n", 6, 7], constants, lambda n: random(n, 6, 7)


def attention(random):
    nodes = [
        node("MatMul", ["x", "wq"], ["q"]),
        node("MatMul", ["x", "wk"], ["k"]),
        node("MatMul", ["x", "wv"], ["v"]),
        node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        node("MatMul", ["q", "kt"], ["s"]),
        node("Div", ["s", "root"], ["scaled"]),
        node("Softmax", ["scaled"], ["p"], axis=-1),
        node("MatMul", ["p", "v"], ["y"]),
    ]
    constants = {name: 0.3 * random(12, 12) for name in ("wq", "wk", "wv")}
    constants["root"] = np.float32(np.sqrt(12))
    return nodes, ["n", "s", 12], constants, lambda n: random(n, 9, 12)


def encoder_layer(prefix, source, attend):
    """A transformer layer as exporters write it: 3 heads of width 4; `attend` makes `context` of q, k and v."""
    name = lambda text: prefix + text
    nodes = []
    for part, perm in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        nodes += [
            node("MatMul", [source, name("w" + part)], [name(part + "_product")]),
            node("Add", [name(part + "_product"), name("b" + part)], [name(part + "_sum")]),
            node("Reshape", [name(part + "_sum"), "split"], [name(part + "_heads")]),
            node("Transpose", [name(part + "_heads")], [name(part)], perm=perm),
        ]
    return nodes + attend(name) + [
        node("Transpose", [name("context")], [name("merged")], perm=[0, 2, 1, 3]),
        node("Reshape", [name("merged"), "join"], [name("joined")]),
        node("MatMul", [name("joined"), name("wo")], [name("projected")]),
        node("Add", [source, name("projected")], [name("residual")]),
        node("LayerNormalization", [name("residual"), name("scale"), name("shift")], [name("normal")]),
        node("MatMul", [name("normal"), name("w1")], [name("up")]),
        node("Div", [name("up"), "sqrt2"], [name("scaled_up")]),
        node("Erf", [name("scaled_up")], [name("erf")]),
        node("Add", [name("erf"), "one"], [name("raised")]),
        node("Mul", [name("up"), name("raised")], [name("twice")]),
        node("Mul", [name("twice"), "half"], [name("gelu")]),
        node("MatMul", [name("gelu"), name("w2")], [name("down")]),
        node("Add", [name("normal"), name("down")], [name("output")]),
    ]


def attend_by_division(name):
    """As PyTorch wrote it before it had one operation for attention."""
    return [
        node("MatMul", [name("q"), name("k")], [name("scores")]),
        node("Div", [name("scores"), "root"], [name("scaled")]),
        node("Softmax", [name("scaled")], [name("weights")], axis=-1),
        node("MatMul", [name("weights"), name("v")], [name("context")]),
    ]


def attend_by_roots(name):
    """scaled_dot_product_attention: queries and keys are both scaled, and a mask is added."""
    return [
        node("Mul", [name("q"), "fourth_root"], [name("q_scaled")]),
        node("Mul", [name("k"), "fourth_root"], [name("k_scaled")]),
        node("MatMul", [name("q_scaled"), name("k_scaled")], [name("scores")]),
        node("Add", [name("scores"), "mask"], [name("masked")]),
        node("Softmax", [name("masked")], [name("weights")], axis=-1),
        node("MatMul", [name("weights"), name("v")], [name("context")]),
    ]


def encoder(random):
    nodes = [
        # A causal mask of the sequence's own length.
        node("Shape", ["x"], ["length"], start=1, end=2),
        node("Concat", ["length", "length"], ["square"], axis=0),
        node("ConstantOfShape", ["square"], ["lowest"], value=helper.make_tensor("", TensorProto.FLOAT, [1], [-1e9])),
        node("Trilu", ["lowest", "next"], ["mask"], upper=1),
    ]
    nodes += encoder_layer("first_", "x", attend_by_division)
    nodes += encoder_layer("second_", "first_output", attend_by_roots)
    nodes += [node("Identity", ["second_output"], ["y"])]
    shapes = {"wq": (12, 12), "wk": (12, 12), "wv": (12, 12), "wo": (12, 12), "bq": (12,), "bk": (12,), "bv": (12,),
              "scale": (12,), "shift": (12,), "w1": (12, 20), "w2": (20, 12)}
    constants = {prefix + name: 0.3 * random(*shape) for prefix in ("first_", "second_") for name, shape in shapes.items()}
    constants |= {"split": np.array([0, 0, 3, 4]), "join": np.array([0, 0, 12]), "next": np.array(1),
                  "root": np.float32(2), "fourth_root": np.float32(np.sqrt(0.5)), "sqrt2": np.float32(np.sqrt(2)),
                  "one": np.float32(1), "half": np.float32(0.5)}
    return nodes, ["n", "s", 12], constants, lambda n: random(n, 4 + 3 * n, 12)


def top_gate(count):
    """A layer of which each row uses the `count` neurons that a gate chooses."""
    def network(random):
        nodes = [
            node("MatMul", ["x", "wg"], ["scores"]),
            node("TopK", ["scores", "k"], ["highest", "chosen"], axis=1),
            node("Shape", ["scores"], ["size"]),
            node("ConstantOfShape", ["size"], ["zeros"]),
            node("Shape", ["chosen"], ["places"]),
            node("ConstantOfShape", ["places"], ["ones"], value=helper.make_tensor("", TensorProto.FLOAT, [1], [1])),
            node("ScatterElements", ["zeros", "chosen", "ones"], ["mask"], axis=1),
            node("MatMul", ["x", "w1"], ["up"]),
            node("Relu", ["up"], ["active"]),
            node("Mul", ["active", "mask"], ["gated"]),
            node("MatMul", ["gated", "w2"], ["y"]),
        ]
        constants = {"wg": random(16, 24), "w1": random(16, 24), "w2": random(24, 5), "k": np.array([count])}
        return nodes, ["n", 16], constants, lambda n: random(7 * n, 16)
    network.__name__ = f"top_{count}_gate"
    return network


NETWORKS = [residual, squeeze_excite, gated_feed_forward, movement, attention, encoder, top_gate(1), top_gate(3)]


def save_model(network, random, path):
    nodes, shape, constants, inputs = network(random)
    graph = helper.make_graph(
        nodes, network.__name__, [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return inputs


def check(network, batch, folder, devices):
    """The errors of one network at one batch size, as text."""
    source = np.random.default_rng([batch, NETWORKS.index(network)])
    random = lambda *shape: source.standard_normal(shape).astype(np.float32)
    model, module = folder / "model.onnx", folder / "model.wnm"
    inputs = save_model(network, random, model)
    subprocess.run(["winnow-compile", model, "-o", module, "--with-reference"], check=True)
    x = inputs(batch)
    expected = onnxruntime.InferenceSession(model).run(["y"], {"x": x})[0]
    np.save(folder / "x.npy", x)
    for device in devices:
        subprocess.run(["winnow-run", module, f"--device={device}", f"--input=x=@{folder}/x.npy",
                        f"--output=y=@{folder}/y.npy"], check=True, stdout=subprocess.DEVNULL)
        found = np.load(folder / "y.npy")
        if found.shape != expected.shape:
            yield f"{network.__name__}, batch {batch}, {device}: shape {found.shape}, expected {expected.shape}"
        elif not np.allclose(found, expected, RELATIVE, ABSOLUTE):
            yield f"{network.__name__}, batch {batch}, {device}: error {np.abs(found - expected).max()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", default="reference,host,ptxsim")
    parser.add_argument("--batches", default="1,3")
    parser.add_argument("--network", help="only the networks whose name contains this")
    options = parser.parse_args()
    problems = []
    networks = [network for network in NETWORKS if not options.network or options.network in network.__name__]
    with tempfile.TemporaryDirectory() as folder:
        for network in networks:
            for batch in map(int, options.batches.split(",")):
                problems += check(network, batch, Path(folder), options.devices.split(","))
    for problem in problems:
        print(problem)
    print(f"{len(networks)} networks, {len(problems)} problems")
    return 1 if problems or not networks else 0


if __name__ == "__main__":
    sys.exit(main())
