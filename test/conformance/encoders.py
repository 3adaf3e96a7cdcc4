# Encoders that PyTorch exports, on every device, against ONNX Runtime: many batches and sequence lengths each.
import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "numeric"))
from encoder_inputs import LAYERS, MODELS  # noqa: E402
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


def compile_model(path):
    """What is wrong with the compilation; every layer's attention must be recognized."""
    command = ["winnow-compile", path, "-o", path.with_suffix(".wnm"), "--with-reference", "--no-ptxas",
               "--dump-after=import"]
    compiled = subprocess.run(command, capture_output=True, text=True)
    if compiled.returncode:
        return [f"winnow-compile failed:\n{compiled.stderr}"]
    found = compiled.stdout.count("= winnow.attention ")
    return [] if found == LAYERS else [f"{found} winnow.attention, expected {LAYERS}"]


def compare(found, expected):
    """A message if the result is wrong."""
    if found.shape != expected.shape:
        return f"shape {found.shape}, expected {expected.shape}"
    if not np.allclose(found, expected, RELATIVE, ABSOLUTE):
        return f"error {np.abs(found - expected).max()}"
    return None


def check(model, options, path, runtime, seed):
    """Compares a compiled model on every device; yields messages."""
    oracle = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    module = runtime.load(path.with_suffix(".wnm"))
    sessions = {device: runtime.open(module, device) for device in options.devices.split(",")}
    random = np.random.default_rng(seed)
    for shape in shapes(random, model.fixed_sequence(options.exporter)):
        inputs = model.sample(random, *shape)
        expected = oracle.run(["y"], inputs)[0]
        assert np.isfinite(expected).all(), f"{model.name}: no finite answer to compare with"
        for device, session in sessions.items():
            where = f"{device}, batch and sequence {shape}"
            try:
                message = compare(session.invoke("main", list(inputs.values()), 1)[0], expected)
            except Failure as failure:
                message = str(failure)
            if message:
                yield f"{where}: {message}"


def check_all(models, options, folder):
    """The problems of all models, as text. One is exported while others are compiled."""
    runtime, compilations, problems = Runtime(options.library), {}, []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for model in models:
            seed, path = options.seed + MODELS.index(model), folder / f"{options.exporter}-{model.name}.onnx"
            if options.exported:
                shutil.copyfile(options.exported / path.name, path)
            else:
                from encoder_models import export
                export(model, options.exporter, seed, path)
            compilations[model.name] = pool.submit(compile_model, path), seed, path
    for model in models:
        compilation, seed, path = compilations[model.name]
        found = compilation.result()
        if path.with_suffix(".wnm").exists():
            found += check(model, options, path, runtime, seed)
        problems += [f"{options.exporter} {model.name}: {problem}" for problem in found]
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exporter", required=True, choices=["torchscript", "dynamo"])
    parser.add_argument("--library", required=True, help="the runtime's shared library")
    parser.add_argument("--devices", default="reference,host,ptxsim")
    parser.add_argument("--model", help="only the models whose name contains this")
    parser.add_argument("--exported", type=Path, help="folder with models that were exported before; no PyTorch is needed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the models (default: a temporary one)")
    options = parser.parse_args()
    missing = [name for name in ("torch", "onnxscript") if importlib.util.find_spec(name) is None]
    if missing and not options.exported:
        sys.exit(f"error: {' and '.join(missing)} not installed (test/conformance/requirements.txt)")
    warnings.simplefilter("ignore")  # the exporters', about what they will drop one day
    models = [model for model in MODELS if not options.model or options.model in model.name]
    if options.exported:
        models = [model for model in models if (options.exported / f"{options.exporter}-{model.name}.onnx").exists()]
    with tempfile.TemporaryDirectory() as folder:
        problems = check_all(models, options, options.keep or Path(folder))
    for problem in problems:
        print(problem)
    print(f"{options.exporter}: {len(models)} encoders x {len(options.devices.split(','))} devices x {SHAPES} shapes, "
          f"{len(problems)} problems")
    return 1 if problems or not models else 0


if __name__ == "__main__":
    sys.exit(main())
