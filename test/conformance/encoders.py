# Encoders that PyTorch exports, on every device, against ONNX Runtime: many batches and sequence lengths each.
import argparse
import importlib.util
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnxruntime

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "numeric"))
from winnow_runtime import Failure, Runtime  # noqa: E402

# Two layers of products of at most 24 terms, normalized in between, in f32, in any order.
RELATIVE, ABSOLUTE = 1e-4, 1e-4
SHAPES = 20


def shapes(random, sequence):
    """(batch, sequence), the edges first; all of the given sequence length, if any."""
    if sequence:
        yield from ((batch, sequence) for batch in range(1, SHAPES + 1))
        return
    yield from [(1, 1), (1, 2), (2, 1), (1, 33), (3, 7), (2, 16), (5, 3)]
    for _ in range(SHAPES - 7):
        yield int(random.integers(1, 5)), int(random.integers(1, 24))


def compile_model(path, attentions):
    """The module, and a message if not every layer's attention was recognized."""
    module = path.with_suffix(".wnm")
    command = ["winnow-compile", path, "-o", module, "--with-reference", "--no-ptxas", "--dump-after=import"]
    compiled = subprocess.run(command, check=True, capture_output=True, text=True)
    found = compiled.stdout.count("= winnow.attention ")
    return module, [] if found == attentions else [f"{found} winnow.attention, expected {attentions}"]


def compare(name, shape, found, expected):
    """A message if the result is wrong."""
    if found.shape != expected.shape:
        return [f"{name}: shape {found.shape}, expected {expected.shape}"]
    if not np.allclose(found, expected, RELATIVE, ABSOLUTE):
        return [f"{name}, batch and sequence {shape}: error {np.abs(found - expected).max()}"]
    return []


def check(model, exporter, seed, runtime, devices, folder):
    """The problems of one model, as text."""
    from encoder_models import LAYERS, export
    name = f"{exporter} {model.name}"
    path = folder / f"{exporter}-{model.name}.onnx"
    export(model, exporter, seed, path)
    try:
        module, problems = compile_model(path, LAYERS)
    except subprocess.CalledProcessError as error:
        return [f"{name}: {error.cmd[0]} failed\n{error.stderr or ''}"]
    problems = [f"{name}: {problem}" for problem in problems]
    oracle = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    sessions = {device: runtime.open(runtime.load(module), device) for device in devices}
    random = np.random.default_rng(seed)
    for shape in shapes(random, model.fixed_sequence(exporter)):
        inputs = model.sample(random, *shape)
        expected = oracle.run(["y"], inputs)[0]
        assert np.isfinite(expected).all(), f"{name}: no finite answer to compare with"
        for device, session in sessions.items():
            try:
                found = session.invoke("main", list(inputs.values()), 1)[0]
                problems += compare(f"{name}, {device}", shape, found, expected)
            except Failure as failure:
                problems.append(f"{name}, {device}, batch and sequence {shape}: {failure}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exporter", required=True, choices=["torchscript", "dynamo"])
    parser.add_argument("--library", required=True, help="the runtime's shared library")
    parser.add_argument("--devices", default="reference,host,ptxsim")
    parser.add_argument("--model", help="only the models whose name contains this")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the models (default: a temporary one)")
    options = parser.parse_args()
    missing = [name for name in ("torch", "onnxscript") if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f"error: {' and '.join(missing)} not installed (test/conformance/requirements.txt)")
    from encoder_models import MODELS
    warnings.simplefilter("ignore")  # the exporters', about what they will drop one day
    models = [model for model in MODELS if not options.model or options.model in model.name]
    runtime = Runtime(options.library)
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        for model in models:
            problems += check(model, options.exporter, options.seed + MODELS.index(model), runtime,
                              options.devices.split(","), options.keep or Path(folder))
    for problem in problems:
        print(problem)
    print(f"{options.exporter}: {len(models)} encoders x {len(options.devices.split(','))} devices x {SHAPES} shapes, "
          f"{len(problems)} problems")
    return 1 if problems or not models else 0


if __name__ == "__main__":
    sys.exit(main())
