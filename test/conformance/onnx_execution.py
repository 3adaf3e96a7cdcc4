# One of ONNX's tests: compiles its model with winnow-compile, runs it on each device, compares. A model may be refused,
# but only as a user should see it.
import itertools
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "numeric"))

from onnx_cases import foreign_type
from onnx_comparison import check_outputs, to_module
from winnow_runtime import Failure, Runtime
from worker_pool import describe_end

# What the compiler says when an input's values decide what only a compiler can decide.
WANTS_CONSTANT = re.compile(r"depends on the model's data|expected (a )?constant")
# An input that decides a rank or an axis is short; so many sets of inputs are tried at most.
MAXIMUM_ELEMENTS, MAXIMUM_TRIES = 64, 24

# Lines as users should see them: "model.onnx: node 'y' (Relu): error: ...", which name something of the model, and no
# operation of the dialects.
REFUSAL = re.compile(r"[^:]*\.onnx: (?:node '.*' \(\w+\): )?(error|note): (.+)")
NAMES = re.compile(r"node '|(input|output|initializer|function|model) '|the model|the graph|cannot be imported|"
                   r"cannot read '")
INTERNAL = re.compile(r"'\w+\.[\w.]+' op |failed to |has no contents|out-of-bounds|LLVM ERROR|PLEASE submit|Stack dump")


@dataclass
class Options:
    compiler: str
    library: str
    devices: list
    folder: Path


class Refused(Exception):
    """The compiler refused the model, as it should: with one sentence."""


class Failed(Exception):
    """Something that must not happen."""


# ---- compiling ----

def judge_refusal(text):
    """The sentence of a refusal; raises Failed unless it is one that a user can understand."""
    lines = [line for line in text.splitlines() if ": warning: " not in line]
    matches = [REFUSAL.fullmatch(line) for line in lines]
    if not lines or not all(matches) or matches[0][1] != "error" or not all(map(NAMES.search, lines)):
        raise Failed(f"refused without a name and a cause: {' '.join(lines)[:300]!r}")
    if INTERNAL.search(text):
        raise Failed(f"refused by a message about the compiler's insides: {matches[0][2][:300]}")
    causes = [match[2] for match in matches if match[1] == "note"] or [matches[0][2]]
    return "; ".join(causes)


def compile_model(model, module, targets, fixed, options):
    """Compiles; raises Refused or Failed. `fixed` has the files of the inputs whose values are fixed."""
    command = [options.compiler, str(model), "-o", str(module), "--no-ptxas"]
    command += ["--with-reference"] if "reference" in options.devices else []
    command += [f"--target={target}" for target in targets]
    command += [f"--constant={name}=@{file}" for name, file in fixed.items()]
    # Names in a damaged model may be anything.
    compiled = subprocess.run(command, capture_output=True, text=True, errors="backslashreplace")
    if compiled.returncode == 1:
        raise Refused(judge_refusal(compiled.stderr))
    if compiled.returncode != 0:
        raise Failed(f"winnow-compile: {describe_end(compiled.returncode)} {compiled.stderr[-300:]}".strip())


def input_names(model):
    constants = {tensor.name for tensor in model.graph.initializer}
    return [value.name for value in model.graph.input if value.name not in constants]


def candidate_sets(arrays):
    """The sets of inputs whose values to fix, the smallest first, and of those the last inputs first; then all."""
    decides = lambda array: array.size <= MAXIMUM_ELEMENTS and (array.dtype.kind in "biu" or array.ndim <= 1)
    names = [name for name, array in reversed(arrays.items()) if decides(array)]
    sets = (chosen for size in range(1, len(names) + 1) for chosen in itertools.combinations(names, size))
    return itertools.chain(itertools.islice(sets, MAXIMUM_TRIES), [names])


def compile_with_inputs(model, module, targets, arrays, options):
    """Compiles the model as it is, or else with the values of the fewest inputs fixed. Returns their names."""
    try:
        compile_model(model, module, targets, {}, options)
        return []
    except Refused as refusal:
        if not WANTS_CONSTANT.search(str(refusal)):
            raise
        cause = refusal
    for chosen in candidate_sets(arrays):
        files = {name: options.folder / f"{model.stem}-{list(arrays).index(name)}.npy" for name in chosen}
        for name, file in files.items():
            np.save(file, arrays[name])
        try:
            compile_model(model, module, targets, files, options)
            return list(chosen)
        except Refused as refusal:
            if not WANTS_CONSTANT.search(str(refusal)):
                cause = refusal  # the cause that is left when the values are known
    raise cause


# ---- running ----

def run_device(case, module, device, fixed, options):
    """Raises Failed if a device's outputs are not those that the test expects."""
    names = input_names(case.model)
    try:
        runtime = Runtime(options.library)
        session = runtime.open(runtime.load(module), device)
        for inputs, expected in case.data_sets:
            given = [to_module(array) for name, array in zip(names, inputs) if name not in fixed]
            found = session.invoke("main", given, len(expected))
            if problem := check_outputs(case, inputs, found, expected):
                raise Failed(f"{device}: {problem}")
    except Failure as failure:
        raise Failed(f"{device}: {failure}") from None


def processor_time():
    """Seconds that this process and the compilers it ran had a processor."""
    return sum(os.times()[:4])


def run_case(case, devices, options, tell):
    """A test's result for the report: what came of it on each device, and why. Only the compiler can say no to a whole
    test; where it makes code for the CPU but not for a GPU, only the simulator's result is a refusal."""
    result = {"name": case.name, "kind": case.kind, "operator": case.operator, "since": case.since, "outcome": "passed",
              "reason": "", "fixed": [], "devices": {}, "seconds": {}}
    foreign = foreign_type(case.model)
    if foreign:
        return result | {"outcome": "foreign", "reason": foreign}
    try:
        compile_and_run(case, devices, options, tell, result)
    except Refused as refusal:
        result |= {"outcome": "refused", "reason": str(refusal)}
    except Failed as failure:
        result |= {"outcome": "failed", "reason": str(failure)}
    return result


def compile_and_run(case, devices, options, tell, result):
    model = options.folder / (case.name.replace("/", "-") + ".onnx")
    module = model.with_suffix(".wnm")
    onnx.save(case.model, model)
    if any(len(inputs) < len(input_names(case.model)) for inputs, _ in case.data_sets):
        raise Failed("the test lacks an input")
    arrays = dict(zip(input_names(case.model), case.data_sets[0][0]))
    gpu = ["cuda:sm_80"] if "ptxsim" in devices else []
    devices = list(devices)
    started = processor_time()
    tell("winnow-compile")
    try:
        result["fixed"] = compile_with_inputs(model, module, ["host:native", *gpu], arrays, options)
    except Refused as refusal:
        if not gpu:
            raise
        result["fixed"] = compile_with_inputs(model, module, ["host:native"], arrays, options)
        result["devices"]["ptxsim"] = f"refused: {refusal}"
        devices.remove("ptxsim")
    result["seconds"]["compile"] = processor_time() - started
    for device in devices:
        started = processor_time()
        tell(device)
        try:
            run_device(case, module, device, result["fixed"], options)
            result["devices"][device] = "passed"
        except Failed as failure:
            result["devices"][device] = str(failure)
        result["seconds"][device] = processor_time() - started
    problems = [text for text in result["devices"].values() if text != "passed" and not text.startswith("refused: ")]
    if problems:
        raise Failed("; ".join(problems))
    model.unlink()
    module.unlink()
