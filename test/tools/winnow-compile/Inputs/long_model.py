"""Writes a model of 400 additions of a weight of 16 x 16: its text is longer than what a pipe holds."""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

COUNT = 400
weight = np.arange(256, dtype=np.float32).reshape(16, 16)
names = ["x", *(f"h{i}" for i in range(COUNT - 1)), "y"]
nodes = [helper.make_node(("Add", "Mul")[i % 2], [names[i], "weight"], [names[i + 1]], name=f"node{i}")
         for i in range(COUNT)]
value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 16, 16])
graph = helper.make_graph(nodes, "main", [value("x")], [value("y")], [numpy_helper.from_array(weight, "weight")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), sys.argv[1])
