"""Makes the corpora of the fuzz targets, which lie in corpus/: make_corpus.py [--compiler=winnow-compile]."""
import argparse
import io
import json
import struct
import subprocess
import tempfile
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper

FOLDER = Path(__file__).resolve().parent / "corpus"
MODELS = {
    "perceptron": """<ir_version: 8, opset_import: ["" : 17]>
        main (float[n, 4] x, float[4, 3] weight, float[3] weight_bias) => (float[n, 3] y) {
          h = MatMul (x, weight)
          b = Add (h, weight_bias)
          y = Softmax <axis = -1> (b)
        }""",
    "convolution": """<ir_version: 8, opset_import: ["" : 17]>
        main (float[n, 2, 6, 6] x, float[3, 2, 3, 3] weight) => (float[n, m] y) {
          c = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, weight)
          r = Relu (c)
          p = MaxPool <kernel_shape = [2, 2], ceil_mode = 1> (r)
          s = Constant <value_ints = [0, -1]> ()
          y = Reshape (p, s)
        }""",
    "shapes": """<ir_version: 8, opset_import: ["" : 17]>
        main (float[n, 4] x) => (float[a, b] y, int64[c] k) {
          s = Shape (x)
          zero = Constant <value_ints = [0]> ()
          one = Constant <value_ints = [1]> ()
          two = Constant <value_ints = [2]> ()
          n = Slice (s, zero, one)
          m = Mul (n, two)
          shape = Concat <axis = 0> (two, m)
          t = Reshape (x, shape)
          p = Tile (t, two_two)
          y = Transpose <perm = [1, 0]> (p)
          limit = Squeeze (m)
          start = Constant <value_int = 0> ()
          step = Constant <value_int = 1> ()
          k = Range (start, limit, step)
        }""",
    "functions": """<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
        main (float[n, 3] x) => (float[n, 3] y) {
          a = local.scaled <factor = 2.0> (x)
          y = local.scaled <factor = 3.0> (a)
        }
        <domain: "local", opset_import: ["" : 17]>
        scaled <factor> (x) => (y) {
          f = Constant <value_float : float = @factor> ()
          y = Mul (x, f)
        }""",
    "loop": """<ir_version: 8, opset_import: ["" : 17]>
        main (float[n] x, bool c) => (float[n] y, float[n] z) {
          count = Constant <value_int = 3> ()
          y = Loop (count, c, x) <body = body (int64 i, bool go, float[n] v) => (bool on, float[n] w) {
            on = Identity (go)
            w = Add (v, v)
          }>
          z = If (c) <then_branch = yes () => (float[n] t) { t = Neg (x) },
                      else_branch = no () => (float[n] e) { e = Abs (x) }>
        }""",
    "selection": """<ir_version: 8, opset_import: ["" : 17]>
        main (float[n, 8] x) => (float[n, 2] v, int64[n, 2] i, int64[2, k] p, float[n, 8] s) {
          two = Constant <value_ints = [2]> ()
          v, i = TopK (x, two)
          p = NonZero (x)
          s = CumSum (x, axis)
        }""",
    "quantized": """<ir_version: 8, opset_import: ["" : 19]>
        main (float[n, 4] x) => (float[n, 4] y) {
          scale = Constant <value_float = 0.1> ()
          q = QuantizeLinear (x, scale)
          y = DequantizeLinear (q, scale)
        }""",
    "recurrent": """<ir_version: 8, opset_import: ["" : 17]>
        main (float[s, n, 2] x, float[1, 8, 2] weight, float[1, 8, 2] weight_r) => (float[s, 1, n, 2] y) {
          y = LSTM <hidden_size = 2> (x, weight, weight_r)
        }""",
    "image": """<ir_version: 8, opset_import: ["" : 18]>
        main (float[1, 2, h, w] x) => (float[1, 2, a, b] y, float[n, m] e) {
          none = Constant <value_floats : floats = []> ()
          scales = Constant <value_floats = [1.0, 1.0, 2.0, 1.5]> ()
          y = Resize <mode = "linear"> (x, none, scales)
          e = Einsum <equation = "bchw,bchw->hw"> (x, x)
        }""",
}
CONSTANTS = {"two_two": np.int64([2, 2]), "axis": np.int64(1)}


def write(folder, name, content):
    (FOLDER / folder).mkdir(parents=True, exist_ok=True)
    (FOLDER / folder / name).write_bytes(content)


def make_arrays():
    arrays = {"f32": np.arange(6, dtype=np.float32).reshape(2, 3), "i64": np.int64([1, -2]), "bool": np.array(True),
              "f16": np.float16([[1.5]]), "columns": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
              "bf16": np.ones(2, ml_dtypes.bfloat16), "none": np.zeros((0, 3)), "complex": np.complex64([1j])}
    for name, array in arrays.items():
        file = io.BytesIO()
        np.save(file, array)
        write("numpy", name + ".npy", file.getvalue())
    for name, save in (("stored", np.savez), ("deflated", np.savez_compressed)):
        file = io.BytesIO()
        save(file, x=arrays["f32"], y=np.zeros(300, np.uint8))
        write("numpy", name + ".npz", file.getvalue())


def make_checkpoints():
    def save(name, entries, data):
        text = json.dumps(entries).encode()
        write("safetensors", name, struct.pack("<Q", len(text)) + text + data)

    tensor = lambda dtype, shape, begin, end: {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    save("empty", {}, b"")
    save("one", {"w": tensor("F32", [2, 1], 0, 8)}, bytes(8))
    save("many", {"__metadata__": {"format": "pt"}, "n": tensor("I64", [], 0, 8), "w": tensor("BF16", [3], 8, 14),
                  "none": tensor("BOOL", [0, 4], 14, 14), "code": tensor("F4", [2, 2], 14, 16)}, bytes(range(16)))


def make_model(text):
    model = onnx.parser.parse_model(text)
    random = np.random.default_rng(7)
    for value in [i for i in model.graph.input if i.name.startswith("weight")]:
        shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
        model.graph.initializer.append(onnx.numpy_helper.from_array(random.random(shape, np.float32), value.name))
        model.graph.input.remove(value)
    names = {name for node in model.graph.node for name in node.input}
    for name in names & CONSTANTS.keys():
        model.graph.initializer.append(onnx.numpy_helper.from_array(CONSTANTS[name], name))
    return model


def make_external():
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2], data_location=TensorProto.EXTERNAL)
    for key, value in dict(location="model.onnx", offset=4, length=8).items():
        tensor.external_data.add(key=key, value=str(value))
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "main", [value("x")], [value("y")],
                              [tensor])
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


def make_modules(compiler, models):
    options = {"perceptron": ["--with-reference"], "shapes": ["--target=cuda:sm_80"], "loop": []}
    with tempfile.TemporaryDirectory() as folder:
        for name, more in options.items():
            source, module = Path(folder, name + ".onnx"), Path(folder, name + ".wnm")
            onnx.save(models[name], source)
            target = [] if any("target" in option for option in more) else ["--target=host:x86-64-v2"]
            subprocess.run([compiler, source, "-o", module, "--no-ptxas", *target, *more], check=True)
            write("module", name + ".wnm", module.read_bytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", default="winnow-compile")
    compiler = parser.parse_args().compiler
    make_arrays()
    make_checkpoints()
    models = {name: make_model(text) for name, text in MODELS.items()}
    models["external"] = make_external()
    for name, model in models.items():
        write("onnx", name + ".onnx", model.SerializeToString())
    make_modules(compiler, models)


if __name__ == "__main__":
    main()
