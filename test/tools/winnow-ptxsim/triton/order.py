#!/usr/bin/env python3
"""Sorts, selections, scans and histograms by Triton, against numpy."""

import numpy as np

from launch import InOut, Out, expect_close, expect_equal, run

random = np.random.default_rng(9)
i32 = np.int32


def sort():
    x = random.standard_normal((4, 128)).astype(np.float32)
    x[:, ::7] = x[:, 3:4]  # with ties
    x[0, :3] = [np.inf, -np.inf, 0]
    expect_equal("sort_f32", run("sort_f32", (1,), x, Out("f4", 4, 128)), np.sort(x))
    x = random.integers(-2**15, 2**15, (1, 256)).astype(np.int16)
    expect_equal("sort_i16_descending", run("sort_i16_descending", (1,), x, Out("i2", 1, 256)), np.sort(x)[:, ::-1])


def top_k():
    x = random.integers(-2**31, 2**31, (8, 64)).astype(np.int32)
    expect_equal("top_k", run("top_k", (1,), x, Out("i4", 8, 8)), np.sort(x)[:, :-9:-1])


def extremes():
    for rows, columns in ((3, 512), (4, 77), (2, 1)):
        x = random.integers(-50, 50, (rows, columns)).astype(np.float32)  # with ties: the first counts
        largest, at, smallest = run("extremes", (rows,), x, Out("f4", rows), Out("i4", rows), Out("i4", rows),
                                    i32(columns))
        expect_equal("extremes", largest, x.max(-1))
        expect_equal("extremes", at, x.argmax(-1))
        expect_equal("extremes", smallest, x.argmin(-1))


def permute():
    x, index = random.standard_normal((8, 64)).astype(np.float32), random.integers(0, 64, (8, 64)).astype(np.int32)
    expect_equal("permute", run("permute", (1,), x, index, Out("f4", 8, 64)), np.take_along_axis(x, index, 1))


def cumulative_sum():
    for size in (512, 300, 1):
        x = random.integers(-2**40, 2**40, (2, size))
        expect_equal("cumulative_sum", run("cumulative_sum", (2,), x, Out("i8", 2, size), i32(size)), np.cumsum(x, 1))
    for size in (256, 77):
        x = random.integers(-100, 100, (2, size)).astype(np.float32)  # whole numbers: sums are exact
        found = run("cumulative_sum_reversed", (2,), x, Out("f4", 2, size), i32(size))
        expect_equal("cumulative_sum_reversed", found, np.cumsum(x[:, ::-1], 1)[:, ::-1])


def recurrence():
    for steps in (64, 37):
        a = random.uniform(-1, 1, (steps, 8)).astype(np.float32)
        x = random.standard_normal((steps, 8)).astype(np.float32)
        expected = np.zeros((steps, 8))
        state = np.zeros(8)
        for t in range(steps):
            expected[t] = state = a[t] * state + x[t].astype(float)
        expect_close("recurrence", run("recurrence", (1,), a, x, Out("f4", steps, 8), i32(steps)), expected,
                     absolute=5e-6)


def histogram(name):
    for size in (1024, 700):
        x = (random.integers(0, 64, size) * random.integers(0, 2, size)).astype(np.int32)
        found = run(name, (2,), x, InOut(np.zeros(64, np.int32)), i32(size))
        expect_equal(name, found, np.bincount(x, minlength=64))


def statistics():
    for size in (300, 128, 3):
        x = random.uniform(-0.5, 0.5, size)
        found = run("statistics", (1,), x, Out("f8", 4), i32(size))
        expected = np.array([x.sum(), np.prod(1 + x), np.abs(x).max(), (x < 0).sum()])
        expect_close("statistics", found, expected, absolute=1e-13, relative=1e-13)


if __name__ == "__main__":
    sort()
    top_k()
    extremes()
    permute()
    cumulative_sum()
    recurrence()
    histogram("histogram")
    histogram("sm_90_histogram")
    statistics()
