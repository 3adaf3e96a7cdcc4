# The weights of models that are kept without them: taken out, and made again from their names, the same at any time.
import math
import zlib

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

FEWEST = 64  # elements of a weight that is worth to be taken out
ALIGNMENT = 4096
FILE = "weights.bin"
# Of kernels: exporters fold normalizations into them, whose scales differ by channel. What is made again has one for
# all, and activations would grow from layer to layer until rounding decides the answer.
DAMPING = 0.9


def is_weight(tensor):
    """Whether a tensor is no table or mask that the model's meaning hangs on: many numbers without a system."""
    if tensor.data_type != TensorProto.FLOAT or math.prod(tensor.dims) < FEWEST:
        return False
    return np.unique(numpy_helper.to_array(tensor)).size > 16


def take_out(model):
    """Replaces the values of a model's weights by their mean and standard deviation."""
    for tensor in filter(is_weight, model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        entries = {"mean": values.mean(dtype=np.float64), "deviation": values.std(dtype=np.float64)}
        for field in ("raw_data", "float_data"):
            tensor.ClearField(field)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in entries.items():
            tensor.metadata_props.add(key=key, value=f"{value:.4g}")


def make(tensor):
    """A weight of the mean and the deviation that it had; between bounds, so that what was positive stays so."""
    statistics = {entry.key: float(entry.value) for entry in tensor.metadata_props}
    random = np.random.default_rng(zlib.crc32(tensor.name.encode()))
    values = random.random(math.prod(tensor.dims), np.float32)
    values -= 0.5
    values *= 12 ** 0.5 * statistics["deviation"] * (DAMPING if len(tensor.dims) == 4 else 1)
    values += np.float32(statistics["mean"])
    return values


def put_back(model, path):
    """Writes a model to `path`, and its weights beside it."""
    with open(path.parent / FILE, "wb") as file:
        for tensor in model.graph.initializer:
            if tensor.data_location != TensorProto.EXTERNAL:
                continue
            file.seek(-file.tell() % ALIGNMENT, 1)
            offset, values = file.tell(), make(tensor)
            values.tofile(file)
            tensor.ClearField("metadata_props")
            for key, value in dict(location=FILE, offset=offset, length=values.nbytes).items():
                tensor.external_data.add(key=key, value=str(value))
    onnx.save(model, path)
