# Without an image, no page of the image encoder's weights is touched: the assistant answers while all of them are
# taken away, and a call with an image then dies of it.
import argparse
import ctypes
import mmap
import os
import sys
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "numeric"), str(TESTS.parent / "examples" / "assistant")]
import weights
from winnow_runtime import Runtime

PAGE = mmap.PAGESIZE
CONTEXT = np.zeros(4, np.float32)
WORDS = np.arange(5, dtype=np.int64)


def find(module, array):
    """Where a weight lies in a module. It consists of whole pages there."""
    contents = array.tobytes()
    offset = module.find(contents)
    if offset < 0 or module.find(contents, offset + 1) >= 0 or offset % PAGE or len(contents) % PAGE:
        sys.exit(f"a weight of {len(contents)} bytes at offset {offset} does not consist of pages of {PAGE} bytes")
    return offset


def take_away(memory, offset, size):
    """Makes pages inaccessible."""
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory)) + offset
    if ctypes.CDLL(None, use_errno=True).mprotect(ctypes.c_void_p(address), ctypes.c_size_t(size), 0):
        sys.exit(f"mprotect: {os.strerror(ctypes.get_errno())}")


def step(runtime, module, device, patches):
    """The answers of one call in a session of its own."""
    session = runtime.open(runtime.load_memory(module), device)
    return session.invoke("step", [WORDS, np.ones((patches, weights.PATCH), np.float32), CONTEXT], 2)[0]


def survives(action):
    """Whether a process that does this comes to its end, or is stopped for touching what it may not."""
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True, help="the runtime's shared library")
    parser.add_argument("--module", type=Path, required=True, help="the compiled assistant")
    options = parser.parse_args()
    runtime, contents = Runtime(options.library), options.module.read_bytes()
    encoder = [array for name, array in weights.make().items() if name.startswith("image.")]
    whole, torn = mmap.mmap(-1, len(contents)), mmap.mmap(-1, len(contents))  # both begin at a page
    whole[:] = torn[:] = contents
    for array in encoder:
        take_away(torn, find(contents, array), array.nbytes)
    for device in ("host", "ptxsim"):
        for module, patches, expected in ((whole, 4, True), (torn, 4, False), (torn, 0, True)):
            if survives(lambda: step(runtime, module, device, patches)) != expected:
                sys.exit(f"{device}: a call with {patches} patches {'dies' if expected else 'works'}, against expectation")
    # Only now, since a process that forks should have one thread.
    for device in ("host", "ptxsim"):
        np.testing.assert_array_equal(step(runtime, torn, device, 0), step(runtime, whole, device, 0))
        print(f"{device}: {sum(array.nbytes for array in encoder) // PAGE} pages of the image encoder are not touched")


if __name__ == "__main__":
    main()
