# Random ONNX graphs that are right by construction: every node is executed as it is added, by ONNX Runtime or else by
# ONNX's evaluator, on the sizes that the graph will be run at; a node that fails, or whose result hangs on the last
# digits of its operands, is left out.
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "conformance"))

from operator_rows import ONNX_TYPES, ROWS
from random_values import NUMPY, random_values

KINDS = {np.dtype(kind): name for name, kind in NUMPY.items()}
IR_VERSION = 10
OPSETS = (12, 17, 21, 22, 22, 22, 23, 26)
LEAST_NODES, MOST_NODES = 5, 40
MOST_ELEMENTS, LARGEST = 1 << 14, 1e4  # of a value
TRIES = 40  # for each node

# What a device may add to the error of each float, relative to the largest of its tensor, and the error up to which a
# result is one that can be compared.
ROUNDING = {"f64": 1e-14, "f32": 1e-6, "f16": 2e-3, "bf16": 1e-2}
MOST_ERROR = {"f64": 1e-8, "f32": 1e-3, "f16": 5e-2, "bf16": 0.2}


@dataclass
class Value:
    """A tensor of the graph, in each of the runs."""
    name: str
    kind: str
    exact: list
    disturbed: list  # two sets of the same: after small errors in everything before it, and after the opposite ones
    is_constant: bool = False

    @property
    def dimensions(self):
        """For each dimension its size in each of the runs."""
        return list(zip(*(array.shape for array in self.exact)))

    def error(self, run):
        """How far errors before it can move it, absolute."""
        if self.kind not in ROUNDING or not self.exact[run].size:
            return 0
        exact = self.exact[run].astype(np.float64)
        return max(np.abs(exact - runs[run].astype(np.float64)).max() for runs in self.disturbed)


@dataclass
class Graph:
    model: onnx.ModelProto
    inputs: list
    outputs: list
    operators: set
    runs: int


class Misfit(Exception):
    """A node that the graph cannot have."""


def fit(pattern, dimensions, names, row):
    """The sizes of the row's dimensions once `dimensions` are those of an input, or None if they cannot be."""
    if pattern in (["*"], ["~"]):
        whole = names.get("*", dimensions)
        tail = whole[len(whole) - len(dimensions):] if pattern == ["~"] else whole
        fits = len(tail) == len(dimensions) and all(d == w or (set(d) == {1} and pattern == ["~"])
                                                    for d, w in zip(dimensions, tail))
        return names | {"*": whole} if fits else None
    if len(pattern) != len(dimensions):
        return None
    names = dict(names)
    for wanted, found in zip(pattern, dimensions):
        if isinstance(wanted, int):
            wanted = (wanted,) * len(found)
        elif min(found) < row.least.get(wanted, 0):
            return None
        else:
            wanted = names.setdefault(wanted, found)
        if wanted != found:
            return None
    return names


class Generator:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.opset = int(self.random.choice(OPSETS))
        self.is_dynamic = bool(self.random.random() < 0.5)
        self.runs = 3 if self.is_dynamic else 2
        self.sizes = [self.random_dimension() for _ in range(4)]
        self.inputs, self.constants, self.results, self.nodes, self.operators = [], [], [], [], set()
        self.read = set()

    def random_dimension(self):
        sizes = self.random.integers(1, 8, self.runs)
        return tuple(int(s) for s in (sizes if self.is_dynamic else [sizes[0]] * self.runs))

    # ---- operands ----

    def fresh_dimensions(self, pattern, names, row):
        """Dimensions of a new input. Adds to `names` what they decide."""
        take = lambda least: self.choose([s for s in self.sizes if min(s) >= least] or [(least + 2,) * self.runs])
        if pattern in (["*"], ["~"]):
            whole = names.setdefault("*", [take(0) for _ in range(self.random.integers(0, 4))])
            if pattern == ["*"]:
                return whole
            fewer = whole[int(self.random.integers(0, len(whole) + 1)):]
            return [d if self.random.random() < 0.7 else (1,) * self.runs for d in fewer]
        return [(d,) * self.runs if isinstance(d, int) else names.setdefault(d, take(row.least.get(d, 0)))
                for d in pattern]

    def choose(self, values):
        return values[int(self.random.integers(len(values)))]

    def new_operand(self, spec, names, row):
        dimensions = self.fresh_dimensions(spec.shape, names, row)
        is_fixed = all(len(set(sizes)) == 1 for sizes in dimensions)
        is_constant = spec.is_constant or (is_fixed and self.random.random() < 0.4)
        if spec.value is not None:
            arrays = [spec.value] * self.runs
        else:
            arrays = [random_values(spec, [sizes[run] for sizes in dimensions], self.random)
                      for run in range(self.runs)]
            arrays = arrays[:1] * self.runs if is_constant else arrays
        group = self.constants if is_constant else self.inputs
        value = Value(f"{'c' if is_constant else 'x'}{len(group)}", spec.kind, arrays, [arrays, arrays], is_constant)
        return value, group

    def known_operand(self, spec, names, row):
        """A value of the graph that fits, more often a late one, and the names with what it decides; or None."""
        fitting = []
        for value in self.inputs + self.results:
            if value.kind != spec.kind or (new := fit(spec.shape, value.dimensions, names, row)) is None:
                continue
            if spec.range and not all(np.all((a >= spec.range[0]) & (a <= spec.range[1])) for a in value.exact):
                continue
            fitting.append((value, new))
        return fitting[-1 - int(len(fitting) * self.random.random() ** 2)] if fitting else None

    def operands(self, row):
        """The values that a node of the row reads (None for those left out), and the new ones among them."""
        names, chosen, new = {}, [None] * len(row.inputs), []
        # What others broadcast to comes first.
        for index in sorted(range(len(row.inputs)), key=lambda i: row.inputs[i].shape != ["*"]):
            spec = row.inputs[index]
            known = None if spec.is_constant or not spec.kind or self.random.random() < 0.1 else \
                self.known_operand(spec, names, row)
            if known:
                chosen[index], names = known
            elif spec.kind:
                chosen[index], group = self.new_operand(spec, names, row)
                new.append((chosen[index], group))
                group.append(chosen[index])  # so that names differ
        for value, group in new:
            group.remove(value)
        return chosen, new

    # ---- nodes ----

    def disturb(self, value):
        """Adds the errors of a device: what is next to a step falls down it, in one direction or the other."""
        if value.kind not in ROUNDING:
            return
        plus, minus = value.disturbed
        for run, array in enumerate(plus):
            scale = np.abs(array.astype(np.float64)).max(initial=0) * ROUNDING[value.kind]
            error = scale * np.sign(self.random.uniform(-1, 1, array.shape))
            plus[run] = (array + error).astype(array.dtype)
            minus[run] = (minus[run] - error).astype(array.dtype)

    def check(self, value):
        """Raises Misfit unless a device can be expected to find the value."""
        for run, exact in enumerate(value.exact):
            numbers = exact.astype(np.float64)
            if exact.size > MOST_ELEMENTS or not np.all(np.abs(numbers) <= LARGEST):  # nor a NaN
                raise Misfit
            most = MOST_ERROR.get(value.kind, 0) * np.abs(numbers).max(initial=0)
            for disturbed in (runs[run] for runs in value.disturbed):
                if exact.shape != disturbed.shape or not np.all(np.abs(numbers - disturbed.astype(np.float64)) <= most):
                    raise Misfit

    def add_node(self, row):
        """Raises Misfit if there can be no such node."""
        operands, new = self.operands(row)
        number = len(self.nodes)
        names = [f"v{number}_{i}" for i in range(row.outputs)]
        node = helper.make_node(row.operator, [value.name if value else "" for value in operands], names,
                                f"n{number}", domain=row.domain, **row.attributes)
        execute = executor(node, [value for value in operands if value], self.opset)
        exact = [execute([v.exact[run] for v in operands if v]) for run in range(self.runs)]
        disturbed = [[execute([v.disturbed[sign][run] for v in operands if v]) for run in range(self.runs)]
                     for sign in range(2)]
        results = []
        for index, name in enumerate(names):
            arrays = [outputs[index] for outputs in exact]
            kind = KINDS.get(arrays[0].dtype)
            if not kind:
                raise Misfit
            results.append(Value(name, kind, arrays, [[outputs[index] for outputs in runs] for runs in disturbed]))
            self.check(results[-1])
            self.disturb(results[-1])
        for value, group in new:
            group.append(value)
        self.nodes.append(node)
        self.results += results
        self.operators.add(row.operator)
        self.read.update(value.name for value in operands if value)

    def grow(self):
        operators = sorted({row.operator for row in ROWS})
        wanted = int(self.random.integers(LEAST_NODES, MOST_NODES + 1))
        for _ in range(wanted * TRIES):
            if len(self.nodes) == wanted:
                break
            operator = self.choose(operators)
            try:
                self.add_node(self.choose([row for row in ROWS if row.operator == operator]))
            except Misfit:
                continue

    # ---- the model ----

    def graph(self):
        self.grow()
        symbols = {}
        shape = lambda value: [sizes[0] if len(set(sizes)) == 1 else symbols.setdefault(sizes, f"d{len(symbols)}")
                               for sizes in value.dimensions]
        outputs = [v for v in self.results if v.name not in self.read or self.random.random() < 0.1]
        inputs = [v for v in self.inputs if v.name in self.read]
        graph = helper.make_graph(
            self.nodes, "random",
            [helper.make_tensor_value_info(v.name, ONNX_TYPES[v.kind], shape(v)) for v in inputs],
            [helper.make_tensor_value_info(v.name, ONNX_TYPES[v.kind], [None] * len(v.dimensions)) for v in outputs],
            [numpy_helper.from_array(v.exact[0], v.name) for v in self.constants])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return Graph(model, inputs, outputs, self.operators, self.runs)


def executor(node, operands, opset):
    """A function from the operands' arrays to those of the results. Raises Misfit, as the function does."""
    check_node(node, opset)
    distinct = {value.name: value for value in operands}
    constants = [numpy_helper.from_array(v.exact[0], v.name) for v in distinct.values() if v.is_constant]
    read = [v for v in distinct.values() if not v.is_constant]
    graph = helper.make_graph(
        [node], "node",
        [helper.make_tensor_value_info(v.name, ONNX_TYPES[v.kind], [None] * v.exact[0].ndim) for v in read],
        [onnx.ValueInfoProto(name=name) for name in node.output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=IR_VERSION)
    sessions = []
    for make in (runtime_session, ReferenceEvaluator):
        try:
            sessions.append(make(model))
        except Exception:  # noqa: BLE001: each raises what it likes about types and versions that it does not have
            continue

    def answers(feeds):
        for session in sessions:
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    results = session.run(None, feeds)
                if all(isinstance(result, (np.ndarray, np.generic)) for result in results):
                    yield [np.asarray(result) for result in results]
            except Exception:  # noqa: BLE001
                continue

    def execute(arrays):
        found = answers({value.name: array for value, array in zip(operands, arrays) if not value.is_constant})
        first = next(found, None)
        # What some operators make of nothing (a mean) is open.
        is_open = any(array.size == 0 for array in arrays)
        if first is None or (is_open and not all(map(np.array_equal, first, next(found, [np.nan] * len(first))))):
            raise Misfit
        return first

    return execute


def check_node(node, opset):
    """Raises Misfit if the operator set has no such node; ONNX Runtime takes some that it has in another."""
    context = onnx.checker.C.CheckerContext()
    context.ir_version, context.opset_imports = IR_VERSION, {"": opset}
    try:
        onnx.checker.check_node(node, context)
    except onnx.checker.ValidationError:
        raise Misfit from None


def runtime_session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def generate(seed):
    return Generator(seed).graph()
