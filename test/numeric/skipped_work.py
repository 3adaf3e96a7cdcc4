# A conditional subgraph whose condition does not hold costs nothing: none of its kernels is launched, and its
# weights are not even compared with their hash, so that damaged ones go unnoticed.
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from case import constant
from winnow_runtime import Failure, Runtime

WIDTH = 600
MODEL = """func.func @main(%c: tensor<i1>, %x: tensor<1xWIDTHxf32>) -> tensor<1xWIDTHxf32> {
  %zero = arith.constant 0.0 : f32
  %w = WEIGHTS
  %e = tensor.empty() : tensor<1xWIDTHxf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<1xWIDTHxf32>) -> tensor<1xWIDTHxf32>
  %0 = winnow.when %c otherwise(%zeros : tensor<1xWIDTHxf32>) {
    %y = linalg.matmul ins(%x, %w : tensor<1xWIDTHxf32>, tensor<WIDTHxWIDTHxf32>)
                       outs(%zeros : tensor<1xWIDTHxf32>) -> tensor<1xWIDTHxf32>
    winnow.yield %y : tensor<1xWIDTHxf32>
  }
  return %0 : tensor<1xWIDTHxf32>
}
"""


def expect(session, what, **counts):
    profile = session.profile()
    for name, count in counts.items():
        if profile[name] != count:
            sys.exit(f"{what}: {name} is {profile[name]}, expected {count}")


def run(session, holds, x):
    return session.invoke("main", [np.array(holds), x], 1)[0]


def check_device(runtime, path, device, x, w):
    session = runtime.open(runtime.load(path), device)
    if run(session, False, x).any():
        sys.exit(f"{device}: the result is not zero where the condition does not hold")
    # One launch fills the result; nothing of the subgraph has been touched.
    expect(session, device, dispatches=1, skipped_branches=1, used_weights=0, used_weight_bytes=0)
    np.testing.assert_allclose(run(session, True, x), x @ w, rtol=1e-4, atol=1e-3)
    expect(session, device, dispatches=2, skipped_branches=1, used_weights=1, used_weight_bytes=w.nbytes)


def check_damaged(runtime, path, device, x, w):
    contents = bytearray(path.read_bytes())
    contents[contents.index(w.tobytes()) + w.nbytes // 2] ^= 1
    damaged = path.with_name("damaged.wnm")
    damaged.write_bytes(contents)
    session = runtime.open(runtime.load(damaged), device)
    run(session, False, x)
    try:
        run(session, True, x)
    except Failure as failure:
        if "do not match their hash" in str(failure):
            return
        raise
    sys.exit(f"{device}: damaged weights were used")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", default="winnow-compile")
    parser.add_argument("--library", required=True, help="the runtime's shared library")
    options = parser.parse_args()
    random = np.random.default_rng(1)
    x = random.standard_normal((1, WIDTH)).astype(np.float32)
    w = random.standard_normal((WIDTH, WIDTH)).astype(np.float32)
    runtime = Runtime(options.library)
    with tempfile.TemporaryDirectory() as folder:
        source, module = Path(folder, "model.mlir"), Path(folder, "model.wnm")
        source.write_text(MODEL.replace("WEIGHTS", constant(w)).replace("WIDTH", str(WIDTH)))
        subprocess.run([options.compiler, source, "-o", module, "--no-ptxas"], check=True)
        for device in ("host", "ptxsim"):
            check_device(runtime, module, device, x, w)
            check_damaged(runtime, module, device, x, w)


if __name__ == "__main__":
    main()
