"""Checks the assistant: the conversation on each device, every step against reference.py, and the ONNX encoders.

A number agrees if it differs by at most 1e-4 + 1e-4 * |expected|; what is remembered agrees exactly.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

import reference
import weights

HERE = pathlib.Path(__file__).parent
CONVERSATION, ENCODERS = HERE / "data" / "conversation.txt", HERE / "data" / "encoders.onnx"
TOLERANCE = 1e-4  # absolute, and relative to the expected number
# Decisions about what is remembered compare sums of weights, which differ from device to device in their last digits.
LEAST_MARGIN = 1e-3
DEVICES = {"reference": "", "host": "", "ptxsim": "all"}  # with the checks that they make


class Disagreement(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Disagreement(what)


def expect_close(found, wanted, what):
    """Returns the largest error as a share of what is allowed."""
    expect(found.shape == wanted.shape, f"{what}: shape {found.shape}, expected {wanted.shape}")
    share = np.max(np.abs(found - wanted) / (TOLERANCE * (1 + np.abs(wanted))), initial=0)
    expect(share <= 1, f"{what}: {found}, expected {wanted}")
    return share


def positions(text):
    """From "0-4 7" to [0, 1, 2, 3, 4, 7]."""
    if text == "nothing":
        return []
    ends = [list(map(int, part.split("-"))) for part in text.split()]
    return [position for each in ends for position in range(each[0], each[-1] + 1)]


def turns_of(output):
    """What the program printed of each command: pairs of the command and its lines by their first words."""
    turns = []
    for line in output.splitlines():
        if line.startswith("> "):
            turns.append((line[2:], {}))
        elif match := re.fullmatch(r"  (answers|remembers|pins|image encoder:) (.*)", line):
            turns[-1][1][match[1]] = match[2]
    return turns


def check_turn(wanted, lines, device):
    """Returns the largest error of the answers as a share of what is allowed."""
    what = f"{device}: {wanted.line}"
    for name, numbers in (("remembers", wanted.held), ("pins", wanted.pinned)):
        found = positions(lines[name]) if name in lines else None
        expect(found == numbers, f"{what}: {name} {found}, expected {numbers}")
    expect(("answers" in lines) == (wanted.answers is not None), f"{what}: answers {lines.get('answers')}")
    if wanted.answers is None:
        return 0
    # The reference device has one kernel for the whole step.
    launches = lines.get("image encoder:")
    expect((launches is None) == (device == "reference"), f"{what}: image encoder: {launches}")
    if launches is not None:
        expect((launches != "0 launches") == (wanted.patches > 0), f"{what}: {wanted.patches} patches, {launches}")
    return expect_close(np.array(lines["answers"].split(), np.float64), wanted.answers, what)


def check_script():
    """The conversation shows what it is to show: what is pinned is remembered, and would otherwise be forgotten."""
    turns, memory = reference.converse(CONVERSATION)
    _, unpinned = reference.converse(CONVERSATION, pins=False)
    expect(memory.margin > LEAST_MARGIN, f"what is remembered hangs on a difference of {memory.margin:.1e}")
    pinned = {position for turn in turns if turn.pinned for position in turn.pinned}
    held, otherwise = ({token.position for token in each.tokens()} for each in (memory, unpinned))
    expect(pinned and pinned <= held and not pinned & otherwise,
           f"{pinned} are pinned, {held} remembered, and {otherwise} if nothing is pinned")


def check_conversation(program, device):
    turns, memory = reference.converse(CONVERSATION)
    result = subprocess.run([program, device, CONVERSATION, DEVICES[device]], capture_output=True, text=True)
    expect(result.returncode == 0, f"{device}: exit status {result.returncode}: {result.stderr}{result.stdout[-300:]}")
    found = turns_of(result.stdout)
    expect([line for line, _ in found] == [turn.line for turn in turns], f"{device}: other commands: {found}")
    worst = max(check_turn(turn, lines, device) for turn, (_, lines) in zip(turns, found))
    steps = sum(turn.answers is not None for turn in turns)
    print(f"{device}: {steps} answers as numpy's, at most {worst:.3f} of the tolerance off; "
          f"{len(memory.tokens())} of {memory.seen} tokens remembered, the same ones")


def encode_with_winnow(runner, module, device, inputs, folder):
    command = [runner, module, f"--device={device}"]
    for name, array in inputs.items():
        np.save(folder / f"{name}.npy", array)
        command.append(f"--input={name}=@{folder / name}.npy")
    command += [f"--output={name}=@{folder / name}-encoded.npy" for name in ("text", "image")]
    result = subprocess.run(command, capture_output=True, text=True)
    expect(result.returncode == 0, f"{device}: {result.stderr}")
    return [np.load(folder / f"{name}-encoded.npy") for name in ("text", "image")]


def check_encoders(tools):
    """data/encoders.onnx on every device and in ONNX Runtime."""
    arrays = {name: array.astype(np.float64) for name, array in weights.make().items()}
    oracle = onnxruntime.InferenceSession(ENCODERS)
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        module = folder / "encoders.wnm"
        subprocess.run([tools / "winnow-compile", ENCODERS, "-o", module, "--with-reference", "--no-ptxas"], check=True)
        for words, patches in ((1, 1), (7, 4), (2, 0), (0, 3)):
            inputs = {"words": random.integers(0, weights.WORDS, words),
                      "patches": random.random((patches, weights.PATCH), np.float32)}
            wanted = [reference.encode_text(arrays, inputs["words"]), reference.encode_image(arrays, inputs["patches"])]
            found = {"ONNX Runtime": oracle.run(["text", "image"], inputs)}
            for device in DEVICES:
                found[device] = encode_with_winnow(tools / "winnow-run", module, device, inputs, folder)
            for where, encodings in found.items():
                for modality, array, expected in zip(("text", "image"), encodings, wanted):
                    expect_close(array, expected, f"{where}: {modality}, {words} words, {patches} patches")
    print("encoders.onnx: on every device and in ONNX Runtime as numpy's")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the assistant")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="folder of winnow-compile and winnow-run")
    options = parser.parse_args()
    try:
        check_script()
        for device in DEVICES:
            check_conversation(options.program, device)
        check_encoders(options.tools)
    except Disagreement as disagreement:
        sys.exit(f"error: {disagreement}")


if __name__ == "__main__":
    main()
