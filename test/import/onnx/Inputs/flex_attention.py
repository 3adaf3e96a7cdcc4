"""Writes a model of one FlexAttention whose scores or weights a graph modifies: flex_attention.py OUTPUT FORM.

The form is score_mod or prob_mod, or bad: a score_mod that changes the shape.
"""
import sys

import onnx
from onnx import TensorProto, helper


def modifier(operator):
    scores = helper.make_tensor_value_info("s", TensorProto.FLOAT, ["b", "h", "q", "k"])
    result = helper.make_tensor_value_info("t", TensorProto.FLOAT, ["b", "h", "q", "k"])
    return helper.make_graph([helper.make_node(operator, ["s"], ["t"])], "modifier", [scores], [result])


def main():
    path, form = sys.argv[1:]
    name = "prob_mod" if form == "prob_mod" else "score_mod"
    node = helper.make_node("FlexAttention", ["q", "k", "v"], ["y"], domain="ai.onnx.preview",
                            **{name: modifier("Transpose" if form == "bad" else "Tanh")})
    tensors = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["b", 4, m, 16])
               for n, m in (("q", "n"), ("k", "m"), ("v", "m"), ("y", "n"))]
    graph = helper.make_graph([node], "flex", tensors[:3], tensors[3:])
    imports = [helper.make_opsetid("", 26), helper.make_opsetid("ai.onnx.preview", 1)]
    onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=10), path)


main()
