#!/usr/bin/env python3
"""Elementwise kernels, random numbers, transpositions, convolutions and scattered sums by Triton, against numpy."""

import math

import numpy as np

from launch import InOut, Out, expect_close, expect_equal, run

random = np.random.default_rng(10)
i32, f32 = np.int32, np.float32


def philox(counter, seed):
    """Philox-4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3"): the first word of four."""
    words = [counter.astype(np.uint64)] + [np.zeros_like(counter, np.uint64) for _ in range(3)]
    key = [seed & 0xffffffff, seed >> 32]
    low = np.uint64(0xffffffff)
    for _ in range(10):
        first, second = words[0] * np.uint64(0xd2511f53), words[2] * np.uint64(0xcd9e8d57)
        words = [second >> np.uint64(32) ^ words[1] ^ np.uint64(key[0]), second & low,
                 first >> np.uint64(32) ^ words[3] ^ np.uint64(key[1]), first & low]
        key = [(key[0] + 0x9e3779b9) & 0xffffffff, (key[1] + 0xbb67ae85) & 0xffffffff]
    return words[0].astype(np.uint32)


def random_integers():
    size, seed = 300, 0x123456789
    found = run("random_integers", (2,), Out("i4", size), i32(size), np.int64(seed))
    expect_equal("random_integers", found, philox(np.arange(size), seed).view(np.int32))
    # The known answer for counter and key zero, from the authors' test vectors.
    assert philox(np.zeros(1, np.uint32), 0)[0] == 0x6627e8d5


def dropout():
    size, rate, seed = 500, f32(0.3), 42
    x = random.standard_normal(size).astype(np.float32)
    found = run("dropout", (2,), x, Out("f4", size), i32(size), rate, i32(seed))
    word = philox(np.arange(size), seed).view(np.int32)
    kept = np.where(word < 0, -word - 1, word) * f32(4.6566127342e-10) > rate
    expect_close("dropout", found, np.where(kept, x / (1 - rate), 0), relative=1e-6)
    assert 0.6 < kept.mean() < 0.8


def gather_scatter():
    table = random.integers(-8, 8, (20, 32)).astype(np.float16)  # whole numbers: sums are exact
    for count in (64, 45):
        sources, targets = random.integers(0, 20, count), random.integers(0, 7, count).astype(np.int32)
        found = run("gather_scatter", (2,), table, sources, targets, InOut(np.zeros((7, 32), np.float16)), i32(count))
        expected = np.zeros((7, 32))
        np.add.at(expected, targets, table[sources])
        expect_equal("gather_scatter", found, expected)


def transpose():
    for rows, columns in ((64, 64), (70, 33), (1, 100)):
        x = random.standard_normal((rows, columns)).astype(np.float16)
        found = run("transpose", (-(-rows // 64), -(-columns // 64)), x, Out("f2", columns, rows), i32(rows),
                    i32(columns))
        expect_equal("transpose", found, x.T)


def convolution():
    for height, width, channels, outputs in ((8, 8, 16, 32), (5, 7, 32, 48)):
        x = random.standard_normal((height, width, channels)).astype(np.float16)
        w = random.standard_normal((3, 3, channels, outputs)).astype(np.float16)
        found = run("convolution", (-(-height * width // 32), -(-outputs // 32)), x, w,
                    Out("f2", height, width, outputs), i32(height), i32(width), i32(channels), i32(outputs))
        around = np.pad(x.astype(float), ((1, 1), (1, 1), (0, 0)))
        expected = sum(around[r:r + height, q:q + width] @ w[r, q].astype(float) for r in range(3) for q in range(3))
        expect_close("convolution", found, expected, absolute=1e-5, relative=2**-11)


def inline_assembly():
    size = 200
    x = random.integers(0, 2**32, size).astype(np.uint32)
    found = run("inline_assembly", (2,), x.view(np.int32), Out("u4", size), i32(size))
    mixed = x & x.byteswap() | ~x & np.uint32(0x33333333)
    expect_equal("inline_assembly", found, x.view(np.uint8).reshape(-1, 4).sum(1).astype(np.uint32) + mixed)


def functions():
    """Bounds are CUDA's documented errors. A sigmoid's exponential has the rounding of its argument, too."""
    x = np.concatenate([random.uniform(-8, 8, 100), random.uniform(-1e5, 1e5, 33)]).astype(np.float32)
    exact = {"sin": np.sin, "log": np.log, "erf": np.vectorize(math.erf),
             "sigmoid": lambda v: np.where(v > -80, 1 / (1 + np.exp(-np.maximum(v, -80))), 0),
             "rsqrt": lambda v: v**-0.5}
    for which, function in exact.items():
        values = np.abs(x) if which in ("log", "rsqrt") else x
        found = run(f"math_{which}", (2,), values, Out("f4", len(x)), i32(len(x)))
        units = 5 + np.minimum(np.abs(x), 80) if which == "sigmoid" else 4
        expect_close(which, found, function(values.astype(float)), absolute=2.0**-22 if which == "log" else 1e-30,
                     relative=units * 2.0**-23)


if __name__ == "__main__":
    random_integers()
    dropout()
    gather_scatter()
    transpose()
    convolution()
    inline_assembly()
    functions()
