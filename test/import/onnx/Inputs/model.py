"""Makes an ONNX file from ONNX's text format: model.py TEXT OUTPUT.

Lines that begin with # are left out (the test's commands and checks). Inputs whose names begin with "weight"
become initializers with random values from a fixed seed.
"""
import sys

import numpy
import onnx
import onnx.numpy_helper
import onnx.parser


def main():
    with open(sys.argv[1]) as file:
        text = "".join(line for line in file if not line.startswith("#"))
    model = onnx.parser.parse_model(text)
    random = numpy.random.default_rng(7)
    for value in [i for i in model.graph.input if i.name.startswith("weight")]:
        tensor = value.type.tensor_type
        shape = [d.dim_value for d in tensor.shape.dim]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        data = random.uniform(0.1, 1, shape).astype(dtype)
        model.graph.initializer.append(onnx.numpy_helper.from_array(data, value.name))
        model.graph.input.remove(value)
    onnx.save(model, sys.argv[2])


main()
