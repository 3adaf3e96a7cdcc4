# ONNX's own tests, out of the wheel `onnx`: the node tests that its generator makes, and the models that it ships.
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the generator's small products only lose time to threads

import glob
import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.loader import load_model_tests
from onnx.backend.test.runner import Runner

MODEL_KINDS = ["light", "simple", "pytorch-operator", "pytorch-converted"]
LIGHT_URL = "onnx/backend/test/data/light/"


@dataclass
class Case:
    """One test. `operator` is "Conv" or "ai.onnx.ml.Scaler", and `since` the opset that brought the version of it that
    is tested; for a whole model, its kind and its opset."""
    name: str
    kind: str
    operator: str
    since: int
    rtol: float
    atol: float
    load: object  # () -> (model, [(inputs, outputs), ...])

    @cached_property
    def model(self):
        return self.content[0]

    @cached_property
    def data_sets(self):
        """Inputs in the order of the graph's, and the outputs to expect, as arrays."""
        return [([to_array(i) for i in inputs], [to_array(o) for o in outputs]) for inputs, outputs in self.content[1]]

    @cached_property
    def content(self):
        return self.load()


def to_array(value):
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def operators_of(graph):
    """The nodes of a graph and of the graphs in it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from operators_of(attribute.g)


def opset_of(model, domain):
    domains = ("", "ai.onnx") if domain in ("", "ai.onnx") else (domain,)
    return next((entry.version for entry in model.opset_import if entry.domain in domains), 0)


# ---- what is not about dense tensors ----

def foreign_value(value_info):
    kind = value_info.type.WhichOneof("value")
    if kind != "tensor_type":
        return {"sequence_type": "sequence", "optional_type": "optional", "map_type": "map"}.get(kind, str(kind))
    return "string" if value_info.type.tensor_type.elem_type == TensorProto.STRING else None


def foreign_parameters(node, model):
    """What an operator takes or gives that can be no dense tensor of numbers."""
    try:
        schema = onnx.defs.get_schema(node.op_type, opset_of(model, node.domain), node.domain)
    except onnx.defs.SchemaError:
        return None
    for parameter in list(schema.inputs) + list(schema.outputs):
        kinds = {kind.split("(")[0] if kind != "tensor(string)" else "string" for kind in parameter.types}
        if "tensor" not in kinds:
            return "sequence" if "seq" in kinds else min(kinds)
    return None


def foreign_type(model):
    """The first type in a model that is no dense tensor of numbers, or None."""
    found = [foreign_value(value) for value in [*model.graph.input, *model.graph.output]]
    found += [foreign_parameters(node, model) for node in operators_of(model.graph)]
    return next(filter(None, found), None)


# ---- where the tests come from ----

def tested_operator(model):
    node = model.graph.node[0]
    schema = onnx.defs.get_schema(node.op_type, opset_of(model, node.domain), node.domain)
    name = node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"
    return name, schema.since_version


def node_cases():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tests = collect_testcases(None)
    models = {test.name: test.model for test in tests}
    for test in tests:
        # "test_gelu_default_1_expanded_ver12": the same as "test_gelu_default_1", written as ONNX's function
        written = models.get(test.name.split("_expanded")[0], test.model)
        operator, since = tested_operator(written)
        yield Case(test.name, "node", operator, since, test.rtol, test.atol,
                   lambda test=test: (test.model, test.data_sets))


def light_case(test, kind):
    """A known network with made-up weights: its input is a ramp, as in ONNX's own runner."""
    path = os.path.join(os.path.dirname(onnx.__file__), *test.url.split("/")[1:])

    def load():
        model = onnx.load(path)
        constants = {tensor.name for tensor in model.graph.initializer}
        inputs = [Runner.generate_dummy_data(value) for value in model.graph.input if value.name not in constants]
        stem = path.removesuffix(".onnx")
        outputs = [onnx.load_tensor(f"{stem}_output_{i}.pb") for i in range(len(model.graph.output))]
        return model, [(inputs, outputs)]

    return model_case(test, kind, load)


def stored_case(test, kind):
    """A model with its inputs and outputs in files beside it."""
    def load():
        model = onnx.load(os.path.join(test.model_dir, "model.onnx"))
        if foreign_type(model):
            return model, []
        read = lambda folder, role: [onnx.load_tensor(os.path.join(folder, f"{role}_{i}.pb"))
                                     for i in range(len(glob.glob(os.path.join(folder, f"{role}_*.pb"))))]
        folders = sorted(glob.glob(os.path.join(test.model_dir, "test_data_set*")))
        return model, [(read(folder, "input"), read(folder, "output")) for folder in folders]

    return model_case(test, kind, load)


def model_case(test, kind, load):
    case = Case(f"{kind}/{test.name}", kind, kind, 0, test.rtol, test.atol, load)
    case.since = opset_of(case.model, "")
    return case


def model_cases():
    for kind in MODEL_KINDS:
        tests = load_model_tests(kind="real" if kind == "light" else kind)
        make = light_case if kind == "light" else stored_case
        for test in sorted(tests, key=lambda test: test.name):
            if kind != "light" or test.url.startswith(LIGHT_URL):
                yield make(test, kind)


def collect():
    """All tests, in an order that never changes: those that take longest first."""
    return [*model_cases(), *sorted(node_cases(), key=lambda case: case.name)]
