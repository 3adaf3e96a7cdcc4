"""Compiles the gated digits network and its twin, runs both, and checks what winnow promises of them.

Prints accuracy, agreement with PyTorch and between the devices, the multiply-adds that were skipped, times
against the twin, and sizes. Exits with status 1 if a bar is missed.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile

import numpy as np

import pairs
from tools import Module, ToolError

HERE = pathlib.Path(__file__).parent
# The convolutions behind the gates: their nodes, named alike in both models, and a dense layer's multiply-adds for one
# image: output channels x input channels x taps x positions.
GATED_LAYERS = {"Conv:node_conv2d_1": 64 * 32 * 9 * 64, "Conv:node_conv2d_2": 64 * 64 * 9 * 64}
TOLERANCE = 1e-4  # largest absolute difference of a logit in float32, whatever the order of summation


class Bars:
    """Prints each figure with its bar, and remembers which were missed."""

    def __init__(self):
        self.missed = []

    def check(self, met, text):
        print(f"  {'ok    ' if met else 'MISSED'}  {text}", flush=True)
        if not met:
            self.missed.append(text)


def processor():
    with open("/proc/cpuinfo") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith(("model name", "Model"))]
    return f"{names[0] if names else 'unknown CPU'}, {os.cpu_count()} processors"


def accuracy(logits, labels):
    return float(np.mean(logits.argmax(axis=1) == labels))


def check_compilation(bars, modules, timed):
    """Compiles as a user would, and then once more with the reference device, which the comparisons need."""
    print("Compile")
    for name, module in modules.items():
        seconds = module.compile()
        size = module.path.stat().st_size
        if timed:
            bars.check(seconds < 3, f"{name}: {seconds:.2f} s (bar: under 3 s), module of {size} bytes")
        else:
            print(f"          {name}: module of {size} bytes")
        module.compile("--with-reference")


def check_accuracy(bars, modules, images, labels, stored):
    found = {}
    for name, module in modules.items():
        logits, report = module.run(images)
        found[name] = accuracy(logits, labels)
        if name == "gated":
            print(f"Accuracy on {len(images)} test images, on the device {report['device']} ({report['target']})")
        expected = accuracy(stored[name], labels)
        difference = np.abs(logits - stored[name]).max()
        bars.check(found[name] >= 0.97, f"{name}: {found[name]:.4f} (bar: at least 0.97)")
        bars.check(found[name] == expected, f"{name}: PyTorch's accuracy is {expected:.4f} (bar: equal)")
        bars.check((logits.argmax(axis=1) == stored[name].argmax(axis=1)).all() and difference < TOLERANCE,
                   f"{name}: within {difference:.1e} of PyTorch's logits, same answers (bar: {TOLERANCE:.0e})")
    loss = found["twin"] - found["gated"]
    bars.check(loss <= 0.01, f"the gates cost {loss:.4f} of accuracy (bar: at most 0.01)")


def check_devices(bars, modules, images):
    """Compares the devices on `images`; returns the simulator's reports."""
    print(f"Agreement of the devices on {len(images)} images")
    reports = {}
    for name, module in modules.items():
        host, _ = module.run(images, device="host")
        reference, _ = module.run(images, device="reference")
        simulated, reports[name] = module.run(images, device="ptxsim")
        for device, logits in (("host", host), ("ptxsim", simulated)):
            difference = np.abs(logits - reference).max()
            bars.check(difference < TOLERANCE and (logits.argmax(axis=1) == reference.argmax(axis=1)).all(),
                       f"{name}: {device} within {difference:.1e} of the reference (bar: {TOLERANCE:.0e})")
        print(f"          {name}: simulated in {reports[name]['process_seconds']:.1f} s")
    return reports


def multiply_adds(report, node):
    """What the simulator executed in the kernels that compute a node."""
    kernels = [kernel for kernel in report["profile"]["kernels"] if node in kernel["origin"].split(", ")]
    if not kernels:
        raise ToolError(f"no kernel of {report['target']} computes the node {node}")
    return sum(kernel["counters"]["float_multiply_adds"] for kernel in kernels)


def check_skipped(bars, reports, count):
    print(f"Multiply-adds of the gated layers that the simulator executed for {count} images")
    computed, dense = 0, 0
    for node, per_image in GATED_LAYERS.items():
        gated, twin = multiply_adds(reports["gated"], node), multiply_adds(reports["twin"], node)
        print(f"          {node}: gated {gated}, twin {twin}, by its shape {per_image * count}")
        computed += gated
        dense += min(twin, per_image * count)
    skipped = 1 - computed / dense
    bars.check(skipped >= 0.5, f"skipped: {skipped:.3f} (bar: at least 0.5)")


def check_times(bars, modules, images, blocks, repeat):
    print(f"Time per image against the twin, {blocks} blocks of gated, twin, twin, gated")
    for batch in (1, 32):
        for threads in (1, 0):
            def seconds(module):
                report = module.run(images[:batch], repeat=max(3, repeat // batch), threads=threads)[1]
                return report["milliseconds"]["median"] / 1e3 / batch

            gated, twin = pairs.measure(lambda: seconds(modules["gated"]), lambda: seconds(modules["twin"]), blocks)
            ratio, low, high = pairs.ratio_of_medians(twin, gated)
            text = (f"batch {batch}, {'all processors' if threads == 0 else '1 thread'}: gated "
                    f"{np.median(gated) * 1e6:.1f} us, twin {np.median(twin) * 1e6:.1f} us: "
                    f"{ratio:.2f} times as fast [{low:.2f}, {high:.2f}]")
            if batch == 1:
                bars.check(ratio > 1, f"{text} (bar: faster)")
            else:
                print(f"          {text}")


def check_start(bars, module, images):
    """What a process costs beyond the computation: loading, checking, threads, reading and writing."""
    print("Start to first result")
    extra = []
    for _ in range(10):
        report = module.run(images[:1])[1]
        extra.append(report["process_seconds"] - report["milliseconds"]["first"] / 1e3)
    bars.check(statistics.median(extra) < 0.1,
               f"winnow-run: {statistics.median(extra) * 1e3:.0f} ms more than the computation (bar: under 100 ms)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="folder of winnow-compile and winnow-run")
    parser.add_argument("--simulated-images", type=int, default=64, help="images to run in the simulator")
    parser.add_argument("--untimed", action="store_true", help="leave out what depends on the speed of the machine")
    parser.add_argument("--blocks", type=int, default=10, help="blocks of the comparison of times")
    parser.add_argument("--repeat", type=int, default=400, help="calls in one timing at batch 1")
    options = parser.parse_args()

    data = HERE / "data"
    images, labels = np.load(data / "test-images.npy"), np.load(data / "test-labels.npy")
    stored = {name: np.load(data / f"{name}-logits.npy") for name in ("gated", "twin")}
    print(f"Handwritten digits on {processor()}")
    bars = Bars()
    with tempfile.TemporaryDirectory() as folder:
        modules = {name: Module(options.tools, pathlib.Path(folder), data / f"{name}.onnx") for name in stored}
        check_compilation(bars, modules, not options.untimed)
        check_accuracy(bars, modules, images, labels, stored)
        simulated = images[: options.simulated_images]
        reports = check_devices(bars, modules, simulated)
        check_skipped(bars, reports, len(simulated))
        if not options.untimed:
            check_times(bars, modules, images, options.blocks, options.repeat)
            check_start(bars, modules["gated"], images)
    print(f"{len(bars.missed)} bars missed" if bars.missed else "All bars met")
    return 1 if bars.missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(f"error: {error}")
