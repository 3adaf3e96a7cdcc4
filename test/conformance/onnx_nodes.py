"""Runs ONNX's own node tests through the importer and compares with the outputs that ONNX expects.

The imported module is lowered by upstream passes alone and called in this process, so that nothing of winnow
but the importer takes part. Tolerances: float64 1e-7, float32 1e-5 + 1e-4 relative, float16 and bfloat16 1e-2,
integers and bools exact. The last line is "N passed, N failed, N not supported".
"""
import argparse
import collections
import ctypes
import os
import re
import subprocess
import sys
import tempfile
import warnings

import numpy
import onnx
from onnx.backend.test.case.node import collect_testcases

import packing

FIRST_OPSET, LAST_OPSET = 7, 28
TOLERANCES = {  # absolute, relative
    "float64": (1e-7, 1e-7), "float32": (1e-5, 1e-4), "float16": (1e-2, 1e-2), "bfloat16": (1e-2, 1e-2)}
# Whose inputs or expected outputs ONNX writes with four digits behind the point.
ROUNDED = {"test_averagepool_2d_ceil_last_window_starts_on_pad", "test_gridsample_bicubic", "test_roialign_aligned_false",
           "test_roialign_aligned_true"}
# What a test may be refused for.
EXPECTED_REFUSALS = [
    "element type", "depends on the model's data", "training_mode", "is used, but is not supported", "to is ",
    "fmod is 0 for floats", "has no value of a supported kind",
    "is not a tensor", "depends on the model's data or sizes", "has no shape",
]
PASSES = [
    "eliminate-empty-tensors", "empty-tensor-to-alloc-tensor",
    "one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map}",
    "func.func(convert-linalg-to-loops)", "func.func(llvm-request-c-wrappers)", "convert-math-to-funcs",
    "expand-strided-metadata", "lower-affine", "convert-scf-to-cf", "func.func(memref-expand)",
    "func.func(arith-expand)", "convert-math-to-llvm", "convert-math-to-libm", "convert-arith-to-llvm",
    "finalize-memref-to-llvm", "convert-func-to-llvm", "convert-cf-to-llvm", "reconcile-unrealized-casts"]


def run(arguments):
    return subprocess.run(arguments, capture_output=True, text=True)


def operators_of(graph):
    for node in graph.node:
        yield f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from operators_of(attribute.g)


def relabelled(model):
    """The model at a supported opset, or None if its operators mean something else there."""
    entry = next(i for i in model.opset_import if i.domain in ("", "ai.onnx"))
    if FIRST_OPSET <= entry.version <= LAST_OPSET:
        return model
    target = min(max(entry.version, FIRST_OPSET), LAST_OPSET)
    for name in operators_of(model.graph):
        try:
            old = onnx.defs.get_schema(name, entry.version, "").since_version
            new = onnx.defs.get_schema(name, target, "").since_version
        except onnx.defs.SchemaError:
            return None
        if entry.version < target and old != new:
            return None
    entry.version = target
    model.ir_version = min(model.ir_version, 11)
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError:
        return None
    return model


class Case:
    def __init__(self, number, test, model, path):
        self.test, self.model, self.path, self.function = test, model, path, f"test_{number}"
        self.text = None
        self.constants = set()

    def make_constant(self, names):
        """Turns inputs into initializers: shapes and axes, which a compiler must know."""
        for value, array in zip(list(self.model.graph.input), self.test.data_sets[0][0]):
            if value.name in names:
                self.constants.add(value.name)
                self.model.graph.initializer.append(onnx.numpy_helper.from_array(numpy.asarray(array), value.name))

    def inputs(self, arrays):
        return [a for value, a in zip(self.model.graph.input, arrays) if value.name not in self.constants]

    def import_or_fix(self, tool):
        """Imports, with inputs made constant as far as the importer demands it."""
        names = [value.name for value in self.model.graph.input]
        for constants in ([], names[1:], names):
            if constants:
                self.make_constant(set(constants) - self.constants)
            onnx.save(self.model, self.path)
            error = self.import_model(tool)
            if error is None or "depends on the model's data" not in error:
                return error
        return error

    def import_model(self, tool):
        """The importer's error, or None."""
        result = run([tool, self.path, f"--name={self.function}"])
        if result.returncode == 1:
            return result.stderr
        if result.returncode != 0:
            return f"crashed with status {result.returncode}: {result.stderr}"
        lines = result.stdout.rstrip().split("\n")
        first = next(i for i, line in enumerate(lines) if line.startswith("module"))
        # Without the module around them, functions can be put together; aliases of maps must differ then.
        text = "\n".join(lines[:first] + lines[first + 1:-1])
        self.text = re.sub(r"#map(\d*)", rf"#{self.function}_map\1", text)
        return None


def compile_cases(cases, folder, llvm):
    """A shared library with the functions of all cases, or the complaint of the tool that failed."""
    source, lowered, library = (os.path.join(folder, name) for name in ("all.mlir", "all.ll", "all.so"))
    with open(source, "w") as file:
        file.write("\n".join(case.text for case in cases))
    pipeline = "builtin.module(" + ",".join(PASSES) + ")"
    steps = [[f"{llvm}/mlir-opt", f"--pass-pipeline={pipeline}", source, "-o", lowered + ".mlir"],
             [f"{llvm}/mlir-translate", "--mlir-to-llvmir", lowered + ".mlir", "-o", lowered],
             [f"{llvm}/llc", "-O1", "-filetype=obj", "-relocation-model=pic", lowered, "-o", lowered + ".o"],
             ["cc", "-shared", lowered + ".o", "-o", library, "-lm", f"{llvm}/../lib/libmlir_c_runner_utils.so",
              f"-Wl,-rpath,{llvm}/../lib"]]
    for step in steps:
        result = run(step)
        if result.returncode != 0:
            return None, f"{os.path.basename(step[0])}: {result.stderr[:400]}"
    return ctypes.CDLL(library), None


def descriptor(rank):
    """MLIR's memref descriptor."""
    class Descriptor(ctypes.Structure):
        _fields_ = [("allocated", ctypes.c_void_p), ("aligned", ctypes.c_void_p), ("offset", ctypes.c_int64),
                    ("sizes", ctypes.c_int64 * rank), ("strides", ctypes.c_int64 * rank)]
    return Descriptor


def read_result(result, like):
    """The array in a descriptor. Its memory is never freed: it may belong to a constant."""
    if list(result.sizes) != list(like.shape):
        raise ValueError(f"found shape {list(result.sizes)}, but expected {list(like.shape)}")
    if like.size == 0:
        return numpy.zeros_like(like)
    span = sum(stride * (size - 1) for size, stride in zip(result.sizes, result.strides)) + 1
    raw = ctypes.string_at(result.aligned + result.offset * like.itemsize, span * like.itemsize)
    elements = numpy.frombuffer(raw, f"u{like.itemsize}")  # numpy cannot stride over types of ml_dtypes
    strides = [s * like.itemsize for s in result.strides]
    return numpy.lib.stride_tricks.as_strided(elements, like.shape, strides).view(like.dtype)


def call(library, case, inputs, expected):
    arguments = []
    for array in inputs:
        pointer, rank = array.ctypes.data, array.ndim
        strides = [s // array.itemsize for s in array.strides]
        arguments.append(descriptor(rank)(pointer, pointer, 0, (ctypes.c_int64 * rank)(*array.shape),
                                          (ctypes.c_int64 * rank)(*strides)))
    fields = [(f"r{i}", descriptor(array.ndim)) for i, array in enumerate(expected)]
    results = type("Results", (ctypes.Structure,), {"_fields_": fields})()
    function = getattr(library, f"_mlir_ciface_{case.function}")
    function(ctypes.byref(results), *[ctypes.byref(a) for a in arguments])
    return [read_result(getattr(results, f"r{i}"), array) for i, array in enumerate(expected)]


def at_boundary(array):
    """The array as the module takes and returns it: elements narrower than a byte are packed."""
    return packing.pack(array) if array.dtype.name in packing.BITS else array


def compare(actual, expected, name):
    for i, (a, e) in enumerate(zip(actual, expected)):
        if e.dtype.name not in TOLERANCES:
            numpy.testing.assert_array_equal(a, e, err_msg=f"output {i}")
            continue
        absolute, relative = (1e-4, 0) if name in ROUNDED else TOLERANCES[e.dtype.name]
        numpy.testing.assert_allclose(a.astype(numpy.float64), e.astype(numpy.float64), rtol=relative,
                                      atol=absolute, err_msg=f"output {i}")


def execute(cases, llvm, failures):
    """Compiles all cases at once, or in halves if that fails; returns how many pass."""
    with tempfile.TemporaryDirectory() as folder:
        library, error = compile_cases(cases, folder, llvm)
    if error and len(cases) > 1:
        middle = len(cases) // 2
        return execute(cases[:middle], llvm, failures) + execute(cases[middle:], llvm, failures)
    if error:
        failures.append((cases[0].test.name, error))
        return 0
    passed = 0
    for case in cases:
        try:
            for inputs, outputs in case.test.data_sets:
                inputs = [at_boundary(numpy.array(i, order="C")) for i in case.inputs(inputs)]
                outputs = [at_boundary(numpy.asarray(o)) for o in outputs]
                compare(call(library, case, inputs, outputs), outputs, case.test.name)
            passed += 1
        except (ValueError, AssertionError) as error:
            failures.append((case.test.name, " ".join(str(error).split())[:300]))
    return passed


def prepare(arguments, folder):
    """The cases to run, the counts of those that are refused, by reason, and those refused wrongly."""
    supported = set(run([arguments.tool, "--operators"]).stdout.split())
    cases, refused, failures = [], collections.Counter(), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tests = collect_testcases(None)
    for number, test in enumerate(tests):
        if not re.search(arguments.filter, test.name) or not set(operators_of(test.model.graph)) <= supported:
            continue
        model = relabelled(test.model)
        if model is None:
            refused["operator means something else at the opsets that are supported"] += 1
            continue
        case = Case(number, test, model, os.path.join(folder, f"{test.name}.onnx"))
        error = case.import_or_fix(arguments.tool)
        if error is None:
            cases.append(case)
            continue
        reason = next((r for r in EXPECTED_REFUSALS if r in error), None)
        if reason is None:
            failures.append((test.name, error.strip()[:300]))
            continue
        refused[reason] += 1
        if arguments.verbose:
            print(f"refused {test.name}: {error.strip()}")
    return cases, refused, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", default="winnow-import-onnx")
    parser.add_argument("--llvm", default="/usr/lib/llvm-22/bin", help="folder of mlir-opt and llc")
    parser.add_argument("--filter", default="", help="regular expression of test names")
    parser.add_argument("--verbose", action="store_true", help="print why tests are refused")
    parser.add_argument("--at-least", type=int, default=1, help="how many tests must pass")
    arguments = parser.parse_args()
    batch = 40
    with tempfile.TemporaryDirectory() as folder:
        cases, refused, failures = prepare(arguments, folder)
        passed = sum(execute(cases[i:i + batch], arguments.llvm, failures) for i in range(0, len(cases), batch))
    for reason, count in refused.most_common():
        print(f"not supported: {count:4} {reason}")
    for name, error in failures:
        print(f"FAILED {name}: {error}")
    print(f"{passed} passed, {len(failures)} failed, {sum(refused.values())} not supported")
    return 1 if failures or passed < arguments.at_least else 0


if __name__ == "__main__":
    sys.exit(main())
