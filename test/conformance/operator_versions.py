# Operators in each of their versions, and with sizes that only the run knows, on every device: against ONNX
# Runtime, or ONNX's reference evaluator where ONNX Runtime has no such operator or departs from ONNX. All the
# nodes of one operator set are one model.
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

RANDOM = np.random.default_rng(6)


def reals(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def ints(values, kind=np.int64):
    return np.array(values, kind)


class Case:
    """One node. Inputs are arrays, those in `constants` (by position) are initializers; None is absent. The
    dimensions in `dynamic` (input, axis) are known only at run time. The oracle is "runtime", "reference", or a
    function of the inputs."""

    def __init__(self, operator, inputs, constants=(), dynamic=((0, 0),), outputs=1, oracle="runtime", **attributes):
        self.operator, self.inputs, self.constants, self.dynamic = operator, inputs, constants, dynamic
        self.outputs, self.oracle, self.attributes = outputs, oracle, attributes

    def add_to(self, graph, number):
        names = []
        for place, array in enumerate(self.inputs):
            name = "" if array is None else f"x{number}_{place}"
            names.append(name)
            if array is None:
                continue
            if place in self.constants:
                graph.initializer.append(numpy_helper.from_array(array, name))
                continue
            shape = [f"n{number}_{array.shape[axis]}" if (place, axis) in self.dynamic else size
                     for axis, size in enumerate(array.shape)]
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            graph.input.append(helper.make_tensor_value_info(name, kind, shape))
        results = [f"y{number}_{i}" for i in range(self.outputs)]
        graph.node.append(helper.make_node(self.operator, names, results, name=f"{self.operator}{number}",
                                           **self.attributes))
        for result in results:
            graph.output.append(onnx.ValueInfoProto(name=result))

    def feeds(self, number):
        return {f"x{number}_{place}": array for place, array in enumerate(self.inputs)
                if array is not None and place not in self.constants}


def with_types(model):
    """The model with the types of its outputs, which ONNX infers (but not those of Compress, which are float here)."""
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    kinds = {value.name: value for value in inferred.graph.output}
    for output in model.graph.output:
        kind = kinds[output.name].type.tensor_type.elem_type or onnx.TensorProto.FLOAT
        output.CopyFrom(helper.make_tensor_value_info(output.name, kind, None))
    return model


def make_model(cases, opset):
    graph = onnx.GraphProto(name="versions")
    for number, case in cases:
        case.add_to(graph, number)
    return with_types(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8))


SCORES, CLASSES = reals(5, 4, 3), ints(RANDOM.integers(0, 4, (5, 3)))
SQUARES = reals(3, 4, 4)
PICKED = SQUARES.copy()
PICKED[0, 0, 0], PICKED[1] = 0, 0  # a zero pivot, and a matrix of zeros
SIGNAL = reals(3, 20, 1)


def normalized(x, scale, bias, mean, variance):
    return [(x - mean[:, None]) / np.sqrt(variance[:, None] + 1e-5) * scale[:, None] + bias[:, None]]


def one_hot(indices, depth, values):
    """In operator set 9, a negative index is none."""
    return [np.where(indices[..., None] == np.arange(depth), values[1], values[0])]


CHANNELS = [reals(6, 3, 4), reals(3), reals(3), reals(3), np.abs(reals(3))]
LIST = (1,)
CASES = {
    7: [
        Case("Slice", [reals(4, 5)], axes=[1], starts=[1], ends=[-1]),
        Case("Slice", [reals(4, 5, 6)], dynamic=[(0, 2)], starts=[1, 0], ends=[3, 1000]),
        Case("TopK", [reals(4, 7)], outputs=2, k=3, axis=1),
        Case("Clip", [reals(4, 5)], min=-0.5, max=0.25),
        Case("Clip", [reals(4, 5)], max=0.25),
        Case("Pad", [reals(4, 5)], pads=[1, 0, 2, 3], value=1.5),
        Case("Pad", [reals(4, 5)], pads=[0, -1, 0, 2], value=0.5),
        Case("Pad", [reals(4, 5)], pads=[1, 2, 2, 3], mode="reflect"),
        Case("Pad", [reals(4, 5)], pads=[1, 2, 2, 3], mode="edge"),
        Case("Split", [reals(4, 6)], outputs=2, axis=1, split=[2, 4]),
        Case("Split", [reals(4, 6)], outputs=3, axis=1),
        Case("Squeeze", [reals(4, 1, 3, 1)], axes=[1, 3]),
        Case("Squeeze", [reals(4, 1, 3)]),
        Case("Unsqueeze", [reals(4, 3)], axes=[0, 3]),
        Case("Softmax", [reals(4, 3, 5)]),
        Case("LogSoftmax", [reals(4, 3, 5)], axis=2),
        Case("Softmax", [reals(4, 3, 5)], axis=0),
        Case("Hardmax", [reals(4, 3, 5)], axis=1),
        Case("ReduceSum", [reals(4, 3, 5)], axes=[0, 2], keepdims=0),
        Case("ReduceMax", [reals(4, 3, 5)]),
        Case("ReduceL2", [reals(4, 3, 5)], axes=[1]),
        Case("ReduceLogSumExp", [reals(4, 3, 5)], axes=[1]),
        Case("Gemm", [reals(4, 3), reals(5, 3), reals(5)], (1, 2), transB=1, alpha=0.5, beta=2.0),
        Case("Dropout", [reals(4, 3)], ratio=0.25),
        Case("BatchNormalization", CHANNELS, (1, 2, 3, 4), oracle=normalized, epsilon=1e-5),
        Case("Flatten", [reals(4, 3, 5)], axis=2),
        Case("Tile", [reals(4, 3), ints([1, 2])], LIST),
        Case("ArgMax", [reals(4, 3)], axis=1),
    ],
    10: [
        Case("Scatter", [reals(4, 5), ints([[0, 3, 1, 1]]), reals(1, 4)], dynamic=(), axis=1),
        Case("OneHot", [ints([1, -1, 3, 0]), ints(3), reals(2)], (1, 2), oracle=one_hot),
        Case("EyeLike", [reals(4, 5)], k=1, dtype=onnx.TensorProto.INT32),
        Case("EyeLike", [reals(4, 5)], k=-2),
        Case("Compress", [reals(4, 5), ints([0, 1, 1, 0, 1], bool)], LIST, axis=1),
        Case("Compress", [reals(2, 3), ints([0, 1, 1, 0], bool)], LIST, dynamic=()),
        Case("ReverseSequence", [reals(5, 3, 2), ints([5, 2, 0])]),
        Case("ReverseSequence", [reals(3, 5), ints([1, 4, 3])], dynamic=[(0, 0), (1, 0)], time_axis=1, batch_axis=0),
        Case("TopK", [reals(4, 7), ints([2])], LIST, outputs=2),
        Case("Slice", [reals(9, 7), ints([8, 1]), ints([-100, 6]), ints([0, 1]), ints([-2, 2])], (1, 2, 3, 4)),
        Case("Dropout", [reals(4, 3)], outputs=2, oracle=lambda x: [x, np.ones(x.shape, bool)]),
    ],
    11: [
        Case("Clip", [reals(4, 5), ints(-0.5, np.float32), None], LIST),
        Case("Pad", [reals(4, 5), ints([0, -1, 2, 2]), ints(2.5, np.float32)], LIST),  # a value known late
        Case("Pad", [reals(4, 3), ints([0, 2, 0, 2])], LIST, mode="reflect"),
        Case("CumSum", [reals(300, 3), ints(0)], LIST),
        Case("CumSum", [np.abs(reals(2, 9000)), ints(-1)], LIST, dynamic=[(0, 1)], exclusive=1),
        Case("CumSum", [reals(2, 200, 3), ints(1)], LIST, reverse=1),
        Case("CumSum", [reals(2, 200), ints(1)], LIST, dynamic=[(0, 1)], exclusive=1, reverse=1),
        Case("CumSum", [ints(RANDOM.integers(-9, 9, (40, 3))), ints(0)], LIST),
        Case("Det", [PICKED]),
        Case("Det", [reals(1, 1)], dynamic=()),
        Case("Det", [reals(7, 7)], dynamic=()),
        Case("ScatterElements", [reals(4, 5), ints([[0, -1], [1, 1], [4, 2], [3, 0]]), reals(4, 2)],
             dynamic=[(0, 0), (1, 0), (2, 0)], axis=1),
        Case("ScatterND", [reals(6, 2), ints([[4], [1], [-1], [1]]), reals(4, 2)], oracle="reference",
             dynamic=[(0, 0), (1, 0), (2, 0)]),
        Case("ScatterND", [reals(3, 4, 2), ints([[0, 3], [2, 1]]), reals(2, 2)]),
        Case("Unsqueeze", [reals(4, 3)], axes=[-1, 1]),
        Case("ReduceMean", [reals(4, 3, 2)], axes=[-2]),
        Case("Gemm", [reals(4, 3), reals(3, 5)], LIST),
        Case("OneHot", [ints([1, -1, 3, 0]), ints(3), reals(2)], (1, 2), axis=0),
        Case("Softmax", [reals(4, 3, 5)], axis=-2),
        Case("Range", [ints(3), ints(11), ints(3)], (0, 1, 2), dynamic=()),
    ],
    12: [
        Case("Einsum", [reals(4, 3, 5), reals(4, 5, 2)], dynamic=[(0, 0), (1, 0)], equation="bij, bjk -> bik"),
        Case("Einsum", [reals(4, 3, 5), reals(6, 5)], (), equation="...i,ji->...j"),
        Case("Einsum", [reals(4, 3, 5), reals(1, 3, 5)], (), equation="...hd,...hd->...h"),
        Case("Einsum", [reals(4, 5, 5)], equation="bii->bi"),
        Case("Einsum", [reals(5, 5)], dynamic=(), equation="ii"),
        Case("Einsum", [reals(4, 5)], equation="ij->ji"),
        Case("Einsum", [reals(4), reals(3)], equation="i,j->ij"),
        Case("Einsum", [reals(4, 3), reals(3, 5), reals(5, 2)], (), equation="ij,jk,kl->li"),
        Case("Einsum", [reals(4, 3, 2), reals(3)], (), equation="bij,i"),
        Case("Einsum", [reals(3, 4, 5, 2), reals(3, 6, 5, 2)], dynamic=[(0, 0), (1, 0), (0, 1), (1, 1)],
             equation="bqhd,bkhd->bhqk"),
        Case("Einsum", [reals(4, 3), reals(4, 3)], dynamic=[(0, 0), (1, 0)], equation="ij,ij->"),
        Case("ArgMin", [ints([[3, 1, 1, 2]])], dynamic=[(0, 1)], axis=1, select_last_index=1),
        Case("Dropout", [reals(4, 3)], outputs=2, oracle=lambda x: [x, np.ones(x.shape, bool)]),
        Case("ReduceMin", [ints([[3, -1], [7, 2]], np.int8)], axes=[1]),
    ],
    13: [
        Case("NegativeLogLikelihoodLoss", [SCORES, CLASSES, reals(4)], dynamic=[(0, 0), (1, 0)], ignore_index=1),
        Case("NegativeLogLikelihoodLoss", [SCORES, CLASSES], dynamic=[(0, 0), (1, 0)], reduction="none"),
        Case("SoftmaxCrossEntropyLoss", [SCORES, CLASSES, reals(4)], dynamic=[(0, 0), (1, 0)], outputs=2,
             reduction="sum"),
        Case("SoftmaxCrossEntropyLoss", [SCORES, np.where(CLASSES == 2, -7, CLASSES)], dynamic=[(0, 0), (1, 0)],
             ignore_index=-7),
        Case("SoftmaxCrossEntropyLoss", [reals(4, 6), ints([1, 5, 0, 2])], dynamic=[(0, 0), (1, 0)]),
        Case("Hardmax", [reals(4, 3, 5)], axis=1),
        Case("Split", [reals(4, 6), ints([1, 5])], LIST, outputs=2, axis=1),
        Case("ReduceSum", [reals(4, 3), ints([0])], LIST),
        Case("ReduceSum", [reals(4, 3)], noop_with_empty_axes=1),
        Case("TfIdfVectorizer", [ints([[1, 1, 3, 3, 3, 7], [8, 6, 7, 5, 6, 8]])], mode="TF", min_gram_length=1,
             max_gram_length=2, max_skip_count=5, ngram_counts=[0, 4], ngram_indexes=[0, 1, 2, 4, 3, 5, 6],
             pool_int64s=[2, 3, 5, 4, 5, 6, 7, 8, 6, 7]),
        Case("TfIdfVectorizer", [ints([1, 1, 3, 3, 3, 7, 8, 6, 7, 5, 6, 8])], mode="TFIDF", min_gram_length=2,
             max_gram_length=2, max_skip_count=0, ngram_counts=[0, 4], ngram_indexes=[0, 1, 2, 3, 4, 5, 6],
             weights=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], pool_int64s=[2, 3, 5, 4, 5, 6, 7, 8, 6, 7]),
    ],
    16: [
        Case("ScatterElements", [reals(4, 5), ints([[0, 0, 3], [1, 1, 1], [4, 2, 4], [3, 0, 1]]), reals(4, 3)],
             dynamic=[(0, 0), (1, 0), (2, 0)], axis=1, reduction="add"),
        Case("ScatterND", [reals(6, 2), ints([[4], [1], [4], [1]]), reals(4, 2)],
             dynamic=[(0, 0), (1, 0), (2, 0)], reduction="add"),
        Case("ScatterND", [reals(3, 4), ints([[[0, 3]], [[2, 1]], [[0, 3]]]), reals(3, 1)], reduction="mul"),
    ],
    17: [
        Case("DFT", [SIGNAL], dynamic=[(0, 0)], axis=1),
        Case("DFT", [reals(3, 6, 2)], dynamic=[(0, 1)], axis=-2, inverse=1),
        Case("DFT", [SIGNAL, ints(16)], LIST, axis=1, onesided=1),
        Case("DFT", [reals(3, 5, 4, 1)], dynamic=[(0, 1)], axis=1, onesided=1),
        Case("STFT", [SIGNAL, ints(4), np.abs(reals(8)), ints(8)], (1, 3), oracle="reference"),
        Case("STFT", [SIGNAL, ints(5), None, ints(7)], (1, 3), dynamic=[(0, 1)], oracle="reference", onesided=0),
        Case("HannWindow", [ints(10)], (0,), dynamic=()),
        Case("HammingWindow", [ints(10)], (0,), dynamic=(), periodic=0),
        Case("BlackmanWindow", [ints(9, np.int32)], (0,), dynamic=()),
        Case("MelWeightMatrix", [ints(8), ints(64), ints(8192), ints(0, np.float32), ints(4096, np.float32)],
             (0, 1, 2, 3, 4), dynamic=()),
    ],
    18: [
        Case("ScatterND", [reals(6, 2), ints([[4], [1], [4], [1]]), reals(4, 2)], reduction="max"),
        Case("ScatterElements", [reals(3, 4), ints([[1, 1, 0]]), reals(1, 3)], dynamic=(), axis=1, reduction="min"),
        Case("Split", [reals(4, 7)], outputs=3, axis=1, num_outputs=3),
        Case("Pad", [reals(4, 5), ints([2, 1]), None, ints([-1])], (1, 3)),
        Case("ReduceMean", [reals(4, 3, 2), ints([-1, 0])], LIST, keepdims=0),
        Case("ReduceSumSquare", [reals(4, 3)], noop_with_empty_axes=1, oracle=lambda x: [x * x]),
    ],
    20: [
        Case("Pad", [reals(4, 5), ints([1, 2, 2, 8])], LIST, oracle="reference", mode="wrap"),
        Case("ReduceMax", [ints([[1, 0], [0, 0]], bool), ints([1])], LIST, oracle="reference"),
        Case("DFT", [SIGNAL, None, ints(1)], (2,)),
        Case("DFT", [reals(3, 6, 2)], dynamic=[(0, 0)], inverse=1),
        Case("DFT", [reals(3, 6, 2)], dynamic=[(0, 1)], oracle="reference", inverse=1, onesided=1),
        Case("DFT", [reals(3, 6, 2), ints(9)], LIST, oracle="reference", inverse=1, onesided=1),
    ],
    28: [
        Case("TopK", [reals(4, 7), ints([3])], LIST, outputs=2, oracle="reference", largest=0),
        Case("TensorScatter", [reals(2, 3, 6, 2), reals(2, 3, 2, 2), ints([1, 4])], oracle="reference",
             dynamic=[(0, 0), (1, 0), (2, 0), (0, 2)]),
        Case("TensorScatter", [reals(2, 6, 2), reals(2, 3, 2), ints([5, 2])], oracle="reference", mode="circular"),
        Case("CumProd", [reals(3, 150), ints(1)], LIST, dynamic=[(0, 1)], oracle=lambda x, _: [np.cumprod(x, 1)]),
        Case("CumProd", [reals(3, 5), ints(0)], LIST, oracle="reference", reverse=1, exclusive=1),
        Case("SpaceToDepth", [reals(2, 3, 4, 6)], oracle="reference", blocksize=2, mode="CRD"),
        Case("ReduceMin", [reals(4, 3), ints([1])], LIST, oracle="reference"),
        Case("Squeeze", [reals(4, 1), ints([1])], LIST, oracle="reference"),
        Case("Softmax", [reals(4, 3)], oracle="reference"),
    ],
}


def expected_of(case, number, opset):
    if callable(case.oracle):
        return case.oracle(*[array for array in case.inputs if array is not None])
    model = make_model([(number, case)], opset)
    if case.oracle == "reference":
        return ReferenceEvaluator(model).run(None, case.feeds(number))
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, case.feeds(number))


def problem_of(found, expected):
    expected = np.asarray(expected)
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return f"{found.dtype}{found.shape} in place of {expected.dtype}{expected.shape}"
    if found.dtype.kind == "f":
        close = np.allclose(found, expected, rtol=1e-4, atol=2e-5, equal_nan=True)
    else:
        close = np.array_equal(found, expected)
    return None if close else f"found\n{found}\nexpected\n{expected}"


def check(cases, opset, folder, devices):
    """What is wrong, in words."""
    model, module = folder / "model.onnx", folder / "model.wnm"
    onnx.save(make_model(cases, opset), model)
    result = subprocess.run(["winnow-compile", model, "-o", module, "--with-reference"], capture_output=True, text=True)
    if result.returncode != 0:
        yield result.stderr
        return
    inputs, outputs = [], []
    for number, case in cases:
        for name, array in case.feeds(number).items():
            np.save(folder / f"{name}.npy", array)
            inputs.append(f"--input={name}=@{folder}/{name}.npy")
        outputs += [f"--output=y{number}_{i}=@{folder}/y{number}_{i}.npy" for i in range(case.outputs)]
    for device in devices:
        subprocess.run(["winnow-run", module, f"--device={device}", *inputs, *outputs], check=True,
                       stdout=subprocess.DEVNULL)
        for number, case in cases:
            for i, expected in enumerate(expected_of(case, number, opset)):
                problem = problem_of(np.load(folder / f"y{number}_{i}.npy"), expected)
                if problem:
                    yield f"{device}: {case.operator} {case.attributes}, output {i}: {problem}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", default="reference,host,ptxsim")
    parser.add_argument("--opset", type=int, help="only this one")
    options = parser.parse_args()
    count = problems = 0
    for opset, cases in CASES.items():
        if options.opset not in (None, opset):
            continue
        count += len(cases)
        with tempfile.TemporaryDirectory() as folder:
            for problem in check(list(enumerate(cases)), opset, Path(folder), options.devices.split(",")):
                problems += 1
                print(f"opset {opset}, {problem}")
    print(f"{count} nodes, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
