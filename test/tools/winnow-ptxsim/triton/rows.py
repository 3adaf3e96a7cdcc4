#!/usr/bin/env python3
"""Attention, softmax and layer norm by Triton, against numpy in f64. Tolerances: some units of the result's type."""

import numpy as np

from launch import InOut, Out, execute, expect_close, run

random = np.random.default_rng(8)
i32, f32 = np.int32, np.float32


def normal(*shape):
    return random.standard_normal(shape)


def attention(name, block, width, causal):
    for queries, keys in ((64, 64), (100, 77), (1, 33)):
        keys = queries if causal else keys
        q, k, v = (normal(2, n, width).astype(np.float16) for n in (queries, keys, keys))
        scale = f32(width**-0.5)
        found = run(name, (-(-queries // block), 2), q, k, v, Out("f2", 2, queries, width), scale, i32(queries),
                    i32(keys))
        score = q.astype(float) @ k.astype(float).transpose(0, 2, 1) * scale
        if causal:
            score = np.where(np.tri(queries), score, -np.inf)
        weight = np.exp(score - score.max(-1, keepdims=True))
        expected = weight / weight.sum(-1, keepdims=True) @ v.astype(float)
        # Weights are rounded to f16 before they are multiplied: 2^-11 of sums of values below 4.5.
        expect_close(name, found, expected, absolute=2e-3, relative=2**-11)


def softmax(name):
    for rows, columns in ((5, 256), (7, 100), (1, 1)):
        x = (normal(rows, columns) * 5).astype(np.float32)
        found = run(name, (3,), x, Out("f4", rows, columns), i32(rows), i32(columns))
        weight = np.exp(x.astype(float) - x.max(-1, keepdims=True))
        expect_close(name, found, weight / weight.sum(-1, keepdims=True), relative=5e-6)


def layer_norm():
    for rows, columns in ((3, 256), (4, 300), (2, 5)):
        x = normal(rows, columns).astype(np.float16)
        w, b = normal(columns).astype(np.float32), normal(columns).astype(np.float32)
        y, means, inverses = run("layer_norm", (rows,), x, w, b, Out("f2", rows, columns), Out("f4", rows),
                                 Out("f4", rows), i32(columns), f32(1e-5))
        exact = x.astype(float)
        mean, inverse = exact.mean(-1), 1 / np.sqrt(exact.var(-1) + 1e-5)
        expect_close("layer_norm", means, mean, absolute=1e-6)
        expect_close("layer_norm", inverses, inverse, relative=2e-6)
        expect_close("layer_norm", y, (exact - mean[:, None]) * inverse[:, None] * w + b, 2e-6, 2**-11)


def sum_of_products():
    """Sums that pass through all lanes in a butterfly are the same in each only if both sides are rounded alike. Triton
    lets fma take the rounding of one side away, and then all lanes store their own sum to one place: a race."""
    x, y = normal(100).astype(np.float32), normal(100).astype(np.float32)
    arguments = x, y, Out("f4", 1), i32(100)
    process, _ = execute("sum_of_products", (1,), *arguments)
    assert process.returncode == 3 and "race: store of 4 bytes" in process.stderr, process.stderr
    found = run("sum_of_products", (1,), *arguments, checks="bounds,alignment,barriers,uninitialized")
    expect_close("sum_of_products", found, np.array([x.astype(float) @ y]), absolute=2e-5)


def layer_norm_backward():
    rows, columns, groups = 7, 100, 2
    x, w, dy = normal(rows, columns).astype(np.float16), normal(columns), normal(rows, columns)
    exact = x.astype(float)
    mean, inverse = exact.mean(-1, keepdims=True), 1 / np.sqrt(exact.var(-1, keepdims=True) + 1e-5)
    w, dy = w.astype(np.float32), dy.astype(np.float32)
    dx, dw, db, lock, count = run(
        "layer_norm_backward", (rows,), Out("f4", rows, columns), dy, Out("f4", groups, columns),
        Out("f4", groups, columns), x, w, mean.astype(np.float32).ravel(), inverse.astype(np.float32).ravel(),
        InOut(np.zeros(groups, np.int32)), InOut(np.zeros(groups, np.int32)), i32(columns))
    normalized = (exact - mean) * inverse
    weighted = dy * w.astype(float)
    expected = inverse * (weighted - weighted.mean(-1, keepdims=True)
                          - normalized * (weighted * normalized).mean(-1, keepdims=True))
    expect_close("dx", dx, expected, absolute=3e-6)
    expect_close("dw", dw.sum(0), (dy * normalized).sum(0), absolute=1e-5)
    expect_close("db", db.sum(0), dy.astype(float).sum(0), absolute=1e-5)
    assert (lock == 0).all() and (count == 1).all(), (lock, count)


if __name__ == "__main__":
    attention("attention", 64, 64, causal=False)
    attention("attention_causal", 64, 32, causal=True)
    attention("sm_90_attention", 32, 64, causal=False)
    softmax("softmax")
    softmax("sm_90_softmax")
    sum_of_products()
    layer_norm()
    layer_norm_backward()
