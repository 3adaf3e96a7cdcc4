"""Random ONNX graphs of 5 to 40 operators, half of them with dynamic dimensions, against ONNX Runtime.

Each seed makes a graph (graph_generator.py), which is compiled and executed on every device at the sizes that it was
made for: a static graph on two sets of inputs, a dynamic one at three sizes. With --broken, the graph is broken
(graph_damage.py): it must be refused by one sentence about the model, or work. The last line is
"N graphs, M nodes, K operators in L graphs or more each, R refused, P problems".
"""
import argparse
import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "conformance"), str(HERE.parent / "numeric")]

import graph_damage
import graph_generator
from onnx_comparison import difference
from onnx_execution import Failed, Options, Refused, compile_model
from onnx_tests import find_library
from winnow_runtime import Failure, Runtime
from worker_pool import Broken, run_all

RELATIVE = {"f64": 1e-9, "f32": 1e-4, "f16": 4e-3, "bf16": 3e-2}  # of an element, and half as much of the largest
# Errors before a value are amplified as the small ones that the generator made were, which are a draw, not a bound.
OF_THE_DISTURBANCE = 8


@dataclass
class GraphOptions(Options):
    keep: Path | None  # where graphs and inputs with problems go


def compare(value, run, found):
    """None, or a sentence about what is wrong with an output."""
    relative = RELATIVE.get(value.kind, 0)
    largest = np.abs(value.exact[run].astype(np.float64)).max(initial=0)
    allowed = relative / 2 * largest + OF_THE_DISTURBANCE * value.error(run)
    return difference(found, value.exact[run], relative, allowed)


def check_graph(graph, module, device, options):
    """The problems on a device, as text."""
    runtime = Runtime(options.library)
    session = runtime.open(runtime.load(module), device)
    for run in range(graph.runs):
        try:
            found = session.invoke("main", [value.exact[run] for value in graph.inputs], len(graph.outputs))
        except Failure as failure:
            yield f"{device}, run {run}: {failure}"
            continue
        for value, array in zip(graph.outputs, found):
            if problem := compare(value, run, array):
                yield f"{device}, run {run}: output '{value.name}' {problem}"


def no_result(graph):
    return {"nodes": len(graph.model.graph.node), "operators": graph.operators, "refused": [], "problems": []}


def check_seed(seed, options, tell):
    tell("the generator")
    graph = graph_generator.generate(seed)
    path = options.folder / f"{seed}.onnx"
    onnx.save(graph.model, path)
    result = no_result(graph)
    tell("winnow-compile")
    try:
        compile_model(path, path.with_suffix(".wnm"), ["host:native"], {}, options)
        for device in options.devices:
            tell(device)
            result["problems"] += check_graph(graph, path.with_suffix(".wnm"), device, options)
    except Refused as refusal:
        result["refused"].append(str(refusal))
    except (Failed, Failure) as failure:
        result["problems"].append(str(failure))
    if options.keep and (result["problems"] or result["refused"]):
        onnx.save(graph.model, options.keep / path.name)
        for run in range(graph.runs):
            np.savez(options.keep / f"{seed}-{run}.npz", **{v.name: v.exact[run] for v in graph.inputs + graph.outputs})
    return result


def check_broken(seed, options, tell):
    """A broken graph may be taken: not all damage makes a model wrong. What it computes is open then."""
    tell("the generator")
    graph = graph_generator.generate(seed)
    damage, content = graph_damage.damage(graph.model, seed)
    path = options.folder / f"{seed}.onnx"
    path.write_bytes(content)
    result = no_result(graph)
    tell(f"winnow-compile, {damage}")
    try:
        compile_model(path, path.with_suffix(".wnm"), ["host:native"], {}, options)
        tell(f"host, {damage}")
        runtime = Runtime(options.library)
        session = runtime.open(runtime.load(path.with_suffix(".wnm")), "host")
        session.invoke("main", [value.exact[0] for value in graph.inputs], len(graph.outputs))
    except (Refused, Failure) as refusal:
        result["refused"].append(f"{damage}: {refusal}")
    except Failed as failure:
        result["problems"].append(f"{damage}: {failure}")
    if options.keep and result["problems"]:
        (options.keep / path.name).write_bytes(content)
    return result


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="winnow-compile")
    parser.add_argument("--library", help="the runtime library (default: that of the compiler's build)")
    parser.add_argument("--devices", default="reference,host")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=2000, help="how many")
    parser.add_argument("--broken", action="store_true", help="break each graph")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=int, default=120, help="seconds of a processor that a graph may take")
    parser.add_argument("--keep", type=Path, help="folder for graphs and inputs with problems")
    parser.add_argument("--verbose", action="store_true", help="print what is refused, too")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    counts, operators = Counter(), Counter()

    def done(index, result):
        if isinstance(result, Broken):
            result = {"nodes": 0, "operators": [], "refused": [], "problems": [str(result)]}
        seed = arguments.first + index
        for text in result["problems"]:
            print(f"PROBLEM: seed {seed}: {text}", flush=True)
        for text in result["refused"] if arguments.verbose else []:
            print(f"refused: seed {seed}: {text}", flush=True)
        operators.update(result["operators"])
        counts.update({"nodes": result["nodes"], "refused": int(bool(result["refused"])),
                       "problems": int(bool(result["problems"]))})

    check = check_broken if arguments.broken else check_seed
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        options = GraphOptions(arguments.compiler, str(arguments.library or find_library(arguments.compiler)),
                               ["host"] if arguments.broken else arguments.devices.split(","), Path(folder),
                               arguments.keep)
        run_all(arguments.seeds, lambda index, tell: check(arguments.first + index, options, tell), arguments.workers,
                arguments.seconds, done)
    print(f"{arguments.seeds} graphs, {counts['nodes']} nodes, {len(operators)} operators in "
          f"{min(operators.values(), default=0)} graphs or more each, {counts['refused']} refused, "
          f"{counts['problems']} problems")
    return 1 if counts["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
