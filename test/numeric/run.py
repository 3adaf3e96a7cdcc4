# Compares devices with each other and with numpy: compiles the functions of a group into one module, with
# dynamic shapes, and calls each on each device with inputs of many shapes.
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import attention
import conditions
import contractions
import dense
import elementwise
import feedforward
import forms
import half
import modalities
import normalization
import order
import packed
import quantized
import selections
import sparse_code
from case import Sampler
from winnow_runtime import Failure, Runtime

GROUPS = {
    "attention": attention.attention_cases,
    "score-regions": attention.score_region_cases,
    "matmul": contractions.matmul_cases,
    "conv2d": contractions.conv2d_cases,
    "dense": dense.dense_cases,
    "quantized": quantized.quantized_cases,
    "elementwise": elementwise.elementwise_cases,
    "selections": selections.selection_cases,
    "forms": forms.form_cases,
    "ffn": feedforward.ffn_cases,
    "experts": feedforward.expert_cases,
    "normalization": normalization.normalization_cases,
    "modalities": modalities.modality_cases,
    "movement": selections.movement_cases,
    "gates": selections.gate_cases,
    "conditions": conditions.condition_cases,
    "half": half.half_cases,
    "packed": packed.packed_cases,
    "order": order.order_cases,
    "sparse_code": sparse_code.sparse_code_cases,
}


def compile_module(name, cases, compiler, folder):
    """The folder's module of this name, compiled if it is not there."""
    source, module = folder / f"{name}.mlir", folder / f"{name}.wnm"
    if module.exists():
        return module
    source.write_text("\n".join(case.text for case in cases))
    command = [compiler, str(source), "-o", str(module), "--with-reference", "--no-ptxas"]
    compiled = subprocess.run(command, capture_output=True, text=True)
    if compiled.returncode:
        sys.exit(f"error: {' '.join(command)} failed:\n{compiled.stderr}")
    return module


def describe(case, round_number, device, inputs):
    shapes = ", ".join(f"{array.dtype}{list(array.shape)}" for array in inputs)
    return f"{case.name}, round {round_number}, device {device}, inputs {shapes}"


def check(case, round_number, device, inputs, found, expected):
    """Messages about the outputs that are wrong."""
    for index, (actual, wanted) in enumerate(zip(found, expected)):
        wrong = wanted.differs(actual)
        if wrong is None:
            continue
        where = describe(case, round_number, device, inputs)
        if isinstance(wrong, str):
            yield f"{where}: output {index} {wrong}"
            continue
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        yield (f"{where}: output {index} differs in {int(wrong.sum())} of {wrong.size} elements, first at "
               f"{list(first)}: found {actual[first]}, expected {wanted.value[first]}")


def run_case(case, sessions, rounds, seed):
    """Calls one function with inputs of many shapes on every device. Returns the messages."""
    messages = []
    for round_number in range(rounds):
        sampler = Sampler(seed, round_number)
        inputs = case.sample(sampler)
        expected = case.expect(*inputs)
        for device, session in sessions.items():
            try:
                found = session.invoke(case.function or case.name, inputs, len(expected))
            except Failure as failure:
                messages.append(f"{describe(case, round_number, device, inputs)}: {failure}")
                continue
            messages += check(case, round_number, device, inputs, found, expected)
    return messages


def main():
    parser = argparse.ArgumentParser(description="Compares devices with each other and with numpy.")
    parser.add_argument("--group", required=True, choices=GROUPS)
    parser.add_argument("--case", help="only the cases whose name contains this")
    parser.add_argument("--compiler", default="winnow-compile")
    parser.add_argument("--library", required=True, help="the runtime's shared library")
    parser.add_argument("--devices", default="reference,host,ptxsim", help="none: only compile")
    parser.add_argument("--modules", help="a folder to keep the compiled module in, or to take it from")
    parser.add_argument("--rounds", type=int, default=22, help="shapes for each function and device")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    cases = [case for case in GROUPS[options.group]() if not options.case or options.case in case.name]
    with tempfile.TemporaryDirectory() as folder:
        name = f"{options.group}-{options.case}" if options.case else options.group
        module = compile_module(name, cases, options.compiler, Path(options.modules or folder))
        if not options.devices:
            return 0
        runtime = Runtime(options.library)
        loaded = runtime.load(module)
        sessions = {device: runtime.open(loaded, device) for device in options.devices.split(",")}
        failed = 0
        for case in cases:
            messages = run_case(case, sessions, options.rounds, options.seed)
            failed += bool(messages)
            for message in messages[:5]:
                print(message)
    print(f"{options.group}: {len(cases)} functions x {len(sessions)} devices x {options.rounds} shapes, "
          f"{failed} functions failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
