# Exports the published models with both of PyTorch's exporters into published/, without their weights.
import argparse
import gc
import gzip
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch

from encoder_models import drop_origins
from published_inputs import CACHE, MODELS
from published_models import make
from published_weights import take_out

EXPORTERS = ["dynamo", "torchscript"]


def axes(array, fixed):
    """The names of an array's dynamic dimensions, by axis."""
    return {axis: extent.replace("+", "_and_") for axis, extent in enumerate(array.shape)
            if isinstance(extent, str) and extent not in fixed}


def arguments(model, flat):
    """What is given for each input, as the model's arguments: keys and values of a cache are one."""
    plain = sum(name not in CACHE for name in model.inputs)
    return (*flat[:plain], flat[plain:]) if plain < len(flat) else tuple(flat)


def export(model, module, exporter, seed, path):
    sampled = model.sample(np.random.default_rng(seed), model.example)
    inputs = arguments(model, [torch.from_numpy(array) for array in sampled.values()])
    dynamic = {name: axes(array, model.fixed.get(exporter, [])) for name, array in model.inputs.items()}
    names = dict(input_names=list(dynamic), output_names=model.outputs)
    if exporter == "torchscript":
        torch.onnx.export(module, inputs, str(path), dynamo=False, opset_version=17, dynamic_axes=dynamic, **names)
    else:
        torch.onnx.export(module, inputs, str(path), dynamo=True, external_data=False, verbose=False,
                          dynamic_shapes=arguments(model, list(dynamic.values())), **names)
    drop_origins(path)


def write(model, exporter, seed, folder):
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "model.onnx"
        with torch.no_grad():
            export(model, make(model, seed), exporter, seed, path)
        exported = onnx.load(path)
    take_out(exported)
    data = gzip.compress(exported.SerializeToString(deterministic=True), mtime=0)
    (folder / f"{model.name}-{exporter}.onnx.gz").write_bytes(data)
    print(f"{model.name}, {exporter}: {len(data)} bytes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exporter", choices=EXPORTERS, help="only this one")
    parser.add_argument("--model", help="only the models whose name contains this")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "published")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # the exporters', about what they will drop one day
    options.folder.mkdir(exist_ok=True)
    failed = []
    for model in MODELS:
        for exporter in EXPORTERS:
            if (options.model or "") not in model.name or options.exporter not in (None, exporter):
                continue
            try:
                write(model, exporter, options.seed, options.folder)
            except Exception:  # the others are wanted all the same
                traceback.print_exc()
                failed.append(f"{model.name}, {exporter}")
            gc.collect()
    for name in failed:
        print(f"not exported: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
