# A memory of two tiers over many calls keeps exactly what a simple model in numpy says, on every device, and a saved
# one goes on bit for bit.
import argparse
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import ml_dtypes
import numpy as np

from winnow_runtime import Runtime

TIERS = ("working", "instant")
TYPES = {"f32": np.dtype(np.float32), "f16": np.dtype(np.float16), "bf16": np.dtype(ml_dtypes.bfloat16)}
# Relative and absolute: the rounding of one result, and of sums of some 40 products in f32.
TOLERANCES = {"f32": (1e-4, 1e-5), "f16": (2e-3, 1e-3), "bf16": (1e-2, 1e-2)}


@dataclass
class Configuration:
    element: str
    instant: int
    working: int
    page: int = 4
    heads: int = 2
    shares: int = 2  # query heads for each head
    width: int = 3
    selected: int = 2  # pages

    def __str__(self):
        return f"{self.element} {self.instant}+{self.working}"


# The first is the one that runs longest; others have a tier of no places, or pages of one place. Those that differ in
# capacities share a module.
CONFIGURATIONS = [Configuration("f32", 4, 9), Configuration("f32", 0, 5), Configuration("f32", 6, 0),
                  Configuration("f32", 0, 0), Configuration("f16", 3, 8), Configuration("bf16", 3, 8),
                  Configuration("f32", 1, 6, page=1, heads=1, shares=1, width=1, selected=1)]


def model(configuration):
    each = configuration
    tokens = f"tensor<{each.heads}x?x{each.width}x{each.element}>"
    queries = f"tensor<{each.heads * each.shares}x?x{each.width}x{each.element}>"
    pages = f"!winnow.selection<?x?, {each.selected}>"
    return f"""
!history = !winnow.memory<{each.heads}x{each.width}x{each.element}, instant @memory.instant, working @memory.working, page {each.page}>
winnow.parameter @memory.instant = 1024 : i64
winnow.parameter @memory.working = 10240 : i64
winnow.memory @history : !history

func.func @append(%keys: {tokens}, %values: {tokens}, %anchors: tensor<?xi1>) -> tensor<i64> {{
  %first = winnow.memory.append @history, %keys, %values anchored(%anchors : tensor<?xi1>) : {tokens}, {tokens} -> tensor<i64>
  return %first : tensor<i64>
}}
func.func @append_plain(%keys: {tokens}, %values: {tokens}) -> tensor<i64> {{
  %first = winnow.memory.append @history, %keys, %values : {tokens}, {tokens} -> tensor<i64>
  return %first : tensor<i64>
}}
func.func @anchor(%positions: tensor<?xi64>) -> tensor<?xi64> {{
  winnow.memory.anchor @history, %positions : tensor<?xi64>
  %held = winnow.memory.positions @history : tensor<?xi64>
  return %held : tensor<?xi64>
}}
func.func @compact(%target: tensor<i64>) -> tensor<?xi64> {{
  winnow.memory.compact @history to %target : tensor<i64>
  %held = winnow.memory.positions @history : tensor<?xi64>
  return %held : tensor<?xi64>
}}
func.func @attend(%query: {queries}) -> {queries} {{
  %y = winnow.memory.attend @history, %query : {queries}
  return %y : {queries}
}}
func.func @recall(%query: {queries}) -> {queries} {{
  %pages = winnow.memory.select @history, %query, k = {each.selected} : {queries} -> {pages}
  %y = winnow.memory.attend @history, %query scale 0.75 active(%pages : {pages}) : {queries}
  return %y : {queries}
}}
// What is appended is attended to, and what is attended to has mass, in the order of the program.
func.func @step(%keys: {tokens}, %values: {tokens}, %query: {queries}) -> ({queries}, {queries}) {{
  %before = winnow.memory.attend @history, %query : {queries}
  %first = winnow.memory.append @history, %keys, %values : {tokens}, {tokens} -> tensor<i64>
  %after = winnow.memory.attend @history, %query : {queries}
  return %before, %after : {queries}, {queries}
}}
"""


@dataclass
class Token:
    position: int
    mass: np.float32
    anchored: bool
    keys: np.ndarray
    values: np.ndarray


class Memory:
    """What the memory must hold: each tier's tokens, the oldest first."""

    def __init__(self, configuration):
        self.configuration = configuration
        self.tiers = {"working": [], "instant": []}
        self.seen = 0

    def tokens(self):
        return self.tiers["working"] + self.tiers["instant"]

    def append(self, keys, values, anchors):
        """keys and values: heads x tokens x width."""
        recent = self.tiers["instant"]
        for token in range(keys.shape[1]):
            recent.append(Token(self.seen, np.float32(0), bool(anchors[token]), keys[:, token], values[:, token]))
            self.seen += 1
        aged = max(0, len(recent) - self.configuration.instant)
        self.tiers = {"working": self.tiers["working"] + recent[:aged], "instant": recent[aged:]}
        self.compact(self.configuration.working)

    def compact(self, target):
        older = self.tiers["working"]
        excess = max(0, len(older) - max(0, target))
        dropped = sorted(older, key=lambda token: (token.anchored, token.mass, token.position))[:excess]
        lost = {token.position for token in dropped}
        self.tiers["working"] = [token for token in older if token.position not in lost]

    def anchor(self, positions):
        for token in self.tokens():
            token.anchored |= token.position in positions

    def places(self):
        """For each place its token, or None."""
        places = []
        for tier in TIERS:
            capacity = getattr(self.configuration, tier)
            places += self.tiers[tier] + [None] * (capacity - len(self.tiers[tier]))
        return places

    def select(self, queries):
        """Whether each place is on a selected page of each query: query heads x queries x places."""
        places, size = self.places(), self.configuration.page
        pages = [places[first:first + size] for first in range(0, len(places), size)]
        selected = np.zeros((*queries.shape[:2], len(places)), bool)
        for head in range(queries.shape[0]):
            means = [np.mean([token.keys[head // self.configuration.shares].astype(np.float32) for token in page if token],
                             axis=0, dtype=np.float32) if any(page) else None for page in pages]
            for query in range(queries.shape[1]):
                scores = [-np.inf if mean is None else float(queries[head, query].astype(np.float64) @ mean) for mean in means]
                for page in sorted(range(len(pages)), key=lambda page: (-scores[page], page))[:self.configuration.selected]:
                    selected[head, query, page * size:(page + 1) * size] = True
        return selected

    def attend(self, queries, scale, selected=None):
        """The attention's result, and what each place gains."""
        places = self.places()
        results, gained = np.zeros(queries.shape), np.zeros(len(places))
        for head in range(queries.shape[0]):
            for query in range(queries.shape[1]):
                part = [place for place, token in enumerate(places)
                        if token and (selected is None or selected[head, query, place])]
                if not part:
                    continue
                shared = head // self.configuration.shares
                keys = np.stack([places[place].keys[shared] for place in part]).astype(np.float64)
                values = np.stack([places[place].values[shared] for place in part]).astype(np.float64)
                scores = keys @ queries[head, query].astype(np.float64) * scale
                weights = np.exp(scores - scores.max())
                weights /= weights.sum()
                results[head, query] = weights @ values
                if not np.isnan(weights).any():
                    gained[part] += weights
        return results, gained

    def contents(self):
        """The states by their names."""
        each = self.configuration
        shape, element = (each.heads, each.width), TYPES[each.element]
        states = {"history.seen": np.array(self.seen)}
        for tier in TIERS:
            tokens = self.tiers[tier]
            empty = Token(-1, np.float32(0), False, np.zeros(shape, element), np.zeros(shape, element))
            padded = tokens + [empty] * (getattr(each, tier) - len(tokens))
            for field, kind in (("position", np.int64), ("mass", np.float32), ("anchored", bool)):
                states[f"history.{tier}.{field}"] = np.array([getattr(token, field) for token in padded], kind)
            for field in ("keys", "values"):
                stacked = [getattr(token, field) for token in padded]
                states[f"history.{tier}.{field}"] = (np.stack(stacked, axis=1) if stacked else
                                                     np.zeros((each.heads, 0, each.width), element))
            states[f"history.{tier}.count"] = np.array(len(tokens))
        return states


class Comparison:
    """A session and the model of its memory, which take the same calls."""

    def __init__(self, runtime, module, device, configuration, folder, seed):
        self.runtime, self.module, self.device, self.configuration = runtime, module, device, configuration
        self.random = np.random.default_rng(seed)
        self.path = folder / "state.npz"
        self.memory = Memory(configuration)
        self.session = self.open()
        self.what = ""

    def open(self):
        session = self.runtime.open(self.module, self.device)
        session.set_parameter("memory.instant", self.configuration.instant)
        session.set_parameter("memory.working", self.configuration.working)
        return session

    def numbers(self, heads, count):
        shape = (heads, count, self.configuration.width)
        return self.random.standard_normal(shape).astype(np.float32).astype(TYPES[self.configuration.element])

    def queries(self):
        queries = self.numbers(self.configuration.heads * self.configuration.shares, self.random.integers(0, 4))
        if queries.size and self.random.random() < 0.05:
            queries[0, 0, 0] = np.nan
        return queries

    def states(self):
        self.session.save_state(self.path)
        element = TYPES[self.configuration.element]
        with np.load(self.path) as file:
            # numpy has no bfloat16; its files hold two bytes.
            return {name: file[name].view(element) if file[name].dtype.kind == "V" else file[name]
                    for name in file.files if name.startswith("history.")}

    def check_contents(self):
        found, expected = self.states(), self.memory.contents()
        assert found.keys() == expected.keys(), f"{self.what}: {sorted(found)}"
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array, err_msg=f"{self.what}, {name}")

    def check_close(self, found, expected):
        relative, absolute = TOLERANCES[self.configuration.element]
        np.testing.assert_allclose(found.astype(np.float64), expected, rtol=relative, atol=absolute, err_msg=self.what)

    def take_masses(self, gained):
        """Checks the masses, and goes on with those of the device: rounding must not decide differently later."""
        found, position = self.states(), 0
        for tier in TIERS:
            masses = found[f"history.{tier}.mass"]
            for place, token in enumerate(self.memory.tiers[tier]):
                np.testing.assert_allclose(masses[place], token.mass + gained[position + place], rtol=1e-4, atol=1e-5,
                                           err_msg=self.what)
                token.mass = masses[place]
            position += getattr(self.configuration, tier)

    def append(self):
        count = self.random.integers(0, 31 if self.random.random() < 0.05 else 4)
        keys, values = self.numbers(self.configuration.heads, count), self.numbers(self.configuration.heads, count)
        inputs = [keys, values]
        anchors = self.random.random(count) < 0.15
        if self.random.random() < 0.8:
            inputs.append(anchors)
        else:
            anchors[:] = False
        first = self.session.invoke("append" if len(inputs) == 3 else "append_plain", inputs, 1)[0]
        assert first == self.memory.seen, f"{self.what}: the first is {first}, expected {self.memory.seen}"
        self.memory.append(keys, values, anchors)

    def check_positions(self, held):
        expected = [token.position if token else -1 for token in self.memory.places()]
        np.testing.assert_array_equal(held, np.array(expected, np.int64), err_msg=self.what)

    def anchor(self):
        # Some of them held, some not, -1 among them.
        positions = self.random.integers(-1, self.memory.seen + 2, self.random.integers(0, 4))
        self.memory.anchor(positions)
        self.check_positions(self.session.invoke("anchor", [positions], 1)[0])

    def compact(self):
        target = self.random.integers(-1, self.configuration.working + 2)
        self.memory.compact(target)
        self.check_positions(self.session.invoke("compact", [np.array(target)], 1)[0])

    def attend(self):
        queries = self.queries()
        expected, gained = self.memory.attend(queries, self.configuration.width ** -0.5)
        self.check_close(self.session.invoke("attend", [queries], 1)[0], expected)
        self.take_masses(gained)

    def recall(self):
        queries = self.numbers(self.configuration.heads * self.configuration.shares, self.random.integers(0, 4))
        expected, gained = self.memory.attend(queries, 0.75, self.memory.select(queries))
        self.check_close(self.session.invoke("recall", [queries], 1)[0], expected)
        self.take_masses(gained)

    def step(self):
        count, queries = self.random.integers(0, 3), self.queries()
        keys, values = self.numbers(self.configuration.heads, count), self.numbers(self.configuration.heads, count)
        scale = self.configuration.width ** -0.5
        before, gained = self.memory.attend(queries, scale)
        for token, gain in zip(self.memory.places(), gained):
            if token:
                token.mass = np.float32(token.mass + gain)
        self.memory.append(keys, values, [False] * count)
        after, gained = self.memory.attend(queries, scale)
        found = self.session.invoke("step", [keys, values, queries], 2)
        self.check_close(found[0], before)
        self.check_close(found[1], after)
        self.take_masses(gained)

    def run(self, calls):
        actions = {self.append: 0.45, self.attend: 0.2, self.recall: 0.15, self.step: 0.08, self.anchor: 0.07, self.compact: 0.05}
        for call in range(calls):
            action = self.random.choice(list(actions), p=list(actions.values()))
            self.what = f"{self.device}, {self.configuration}, call {call}, {action.__name__}"
            action()
            self.check_contents()
        self.check_saved()

    def check_saved(self):
        """A session that loads the state goes on as this one does."""
        self.what = f"{self.device}, {self.configuration}, loaded"
        self.session.save_state(self.path)
        loaded = self.open()
        loaded.load_state(self.path)
        queries = self.queries()
        for function, inputs in (("attend", [queries]), ("recall", [queries]), ("compact", [np.array(3)])):
            for found, expected in zip(loaded.invoke(function, inputs, 1), self.session.invoke(function, inputs, 1)):
                np.testing.assert_array_equal(found, expected, err_msg=self.what)


def check_edited(runtime, module, device, folder):
    """Counts that are more or less than what a tier has room for lead to nothing outside of it."""
    path, random = folder / "edited.npz", np.random.default_rng(1)
    session = runtime.open(module, device)
    session.set_parameter("memory.instant", 4)
    session.set_parameter("memory.working", 9)
    tokens = random.standard_normal((2, 2, 20, 3)).astype(np.float32)
    session.invoke("append_plain", list(tokens), 1)
    session.save_state(path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    for working, instant in ((1 << 40, 1 << 40), (-5, -(1 << 62)), (9, 2)):
        arrays["history.working.count"], arrays["history.instant.count"] = np.array(working), np.array(instant)
        np.savez(path, **arrays)
        session.load_state(path)
        for function, inputs in (("append_plain", list(tokens)), ("compact", [np.array(3)])):
            session.invoke(function, inputs, 1)


def compile_module(text, compiler, path):
    source = path.with_suffix(".mlir")
    source.write_text(text)
    subprocess.run([compiler, source, "-o", path, "--with-reference", "--no-ptxas"], check=True)
    return path


def main():
    parser = argparse.ArgumentParser(description="Tests memories of two tiers on every device.")
    parser.add_argument("--compiler", default="winnow-compile")
    parser.add_argument("--library", required=True, help="the runtime's shared library")
    parser.add_argument("--devices", default="host=1000,reference=1000,ptxsim=1000",
                        help="and how many calls on each of the first configuration; the others get a tenth")
    options = parser.parse_args()
    runtime = Runtime(options.library)
    modules = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, configuration in enumerate(CONFIGURATIONS):
            text = model(configuration)
            if text not in modules:
                modules[text] = runtime.load(compile_module(text, options.compiler, folder / f"{number}.wnm"))
            for each in options.devices.split(","):
                device, calls = each.split("=")
                count = int(calls) if number == 0 else int(calls) // 10
                Comparison(runtime, modules[text], device, configuration, folder, seed=number).run(count)
                if number == 0:
                    check_edited(runtime, modules[text], device, folder)
                print(f"{device}, {configuration}: {count} calls as the model", flush=True)


if __name__ == "__main__":
    main()
