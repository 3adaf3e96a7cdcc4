# Operators of images and of quantization on random data, at several dynamic sizes from one module, on every device:
# against ONNX Runtime. Integers must be equal.
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import onnxruntime

MODELS = {
    "quantization": """<ir_version: 10, opset_import: ["" : 21]>
main (float[n, 6] x, float[6] scale, uint8[6] zero, float[n, 3] halves, uint8[n, 8] a, int8[8, 5] b, int8[5] zeros,
      float[5] scales, uint8[n, 2, height, 7] image, int8[4, 2, 3, 3] kernel, int32[4] bias, float[4] gains)
    => (q, d, blocked, dynamic, dynamicScale, dynamicZero, product, rescaled, sums, convolved)
<uint8 az = {3}, float as = {0.02}, float ys = {0.7}, uint8 yu = {100}, int8[4] kz = {0, 0, 0, 0}>
{
  q = QuantizeLinear <axis = 1> (x, scale, zero)
  d = DequantizeLinear <axis = 1> (q, scale, zero)
  blocked = QuantizeLinear <axis = 1, block_size = 2, output_dtype = 3> (x, halves)
  dynamic, dynamicScale, dynamicZero = DynamicQuantizeLinear (x)
  product = MatMulInteger (a, b, az, zeros)
  rescaled = QLinearMatMul (a, as, az, b, scales, zeros, ys, yu)
  sums = ConvInteger <strides = [2, 1], pads = [1, 0, 1, 2]> (image, kernel, az)
  convolved = QLinearConv <pads = [1, 1, 1, 1]> (image, as, az, kernel, gains, kz, ys, yu, bias)
}""",
    "windows": """<ir_version: 10, opset_import: ["" : 22]>
main (float[n, 4, depth, 6, 5] volume, float[6, 2, 2, 3, 3] w3, float[6] bias, float[n, 4, height, width] x,
      float[4, 3, 3, 2] w2, float[6] b2, float[n, 4, length] line, float[4, 2, 3] w1, uint8[n, 2, height, width] bytes,
      float[n, 12, columns] blocks)
    => (conv, transposed2, transposed1, maxima, places, columnar, unpooled, largest, means, averages, norms, local,
        centered, image)
<int64[2] size = {9, 7}, int64[2] block = {2, 3}>
{
  conv = Conv <group = 2, strides = [1, 2, 1], dilations = [1, 1, 2], pads = [1, 0, 1, 0, 1, 2]> (volume, w3, bias)
  transposed2 = ConvTranspose <group = 2, strides = [2, 3], dilations = [2, 1], pads = [1, 0, 2, 1],
                               output_padding = [1, 2]> (x, w2, b2)
  transposed1 = ConvTranspose <strides = [2], auto_pad = "SAME_UPPER"> (line, w1)
  maxima, places = MaxPool <kernel_shape = [3, 2], strides = [2, 2], pads = [1, 0, 1, 1], dilations = [1, 2],
                            ceil_mode = 1> (x)
  unpoolable, where = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
  unpooled = MaxUnpool <kernel_shape = [2, 2], strides = [2, 2]> (unpoolable, where)
  unused, columnar = MaxPool <kernel_shape = [2, 2], storage_order = 1> (x)
  largest = MaxPool <kernel_shape = [2, 3], auto_pad = "SAME_LOWER"> (bytes)
  means = AveragePool <kernel_shape = [2, 3, 3], strides = [2, 2, 2], pads = [0, 1, 1, 1, 1, 1], ceil_mode = 1,
                       count_include_pad = 1> (volume)
  averages = AveragePool <kernel_shape = [3], dilations = [2], pads = [1, 2]> (line)
  norms = LpPool <kernel_shape = [2, 2], strides = [2, 1], p = 3, pads = [0, 1, 1, 0]> (x)
  local = LRN <size = 3, alpha = 0.5, beta = 0.6, bias = 1.5> (x)
  centered = MeanVarianceNormalization <axes = [0, 2, 3]> (x)
  image = Col2Im <strides = [1, 2], pads = [0, 1, 0, 0]> (blocks, size, block)
}""",
    "resizing": """<ir_version: 10, opset_import: ["" : 19]>
main (float[n, 2, height, width] x, uint8[n, height, width] bytes)
    => (floor, ceil, round, linear, down, cubic, corners, symmetric, cropped, smooth, bigger, cut)
<float[4] twice = {1, 1, 2, 2}, float[4] less = {1, 1, 0.6, 1.7}, int64[2] size = {5, 11}, int64[4] sizes = {1, 2, 3, 4},
 float[3] bytesScales = {1, 2, 0.5}, int64[2] small = {3, 4}, int64[2] shape = {5, 12}, float[4] roi = {0.1, 0.2, 1.1, 0.7}>
{
  floor = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (x, , twice)
  ceil = Resize <mode = "nearest", nearest_mode = "ceil"> (bytes, , bytesScales)
  round = Resize <mode = "nearest", axes = [2, 3]> (x, , , size)
  linear = Resize <mode = "linear"> (x, , twice)
  down = Resize <mode = "linear", coordinate_transformation_mode = "pytorch_half_pixel"> (x, , less)
  cubic = Resize <mode = "cubic", cubic_coeff_a = -0.5, axes = [2, 3], exclude_outside = 1> (x, , , size)
  corners = Resize <mode = "linear", coordinate_transformation_mode = "align_corners", axes = [2, 3]> (x, , , size)
  symmetric = Resize <mode = "linear", coordinate_transformation_mode = "half_pixel_symmetric"> (x, , less)
  cropped = Resize <mode = "linear", coordinate_transformation_mode = "tf_crop_and_resize", axes = [2, 3],
                    extrapolation_value = 9.0> (x, roi, , size)
  smooth = Resize <mode = "linear", antialias = 1, axes = [2, 3], exclude_outside = 1> (x, , , small)
  bigger = Resize <mode = "cubic"> (x, , twice)
  cut = CenterCropPad <axes = [2, 3]> (x, shape)
}""",
    "sampling": """<ir_version: 10, opset_import: ["" : 20]>
main (float[n, 2, height, width] x, float[n, 5, m, 2] grid, float[n, 2, depth, height, width] volume,
      float[n, 3, 2, 2, 3] grid3, float[n, 2, 3] theta, float[r, 4] boxes, int64[r] batches, float[n, 4, height, width] deep)
    => (linear, nearest, cubic, border, reflected, three, affine, pooled, maxima, blocks, whole)
<int64[4] size = {1, 1, 4, 6}>
{
  linear = GridSample (x, grid)
  nearest = GridSample <mode = "nearest", align_corners = 1> (x, grid)
  cubic = GridSample <mode = "cubic"> (x, grid)
  border = GridSample <padding_mode = "border", align_corners = 1> (x, grid)
  reflected = GridSample <mode = "cubic", padding_mode = "reflection"> (x, grid)
  three = GridSample <padding_mode = "reflection", align_corners = 1> (volume, grid3)
  batch = Shape <start = 0, end = 1> (theta)
  rest = Constant <value_ints = [2, 3, 4]> ()
  shape = Concat <axis = 0> (batch, rest)
  affine = AffineGrid (theta, shape)
  pooled = RoiAlign <output_height = 3, output_width = 2, sampling_ratio = 2, spatial_scale = 0.5> (x, boxes, batches)
  maxima = RoiAlign <output_height = 2, output_width = 2, mode = "max"> (x, boxes, batches)
  blocks = DepthToSpace <blocksize = 2, mode = "CRD"> (deep)
  whole = SpaceToDepth <blocksize = 2> (blocks)
}""",
}
SIZES = [{"n": 1, "height": 6, "width": 8, "depth": 3, "length": 5, "m": 2, "r": 3, "columns": 24},
         {"n": 3, "height": 8, "width": 4, "depth": 4, "length": 8, "m": 1, "r": 2, "columns": 24}]


def random_input(name, value, sizes, generator):
    shape = [dimension.dim_value or sizes[dimension.dim_param] for dimension in value.type.tensor_type.shape.dim]
    kind = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    if name == "batches":
        return generator.integers(0, sizes["n"], shape)
    if name == "boxes":
        corners = generator.uniform(0, 5, (shape[0], 2))
        return np.concatenate([corners, corners + generator.uniform(0.5, 6, corners.shape)], 1).astype(kind)
    if kind == np.int8:
        # Small enough for the products of pairs to fit into 16 bits, where ONNX Runtime saturates on some CPUs.
        return generator.integers(-64, 63, shape, kind, endpoint=True)
    if kind == np.uint8:
        return generator.integers(np.iinfo(kind).min, np.iinfo(kind).max, shape, kind, endpoint=True)
    if kind == np.int32:
        return generator.integers(-500, 500, shape, kind)
    if name in ("scale", "halves", "scales", "gains"):
        return generator.uniform(0.01, 0.1, shape).astype(kind)
    return generator.standard_normal(shape).astype(kind)


def typed(text):
    """The model, with the types of its outputs inferred."""
    head, outputs = text.split("=> (", 1)
    names, body = outputs.split(")", 1)
    listed = ", ".join("float[] " + name.strip() for name in names.split(","))
    model = onnx.parser.parse_model(head + "=> (" + listed + ")" + body)
    names = [output.name for output in model.graph.output]
    del model.graph.output[:]
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    values = {value.name: value for value in inferred.graph.value_info}
    for name in names:
        output = onnx.helper.make_tensor_value_info(name, values[name].type.tensor_type.elem_type, None)
        model.graph.output.append(output)
    return model


def differs(found, expected):
    if found.shape != expected.shape:
        return f"found shape {found.shape}, expected {expected.shape}"
    if expected.dtype.kind != "f":
        return None if np.array_equal(found, expected) else f"found\n{found}\nexpected\n{expected}"
    bound = 1e-4 * max(1, np.abs(expected).max(initial=0))
    worst = np.abs(found - expected).max(initial=0)
    return None if worst <= bound else f"differs by {worst}"


def check(model, folder, devices):
    path, module = folder / "model.onnx", folder / "model.wnm"
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path)
    subprocess.run(["winnow-compile", path, "-o", module, "--with-reference"], check=True)
    names = [output.name for output in model.graph.output]
    for number, sizes in enumerate(SIZES):
        generator = np.random.default_rng(number)
        inputs = {value.name: random_input(value.name, value, sizes, generator) for value in model.graph.input}
        expected = session.run(names, inputs)
        for name, array in inputs.items():
            np.save(folder / f"{name}.npy", array)
        arguments = [f"--input={name}=@{folder}/{name}.npy" for name in inputs]
        arguments += [f"--output={name}=@{folder}/{name}.npy" for name in names]
        for device in devices:
            subprocess.run(["winnow-run", module, f"--device={device}", *arguments], check=True, stdout=subprocess.DEVNULL)
            for name, array in zip(names, expected):
                problem = differs(np.load(folder / f"{name}.npy"), array)
                if problem:
                    yield f"{name}, sizes {number}, {device}: {problem}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", default="reference,host,ptxsim")
    parser.add_argument("--models", default=",".join(MODELS))
    options = parser.parse_args()
    problems = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models.split(","):
            for problem in check(typed(MODELS[name]), Path(folder), options.devices.split(",")):
                problems += 1
                print(f"{name}: {problem}")
    print(f"{problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
