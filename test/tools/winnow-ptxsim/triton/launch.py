"""Runs a kernel of this folder in winnow-ptxsim, with every check unless told otherwise, on numpy arrays."""

import json
import pathlib
import subprocess
import tempfile

import numpy as np

FOLDER = pathlib.Path(__file__).parent
LAUNCHES = json.loads((FOLDER / "kernels.json").read_text())
# In numpy's letters and the tool's words.
TYPES = {"f2": "f16", "f4": "f32", "f8": "f64", "i1": "i8", "u1": "u8", "i2": "i16", "u2": "u16", "i4": "i32",
         "u4": "u32", "i8": "i64", "u8": "u64"}


class Out:
    """A buffer that the kernel writes; it begins as poison."""

    def __init__(self, dtype, *shape):
        self.dtype, self.shape = np.dtype(dtype), shape


class InOut:
    """A buffer that the kernel changes."""

    def __init__(self, array):
        self.array = array


def type_of(dtype):
    return TYPES[np.dtype(dtype).str[1:]]


def describe(folder, i, argument):
    """The tool's spelling of an argument: an array, Out, InOut or a numpy scalar."""
    source, result = folder / f"{i}.npy", folder / f"{i}_out.npy"
    if isinstance(argument, Out):
        return f"out:{type_of(argument.dtype)}[{'x'.join(map(str, argument.shape))}]:@{result}"
    if isinstance(argument, InOut):
        np.save(source, argument.array)
        return f"inout:@{source}:@{result}"
    if isinstance(argument, np.ndarray):
        np.save(source, argument)
        return f"in:@{source}"
    return f"{type_of(argument.dtype)}:{argument}"


def execute(name, grid, *arguments, checks="all"):
    """The finished process, and the arrays of Out and InOut, in order. Triton appends two addresses of scratch memory
    that these kernels do not use."""
    launch = LAUNCHES[name]
    with tempfile.TemporaryDirectory() as path:
        folder = pathlib.Path(path)
        described = [describe(folder, i, argument) for i, argument in enumerate(arguments)] + ["u64:0", "u64:0"]
        command = ["winnow-ptxsim", str(FOLDER / f"{name}.ptx"), f"--entry={launch['entry']}",
                   f"--grid={','.join(map(str, grid))}", f"--block={launch['threads']}",
                   f"--shared={launch['shared']}", f"--check={checks}", "--max-instructions=10000000"]
        process = subprocess.run(command + [f"--arg={text}" for text in described], capture_output=True, text=True)
        results = [np.load(folder / f"{i}_out.npy") for i, argument in enumerate(arguments)
                   if isinstance(argument, (Out, InOut)) and process.returncode == 0]
    return process, results


def run(name, grid, *arguments, checks="all"):
    """The arrays of Out and InOut, in order; a list unless it is one."""
    process, results = execute(name, grid, *arguments, checks=checks)
    assert process.returncode == 0, f"{name}: {process.stderr}"
    return results[0] if len(results) == 1 else results


def expect_close(name, found, expected, absolute=0.0, relative=0.0):
    """|found - expected| <= absolute + relative |expected| everywhere, and no NaN."""
    assert found.shape == expected.shape, f"{name}: {found.shape}, expected {expected.shape}"
    error = np.abs(found.astype(np.float64) - expected) - relative * np.abs(expected.astype(np.float64))
    worst = np.unravel_index(np.argmax(np.where(np.isnan(error), np.inf, error)), error.shape)
    assert error[worst] <= absolute, f"{name}: {found[worst]} at {worst}, expected {expected[worst]}"


def expect_equal(name, found, expected):
    differs = np.argwhere(found != expected)
    assert found.shape == expected.shape and not len(differs), \
        f"{name}: {found[tuple(differs[0])]} at {differs[0]}, expected {expected[tuple(differs[0])]}"
