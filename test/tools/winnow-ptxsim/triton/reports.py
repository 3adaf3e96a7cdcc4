#!/usr/bin/env python3
"""device_print and device_assert of Triton: what winnow-ptxsim prints, and which assertion it names."""

import numpy as np

from launch import Out, execute, expect_equal, run

random = np.random.default_rng(11)
i32 = np.int32


def assertion():
    x = random.uniform(0, 9, 100).astype(np.float32)
    expect_equal("check_values", run("check_values", (1,), x, Out("f4", 100), i32(100)), np.sqrt(x))
    x[57] = -1
    process, _ = execute("check_values", (1,), x, Out("f4", 100), i32(100))
    assert process.returncode == 3, process
    assert "a value is negative" in process.stderr and "thread (57,0,0)" in process.stderr, process.stderr


def printing():
    x = np.array([0.5, -2, 3], np.float32)
    process, _ = execute("print_values", (1,), x, i32(3))
    lines = process.stdout.splitlines()
    assert process.returncode == 0 and len(lines) == 32, process
    for i, value in enumerate((0.5, -2.0, 3.0, 0.0)):
        assert lines[i] == f"pid (0, 0, 0) idx ({i:2}) value: {value:f}", lines[i]


if __name__ == "__main__":
    assertion()
    printing()
