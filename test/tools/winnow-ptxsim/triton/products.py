#!/usr/bin/env python3
"""Matrix products by Triton, of every type that sm_80's tensor cores have, against numpy in f64 or whole numbers.

A product may differ by the rounding of the result and by that of each sum: 2^-24 of the sum of magnitudes for each of
the k steps in f32. tf32 factors have 11 significant bits, which the test rounds them to before it multiplies.
"""

import numpy as np

from launch import InOut, Out, expect_equal, run

random = np.random.default_rng(7)
i32 = np.int32


def padded(array, multiple=16):
    """Rows at a stride that is a multiple, with what must not be read as numbers behind them."""
    rows, columns = array.shape
    stride = -(-columns // multiple) * multiple
    result = np.full((rows, stride), 113, array.dtype)
    result[:, :columns] = array
    return result


def expect_product(name, found, a, b, significand=24, steps=24):
    """`significand`, `steps`: the bits of the result's type and of the type in which sums are made."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    bound = 2.0**-significand * np.abs(a @ b) + a.shape[1] * 2.0**-steps * (np.abs(a) @ np.abs(b)) + 1e-30
    error = np.abs(found - a @ b)
    assert (error <= bound).all(), f"{name}: off by {(error / bound).max()} times the bound"


def matmul(name, a, b, dtype, block):
    (m, k), n = a.shape, b.shape[1]
    a, b = padded(a), padded(b)
    c = padded(np.zeros((m, n), dtype))
    programs = -(-m // block[0]) * -(-n // block[1])
    found = run(name, (programs,), a, b, InOut(c), i32(m), i32(n), i32(k), i32(a.shape[1]), i32(b.shape[1]),
                i32(c.shape[1]))
    assert (found[:, n:] == 113).all() or found.shape[1] == n, f"{name}: wrote behind the rows"
    return found[:, :n]


def normal(*shape):
    return random.standard_normal(shape)


def truncate(values, bits):
    """An f32 to so many significant bits, ties to even."""
    words = values.astype(np.float32).view(np.uint32)
    drop = 24 - bits
    words = words + ((1 << (drop - 1)) - 1) + (words >> drop & 1)
    return (words >> drop << drop).astype(np.uint32).view(np.float32)


def half_products():
    for name, dtype, block in (("matmul_f16_64x64x32", np.float16, (64, 64)),
                               ("matmul_f16_128x64x32", np.float32, (128, 64)),
                               ("matmul_f16_32x32x64", np.float16, (32, 32)),
                               ("sm_90_matmul_f16", np.float16, (32, 64))):
        shapes = (64, 64, 128), (1, 1, 1), (129, 70, 95)
        if name == "matmul_f16_128x64x32":  # n and k are multiples of 16
            shapes = (128, 64, 128), (1, 16, 16), (129, 80, 96)
        for m, n, k in shapes:
            a, b = normal(m, k).astype(np.float16), normal(k, n).astype(np.float16)
            expect_product(name, matmul(name, a, b, dtype, block), a, b, 11 if dtype == np.float16 else 24)
    a, b = normal(70, 65).astype(np.float16), normal(65, 40).astype(np.float16)
    found = matmul("matmul_f16_sum_f16", a, b, np.float16, (64, 32))
    expect_product("matmul_f16_sum_f16", found, a, b, 11, steps=11)


def brain_products():
    a, b = truncate(normal(67, 112), 8), truncate(normal(112, 80), 8)
    bits = [(x.view(np.uint32) >> 16).astype(np.uint16) for x in (a, b)]
    expect_product("matmul_bf16", matmul("matmul_bf16", *bits, np.float32, (64, 64)), a, b)


def single_products():
    a, b = truncate(normal(67, 50), 11), truncate(normal(50, 45), 11)
    expect_product("matmul_tf32", matmul("matmul_tf32", a, b, np.float32, (64, 32)), a, b)
    a, b = normal(37, 50).astype(np.float32), normal(50, 45).astype(np.float32)
    expect_product("matmul_ieee", matmul("matmul_ieee", a, b, np.float32, (32, 32)), a, b)
    # Three products of parts: what is lost is the product of the two small parts, 2^-22 of each term.
    expect_product("matmul_tf32x3", matmul("matmul_tf32x3", a, b, np.float32, (32, 32)), a, b, steps=21)


def double_products():
    a, b = normal(37, 50), normal(50, 45)
    expect_product("matmul_f64", matmul("matmul_f64", a, b, np.float64, (32, 32)), a, b, 53, steps=53)


def byte_products():
    a, b = (random.integers(-128, 128, shape).astype(np.int8) for shape in ((70, 208), (208, 96)))
    found = matmul("matmul_int8", a, b, np.int32, (64, 64))
    expect_equal("matmul_int8", found, a.astype(np.int32) @ b.astype(np.int32))
    # f8e5m2 is the upper half of an f16.
    a, b = (random.integers(0, 256, shape).astype(np.uint8) for shape in ((40, 45), (45, 37)))
    a, b = np.where(a & 0x7c == 0x7c, a & 0x83, a), np.where(b & 0x7c == 0x7c, b & 0x83, b)  # no Inf, no NaN
    values = [(x.astype(np.uint16) << 8).view(np.float16) for x in (a, b)]
    found = matmul("matmul_f8e5m2", a.astype(np.uint8), b.astype(np.uint8), np.float32, (32, 32))
    expect_product("matmul_f8e5m2", found, *values)


def schedules():
    for m, n, k in ((100, 64, 48), (33, 80, 112)):
        a, b = normal(m, k).astype(np.float16), normal(k, n).astype(np.float16)
        sizes = i32(m), i32(n), i32(k)
        expect_product("persistent_matmul", run("persistent_matmul", (3,), a, b, Out("f2", m, n), *sizes), a, b, 11)
        found = run("split_k_matmul", (-(-m // 32), -(-n // 32), 3), a, b, InOut(np.zeros((m, n), np.float32)), *sizes)
        expect_product("split_k_matmul", found, a, b)


if __name__ == "__main__":
    half_products()
    brain_products()
    single_products()
    double_products()
    byte_products()
    schedules()
