"""Runs ONNX's own tests on winnow: the node tests that the pinned wheel generates and the models that it ships.

Each model is compiled with winnow-compile, executed on the devices through the runtime, and its outputs are compared
with those that ONNX expects. PTX is made and simulated for a sample: of each version of each operator the two tests
whose names have the least hash; of the models of each kind ten (of the light ones none). A test may be refused by
one sentence that names the node and the cause; a wrong number, a crash, a hang or any other message is a failure. An
input that decides what an ahead-of-time compiler must know (an axis, a rank) is fixed with --constant once the compiler
has asked for it; such tests are counted.

The last line is "T tests: P passed (F with inputs fixed, S simulated), R refused, X failed; O of other types".
"""
import argparse
import collections
import json
import os
import re
import shutil
import sys
import tempfile
import time
import zlib
from pathlib import Path

import onnx_cases
from onnx_execution import Options, run_case
from onnx_reasons import general
from worker_pool import Broken, run_all

import onnx

DEFAULT_DEVICES = "reference,host,ptxsim"
LIBRARY = "libwinnow_runtime.so"


def name_hash(text):
    return zlib.crc32(text.encode())


def simulated_sample(cases):
    """The names of the tests that the PTX simulator executes."""
    groups = collections.defaultdict(list)
    for case in cases:
        groups[case.operator, case.since if case.kind == "node" else name_hash(case.name) % 5].append(case.name)
    sample = set()
    for group in groups.values():
        sample.update(sorted(group, key=name_hash)[:2])
    return {name for name in sample if not name.startswith("light/")}


def broken_result(case, problem):
    return {"name": case.name, "kind": case.kind, "operator": case.operator, "since": case.since, "outcome": "failed",
            "reason": str(problem), "fixed": [], "devices": {}, "seconds": {}}


def run_cases(cases, simulated, devices, options, arguments):
    """The results of all cases, in their order."""
    results = [None] * len(cases)

    def work(index, tell):
        chosen = [device for device in devices if device != "ptxsim" or cases[index].name in simulated]
        return run_case(cases[index], chosen, options, tell)

    def done(index, result):
        results[index] = broken_result(cases[index], result) if isinstance(result, Broken) else result
        if results[index]["outcome"] == "failed" or (arguments.verbose and results[index]["outcome"] != "passed"):
            print(f"{results[index]['outcome'].upper()} {cases[index].name}: {results[index]['reason']}", flush=True)

    run_all(len(cases), work, arguments.workers, arguments.seconds, done)
    return results


def summarize(results):
    """The summary's line and how many passed and failed."""
    outcomes = collections.Counter(result["outcome"] for result in results)
    passed = [result for result in results if result["outcome"] == "passed"]
    fixed = sum(bool(result["fixed"]) for result in passed)
    simulated = sum(result["devices"].get("ptxsim") == "passed" for result in passed)
    line = (f"{len(results)} tests: {outcomes['passed']} passed ({fixed} with inputs fixed, {simulated} simulated), "
            f"{outcomes['refused']} refused, {outcomes['failed']} failed; {outcomes['foreign']} of other types")
    return line, outcomes["passed"], outcomes["failed"]


def print_refusals(results):
    reasons = collections.Counter(general(result["reason"]) for result in results if result["outcome"] == "refused")
    for reason, count in reasons.most_common():
        print(f"refused: {count:4} {reason}")


def write_json(path, results, devices, filtered):
    content = {"onnx": onnx.__version__, "devices": devices, "filter": filtered, "tests": results}
    Path(path).write_text(json.dumps(content, indent=1) + "\n")


def find_library(compiler):
    """The runtime library of the build that the compiler belongs to."""
    build = Path(shutil.which(compiler) or compiler).resolve().parents[1]
    return build / "lib" / LIBRARY


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="winnow-compile")
    parser.add_argument("--library", help=f"{LIBRARY} (default: that of the compiler's build)")
    parser.add_argument("--filter", default="", help="regular expression of test names")
    parser.add_argument("--devices", default=DEFAULT_DEVICES)
    parser.add_argument("--fifth", type=int, choices=range(5), help="only the tests whose names' hash is this modulo 5")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="tests at a time")
    parser.add_argument("--seconds", type=int, default=120, help="seconds of a processor that a process may use")
    parser.add_argument("--json", help="write every test's result to this file")
    parser.add_argument("--at-least", type=int, default=1, help="how many tests must pass")
    parser.add_argument("--verbose", action="store_true", help="print why tests are refused, and the slowest")
    return parser.parse_args()


def print_times(results, elapsed):
    totals = collections.Counter()
    for result in results:
        totals.update(result["seconds"])
    parts = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in totals.items())
    print(f"{elapsed:.0f} s; of processors: {parts}")
    for result in sorted(results, key=lambda result: -sum(result["seconds"].values()))[:10]:
        print(f"slow: {result['name']}: " + ", ".join(f"{n} {s:.1f} s" for n, s in result["seconds"].items()))


def main():
    arguments = parse_arguments()
    started = time.monotonic()
    cases = onnx_cases.collect()
    simulated = simulated_sample(cases)
    cases = [case for case in cases if re.search(arguments.filter, case.name)
             and arguments.fifth in (None, name_hash(case.name) % 5)]
    devices = arguments.devices.split(",")
    with tempfile.TemporaryDirectory() as folder:
        options = Options(arguments.compiler, str(arguments.library or find_library(arguments.compiler)), devices,
                          Path(folder))
        results = run_cases(cases, simulated, devices, options, arguments)
    if arguments.json:
        write_json(arguments.json, results, devices, arguments.filter)
    print_refusals(results)
    if arguments.verbose:
        print_times(results, time.monotonic() - started)
    line, passed, failed = summarize(results)
    print(line)
    return 1 if failed or passed < arguments.at_least else 0


if __name__ == "__main__":
    sys.exit(main())
