"""Makes FOLDER/model.onnx, FOLDER/inputs.npz and FOLDER/expected.npz: all that the model's nodes make, by ONNX Runtime."""
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

folder = Path(sys.argv[1])
random = np.random.default_rng(7)
floats = lambda *shape: random.uniform(-1, 1, shape).astype(np.float32)
constants = {"weight": floats(4, 3, 3, 3), "scale": floats(4) + 2, "bias": floats(4), "mean": floats(4),
             "variance": floats(4) + 2, "zero": np.array(128, np.uint8), "step": np.array(0.02, np.float32)}
node = helper.make_node
nodes = [
    node("Conv", ["x", "weight"], ["/body/conv"], pads=[1, 1, 1, 1]),
    node("BatchNormalization", ["/body/conv", "scale", "bias", "mean", "variance"], ["/body/normal"]),
    node("Relu", ["/body/normal"], ["/body/relu"]),
    node("GlobalAveragePool", ["/body/relu"], ["pooled"]),
    node("QuantizeLinear", ["pooled", "step", "zero"], ["quantized"]),
    node("NonZero", ["/body/relu"], ["places"]),
    node("Sigmoid", ["pooled"], ["y"]),
]
graph = helper.make_graph(nodes, "main", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 6, 5])],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4, 1, 1])],
                          [numpy_helper.from_array(array, name) for name, array in constants.items()])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
onnx.save(model, folder / "model.onnx")

names = [name for made in nodes for name in made.output]
del model.graph.output[:]
model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
x = floats(2, 3, 6, 5)
np.savez(folder / "inputs.npz", x=x)
np.savez(folder / "expected.npz", **dict(zip(names, session.run(names, {"x": x}))))
