#!/usr/bin/env python3
"""Makes the PTX of kernels.py and kernels.json, which says how each is launched. Needs the package
triton (made with 3.9.0), no GPU."""

import json
import pathlib

import triton
import triton.language as tl
import triton.language.random
import triton.language.standard
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

import kernels

FOLDER = pathlib.Path(__file__).parent


def matmul(a, c, total, block_m, block_n, block_k, warps=4, stages=3, precision="tf32", target=80,
           aligned=False):
    """A variant of kernels.matmul: types of the factors, of the product and of the sum, and the blocks. Small factors
    are copied asynchronously only if n and k are multiples of 16 (`aligned`)."""
    size = "i32:16" if aligned else "i32"
    arguments = dict(a=f"*{a}", b=f"*{a}", c=f"*{c}", m="i32", n=size, k=size, a_stride="i32:16", b_stride="i32:16",
                     c_stride="i32:16")
    constants = dict(BLOCK_M=block_m, BLOCK_N=block_n, BLOCK_K=block_k, GROUP=4, SUM=total, PRECISION=precision)
    return (kernels.matmul, arguments, constants, dict(num_warps=warps, num_stages=stages), target)


def kernel(function, arguments, constants={}, target=80, **options):
    """`arguments` is "name:type, ..."; a type i32:16 is a multiple of 16."""
    pairs = dict(argument.strip().split(":", 1) for argument in arguments.split(","))
    return (function, pairs, constants, options, target)


ATTENTION = "q:*fp16, k:*fp16, v:*fp16, out:*fp16, scale:fp32, queries:i32, keys:i32"
PRODUCT = "a:*fp16, b:*fp16, c:*{}, m:i32, n:i32:16, k:i32:16"
VARIANTS = {
    "matmul_f16_64x64x32": matmul("fp16", "fp16", tl.float32, 64, 64, 32),
    "matmul_f16_128x64x32": matmul("fp16", "fp32", tl.float32, 128, 64, 32, warps=8, aligned=True),
    "matmul_f16_32x32x64": matmul("fp16", "fp16", tl.float32, 32, 32, 64, warps=2, stages=4),
    "matmul_f16_sum_f16": matmul("fp16", "fp16", tl.float16, 64, 32, 32),
    "matmul_bf16": matmul("bf16", "fp32", tl.float32, 64, 64, 32, aligned=True),
    "matmul_tf32": matmul("fp32", "fp32", tl.float32, 64, 32, 32),
    "matmul_tf32x3": matmul("fp32", "fp32", tl.float32, 32, 32, 16, precision="tf32x3"),
    "matmul_ieee": matmul("fp32", "fp32", tl.float32, 32, 32, 16, precision="ieee"),
    "matmul_int8": matmul("i8", "i32", tl.int32, 64, 64, 32, stages=4, aligned=True),
    "matmul_f8e5m2": matmul("fp8e5", "fp32", tl.float32, 32, 32, 32),
    "matmul_f64": matmul("fp64", "fp64", tl.float64, 32, 32, 16),
    "persistent_matmul": kernel(kernels.persistent_matmul, PRODUCT.format("fp16"), dict(BLOCK=32, BLOCK_K=32),
                                num_stages=3),
    "split_k_matmul": kernel(kernels.split_k_matmul, PRODUCT.format("fp32"), dict(BLOCK=32, BLOCK_K=32, SPLIT=3),
                             num_stages=3),
    "attention": kernel(kernels.attention, ATTENTION, dict(CAUSAL=False, BLOCK_Q=64, BLOCK_K=32, WIDTH=64),
                        num_stages=3),
    "attention_causal": kernel(kernels.attention, ATTENTION, dict(CAUSAL=True, BLOCK_Q=64, BLOCK_K=32, WIDTH=32),
                               num_stages=3),
    "softmax": kernel(kernels.softmax, "x:*fp32, y:*fp32, rows:i32, columns:i32", dict(BLOCK=256)),
    "layer_norm": kernel(kernels.layer_norm, "x:*fp16, weight:*fp32, bias:*fp32, y:*fp16, means:*fp32, "
                         "inverses:*fp32, columns:i32, epsilon:fp32", dict(BLOCK=256)),
    "layer_norm_backward": kernel(kernels.layer_norm_backward, "dx:*fp32, dy:*fp32, dw:*fp32, db:*fp32, x:*fp16, "
                                  "weight:*fp32, means:*fp32, inverses:*fp32, lock:*i32, count:*i32, columns:i32",
                                  dict(GROUP=2, BLOCK=128), enable_fp_fusion=False),
    "sum_of_products": kernel(kernels.sum_of_products, "x:*fp32, y:*fp32, out:*fp32, size:i32", dict(BLOCK=128)),
    "sort_f32": kernel(kernels.sort, "x:*fp32, y:*fp32", dict(ROWS=4, COLUMNS=128, DESCENDING=False)),
    "sort_i16_descending": kernel(kernels.sort, "x:*i16, y:*i16", dict(ROWS=1, COLUMNS=256, DESCENDING=True)),
    "top_k": kernel(kernels.top_k, "x:*i32, y:*i32", dict(ROWS=8, COLUMNS=64, K=8)),
    "cumulative_sum": kernel(kernels.cumulative_sum, "x:*i64, y:*i64, size:i32", dict(REVERSE=False, BLOCK=512)),
    "cumulative_sum_reversed": kernel(kernels.cumulative_sum, "x:*fp32, y:*fp32, size:i32",
                                      dict(REVERSE=True, BLOCK=256)),
    "recurrence": kernel(kernels.recurrence, "a:*fp32, x:*fp32, h:*fp32, steps:i32", dict(WIDTH=8, BLOCK=64)),
    "histogram": kernel(kernels.histogram, "x:*i32, bins:*i32, size:i32", dict(BLOCK=512, BINS=64)),
    "extremes": kernel(kernels.extremes, "x:*fp32, largest:*fp32, at:*i32, smallest:*i32, columns:i32",
                       dict(BLOCK=512)),
    "gather_scatter": kernel(kernels.gather_scatter, "table:*fp16, sources:*i64, targets:*i32, out:*fp16, count:i32",
                             dict(WIDTH=32, BLOCK=32)),
    "permute": kernel(kernels.permute, "x:*fp32, index:*i32, y:*fp32", dict(ROWS=8, COLUMNS=64)),
    "dropout": kernel(kernels.dropout, "x:*fp32, y:*fp32, size:i32, rate:fp32, seed:i32", dict(BLOCK=256)),
    "random_integers": kernel(kernels.random_integers, "y:*i32, size:i32, seed:i64", dict(BLOCK=256)),
    "statistics": kernel(kernels.statistics, "x:*fp64, out:*fp64, size:i32", dict(BLOCK=128)),
    "transpose": kernel(kernels.transpose, "x:*fp16, y:*fp16, rows:i32, columns:i32", dict(BLOCK=64)),
    "convolution": kernel(kernels.convolution, "x:*fp16, w:*fp16, y:*fp16, height:i32, width:i32, channels:i32:16, "
                          "outputs:i32:16", dict(SIZE=3, BLOCK_P=32, BLOCK_C=16, BLOCK_O=32), num_stages=3),
    "inline_assembly": kernel(kernels.inline_assembly, "x:*i32, y:*i32, size:i32", dict(BLOCK=128)),
    "print_values": kernel(kernels.print_values, "x:*fp32, size:i32", dict(BLOCK=32), num_warps=1),
    "check_values": kernel(kernels.check_values, "x:*fp32, y:*fp32, size:i32", dict(BLOCK=128), debug=True),
    **{f"math_{which}": kernel(kernels.mathematics, "x:*fp32, y:*fp32, size:i32", dict(WHICH=which, BLOCK=128))
       for which in ("sin", "log", "erf", "sigmoid", "rsqrt")},
    # Hopper's: blocks of 32 rows are too small for wgmma, which the simulator does not have.
    "sm_90_matmul_f16": matmul("fp16", "fp16", tl.float32, 32, 64, 32, target=90),
    "sm_90_attention": kernel(kernels.attention, ATTENTION, dict(CAUSAL=False, BLOCK_Q=32, BLOCK_K=32, WIDTH=64),
                              target=90, num_stages=3),
    "sm_90_softmax": kernel(kernels.softmax, "x:*fp32, y:*fp32, rows:i32, columns:i32", dict(BLOCK=256), target=90),
    "sm_90_histogram": kernel(kernels.histogram, "x:*i32, bins:*i32, size:i32", dict(BLOCK=512, BINS=64), target=90),
}


def compile(function, arguments, constants, options, target):
    """Pointers are multiples of 16, as every allocator's are."""
    attributes = {}
    for i, name in enumerate(arguments):
        type, _, multiple = arguments[name].partition(":")
        if type.startswith("*") or multiple:
            attributes[(i,)] = [["tt.divisibility", 16]]
        arguments[name] = type
    signature = {**arguments, **{name: "constexpr" for name in constants}}
    source = ASTSource(function, signature, {(function.arg_names.index(n),): v for n, v in constants.items()},
                       attributes)
    options = {"ptx_version": 84, "enable_fp_fusion": True, **options}
    return triton.compile(source, target=GPUTarget("cuda", target, 32), options=options)


def name_files():
    """Line information names files without the folders of the machine on which this runs."""
    for module in (kernels, triton.language.standard, triton.language.random):
        for function in vars(module).values():
            if isinstance(function, triton.JITFunction):
                function.file_name = pathlib.Path(function.file_name).name


def main():
    triton.knobs.compilation.always_compile = True
    name_files()
    launches = {}
    for name, variant in VARIANTS.items():
        compiled = compile(*variant)
        ptx = compiled.asm["ptx"]
        (FOLDER / f"{name}.ptx").write_text(ptx)
        metadata = compiled.metadata
        launches[name] = dict(entry=metadata.name, threads=metadata.num_warps * 32, shared=metadata.shared)
        print(f"{name}: {len(ptx)} bytes, {metadata.shared} bytes of shared memory")
    (FOLDER / "kernels.json").write_text(json.dumps(launches, indent=1) + "\n")


if __name__ == "__main__":
    main()
