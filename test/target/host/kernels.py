# Runs kernels of a host image from Python, as the runtime would: for tests and benchmarks.
import ctypes
import itertools
import subprocess
import tempfile
from pathlib import Path

import numpy as np


def compile_image(text, target="native", tool="winnow-host-image"):
    """Compiles MLIR text and loads the image."""
    with tempfile.TemporaryDirectory() as folder:
        source, image = Path(folder, "kernels.mlir"), Path(folder, "kernels.so")
        source.write_text(text)
        subprocess.run([tool, f"--target={target}", str(source), "-o", str(image)], check=True)
        return ctypes.CDLL(str(image))


def item_count(extents, tile):
    return int(np.prod([-(-extent // step) for extent, step in zip(extents, tile, strict=True)], dtype=np.int64))


def sizes_of(types, arrays, indices):
    """Each dynamic dimension of each buffer, then the index arguments. A type is a shape with None for `?`."""
    dynamic = [size for shape, array in zip(types, arrays, strict=True)
               for extent, size in zip(shape, array.shape, strict=True) if extent is None]
    return [*dynamic, *indices]


def run(image, symbol, types, arrays, items, indices=(), parts=1):
    """Runs items 0..items in `parts` ranges on `arrays`, some of which the kernel writes."""
    sizes = sizes_of(types, arrays, indices)
    buffers = (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
    sizes = (ctypes.c_int64 * len(sizes))(*sizes)
    function = getattr(image, symbol)
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
    function.restype = None
    bounds = [items * part // parts for part in range(parts + 1)]
    for begin, end in itertools.pairwise(bounds):
        function(buffers, sizes, begin, end)


def runnable(target):
    """Whether this machine can execute code for `target`."""
    needed = {"x86-64-v4": "avx512vl", "x86-64-v3": "avx2", "x86-64-v2": "sse4_2"}
    return target == "native" or needed.get(target, "-") in Path("/proc/cpuinfo").read_text().split()
