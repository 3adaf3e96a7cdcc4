# Random operators on every device: against Philox 4x32-10 written again in numpy, which is checked against the
# vectors that its authors published (Random123, kat_vectors).
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

MASK = np.uint64(0xFFFFFFFF)


def philox(counters, key):
    """Four words for each 64-bit counter."""
    low, high = counters & MASK, counters >> np.uint64(32)
    words = [low, high, np.zeros_like(low), np.zeros_like(low)]
    return rounds(words, key)


def rounds(words, key):
    a, b, c, d = words
    low, high = key
    for _ in range(10):
        first, second = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b, c, d = ((second >> np.uint64(32)) ^ b ^ np.uint64(low), second & MASK,
                      (first >> np.uint64(32)) ^ d ^ np.uint64(high), first & MASK)
        low, high = (low + 0x9E3779B9) % 2**32, (high + 0xBB67AE85) % 2**32
    return [a, b, c, d]


def check_philox():
    for counter, key, expected in [
            ([0] * 4, (0, 0), [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
            ([2**32 - 1] * 4, (2**32 - 1, 2**32 - 1), [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
            ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], (0xA4093822, 0x299F31D0),
             [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1])]:
        found = rounds([np.uint64(word) for word in counter], key)
        assert [int(word) for word in found] == expected, (found, expected)


def key_of(seed, output):
    if isinstance(seed, tuple):  # the two words of an integer
        return seed
    if seed is not None:
        return int(np.float32(seed).view(np.uint32)), 0
    hash_value = 2166136261
    for byte in output.encode():
        hash_value = (hash_value ^ byte) * 16777619 % 2**32
    return hash_value, 1


def words_of(shape, seed, output):
    counters = np.arange(np.prod(shape), dtype=np.uint64)
    return [word.reshape(shape) for word in philox(counters, key_of(seed, output))]


def fraction(word, bits, shift=0.0):
    return ((word >> np.uint64(32 - bits)).astype(np.float64) + shift) / 2.0**bits


def uniform(shape, seed, output, bits=24):
    return fraction(words_of(shape, seed, output)[0], bits)


def normal(shape, seed, output):
    words = words_of(shape, seed, output)
    return np.sqrt(-2 * np.log(fraction(words[0], 24, 1))) * np.cos(2 * np.pi * fraction(words[2], 24))


def gumbel(shape, seed, output):
    # In float32, as the operator: k + 1/2 is rounded for the largest k.
    number = (words_of(shape, seed, output)[0] >> np.uint64(9)).astype(np.float32) + np.float32(0.5)
    return -np.log(-np.log(number.astype(np.float64) / 2**23))


CHANCES = np.linspace(0, 1, 60, dtype=np.float32).reshape(12, 5)
LOGARITHMS = np.log(np.array([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]], np.float32))


def nodes():
    """Node, its input or None, and what numpy makes of it."""
    make = helper.make_node
    yield (make("RandomUniform", [], ["u"], shape=[7, 9], seed=3.5, low=-1.0, high=3.0), None,
           -1 + 4 * uniform((7, 9), 3.5, "u"))
    yield make("RandomUniform", [], ["v"], shape=[7, 9]), None, uniform((7, 9), None, "v")
    yield (make("RandomUniform", [], ["h"], shape=[50], dtype=TensorProto.FLOAT16, seed=1.0), None,
           uniform((50,), 1, "h", bits=11).astype(np.float16))
    yield (make("RandomNormal", [], ["n"], shape=[40, 5], seed=2.0, mean=1.0, scale=0.5), None,
           1 + 0.5 * normal((40, 5), 2, "n"))
    yield make("RandomUniformLike", ["x"], ["a"]), CHANCES, uniform((12, 5), None, "a")
    yield make("RandomNormalLike", ["x"], ["b"], seed=9.0), CHANCES, normal((12, 5), 9, "b")
    yield (make("Bernoulli", ["x"], ["c"], seed=5.0, dtype=TensorProto.INT64), CHANCES,
           (uniform((12, 5), 5, "c") < CHANCES).astype(np.int64))
    yield (make("Dropout", ["x", "quarter", "yes"], ["k"], seed=7 + 2**32), CHANCES,
           np.where(uniform((12, 5), (7, 1), "k") >= 0.25, CHANCES / 0.75, 0).astype(np.float64))
    drawn = np.argmax(LOGARITHMS[:, None] + gumbel((2, 1000, 3), 4, "m"), axis=2)
    assert abs((drawn[0] == 2).mean() - 0.7) < 0.05 and abs((drawn[1] == 0).mean() - 0.5) < 0.05
    yield make("Multinomial", ["l"], ["m"], seed=4.0, sample_size=1000), LOGARITHMS, drawn.astype(np.int32)


def make_model(path):
    graph = onnx.GraphProto(name="random")
    graph.initializer.append(helper.make_tensor("quarter", TensorProto.FLOAT, [], [0.25]))
    graph.initializer.append(helper.make_tensor("yes", TensorProto.BOOL, [], [True]))
    for name, array in (("x", CHANCES), ("l", LOGARITHMS)):
        graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [f"n_{name}", array.shape[1]]))
    for node, _, expected in nodes():
        graph.node.append(node)
        kind = TensorProto.FLOAT if expected.dtype == np.float64 else helper.np_dtype_to_tensor_dtype(expected.dtype)
        graph.output.append(helper.make_tensor_value_info(node.output[0], kind, expected.shape))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", default="reference,host,ptxsim")
    options = parser.parse_args()
    check_philox()
    problems = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_model(folder / "model.onnx")
        np.save(folder / "x.npy", CHANCES)
        np.save(folder / "l.npy", LOGARITHMS)
        compile_it = ["winnow-compile", folder / "model.onnx", "-o", folder / "model.wnm", "--with-reference"]
        subprocess.run(compile_it, check=True)
        outputs = [f"--output={node.output[0]}=@{folder}/{node.output[0]}.npy" for node, _, _ in nodes()]
        for device in options.devices.split(","):
            subprocess.run(["winnow-run", folder / "model.wnm", f"--device={device}", f"--input=x=@{folder}/x.npy",
                            f"--input=l=@{folder}/l.npy", *outputs], check=True, stdout=subprocess.DEVNULL)
            for node, _, expected in nodes():
                found = np.load(folder / f"{node.output[0]}.npy")
                if found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-5, atol=1e-5):
                    problems += 1
                    print(f"{device}: {node.op_type} {node.output[0]}: found\n{found}\nexpected\n{expected}")
    print(f"{len(list(nodes()))} nodes, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
