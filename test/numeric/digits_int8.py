# The gated digits network in i8: as accurate as in f32, the same on every device, and within its byte budget.
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from winnow_runtime import Runtime

SIMULATED = 24  # images for the simulator


def compile_model(compiler, model, module, options):
    report = module.with_suffix(".json")
    command = [compiler, str(model), "-o", str(module), "--with-reference", "--no-ptxas", f"--report={report}", *options]
    compiled = subprocess.run(command, capture_output=True, text=True)
    if compiled.returncode:
        sys.exit(f"error: {' '.join(command)} failed:\n{compiled.stderr}")
    return json.loads(report.read_text())["precision"]


def main():
    parser = argparse.ArgumentParser(description="Checks the gated digits network in i8.")
    parser.add_argument("data", type=Path, help="examples/digits/data")
    parser.add_argument("--compiler", default="winnow-compile")
    parser.add_argument("--library", required=True, help="the runtime's shared library")
    options = parser.parse_args()

    images, labels = (np.load(options.data / f"test-{name}.npy") for name in ("images", "labels"))
    runtime = Runtime(options.library)
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments, share in (("everything", ["--precision=i8"], 0.3), ("budget", ["--budget=0.4"], 0.4)):
            path = Path(folder) / f"{name}.wnm"
            report = compile_model(options.compiler, options.data / "gated.onnx", path, arguments)
            if report["bytes"] > share * report["f32_bytes"]:
                failures.append(f"{name}: weights take {report['bytes']} of {report['f32_bytes']} bytes")
            module = runtime.load(path)
            logits = {device: runtime.open(module, device).invoke("main", [batch], 1)[0] for device, batch in
                      (("host", images), ("reference", images), ("ptxsim", images[:SIMULATED]))}
            accuracy = np.mean(logits["host"].argmax(axis=1) == labels)
            print(f"{name}: accuracy {accuracy:.4f}, {report['bytes']} of {report['f32_bytes']} bytes of weights")
            if accuracy < 0.97:
                failures.append(f"{name}: accuracy is {accuracy:.4f}, but at least 0.97 was expected")
            for device in ("reference", "ptxsim"):
                difference = np.abs(logits[device] - logits["host"][:len(logits[device])]).max(axis=1)
                # A value between two steps may round either way, which moves a logit by a step of i8.
                if np.mean(difference > 1e-4) > 0.02:
                    failures.append(f"{name}: host and {device} differ by {difference.max()}")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
