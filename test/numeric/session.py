# What a session keeps between calls: parameters and states on every device, saved and loaded.
import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from winnow_runtime import Failure, Runtime

# A moving window of rows and a decaying sum: y = beta * x + sum; sum' = y; window' = x before the window's rest.
MODEL = """winnow.parameter @beta = 0.5 : f32
winnow.parameter @memory.working = 6 : i64
winnow.parameter @shift = 1 : i64
winnow.state @sum : tensor<3xf32> = 1.0 : f32
winnow.state @window : tensor<?x3xf32> sizes [@memory.working] = 0.0 : f32
winnow.state @calls : tensor<i64> = 0 : i64

func.func @main(%x: tensor<?x3xf32>) -> (tensor<3xf32>, tensor<?x3xf32>, tensor<i64>) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1 : i64
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  %rows = winnow.parameter.get @memory.working : index
  %beta = winnow.parameter.get @beta : tensor<f32>
  %sum = winnow.state.read @sum : tensor<3xf32>
  %scaled = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> ()>, affine_map<(i, j) -> (i)>],
      iterator_types = ["parallel", "reduction"]}
      ins(%x, %beta : tensor<?x3xf32>, tensor<f32>) outs(%sum : tensor<3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<3xf32>
  winnow.state.write @sum, %scaled : tensor<3xf32>

  %window = winnow.state.read @window : tensor<?x3xf32>
  %e = tensor.empty(%rows) : tensor<?x3xf32>
  %moved = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<?x3xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %isNew = arith.cmpi slt, %i, %n : index
    %v = scf.if %isNew -> f32 {
      %a = tensor.extract %x[%i, %j] : tensor<?x3xf32>
      scf.yield %a : f32
    } else {
      %k = arith.subi %i, %n : index
      %a = tensor.extract %window[%k, %j] : tensor<?x3xf32>
      scf.yield %a : f32
    }
    linalg.yield %v : f32
  } -> tensor<?x3xf32>
  winnow.state.write @window, %moved : tensor<?x3xf32>
  %now = winnow.state.read @window : tensor<?x3xf32>

  %calls = winnow.state.read @calls : tensor<i64>
  %shift = winnow.parameter.get @shift : tensor<i64>
  %ce = tensor.empty() : tensor<i64>
  %more = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>],
      iterator_types = []} ins(%calls, %shift : tensor<i64>, tensor<i64>) outs(%ce : tensor<i64>) {
  ^bb0(%a: i64, %b: i64, %o: i64):
    %s = arith.addi %a, %b : i64
    linalg.yield %s : i64
  } -> tensor<i64>
  winnow.state.write @calls, %more : tensor<i64>
  return %scaled, %now, %more : tensor<3xf32>, tensor<?x3xf32>, tensor<i64>
}

func.func @peek() -> tensor<?x3xf32> {
  %window = winnow.state.read @window : tensor<?x3xf32>
  return %window : tensor<?x3xf32>
}

// Writes a state whose size the input gives: a call with another size fails.
func.func @replace(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  winnow.state.write @window, %x : tensor<?x3xf32>
  return %x : tensor<?x3xf32>
}
"""


class Model:
    """The same in numpy."""

    def __init__(self, rows=6, beta=0.5, shift=1):
        self.beta, self.shift = np.float32(beta), shift
        self.sum, self.window, self.calls = np.ones(3, np.float32), np.zeros((rows, 3), np.float32), 0

    def call(self, x):
        self.sum = self.sum + self.beta * x.sum(axis=0, dtype=np.float32)
        self.window = np.concatenate([x, self.window])[:len(self.window)]
        self.calls += self.shift


def rows_of(random, most):
    return random.standard_normal((random.integers(0, most + 1), 3)).astype(np.float32)


def check(session, model, x, what):
    model.call(x)
    total, window, calls = session.invoke("main", [x], 3)
    np.testing.assert_allclose(total, model.sum, rtol=1e-4, atol=1e-5, err_msg=what)
    np.testing.assert_array_equal(window, model.window, err_msg=what)
    assert calls == model.calls, f"{what}: {calls} calls, expected {model.calls}"


def expect_failure(part, action):
    try:
        action()
    except Failure as failure:
        assert part in str(failure), f"expected '{part}', found '{failure}'"
        return
    raise AssertionError(f"expected a failure with '{part}'")


def check_calls(session, other, device):
    """Two sessions of one module, each with values of its own."""
    random = np.random.default_rng(7)
    first, second = Model(), Model(rows=9, beta=-2, shift=3)
    other.set_parameter("memory.working", 9)
    other.set_parameter("beta", -2)
    other.set_parameter("shift", 3)
    for call in range(20):
        check(session, first, rows_of(random, 6), f"{device}, call {call}")
        if call % 3 == 0:
            check(other, second, rows_of(random, 9), f"{device}, the other session, call {call}")
        if call == 10:
            session.set_parameter("beta", 4)
            first.beta = np.float32(4)
    return first


def check_refusals(session, model, device):
    expect_failure("the module has no parameter 'gamma', it has beta, memory.working, shift",
                   lambda: session.set_parameter("gamma", 1))
    expect_failure("parameter 'shift': expected a value of int64, found 0.5", lambda: session.set_parameter("shift", 0.5))
    expect_failure("parameter 'beta': expected a value of float32", lambda: session.set_parameter("beta", float("inf")))
    expect_failure("parameter 'memory.working' is the size of state 'window', which has contents already",
                   lambda: session.set_parameter("memory.working", 7))
    # A call that fails changes nothing.
    expect_failure("state window is written with another size than it has",
                   lambda: session.invoke("replace", [np.zeros((5, 3), np.float32)], 1))
    np.testing.assert_array_equal(session.invoke("peek", [], 1)[0], model.window, err_msg=device)


def check_file(runtime, module, session, model, folder, device):
    path, damaged = folder / f"{device}.npz", folder / "damaged.npz"
    session.save_state(path)
    saved = np.load(path)
    np.testing.assert_array_equal(saved["window"], model.window)
    assert saved["calls"] == model.calls and saved["sum"].dtype == np.float32

    fresh = runtime.open(module, device)
    fresh.set_parameter("beta", 4)
    fresh.load_state(path)
    x = np.ones((2, 3), np.float32)
    for wanted, found in zip(session.invoke("main", [x], 3), fresh.invoke("main", [x], 3)):
        np.testing.assert_array_equal(found, wanted)
    model.call(x)

    contents = bytearray(path.read_bytes())
    contents[contents.index(b"NUMPY") + 200] ^= 1
    damaged.write_bytes(contents)
    before = fresh.invoke("peek", [], 1)[0]
    expect_failure("checksum", lambda: fresh.load_state(damaged))
    expect_failure("cannot read", lambda: fresh.load_state(folder / "none.npz"))
    np.savez(damaged, x=np.zeros(3))
    expect_failure("it does not hold the states of a session", lambda: fresh.load_state(damaged))
    np.savez(damaged, **{**saved, "winnow module": saved["winnow module"] + 1})
    expect_failure("it was saved by a session of another module", lambda: fresh.load_state(damaged))
    np.savez(damaged, **{**saved, "sum": np.zeros(4, np.float32)})
    expect_failure("state 'sum': expected float32 3, found float32 4", lambda: fresh.load_state(damaged))
    np.savez(damaged, **{name: array for name, array in saved.items() if name != "calls"})
    expect_failure("it has no state 'calls'", lambda: fresh.load_state(damaged))
    np.testing.assert_array_equal(fresh.invoke("peek", [], 1)[0], before)

    larger = runtime.open(module, device)
    larger.set_parameter("memory.working", 7)
    expect_failure("state 'window': expected float32 7x3, found float32 6x3", lambda: larger.load_state(path))
    expect_failure("cannot write", lambda: session.save_state(folder / "no" / "such" / "folder.npz"))


def main():
    parser = argparse.ArgumentParser(description="Tests parameters and states on every device.")
    parser.add_argument("--compiler", default="winnow-compile")
    parser.add_argument("--library", required=True, help="the runtime's shared library")
    parser.add_argument("--devices", default="reference,host,ptxsim")
    options = parser.parse_args()
    runtime = Runtime(options.library)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, path = folder / "model.mlir", folder / "model.wnm"
        source.write_text(MODEL)
        subprocess.run([options.compiler, source, "-o", path, "--with-reference", "--no-ptxas"], check=True)
        module = runtime.load(path)
        for device in options.devices.split(","):
            session, other = runtime.open(module, device), runtime.open(module, device)
            model = check_calls(session, other, device)
            check_refusals(session, model, device)
            check_file(runtime, module, session, model, folder, device)
            print(f"{device}: as numpy")


if __name__ == "__main__":
    main()
