"""Damages a model in every way that chance can, and checks that the importer refuses or accepts each with one
report and without crashing: damage.py MODEL FOLDER.
"""
import os
import random
import subprocess
import sys


def variants(data):
    yield "empty", b""
    chance = random.Random(7)
    for i in range(8):
        yield f"garbage{i}", chance.randbytes(1 << (2 * i))
    step = max(len(data) // 150, 1)
    for length in range(0, len(data), step):
        yield f"truncated{length}", data[:length]
    for i in range(400):
        damaged = bytearray(data)
        for _ in range(1 + i % 3):
            damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        yield f"flipped{i}", bytes(damaged)


def main():
    model, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    with open(model, "rb") as file:
        data = file.read()
    paths = []
    for name, content in variants(data):
        paths.append(os.path.join(folder, name + ".onnx"))
        with open(paths[-1], "wb") as file:
            file.write(content)
    refused = 0
    for first in range(0, len(paths), 100):
        part = paths[first:first + 100]
        result = subprocess.run(["winnow-import-onnx", "--check", *part], capture_output=True, timeout=600)
        lines = [line for line in result.stdout.decode().splitlines() if " with " in line]
        if result.returncode not in (0, 1) or len(lines) != len(part):
            sys.exit(f"status {result.returncode} at {part[len(lines)]}\n{result.stderr.decode(errors='replace')}")
        for line in lines:
            if not line.endswith(("imported with 0 errors", "refused with 1 errors")):
                sys.exit(line)
            refused += "refused" in line
    print(f"{refused} of {len(paths)} refused")


main()
