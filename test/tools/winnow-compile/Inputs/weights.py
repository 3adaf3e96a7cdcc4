"""Makes models without weights, and safetensors files that have them: weights.py FOLDER."""
import json
import struct
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

NAMES = {np.float32: "F32", np.float64: "F64", np.float16: "F16", np.uint16: "BF16", np.int64: "I64", np.int32: "I32"}


def save(path, tensors):
    """What safetensors.numpy.save_file writes; uint16 stands for bfloat16."""
    data, entries = b"", {"__metadata__": {"format": "pt"}}
    for name, array in tensors.items():
        content = np.ascontiguousarray(array).tobytes()
        entries[name] = {"dtype": NAMES[array.dtype.type], "shape": list(array.shape),
                         "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def bfloat16(array):
    """For numbers that bfloat16 holds exactly."""
    return (array.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


def make_model(weights, keep=(), inputs=(), missing=()):
    """y = (x fc.weight^T + fc.bias) onnx::MatMul_9, with weights as initializers that have values, as inputs, or as
    initializers whose file is missing."""
    nodes = [helper.make_node("Gemm", ["x", "fc.weight", "fc.bias"], ["h"], name="first", transB=1),
             helper.make_node("MatMul", ["h", "onnx::MatMul_9"], ["y"], name="second")]
    values = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])]
    values += [helper.make_tensor_value_info(name, TensorProto.FLOAT, weights[name].shape) for name in inputs]
    initializers = []
    for name in keep:
        initializers.append(onnx.numpy_helper.from_array(weights[name], name))
    for name in missing:
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=weights[name].shape,
                             data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="gone.bin")
        initializers.append(tensor)
    graph = helper.make_graph(nodes, "main", values, [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 5])],
                              initializers)
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(5)
    # Multiples of 1/8 below 2: every type of floats holds them.
    draw = lambda *shape: (random.integers(-15, 16, shape) / 8).astype(np.float32)
    weights = {"fc.weight": draw(3, 4), "fc.bias": draw(3), "onnx::MatMul_9": draw(3, 5)}
    x = draw(2, 4)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", (x @ weights["fc.weight"].T + weights["fc.bias"]) @ weights["onnx::MatMul_9"])

    onnx.save(make_model(weights, missing=weights), folder / "missing.onnx")
    onnx.save(make_model(weights, inputs=weights), folder / "inputs.onnx")
    onnx.save(make_model({k: v * 0 + 1 for k, v in weights.items()}, keep=weights), folder / "other.onnx")
    save(folder / "equal.safetensors", weights)
    save(folder / "f16.safetensors", {k: v.astype(np.float16) for k, v in weights.items()})
    save(folder / "bf16.safetensors", {k: bfloat16(v) for k, v in weights.items()})
    save(folder / "f64.safetensors", {k: v.astype(np.float64) for k, v in weights.items()})
    save(folder / "prefixed.safetensors", {"model." + k: v for k, v in weights.items()})
    torch = {"fc.weight": weights["fc.weight"], "fc.bias": weights["fc.bias"], "out.weight": weights["onnx::MatMul_9"].T}
    save(folder / "torch.safetensors", torch)
    (folder / "torch.json").write_text(json.dumps({"onnx::MatMul_9": "out.weight^T"}))
    save(folder / "bert.safetensors", {"bert." + k: v for k, v in torch.items()})
    (folder / "bert.json").write_text(json.dumps({"*": "bert.*", "onnx::MatMul_9": "bert.out.weight^T"}))
    for part, names in enumerate((["fc.weight"], ["fc.bias", "onnx::MatMul_9"])):
        save(folder / f"part-{part}.safetensors", {name: weights[name] for name in names})
    places = {"fc.weight": "part-0.safetensors", "fc.bias": "part-1.safetensors",
              "onnx::MatMul_9": "part-1.safetensors"}
    index = lambda name, files: (folder / name).write_text(json.dumps({"metadata": {}, "weight_map": files}))
    index("model.safetensors.index.json", places)
    index("wrong.index.json", {**places, "fc.bias": "part-0.safetensors"})
    index("outside.index.json", {"fc.bias": "../part-0.safetensors"})

    save(folder / "types.safetensors", {**weights, "fc.bias": np.arange(3)})
    save(folder / "ambiguous.safetensors", {f"{prefix}.{k}": v for prefix in "ab" for k, v in weights.items()})
    (folder / "truncated.safetensors").write_bytes((folder / "equal.safetensors").read_bytes()[:-1])
    (folder / "unknown.json").write_text(json.dumps({"nothing": "out.weight"}))
    (folder / "astray.json").write_text(json.dumps({"fc.bias": "nothing"}))
    (folder / "twice.json").write_text('{"fc.bias": "a", "fc.bias": "b"}')
    (folder / "list.json").write_text("[" * 100000)

    (folder / "text.mlir").write_text('''
        func.func @main(%x: tensor<?x4xf32> {winnow.name = "x"}) -> (tensor<?x3xf32> {winnow.name = "y"}) {
          %c0 = arith.constant 0 : index
          %zero = arith.constant 0.0 : f32
          %w = arith.constant dense_resource<"text.weight"> : tensor<4x3xf32>
          %n = tensor.dim %x, %c0 : tensor<?x4xf32>
          %e = tensor.empty(%n) : tensor<?x3xf32>
          %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x3xf32>) -> tensor<?x3xf32>
          %y = linalg.matmul ins(%x, %w : tensor<?x4xf32>, tensor<4x3xf32>) outs(%z : tensor<?x3xf32>)
              -> tensor<?x3xf32>
          return %y : tensor<?x3xf32>
        }''')
    save(folder / "text.safetensors", {"text.weight": weights["fc.weight"].T})
    np.save(folder / "text.npy", x @ weights["fc.weight"].T)


main()
