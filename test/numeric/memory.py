# A memory of two tiers over many calls keeps exactly what a simple model in numpy says, on every device, and a saved
# one goes on bit for bit.
import argparse
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import memory_model
from memory_model import FIELDS, HEADS, TIERS, WIDTH
from winnow_runtime import Runtime


@dataclass
class Token:
    position: int
    mass: np.float32
    anchored: bool
    keys: np.ndarray
    values: np.ndarray


class Memory:
    """What the memory must hold: each tier's tokens, the oldest first."""

    def __init__(self, instant, working):
        self.capacity = {"working": working, "instant": instant}
        self.tiers = {"working": [], "instant": []}
        self.seen = 0

    def append(self, keys, values, anchors):
        recent = self.tiers["instant"]
        for key, value, anchor in zip(keys, values, anchors):
            recent.append(Token(self.seen, np.float32(0), bool(anchor), key, value))
            self.seen += 1
        leaving = max(0, len(recent) - self.capacity["instant"])
        older = self.tiers["working"] + recent[:leaving]
        excess = max(0, len(older) - self.capacity["working"])
        dropped = sorted(older, key=lambda token: (token.anchored, token.mass, token.position))[:excess]
        lost = {token.position for token in dropped}
        self.tiers = {"working": [token for token in older if token.position not in lost], "instant": recent[leaving:]}

    def attend(self, queries):
        """The attention's result, and what each token gains."""
        tokens = self.tiers["working"] + self.tiers["instant"]
        if not tokens:
            return np.zeros(queries.shape), np.zeros(0)
        keys = np.stack([token.keys for token in tokens]).astype(np.float64)
        values = np.stack([token.values for token in tokens]).astype(np.float64)
        weights = np.exp(np.einsum("mhd,chd->mhc", queries, keys) / np.sqrt(WIDTH))
        weights /= weights.sum(axis=2, keepdims=True)
        return np.einsum("mhc,chd->mhd", weights, values), weights.sum(axis=(0, 1))

    def contents(self):
        """All states in the order of the model's function `contents`."""
        arrays = []
        for tier in TIERS:
            tokens, places = self.tiers[tier], self.capacity[tier]
            empty = Token(-1, np.float32(0), False, *(np.zeros((HEADS, WIDTH), np.float32),) * 2)
            for field in FIELDS:
                array = np.array([getattr(token, field) for token in tokens + [empty] * (places - len(tokens))])
                arrays.append(array.reshape(places, HEADS, WIDTH) if field in ("keys", "values") else array)
        return arrays


def random_tokens(random, most):
    count = random.integers(0, most + 1)
    keys, values = random.standard_normal((2, count, HEADS, WIDTH)).astype(np.float32)
    return keys, values, random.random(count) < 0.15


def check_contents(session, memory, what):
    for found, expected in zip(session.invoke("contents", [], 2 * len(FIELDS)), memory.contents()):
        np.testing.assert_array_equal(found, expected, err_msg=what)


def check_attention(session, memory, queries, what):
    gained_before = [token.mass for tier in TIERS for token in memory.tiers[tier]]
    expected, gained = memory.attend(queries)
    np.testing.assert_allclose(session.invoke("attend", [queries], 1)[0], expected, rtol=1e-4, atol=1e-5, err_msg=what)
    found = session.invoke("contents", [], 2 * len(FIELDS))
    position = 0
    for tier, masses in zip(TIERS, (found[1], found[1 + len(FIELDS)])):
        for place, token in enumerate(memory.tiers[tier]):
            wanted = gained_before[position] + gained[position]
            np.testing.assert_allclose(masses[place], wanted, rtol=1e-4, atol=1e-5, err_msg=what)
            # Rounding must not decide differently here than on the device later.
            token.mass = masses[place]
            position += 1


def check_device(runtime, module, device, calls, folder):
    random = np.random.default_rng(3)
    session, memory = runtime.open(module, device), Memory(4, 9)
    session.set_parameter("memory.working", 9)
    for call in range(calls):
        what = f"{device}, call {call}"
        if random.random() < 0.4:
            queries = random.standard_normal((random.integers(0, 4), HEADS, WIDTH)).astype(np.float32)
            check_attention(session, memory, queries, what)
            continue
        tokens = random_tokens(random, 30 if random.random() < 0.05 else 3)
        memory.append(*tokens)
        seen = session.invoke("append", tokens, 1)[0]
        assert seen == memory.seen, f"{what}: {seen} tokens were seen, expected {memory.seen}"
        check_contents(session, memory, what)
    check_saved(runtime, module, device, session, memory, folder)
    print(f"{device}: {calls} calls as the model")


def check_saved(runtime, module, device, session, memory, folder):
    path = folder / f"{device}.npz"
    session.save_state(path)
    loaded = runtime.open(module, device)
    loaded.set_parameter("memory.working", 9)
    loaded.load_state(path)
    check_contents(loaded, memory, f"{device}, loaded")
    queries = np.ones((2, HEADS, WIDTH), np.float32)
    for one in ("attend", "contents"):
        inputs, count = ([queries], 1) if one == "attend" else ([], 2 * len(FIELDS))
        for found, expected in zip(loaded.invoke(one, inputs, count), session.invoke(one, inputs, count)):
            np.testing.assert_array_equal(found, expected, err_msg=f"{device}, loaded, {one}")


def main():
    parser = argparse.ArgumentParser(description="Tests a memory of two tiers on every device.")
    parser.add_argument("--compiler", default="winnow-compile")
    parser.add_argument("--library", required=True, help="the runtime's shared library")
    parser.add_argument("--devices", default="host=1000,reference=1000,ptxsim=150", help="and how many calls on each")
    options = parser.parse_args()
    runtime = Runtime(options.library)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, path = folder / "model.mlir", folder / "model.wnm"
        source.write_text(memory_model.model())
        subprocess.run([options.compiler, source, "-o", path, "--with-reference", "--no-ptxas"], check=True)
        module = runtime.load(path)
        for each in options.devices.split(","):
            device, calls = each.split("=")
            check_device(runtime, module, device, int(calls), folder)


if __name__ == "__main__":
    main()
