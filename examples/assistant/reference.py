"""The assistant in numpy and float64: what each step of a conversation must answer and remember."""

import dataclasses
import pathlib

import numpy as np

import weights

PATCH_SIDE, UNKNOWN = 4, weights.WORDS - 1


def softmax(scores):
    """Over the last dimension; nothing where that is empty."""
    if scores.shape[-1] == 0:
        return scores
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@dataclasses.dataclass
class Token:
    position: int
    key: np.ndarray  # a row for each head
    value: np.ndarray
    mass: float = 0.0  # the sum of the weights that attention has given it
    anchored: bool = False

    def usefulness(self):
        """The least useful tokens leave first."""
        return self.anchored, self.mass, self.position


class Memory:
    """Two tiers of tokens; `margin` is the least difference of mass that has decided which token stays."""

    def __init__(self):
        self.instant, self.working, self.seen, self.margin = [], [], 0, np.inf

    def append(self, keys, values, instant, working):
        """`keys` and `values`: heads, tokens, width. `instant` and `working` are what the tiers hold."""
        first = self.seen
        for token in range(keys.shape[1]):
            self.instant.append(Token(self.seen, keys[:, token], values[:, token]))
            self.seen += 1
        aged = max(0, len(self.instant) - instant)
        self.working += self.instant[:aged]
        self.instant = self.instant[aged:]
        self.compact(working)
        return first

    def compact(self, target):
        ranked = sorted(self.working, key=Token.usefulness)
        leaving, staying = ranked[:max(0, len(ranked) - target)], ranked[max(0, len(ranked) - target):]
        if leaving and staying and leaving[-1].anchored == staying[0].anchored:
            self.margin = min(self.margin, staying[0].mass - leaving[-1].mass)
        self.working = sorted(staying, key=lambda token: token.position)

    def tokens(self):
        return self.working + self.instant

    def attend(self, queries):
        """`queries`: heads, tokens, width."""
        tokens = self.tokens()
        if not tokens:
            return np.zeros_like(queries)
        keys, values = (np.stack([getattr(token, name) for token in tokens], axis=1) for name in ("key", "value"))
        shares = softmax(queries @ keys.transpose(0, 2, 1) / np.sqrt(queries.shape[-1]))
        for token, gained in zip(tokens, shares.sum(axis=(0, 1))):
            token.mass += gained
        return shares @ values

    def anchor(self, positions):
        for token in self.tokens():
            token.anchored |= token.position in positions


def encode_text(w, words):
    embedded = w["text.table"][np.minimum(words, UNKNOWN)]
    return np.maximum(embedded @ w["text.layer"], 0) + embedded


def encode_image(w, patches):
    return np.maximum(patches @ w["image.projection"] @ w["image.layer"], 0) @ w["image.output"]


class Assistant:
    """The model and its session."""

    def __init__(self):
        self.w = {name: array.astype(np.float64) for name, array in weights.make().items()}
        self.parameters = {"beta": 0.3, "memory.instant": 8, "memory.working": 24}
        self.memory = Memory()

    def heads(self, rows):
        """From rows of tokens to heads, tokens, width."""
        return rows.reshape(len(rows), weights.HEADS, -1).transpose(1, 0, 2)

    def step(self, words, patches, context):
        """The answers, and the position of the message's first token."""
        w = self.w
        message = np.concatenate([encode_text(w, words), encode_image(w, patches)])
        query, key, value = (self.heads(message @ w[f"attention.{name}"]) for name in ("query", "key", "value"))

        modality = np.repeat([0, 1], [len(words), len(patches)])
        gates = w["attention.gates"][:, modality]
        factor = np.tanh(np.maximum(context @ w["context.hidden"], 0) @ w["context.factor"])
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[-1]) * gates[:, None, :]
        mixed = softmax(scores * (1 + self.parameters["beta"] * factor)[:, None, None]) @ value

        first = self.memory.append(key, value, self.parameters["memory.instant"], self.parameters["memory.working"])
        seen = mixed + self.memory.attend(query)
        understood = message + seen.transpose(1, 0, 2).reshape(message.shape) @ w["attention.output"]
        return understood.sum(axis=0) / max(1, len(message)) @ w["answers"], first


def read_image(path):
    """A plain PGM image as patches of numbers between 0 and 1."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    width, height, white, *pixels = map(int, " ".join(lines[1:]).split())
    image = np.array(pixels, np.float64).reshape(height // PATCH_SIDE, PATCH_SIDE, width // PATCH_SIDE, PATCH_SIDE)
    return image.transpose(0, 2, 1, 3).reshape(-1, PATCH_SIDE * PATCH_SIDE) / white


@dataclasses.dataclass
class Turn:
    """What a command shows: answers if it is a message, and what is remembered after it."""
    line: str
    answers: np.ndarray | None = None
    patches: int = 0
    held: list | None = None
    pinned: list | None = None


def converse(script, pins=True):
    """The turns of the conversation in a file, and the memory at its end; without `pins`, nothing is pinned."""
    script = pathlib.Path(script)
    numbers = {word: i for i, word in enumerate((script.parent / "vocabulary.txt").read_text().split())}
    assistant, context, last, turns = Assistant(), np.zeros(4), [], []
    for line in script.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        verb, *rest = line.split()
        turn = Turn(line)
        if verb == "set":
            assistant.parameters[rest[0]] = float(rest[1]) if rest[0] == "beta" else int(rest[1])
        elif verb == "context":
            context = np.array(rest, np.float64)
        elif verb == "anchor":
            assistant.memory.anchor(last if pins else [])
            turn.pinned = last
        elif verb == "compact":
            assistant.memory.compact(int(rest[0]))
        elif verb in ("say", "see"):
            patches = read_image(script.parent / rest.pop(0)) if verb == "see" else np.zeros((0, weights.PATCH))
            words = np.array([numbers.get(word, UNKNOWN) for word in rest], np.int64)
            turn.answers, first = assistant.step(words, patches, context)
            turn.patches = len(patches)
            last = list(range(first, first + len(words) + len(patches)))
        elif verb != "restart":  # a new session goes on where the old one was
            raise ValueError(f"no command: {line}")
        if verb in ("say", "see", "compact"):
            turn.held = sorted(token.position for token in assistant.memory.tokens())
        turns.append(turn)
    return turns, assistant.memory
