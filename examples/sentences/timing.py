"""Times the model in winnow and in ONNX Runtime, in turns: milliseconds for each sentence, on one thread and on two.

Each figure is the median over rounds of the medians of a round; both compute in float32.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import numpy as np
import onnxruntime

GRAPH = pathlib.Path(__file__).parent / "data" / "model.onnx"
SHAPES = [(1, 8), (1, 32), (1, 128), (8, 32), (32, 32), (8, 128)]  # sentences, tokens of each
LEAST_SECONDS = 0.3  # of a round


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(": ")[1]
    return "unknown"


class OnnxRuntime:
    def __init__(self, folder, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(folder / "model.onnx", options, ["CPUExecutionProvider"])

    def seconds(self, inputs, count):
        """The median of so many calls."""
        taken = []
        for _ in range(count):
            begin = time.perf_counter()
            self.session.run(None, inputs)
            taken.append(time.perf_counter() - begin)
        return statistics.median(taken)


class Winnow:
    def __init__(self, runner, folder, threads):
        self.folder = folder
        self.command = [runner, folder / "model.wnm", "--device=host", f"--threads={threads}", "--json"]

    def seconds(self, inputs, count):
        command = [*self.command, f"--repeat={count}"]
        for name, array in inputs.items():
            np.save(self.folder / f"{name}.npy", array)
            command.append(f"--input={name}=@{self.folder / name}.npy")
        report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return report["milliseconds"]["median"] / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="folder of winnow-compile and winnow-run")
    parser.add_argument("--model", type=pathlib.Path, required=True, help="folder of model.safetensors")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{processor()}; ONNX Runtime {onnxruntime.__version__}; milliseconds for each sentence")
    print(f"{'sentences':>9} {'tokens':>6} {'threads':>7} {'winnow':>8} {'ONNX Runtime':>12} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        shutil.copy(GRAPH, folder)
        shutil.copy(options.model / "model.safetensors", folder)
        subprocess.run([options.tools / "winnow-compile", folder / "model.onnx", "-o", folder / "model.wnm",
                        "--target=host:native"], check=True)
        for threads in (1, 2):
            places = [Winnow(options.tools / "winnow-run", folder, threads), OnnxRuntime(folder, threads)]
            for batch, length in SHAPES:
                inputs = {"input_ids": np.random.default_rng(1).integers(1000, 30000, (batch, length)),
                          "attention_mask": np.ones((batch, length), np.int64)}
                count = max(3, int(LEAST_SECONDS / places[1].seconds(inputs, 3)))
                found = [place.seconds(inputs, count) for place in places * options.rounds]
                ours, theirs = (statistics.median(found[i::2]) / batch * 1000 for i in (0, 1))
                print(f"{batch:>9} {length:>6} {threads:>7} {ours:>8.2f} {theirs:>12.2f} {ours / theirs:>6.2f}", flush=True)


if __name__ == "__main__":
    main()
