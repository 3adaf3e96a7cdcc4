"""Checks the program: its embeddings, and the similarities they give, are those that sentence-transformers computes.

Each number differs by at most 1e-5: data/*.npy, written by export.py.
"""

import argparse
import pathlib
import subprocess
import sys

import numpy as np

DATA = pathlib.Path(__file__).parent / "data"
TOLERANCE = 1e-5


def embed(program, *arguments):
    result = subprocess.run([program, "embed", *arguments], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"exit status {result.returncode}: {result.stderr}")
    return np.array([line.split() for line in result.stdout.splitlines()], np.float64)


def check(found, wanted, what):
    if found.shape != wanted.shape:
        sys.exit(f"error: {what}: {found.shape} numbers, expected {wanted.shape}")
    wanted = wanted.astype(np.float64)
    errors = [np.max(np.abs(found - wanted)), np.max(np.abs(found @ found.T - wanted @ wanted.T))]
    if not max(errors) <= TOLERANCE:
        sys.exit(f"error: {what}: embeddings are {errors[0]:.1e} off, similarities {errors[1]:.1e}")
    print(f"{what}: embeddings at most {errors[0]:.1e} off, similarities {errors[1]:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the program sentences")
    options = parser.parse_args()
    for name in ("corpus", "sentences"):
        path, wanted = DATA / f"{name}.txt", np.load(DATA / f"{name}.npy")
        for batch in (1, 7, 32):
            check(embed(options.program, "--device=host", f"--batch={batch}", f"--file={path}"), wanted,
                  f"host, {name}, {len(wanted)} sentences, batches of {batch}")
    lines, wanted = (DATA / "sentences.txt").read_text().splitlines()[:2], np.load(DATA / "sentences.npy")[:2]
    for device in ("reference", "ptxsim"):
        check(embed(options.program, f"--device={device}", *lines), wanted, f"{device}, {len(lines)} sentences")


if __name__ == "__main__":
    main()
