# exp, log and tanh of float64 on every device, in units in the last place of the exact result; and its remainder, which
# is exact.
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

# Each function with the error that lib/MathExpansions/MathExpansions.h states, and ranges of arguments.
FUNCTIONS = {
    "exp": (1, np.exp, [(-745, 709.7), (-1, 1), (-1e-9, 1e-9)]),
    "log": (1, np.log, [(0.5, 2), (1e-300, 1e300), (0.99, 1.01), (5e-324, 1e-308)]),
    "tanh": (4, np.tanh, [(-0.2, 0.2), (-2, 2), (-25, 25), (-1e-9, 1e-9)]),
}
SPECIAL = np.array([0.0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 710, -746, 5e-324])
TEXT = """func.func @main(%x: tensor<?xf64> {{winnow.name = "x"}}) -> (tensor<?xf64> {{winnow.name = "y"}}) {{
  %0 = math.{name} %x : tensor<?xf64>
  return %0 : tensor<?xf64>
}}
"""
REMAINDER = """func.func @main(%x: tensor<?xf64> {winnow.name = "x"}, %d: tensor<?xf64> {winnow.name = "d"})
    -> (tensor<?xf64> {winnow.name = "y"}) {
  %0 = arith.remf %x, %d : tensor<?xf64>
  return %0 : tensor<?xf64>
}
"""


def samples(ranges, random):
    return np.concatenate([SPECIAL] + [random.uniform(low, high, 20000) for low, high in ranges])


def units_away(found, exact):
    """`exact` has 64 bits of mantissa; infinite where one is a number and the other is not."""
    with np.errstate(over="ignore"):
        rounded = exact.astype(np.float64)
    same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
    with np.errstate(all="ignore"):
        units = np.abs(found - exact) / np.spacing(np.abs(rounded))
    return np.where(same & ~np.isfinite(rounded), 0, np.where(np.isfinite(units), units, np.inf)).astype(float)


def check(name, devices, folder):
    """Prints the greatest error on each device; whether all are as stated."""
    stated, compute, ranges = FUNCTIONS[name]
    x = samples(ranges, np.random.default_rng(5))
    np.save(folder / "x.npy", x)
    (folder / "m.mlir").write_text(TEXT.format(name=name))
    subprocess.run(["winnow-compile", folder / "m.mlir", "-o", folder / "m.wnm", "--with-reference"], check=True)
    with np.errstate(all="ignore"):
        exact = compute(x.astype(np.longdouble))
    holds = True
    for device in devices:
        subprocess.run(["winnow-run", folder / "m.wnm", f"--device={device}", f"--input=x=@{folder}/x.npy",
                        f"--output=y=@{folder}/y.npy"], check=True, stdout=subprocess.DEVNULL)
        units = units_away(np.load(folder / "y.npy"), exact)
        worst = int(np.argmax(units))
        print(f"{name} on {device}: {units[worst]:.2f} units at {x[worst]!r}")
        holds &= units[worst] <= stated
    return holds


def sample_pairs(random):
    """Dividends and divisors from everywhere, from nearby, and all pairs of special numbers."""
    bits = random.integers(0, 2**64, (2, 20000), np.uint64, endpoint=False).view(np.float64)
    near = random.uniform(-100, 100, (2, 20000))
    near[1, ::2] = np.rint(near[1, ::2])
    special = np.append(SPECIAL, [np.finfo(np.float64).max, 2.5, -3])
    return np.concatenate([bits, near, [np.repeat(special, special.size), np.tile(special, special.size)]], axis=1)


def check_remainder(devices, folder):
    x, divisor = sample_pairs(np.random.default_rng(6))
    np.save(folder / "x.npy", x)
    np.save(folder / "d.npy", divisor)
    (folder / "m.mlir").write_text(REMAINDER)
    subprocess.run(["winnow-compile", folder / "m.mlir", "-o", folder / "m.wnm", "--with-reference"], check=True)
    with np.errstate(all="ignore"):
        exact = np.fmod(x, divisor)
    holds = True
    for device in devices:
        subprocess.run(["winnow-run", folder / "m.wnm", f"--device={device}", f"--input=x=@{folder}/x.npy",
                        f"--input=d=@{folder}/d.npy", f"--output=y=@{folder}/y.npy"], check=True, stdout=subprocess.DEVNULL)
        found = np.load(folder / "y.npy")
        wrong = ~((found == exact) & (np.signbit(found) == np.signbit(exact)) | (np.isnan(found) & np.isnan(exact)))
        if wrong.any():
            first = np.argmax(wrong)
            print(f"{device}: {wrong.sum()} remainders are wrong, the first of {x[first]!r} by {divisor[first]!r}: "
                  f"found {found[first]!r}, expected {exact[first]!r}")
        holds &= not wrong.any()
    return holds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", default="reference,host,ptxsim")
    devices = parser.parse_args().devices.split(",")
    with tempfile.TemporaryDirectory() as folder:
        wrong = [name for name in FUNCTIONS if not check(name, devices, Path(folder))]
        wrong += [] if check_remainder(devices, Path(folder)) else ["remainder"]
    print(f"{len(FUNCTIONS) + 1} functions, {len(wrong)} less exact than stated")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
