# Recurrent operators and those of ONNX Runtime's domain com.microsoft as ONNX models, with dynamic batch and sequence,
# on every device: against ONNX Runtime.
import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"
TOLERANCE = 2e-5  # absolute, and relative to the largest expected value


@dataclass
class Case:
    """One operator. `inputs` are arrays by name, in the node's order; None is an absent one. `dimensions` names the
    dynamic ones of an input; an input without an entry there is a constant of the model."""
    name: str
    operator: str
    inputs: dict
    dimensions: dict
    outputs: int = 1
    attributes: dict = field(default_factory=dict)
    domain: str = ""
    opset: int = 17
    integers: tuple = ()  # the outputs that are int32

    def model(self):
        present = {name: array for name, array in self.inputs.items() if array is not None}
        fed = [name for name in present if name in self.dimensions]
        outputs = [f"y{i}" for i in range(self.outputs)]
        node = helper.make_node(self.operator, [n if n in present else "" for n in self.inputs], outputs,
                                domain=self.domain, **self.attributes)
        graph = helper.make_graph(
            [node], "sequence",
            [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(present[n].dtype), self.dimensions[n])
             for n in fed],
            [helper.make_tensor_value_info(n, TensorProto.INT32 if i in self.integers else TensorProto.FLOAT, None)
             for i, n in enumerate(outputs)],
            [numpy_helper.from_array(array, n) for n, array in present.items() if n not in fed])
        imports = [helper.make_opsetid("", self.opset), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=imports, ir_version=8), {n: present[n] for n in fed}


def recurrent_cases(random):
    """Every direction, lengths, peepholes, clip and the activations, with steps that are written out and in a loop."""
    batch, width, hidden = 3, 5, 4

    def make(name, operator, steps, direction="forward", lengths=False, state=False, peepholes=False, bias=True,
             dynamic=True, **attributes):
        gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[operator]
        directions = 2 if direction == "bidirectional" else 1
        inputs = {"x": random(steps, batch, width), "w": random(directions, gates * hidden, width),
                  "r": random(directions, gates * hidden, hidden),
                  "b": random(directions, 2 * gates * hidden) if bias else None,
                  "lengths": np.array([steps, 1, steps // 2], np.int32) if lengths else None,
                  "h": random(directions, batch, hidden) if state else None}
        if operator == "LSTM":
            inputs["c"] = random(directions, batch, hidden) if state else None
            inputs["p"] = random(directions, 3 * hidden) if peepholes else None
        dimensions = {"x": ["steps" if dynamic else steps, "batch", width], "lengths": ["batch"],
                      "h": [directions, "batch", hidden], "c": [directions, "batch", hidden]}
        return Case(f"{operator} {name}", operator, inputs, dimensions, 3 if operator == "LSTM" else 2,
                    {"hidden_size": hidden, "direction": direction, **attributes}, opset=14)

    for operator in ("RNN", "GRU", "LSTM"):
        yield make("of few steps", operator, 3, dynamic=False, state=True)
        yield make("of many steps", operator, 70, "bidirectional", dynamic=False)
        for direction in ("forward", "reverse", "bidirectional"):
            yield make(direction, operator, 6, direction, lengths=True, state=True)
        yield make("without bias, clipped", operator, 4, bias=False, clip=0.3)
    yield make("linear before reset", "GRU", 5, "bidirectional", linear_before_reset=1, lengths=True)
    yield make("peepholes", "LSTM", 5, "bidirectional", peepholes=True, state=True, lengths=True)
    yield make("coupled gates", "LSTM", 5, peepholes=True, input_forget=1)
    for name, alpha, beta in [("Affine", [0.5], [0.1]), ("LeakyRelu", [0.2], []), ("ThresholdedRelu", [0.3], []),
                              ("ScaledTanh", [0.7], [1.2]), ("HardSigmoid", [0.3], [0.4]), ("Elu", [0.5], []),
                              ("Softsign", [], []), ("Softplus", [], []), ("Relu", [], [])]:
        parameters = {"activation_alpha": alpha, "activation_beta": beta}
        yield make(name, "RNN", 4, activations=[name], **{n: v for n, v in parameters.items() if v})
    yield make("other activations", "LSTM", 4, activations=["HardSigmoid", "LeakyRelu", "Softsign"],
               activation_alpha=[0.25, 0.1], activation_beta=[0.4])


def simple_cases(random):
    """Activations, normalizations, products."""
    batch, length, width = 2, 3, 8
    x, skip, vector = random(batch, length, width), random(batch, length, width), random(width)
    sequence = ["batch", "length", width]

    def make(operator, inputs, outputs=1, dimensions=None, name="", **attributes):
        dimensions = dimensions or {n: sequence for n, a in inputs.items() if a is not None and a.shape == x.shape}
        return Case(f"{operator} {name}", operator, inputs, dimensions, outputs, attributes, MICROSOFT)

    yield make("Gelu", {"x": x})
    yield make("QuickGelu", {"x": x}, alpha=1.3)
    yield make("BiasGelu", {"x": x, "bias": vector})
    yield make("FastGelu", {"x": x, "bias": vector})
    yield make("FastGelu", {"x": x}, name="without bias")
    yield make("SkipLayerNormalization", {"x": x, "skip": skip, "gamma": vector, "beta": random(width),
                                          "bias": random(width)}, epsilon=1e-5)
    yield make("SkipSimplifiedLayerNormalization", {"x": x, "skip": skip, "gamma": vector}, epsilon=1e-6)
    yield Case("SimplifiedLayerNormalization", "SimplifiedLayerNormalization", {"x": x, "scale": vector},
               {"x": sequence}, 1, {"epsilon": 1e-6})
    yield make("FusedMatMul", {"a": random(batch, width, length), "b": random(batch, 5, width)},
               dimensions={"a": ["batch", width, "length"], "b": ["batch", "columns", width]},
               transA=1, transB=1, alpha=0.5)
    yield make("FusedMatMul", {"a": random(4, 2, 5), "b": random(5, 2, 6)}, name="of moved batches",
               dimensions={"a": ["rows", "batch", 5], "b": [5, "batch", 6]}, transBatchA=1, transBatchB=1)
    gemm = {"a": random(width, 3), "b": random(width, 5), "c": random(5)}
    for activation, parameters in (("Relu", {}), ("LeakyRelu", {"activation_alpha": 0.3}), ("Tanh", {})):
        yield make("FusedGemm", gemm, name=activation, dimensions={"a": [width, "rows"], "b": [width, 5], "c": [5]},
                   transA=1, alpha=0.5, beta=2.0, activation=activation, **parameters)
    image = {"x": random(2, 4, 7, 6), "w": random(6, 2, 3, 3), "b": random(6)}
    for activation, parameters in (("Relu", {}), ("Clip", {"activation_params": [-0.25, 0.5]}),
                                   ("HardSigmoid", {"activation_params": [0.3, 0.4]})):
        yield make("FusedConv", image, name=activation, dimensions={"x": ["batch", 4, 7, "columns"], "w": [6, 2, 3, 3], "b": [6]},
                   group=2, pads=[1, 0, 1, 1], strides=[2, 1], kernel_shape=[3, 3], activation=activation, **parameters)
    ids = np.array([[1, 5, 2], [0, 3, 6]], np.int32)
    texts = ["batch", "length"]
    yield Case("EmbedLayerNormalization", "EmbedLayerNormalization",
               {"ids": ids, "segments": ids % 2, "words": random(7, width), "places": random(9, width),
                "kinds": random(2, width), "gamma": vector, "beta": random(width),
                "mask": np.array([[1, 1, 0], [1, 0, 0]], np.int32)},
               {"ids": texts, "segments": texts, "mask": texts}, 2, {"epsilon": 1e-5}, MICROSOFT, integers=(1,))


def blocked_cases(random, generator):
    """MatMulNBits: a weight in blocks of few bits, with and without zero points."""
    columns, rows, block = 40, 6, 16
    blocks = -(-columns // block)
    for bits in (4, 8):
        packed = generator.integers(0, 256, (rows, blocks, block * bits // 8), dtype=np.uint8)
        zeros = generator.integers(0, 256, (rows * -(-blocks * bits // 8),), dtype=np.uint8)
        for name, zero in (("", None), ("with zero points", zeros)):
            yield Case(f"MatMulNBits of {bits} bits {name}", "MatMulNBits",
                       {"x": random(2, 3, columns), "w": packed, "scales": random(rows * blocks), "zeros": zero},
                       {"x": ["batch", "length", columns]}, 1,
                       {"N": rows, "K": columns, "bits": bits, "block_size": block}, MICROSOFT)


def attention_cases(random):
    """Attention, QAttention, MultiHeadAttention: masks in their forms, past keys and values."""
    batch, length, past, heads, width = 2, 3, 4, 2, 4
    hidden = heads * width
    x, weight, bias = random(batch, length, 5), random(5, 3 * hidden), random(3 * hidden)
    sequence = ["batch", "length", 5]

    def make(name, mask, mask_dimensions, **attributes):
        return Case(f"Attention {name}", "Attention", {"x": x, "w": weight, "b": bias, "mask": mask},
                    {"x": sequence, "mask": mask_dimensions}, 1, {"num_heads": heads, **attributes}, MICROSOFT)

    yield make("without a mask", None, None)
    yield make("unidirectional", None, None, unidirectional=1)
    yield make("with lengths", np.array([2, 3], np.int32), ["batch"])
    # Two numbers for each text: told from one for each only if the batch is known.
    ends = make("with ends and starts", np.array([3, 2, 1, 0], np.int32), [4])
    ends.dimensions["x"] = [batch, "length", 5]
    yield ends
    yield make("with a mask of keys", np.array([[1, 1, 0], [1, 0, 1]], np.int32), ["batch", "length"])
    yield make("with a mask of pairs", np.array([[[1, 1, 0]] * 3, [[0, 1, 1]] * 3], np.int32),
               ["batch", "length", "length"], scale=0.3)
    yield Case("Attention with past", "Attention",
               {"x": x, "w": weight, "b": bias, "mask": None, "past": random(2, batch, heads, past, width)},
               {"x": sequence, "past": [2, "batch", heads, "past", width]}, 2,
               {"num_heads": heads, "unidirectional": 1}, MICROSOFT)
    yield Case("Attention with a bias of scores", "Attention",
               {"x": x, "w": weight, "b": bias, "mask": None, "past": None,
                "bias": random(1, heads, length, length)},
               {"x": sequence, "bias": [1, heads, "length", "length"]}, 1, {"num_heads": heads}, MICROSOFT)
    yield Case("QAttention", "QAttention",
               {"x": (x * 50 + 128).astype(np.uint8), "w": (weight * 60).astype(np.int8), "b": bias,
                "sx": np.float32(0.02), "sw": np.float32(0.015), "mask": np.array([2, 3], np.int32),
                "zx": np.uint8(128), "zw": np.int8(0)},
               {"x": sequence, "mask": ["batch"]}, 1, {"num_heads": heads}, MICROSOFT)
    query, key, value = random(batch, length, hidden), random(batch, 5, hidden), random(batch, 5, hidden)
    yield Case("MultiHeadAttention", "MultiHeadAttention",
               {"q": query, "k": key, "v": value, "b": bias, "mask": np.array([[1, 1, 0, 1, 1]] * 2, np.int32),
                "bias": random(batch, heads, length, 5)},
               {"q": ["batch", "length", hidden], "k": ["batch", "keys", hidden], "v": ["batch", "keys", hidden],
                "mask": ["batch", "keys"], "bias": ["batch", heads, "length", "keys"]}, 1,
               {"num_heads": heads}, MICROSOFT)
    yield Case("MultiHeadAttention with past", "MultiHeadAttention",
               {"q": query, "k": random(batch, length, hidden), "v": random(batch, length, hidden), "b": None,
                "mask": None, "bias": None, "pk": random(batch, heads, past, width),
                "pv": random(batch, heads, past, width)},
               {n: ["batch", "length", hidden] for n in "qkv"} | {n: ["batch", heads, "past", width] for n in ("pk", "pv")},
               3, {"num_heads": heads, "unidirectional": 1}, MICROSOFT)


def decoding_cases(random):
    """GroupQueryAttention and RotaryEmbedding."""
    batch, heads, shared, width = 2, 4, 2, 16
    cosines, sines = random(20, width // 2), random(20, width // 2)

    def make(name, length, past, lengths, total, **attributes):
        inputs = {"q": random(batch, length, heads * width), "k": random(batch, length, shared * width),
                  "v": random(batch, length, shared * width), "pk": random(batch, shared, past, width),
                  "pv": random(batch, shared, past, width), "lengths": np.array(lengths, np.int32) - 1,
                  "total": np.array(total, np.int32), "cos": cosines, "sin": sines}
        dimensions = {n: ["batch", "length", inputs[n].shape[2]] for n in "qkv"}
        dimensions |= {n: ["batch", shared, "past", width] for n in ("pk", "pv")} | {"lengths": ["batch"]}
        return Case(f"GroupQueryAttention {name}", "GroupQueryAttention", inputs, dimensions, 3,
                    {"num_heads": heads, "kv_num_heads": shared, **attributes}, MICROSOFT)

    yield make("of a prompt", 5, 0, [5, 5], 5)
    yield make("of a token", 1, 6, [7, 7], 7, do_rotary=1)
    yield make("of a window", 1, 6, [7, 7], 7, local_window_size=3)
    yield make("with softcap", 1, 6, [7, 5], 7, softcap=0.8, do_rotary=1, rotary_interleaved=1)
    places = np.array([[0, 3, 7], [1, 2, 19]], np.int64)
    table = {"cos": cosines, "sin": sines}
    yield Case("RotaryEmbedding", "RotaryEmbedding", {"x": random(2, 3, 2 * width), "places": places, **table},
               {"x": ["batch", "length", 2 * width], "places": ["batch", "length"]}, 1, {}, MICROSOFT)
    yield Case("RotaryEmbedding from a place on", "RotaryEmbedding",
               {"x": random(2, 2, 3, width), "places": np.array([4], np.int64), **table},
               {"x": ["batch", 2, "length", width], "places": [1]}, 1, {"interleaved": 1}, MICROSOFT)


def all_cases():
    generator = np.random.default_rng(7)
    random = lambda *shape: generator.uniform(-1, 1, shape).astype(np.float32)
    yield from recurrent_cases(random)
    yield from simple_cases(random)
    yield from blocked_cases(random, generator)
    yield from attention_cases(random)
    yield from decoding_cases(random)


def differs(found, expected):
    """What is wrong with an output, or None."""
    if found.shape != expected.shape:
        return f"found shape {found.shape}, expected {expected.shape}"
    error = np.abs(found.astype(np.float64) - expected).max(initial=0)
    bound = TOLERANCE * (1 + np.abs(expected).max(initial=0))
    return None if error <= bound else f"is off by {error:.3g}, but expected at most {bound:.3g}"


def check(case, folder, devices):
    """The devices that are wrong, with what they found."""
    model, fed = case.model()
    onnx.save(model, folder / "model.onnx")
    expected = onnxruntime.InferenceSession(folder / "model.onnx").run(None, fed)
    compiled = subprocess.run(["winnow-compile", folder / "model.onnx", "-o", folder / "model.wnm", "--with-reference"],
                              capture_output=True, text=True)
    if compiled.returncode != 0:
        yield f"winnow-compile: {compiled.stderr.strip()}"
        return
    for name, array in fed.items():
        np.save(folder / f"{name}.npy", array)
    for device in devices:
        inputs = [f"--input={name}=@{folder}/{name}.npy" for name in fed]
        outputs = [f"--output=y{i}=@{folder}/y{i}.npy" for i in range(case.outputs)]
        ran = subprocess.run(["winnow-run", folder / "model.wnm", f"--device={device}", *inputs, *outputs],
                             capture_output=True, text=True)
        if ran.returncode != 0:
            yield f"{device}: {ran.stderr.strip()}"
            continue
        for i, wanted in enumerate(expected):
            if problem := differs(np.load(folder / f"y{i}.npy"), wanted):
                yield f"{device}: output {i} {problem}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", default="reference,host,ptxsim")
    parser.add_argument("--filter", default="", help="run only the cases whose names contain this")
    options = parser.parse_args()
    count = problems = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in all_cases():
            if options.filter not in case.name:
                continue
            count += 1
            for problem in check(case, Path(folder), options.devices.split(",")):
                problems += 1
                print(f"{case.name}, {problem}")
    print(f"{count} cases, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
