# Published models that PyTorch's exporters have written: one module each, at three dynamic sizes, against ONNX Runtime.
import argparse
import gzip
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from published_inputs import MODELS
from published_weights import put_back

GRAPHS = Path(__file__).parent / "published"
RELATIVE = 1e-4  # to the largest magnitude of an output


def compile_model(path, targets):
    """The seconds of processors and the MiB that it takes; raises CalledProcessError."""
    command = ["winnow-compile", str(path), "-o", str(path.with_suffix(".wnm")), "--no-ptxas"]
    command += [f"--target={target}" for target in targets]
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, command, stderr=errors.read())
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def run(path, inputs, device):
    """What a module answers, by output, as winnow-run computes it; raises CalledProcessError."""
    np.savez(path.parent / "inputs.npz", **inputs)
    found = path.parent / "outputs.npz"
    command = ["winnow-run", path.with_suffix(".wnm"), f"--device={device}"]
    command += [f"--input=@{path.parent}/inputs.npz", f"--output=@{found}"]
    subprocess.run(command, check=True, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return np.load(found)


def difference(found, expected):
    """The largest difference, relative to the largest magnitude; infinite where the shapes differ."""
    if found.shape != expected.shape:
        return np.inf
    return np.abs(found - expected).max() / np.abs(expected).max()


def compare(model, sizes, path, seed, device):
    """Yields messages about outputs that differ from ONNX Runtime's, and the largest difference in the end."""
    oracle = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    random, worst = np.random.default_rng(seed), 0
    for size in sizes:
        inputs = model.sample(random, size)
        expected = dict(zip(model.outputs, oracle.run(model.outputs, inputs)))
        others = dict(zip(model.outputs, oracle.run(model.outputs, model.sample(random, size))))
        found = run(path, inputs, device)
        for name, answer in expected.items():
            assert np.isfinite(answer).all(), f"{model.name}: no {name} to compare with"
            assert difference(others[name], answer) > 50 * RELATIVE, f"{model.name}: inputs do not matter to {name}"
            error = difference(found[name], answer)
            worst = max(worst, error)
            if not error <= RELATIVE:
                yield f"{size}: {name}, of shape {found[name].shape}, expected {answer.shape}, differs by {error:.2g}"
    print(f"  largest relative difference {worst:.2g}", flush=True)


def check(model, graph, options, folder):
    """The problems of one exported graph, as text."""
    exporter = graph.name.split(".")[0].split("-")[1]
    path = folder / "model.onnx"
    put_back(onnx.load_from_string(gzip.decompress(graph.read_bytes())), path)
    try:
        seconds, memory = compile_model(path, options.target)
        weights = (folder / "weights.bin").stat().st_size / 2**20
        print(f"{graph.name}: {weights:.0f} MiB of weights, compiled in {memory:.0f} MiB, {seconds:.1f} s of CPU time",
              flush=True)
        return list(compare(model, model.at_sizes(exporter), path, options.seed, options.device))
    except subprocess.CalledProcessError as failure:
        return [f"{failure.cmd[0]} ended with status {failure.returncode}: {failure.stderr.strip()}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="host")
    parser.add_argument("--target", action="append", default=[], help="as winnow-compile's")
    parser.add_argument("--model", default="", help="only graphs whose names contain one of these, comma-separated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the models (default: a temporary one)")
    options = parser.parse_args()
    problems, count = [], 0
    for model in MODELS:
        for graph in sorted(GRAPHS.glob(f"{model.name}-*.onnx.gz")):
            if not any(part in graph.name for part in options.model.split(",")):
                continue
            count += 1
            with tempfile.TemporaryDirectory() as folder:
                if options.keep:
                    folder = options.keep / graph.name.split(".")[0]
                    folder.mkdir(parents=True, exist_ok=True)
                found = check(model, graph, options, Path(folder))
            for problem in found:
                print(f"{graph.name}: {problem}", flush=True)
            problems += found
    print(f"{count} graphs, {len(problems)} problems")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
