"""Runs each operator on random shapes and compares with ONNX Runtime.

Every row of the table (operator_rows.py) becomes a model with dynamic dimensions, whose module is executed at three
sizes: random ones, all one, and one of them zero; and a model with static dimensions. Values are random, in some runs
with zeros, ones, infinities, NaN and the ends of the types among them. What ONNX Runtime cannot execute, and where
winnow differs from it, ONNX's reference evaluator decides. The last line is
"N operators, M models, R runs, S refused, P problems".
"""
import argparse
import os
import re
import shutil
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from onnx_comparison import difference
from onnx_execution import Failed, Options, Refused, compile_model
from onnx_tests import find_library
from operator_rows import ROWS
from random_values import edge_values, random_values
from winnow_runtime import Failure, Runtime
from worker_pool import Broken, run_all

RELATIVE = 1e-4  # of f32; types with fewer bits may be off by two units in their last place (onnx_comparison.py)
MOST = 7  # the greatest random size


@dataclass
class RandomOptions(Options):
    keep: Path | None  # where models and inputs with problems go


class Sizes:
    """The symbols of a row and the shapes of its inputs; `*` becomes random dimensions."""

    def __init__(self, row, random):
        self.random, self.least = random, row.least
        rank = int(random.integers(0, 5))
        self.free = [f"d{i}" for i in range(rank)]
        self.shapes = [self.spread(spec.shape) for spec in row.inputs]
        self.symbols = sorted({d for shape in self.shapes for d in shape if isinstance(d, str)})

    def spread(self, shape):
        result = []
        for dimension in shape:
            if dimension == "*":
                result += self.free
            elif dimension == "~":  # broadcast to `*`: fewer dimensions, some of them 1
                fewer = self.free[int(self.random.integers(0, len(self.free) + 1)):]
                result += [d if self.random.random() < 0.7 else 1 for d in fewer]
            else:
                result.append(dimension)
        return result

    def random_sizes(self):
        least = {symbol: self.least.get(symbol, 0) for symbol in self.symbols}
        return {s: int(self.random.integers(max(1, low), low + MOST + 1)) for s, low in least.items()}

    def ones(self):
        return {s: max(1, self.least.get(s, 0)) for s in self.symbols}

    def with_zero(self):
        sizes = self.random_sizes()
        choices = [s for s in self.symbols if self.least.get(s, 0) == 0]
        return sizes | {str(self.random.choice(choices)): 0} if choices else None


def concrete(shape, sizes):
    return [sizes.get(d, d) for d in shape]


def make_model(row, shapes, constants):
    names = [f"x{i}" for i in range(len(row.inputs))]
    inputs = [helper.make_tensor_value_info(name, spec.onnx_type, shape)
              for name, spec, shape in zip(names, row.inputs, shapes) if name not in constants and spec.kind]
    outputs = [onnx.ValueInfoProto(name=f"y{i}") for i in range(row.outputs)]
    node = helper.make_node(row.operator, [name if spec.kind else "" for name, spec in zip(names, row.inputs)],
                            [o.name for o in outputs], domain=row.domain, **row.attributes)
    graph = helper.make_graph([node], "random", inputs, outputs,
                              [numpy_helper.from_array(value, name) for name, value in constants.items()])
    opsets = [helper.make_opsetid("", row.opset)] + ([helper.make_opsetid(row.domain, 1)] if row.domain else [])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    try:
        return onnx.shape_inference.infer_shapes(model, strict_mode=False)
    except Exception:  # noqa: BLE001: the outputs stay without a type
        return model


# ---- what is right ----

def runtime_oracle(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda feeds: session.run(None, feeds)


def reference_oracle(model):
    evaluator = ReferenceEvaluator(model)
    return lambda feeds: [np.asarray(value) for value in evaluator.run(None, feeds)]


def answers(model, feeds):
    """The outputs by each oracle that has an answer, ONNX Runtime's first."""
    for make in (runtime_oracle, reference_oracle):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield make(model)(feeds)
        except Exception:  # noqa: BLE001: each raises what it likes about types, versions and sizes it does not have
            continue


def compare(found, expected, row):
    for index, (actual, wanted) in enumerate(zip(found, expected)):
        if problem := difference(actual, wanted, row.rtol or RELATIVE, row.atol):
            return f"output {index} {problem}"
    return None


# ---- one row ----

def sample(row, shapes, sizes, random, has_edges):
    """Values for the inputs that are not constants."""
    values = {}
    for i, (spec, shape) in enumerate(zip(row.inputs, shapes)):
        if spec.kind and not spec.is_constant:
            value = random_values(spec, concrete(shape, sizes), random)
            values[f"x{i}"] = edge_values(value, random, row.nan) if has_edges and not spec.range else value
    return values


def check_run(module, runtime, feeds, expected, row, devices):
    """The problems of one run, as text. `expected` has the outputs of each oracle."""
    for device in devices:
        try:
            found = runtime.open(runtime.load(module), device).invoke("main", list(feeds.values()), row.outputs)
        except Failure as failure:
            yield f"{device}: {failure}"
            continue
        problems = [compare(found, answer, row) for answer in expected]
        if all(problems):
            yield f"{device}: {problems[0]}"


def check_model(row, sizes, is_dynamic, random, runtime, options, result):
    fixed = {} if is_dynamic else sizes.random_sizes()
    shapes = [concrete(shape, fixed) for shape in sizes.shapes]
    constants = {f"x{i}": spec.value if spec.value is not None else random_values(spec, shape, random)
                 for i, (spec, shape) in enumerate(zip(row.inputs, sizes.shapes)) if spec.is_constant}
    model = make_model(row, shapes, constants)
    kind = "dynamic" if is_dynamic else "static"
    path = options.folder / f"{row.number}-{row.operator}-{kind}-{result['round']}.onnx"
    onnx.save(model, path)
    result["models"] += 1
    try:
        compile_model(path, path.with_suffix(".wnm"), ["host:native"], {}, options)
    except Refused as refusal:
        result["refused"].append(f"{kind} {[*map(list, shapes)]}: {refusal}")
        return
    except Failed as failure:
        result["problems"].append(f"{kind} {[*map(list, shapes)]}: {failure}")
        return
    runs = [sizes.random_sizes(), sizes.ones(), sizes.with_zero()] if is_dynamic and sizes.symbols else [fixed] * 2
    for number, chosen in enumerate(runs):
        if chosen is None or (not row.empty and 0 in chosen.values()):
            continue
        feeds = sample(row, shapes, chosen, random, has_edges=number == 1)
        expected = list(answers(model, feeds))
        if not expected and number == 0:
            result["problems"].append(f"{kind} {[*map(list, shapes)]}: no oracle has an answer")
        if not expected:  # the oracles have no answer to an empty tensor
            continue
        result["runs"] += 1
        for problem in check_run(path.with_suffix(".wnm"), runtime, feeds, expected, row, options.devices):
            result["problems"].append(f"{kind} {[*map(list, shapes)]} at {chosen}, {problem}")
            if options.keep:
                np.savez(options.keep / f"{path.stem}-{number}.npz", **feeds)
                shutil.copy(path, options.keep)


def check_row(row, round_number, seed, options):
    result = {"operator": row.operator, "round": round_number, "models": 0, "runs": 0, "refused": [], "problems": []}
    random = np.random.default_rng([seed, round_number, row.number])
    sizes = Sizes(row, random)
    runtime = Runtime(options.library)
    for is_dynamic in (True, False) if sizes.symbols else (False,):
        check_model(row, sizes, is_dynamic, random, runtime, options, result)
    return result


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="winnow-compile")
    parser.add_argument("--library", help="the runtime library (default: that of the compiler's build)")
    parser.add_argument("--filter", default="", help="regular expression that operators' names match")
    parser.add_argument("--devices", default="reference,host")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="run every Nth row of the table only")
    parser.add_argument("--rounds", type=int, default=1, help="how often each row of the table is run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=int, default=120, help="seconds of a processor that a process may use")
    parser.add_argument("--keep", type=Path, help="folder for models and inputs with problems")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    rows = [row for row in ROWS if re.fullmatch(arguments.filter or ".*", row.operator)][::arguments.every]
    work = [(row, number) for number in range(arguments.rounds) for row in rows]
    totals = {"models": 0, "runs": 0, "refused": 0, "problems": 0}

    def done(index, result):
        name = f"{work[index][0].operator} (row {work[index][0].number}, round {work[index][1]})"
        if isinstance(result, Broken):
            result = {"models": 0, "runs": 0, "refused": [], "problems": [str(result)]}
        for kind in ("refused", "problems"):
            for text in result[kind]:
                print(f"{'refused' if kind == 'refused' else 'PROBLEM'}: {name}: {text}", flush=True)
        for kind in totals:
            totals[kind] += result[kind] if isinstance(result[kind], int) else len(result[kind])

    with tempfile.TemporaryDirectory() as folder:
        options = RandomOptions(arguments.compiler, str(arguments.library or find_library(arguments.compiler)),
                                arguments.devices.split(","), Path(folder), arguments.keep)
        run_all(len(work), lambda index, tell: check_row(*work[index], arguments.seed, options), arguments.workers,
                arguments.seconds, done)
    print(f"{len({row.operator for row in rows})} operators, {totals['models']} models, {totals['runs']} runs, "
          f"{totals['refused']} refused, {totals['problems']} problems")
    return 1 if totals["problems"] or not totals["runs"] else 0


if __name__ == "__main__":
    sys.exit(main())
