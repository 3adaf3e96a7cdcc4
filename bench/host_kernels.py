#!/usr/bin/env python3
"""GFLOP/s (or GB/s) of single host kernels on one core, without the runtime: bench/host_kernels.py [--target=NAME].
Needs numpy and the build's bin folder in PATH (winnow-host-image)."""
import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "test/target/host"))
from kernels import compile_image, item_count, run  # noqa: E402

MATMUL = """
func.func @matmul(%a: memref<512x512xf32>, %b: memref<512x512xf32>, %c: memref<512x512xf32>) attributes {winnow.kernel} {
  %zero = arith.constant 0.0 : f32
  scf.forall (%i, %j) = (0, 0) to (512, 512) step (16, 128) {
    %at = memref.subview %a[%i, 0][16, 512][1, 1] : memref<512x512xf32> to memref<16x512xf32, strided<[512, 1], offset: ?>>
    %bt = memref.subview %b[0, %j][512, 128][1, 1] : memref<512x512xf32> to memref<512x128xf32, strided<[512, 1], offset: ?>>
    %ct = memref.subview %c[%i, %j][16, 128][1, 1] : memref<512x512xf32> to memref<16x128xf32, strided<[512, 1], offset: ?>>
    linalg.fill ins(%zero : f32) outs(%ct : memref<16x128xf32, strided<[512, 1], offset: ?>>)
    linalg.matmul ins(%at, %bt : memref<16x512xf32, strided<[512, 1], offset: ?>>, memref<512x128xf32, strided<[512, 1], offset: ?>>)
        outs(%ct : memref<16x128xf32, strided<[512, 1], offset: ?>>)
  }
  return
}
"""
CONVOLUTION = """
func.func @convolution(%x: memref<1x64x10x10xf32>, %w: memref<64x64x3x3xf32>, %y: memref<1x64x8x8xf32>) attributes {winnow.kernel} {
  %zero = arith.constant 0.0 : f32
  scf.forall (%c) = (0) to (64) step (32) {
    %wt = memref.subview %w[%c, 0, 0, 0][32, 64, 3, 3][1, 1, 1, 1] : memref<64x64x3x3xf32> to memref<32x64x3x3xf32, strided<[576, 9, 3, 1], offset: ?>>
    %yt = memref.subview %y[0, %c, 0, 0][1, 32, 8, 8][1, 1, 1, 1] : memref<1x64x8x8xf32> to memref<1x32x8x8xf32, strided<[4096, 64, 8, 1], offset: ?>>
    linalg.fill ins(%zero : f32) outs(%yt : memref<1x32x8x8xf32, strided<[4096, 64, 8, 1], offset: ?>>)
    linalg.conv_2d_nchw_fchw ins(%x, %wt : memref<1x64x10x10xf32>, memref<32x64x3x3xf32, strided<[576, 9, 3, 1], offset: ?>>)
        outs(%yt : memref<1x32x8x8xf32, strided<[4096, 64, 8, 1], offset: ?>>)
  }
  return
}
"""
RELU = """
#id = affine_map<(d0) -> (d0)>
func.func @relu(%x: memref<?xf32>, %y: memref<?xf32>) attributes {winnow.kernel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %x, %c0 : memref<?xf32>
  scf.forall (%i) = (0) to (%n) step (2048) {
    %s = affine.min affine_map<(d0)[s0] -> (2048, s0 - d0)>(%i)[%n]
    %xt = memref.subview %x[%i][%s][1] : memref<?xf32> to memref<?xf32, strided<[1], offset: ?>>
    %yt = memref.subview %y[%i][%s][1] : memref<?xf32> to memref<?xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%xt : memref<?xf32, strided<[1], offset: ?>>) outs(%yt : memref<?xf32, strided<[1], offset: ?>>) {
    ^bb0(%a: f32, %b: f32):
      %m = arith.maximumf %a, %zero : f32
      linalg.yield %m : f32
    }
  }
  return
}
"""


def best_seconds(call, seconds=1.0):
    """The shortest of many runs: other load on the machine only ever adds."""
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.thread_time()
        call()
        best = min(best, time.thread_time() - start)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="native", help="host target (default: native)")
    target = parser.parse_args().target
    random = np.random.default_rng(0)

    def array(*shape):
        return random.standard_normal(shape, dtype=np.float32)

    def report(name, image, arrays, types, items, amount, unit):
        seconds = best_seconds(lambda: run(image, name, types, arrays, items))
        print(f"{name:12} {amount / seconds * 1e-9:8.1f} {unit}  {seconds * 1e6:10.1f} us")

    a, b, c = array(512, 512), array(512, 512), np.empty((512, 512), np.float32)
    report("matmul", compile_image(MATMUL, target), [a, b, c], [a.shape] * 3, item_count((512, 512), (16, 128)),
           2 * 512**3, "GFLOP/s")
    x, w, y = array(1, 64, 10, 10), array(64, 64, 3, 3), np.empty((1, 64, 8, 8), np.float32)
    report("convolution", compile_image(CONVOLUTION, target), [x, w, y], [x.shape, w.shape, y.shape], 2,
           2 * 64 * 64 * 64 * 9, "GFLOP/s")
    n = 1 << 24
    x, y = array(n), np.empty(n, np.float32)
    report("relu", compile_image(RELU, target), [x, y], [(None,)] * 2, item_count((n,), (2048,)), 8 * n, "GB/s")


if __name__ == "__main__":
    main()
