"""Writes the model: the weights at the end of assistant.mlir, and data/encoders.onnx, the part that ONNX can say.

Its condition, its score region, its parameters and its memory are not in ONNX; the two encoders are, and there both
are always computed.
"""

import argparse
import pathlib
import sys

import onnx
from onnx import TensorProto, helper, numpy_helper

import weights

HERE = pathlib.Path(__file__).parent
PROGRAM, ENCODERS = HERE / "assistant.mlir", HERE / "data" / "encoders.onnx"
RESOURCES = "\n{-#\n"  # where MLIR text goes over to the numbers


def resources(arrays):
    """MLIR's section of raw data. Each begins with its alignment in bytes."""
    lines = [f'      {name}: "0x04000000{array.tobytes().hex().upper()}"' for name, array in arrays.items()]
    return RESOURCES + "  dialect_resources: {\n    builtin: {\n" + ",\n".join(lines) + "\n    }\n  }\n#-}\n"


def program(arrays):
    return PROGRAM.read_text().split(RESOURCES)[0] + resources(arrays)


def encoders(arrays):
    """The encoders as an ONNX model; its nodes are named like the encoders' operations in assistant.mlir."""
    def value(name, kind, *shape):
        return helper.make_tensor_value_info(name, kind, shape)

    nodes = [
        helper.make_node("Gather", ["text.table", "words"], ["embedded"], name="embedded"),
        helper.make_node("MatMul", ["embedded", "text.layer"], ["text_product"], name="text_product"),
        helper.make_node("Relu", ["text_product"], ["text_active"], name="text_active"),
        helper.make_node("Add", ["text_active", "embedded"], ["text"], name="text"),
        helper.make_node("MatMul", ["patches", "image.projection"], ["projected"], name="projected"),
        helper.make_node("MatMul", ["projected", "image.layer"], ["product"], name="product"),
        helper.make_node("Relu", ["product"], ["active"], name="active"),
        helper.make_node("MatMul", ["active", "image.output"], ["image"], name="encoded"),
    ]
    graph = helper.make_graph(
        nodes, "encoders",
        [value("words", TensorProto.INT64, "words"), value("patches", TensorProto.FLOAT, "patches", weights.PATCH)],
        [value("text", TensorProto.FLOAT, "words", weights.WIDTH),
         value("image", TensorProto.FLOAT, "patches", weights.WIDTH)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()
         if name.startswith(("text.", "image."))])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, but fail if something is out of date")
    options = parser.parse_args()
    arrays = weights.make()
    wanted = {PROGRAM: program(arrays).encode(), ENCODERS: encoders(arrays)}
    for path, contents in wanted.items():
        if not options.check:
            path.write_bytes(contents)
        elif path.read_bytes() != contents:
            sys.exit(f"{path.name} is not what model.py writes")


if __name__ == "__main__":
    main()
