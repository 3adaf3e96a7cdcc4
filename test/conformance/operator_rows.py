# The table of operators_random.py: one line adds an operator.
#
# case(OPERATOR, INPUTS, ATTRIBUTES, options of Row). INPUTS are separated by spaces, each one of
#   f32[n,3,h,w]     random values; names are dynamic dimensions, equal names equal sizes
#   f32[*] f32[~]    any dimensions, and dimensions that broadcast to those of `*`
#   i64[n](-5:4)     values in a range; otherwise floats are normal of deviation 2, integers -9 to 9
#   f32[6,2,3,3]!    a constant of the model
#   i64=[1,-1]       that constant
#   -                an input that is left out
import re
from dataclasses import dataclass, field

import numpy as np
from onnx import TensorProto, helper

from random_values import NUMPY

ONNX_TYPES = {"f32": TensorProto.FLOAT, "f64": TensorProto.DOUBLE, "f16": TensorProto.FLOAT16,
              "bf16": TensorProto.BFLOAT16, "bool": TensorProto.BOOL, "i8": TensorProto.INT8, "i16": TensorProto.INT16,
              "i32": TensorProto.INT32, "i64": TensorProto.INT64, "u8": TensorProto.UINT8, "u16": TensorProto.UINT16,
              "u32": TensorProto.UINT32, "u64": TensorProto.UINT64}
RANDOM_INPUT = re.compile(r"(\w+)\[([^\]]*)\](?:\(([^:]+):([^)]+)\))?(!?)")
CONSTANT_INPUT = re.compile(r"(\w+)=(.+)")


@dataclass
class Input:
    kind: str  # "" for an input that is left out
    shape: list = field(default_factory=list)
    range: tuple | None = None
    is_constant: bool = False
    value: object = None  # of a constant, if it is given

    @property
    def onnx_type(self):
        return ONNX_TYPES[self.kind]


@dataclass
class Row:
    operator: str
    inputs: list
    attributes: dict
    number: int
    outputs: int = 1
    opset: int = 22
    domain: str = ""
    least: dict = field(default_factory=dict)  # the least sizes of dimensions, 0 unless given
    nan: bool = True  # whether it is tried with NaN and infinities
    empty: bool = True  # whether it is tried with a dimension of 0
    rtol: float = 0  # 0: the usual one
    atol: float = 1e-6


def parse_input(text):
    if text == "-":
        return Input("")
    if constant := CONSTANT_INPUT.fullmatch(text):
        kind, value = constant.groups()
        array = np.array(eval(value, {"inf": np.inf, "true": True, "false": False}), NUMPY[kind])
        return Input(kind, list(array.shape), is_constant=True, value=array)
    kind, shape, low, high, constant = RANDOM_INPUT.fullmatch(text).groups()
    dimensions = [int(d) if d.isdigit() else d for d in shape.split(",") if d]
    return Input(kind, dimensions, (float(low), float(high)) if low else None, bool(constant))


ROWS = []


def case(operator, inputs, attributes=None, **options):
    specs = [parse_input(text) for text in inputs.split()]
    ROWS.append(Row(operator, specs, attributes or {}, len(ROWS), **options))


# ---- element by element ----

for name in ("Abs Ceil Cos Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Mish Neg "
             "Reciprocal Relu Round Selu Sigmoid Sign Sin Softplus Softsign Sqrt Tanh ThresholdedRelu Celu Log "
             "Sinh Cosh Asinh Atan Tan").split():
    case(name, "f32[*]")
for name in "Abs Exp Relu Sigmoid Sqrt Tanh Neg Floor".split():
    case(name, "f16[*]")
    case(name, "f64[*]")
for name in "Acos Asin Atanh".split():
    case(name, "f32[*](-1:1)")
case("Acosh", "f32[*](1:9)")
for name in "Softplus Mish".split():
    case(name, "f32[*](-80:20)", atol=0)
    case(name, "f64[*](-80:20)", atol=0)
case("Gelu", "f32[*]", {"approximate": "tanh"})
case("Elu", "f32[*]", {"alpha": 0.5})
case("HardSigmoid", "f32[*]", {"alpha": 0.3, "beta": 0.4})
case("IsInf", "f32[*]", {"detect_negative": 0})
case("Not", "bool[*]")
case("BitwiseNot", "i32[*]")
for name in "Abs Neg Sign".split():
    case(name, "i32[*]")
    case(name, "i64[*]")
for name in "Add Sub Mul Div".split():
    case(name, "f32[*] f32[~]")
    case(name, "f32[~] f32[~]")
    case(name, "f16[*] f16[~]")
    case(name, "f64[*] f64[~]")
for name in "Add Sub Mul".split():
    case(name, "i32[*] i32[~]")
    case(name, "i64[~] i64[*]")
case("Div", "i32[*](-9:9) i32[~](1:5)")
case("Pow", "f32[*](0.1:4) f32[~](-2:2)")
case("Pow", "f32[*] f32[~]")
case("Mod", "i32[*](-9:9) i32[~](1:5)")
case("Mod", "f32[*](-9:9) f32[~](1:5)", {"fmod": 1})
for name in "Equal Greater GreaterOrEqual Less LessOrEqual".split():
    case(name, "f32[*] f32[~]")
    case(name, "i64[*] i64[~]")
for name in "And Or Xor".split():
    case(name, "bool[*] bool[~]")
for name in "BitwiseAnd BitwiseOr BitwiseXor".split():
    case(name, "i32[*] i32[~]")
case("BitShift", "u32[*](0:99) u32[~](0:7)", {"direction": "LEFT"})
for name in "Max Min Mean Sum".split():
    case(name, "f32[*] f32[~] f32[~]")
    case(name, "f32[*]")
case("Max", "i64[*] i64[~]")
case("PRelu", "f32[n,c,h] f32[c,1]")
case("Clip", "f32[*] f32=-1 f32=1")
case("Clip", "f32[*] f32[](-1:0) f32[](1:2)")
case("Clip", "i64[*] - i64=3")
case("Where", "bool[*] f32[~] f32[~]")
case("Where", "bool[~] i64[*] i64[~]")
for target in ("f32", "f16", "f64", "i32", "i64", "i8", "bool"):
    for source in ("f32", "i64", "bool"):
        span = "(-99:99)" if source != "bool" else ""
        case("Cast", f"{source}[*]{span}", {"to": ONNX_TYPES[target]})
case("CastLike", "f32[*](-9:9) i32[1]")
case("Dropout", "f32[*]")
case("Dropout", "f32[*] f32=0.0 bool=True", opset=13)
case("Shrink", "f32[*]", {"bias": 0.5, "lambd": 1.0})
case("Swish", "f32[*]", opset=24)
case("BitCast", "f32[*]", {"to": TensorProto.INT32}, opset=26)

# ---- contractions, convolutions, pools ----

case("MatMul", "f32[n,k] f32[k,m]")
case("MatMul", "f32[b,n,k] f32[b,k,m]")
case("MatMul", "f32[b,c,n,k] f32[c,k,m]")
case("MatMul", "f32[k] f32[b,k,m]")
case("MatMul", "f32[b,n,16] f32[16,5]!")
case("MatMul", "f32[k] f32[k]")
case("MatMul", "f64[n,k] f64[k,m]")
case("MatMul", "f16[n,k] f16[k,m]", rtol=1e-2)
case("MatMul", "i32[n,k] i32[k,m]")
case("Gemm", "f32[n,k] f32[k,m] f32[m]")
case("Gemm", "f32[k,n] f32[m,k] f32[n,1]", {"transA": 1, "transB": 1, "alpha": 0.5, "beta": 2.0})
case("Gemm", "f32[n,8] f32[8,3]!")
case("Einsum", "f32[b,i,j] f32[b,j,k]", {"equation": "bij,bjk->bik"})
case("Einsum", "f32[b,n,h,d] f32[b,m,h,d]", {"equation": "bnhd,bmhd->bhnm"})
case("Conv", "f32[n,4,h,w] f32[6,4,3,3]! f32[6]!", {"pads": [1, 1, 1, 1]})
case("Conv", "f32[n,4,h,w] f32[6,2,3,2]!", {"group": 2, "strides": [2, 1], "dilations": [1, 2]}, least={"h": 3, "w": 3})
case("Conv", "f32[n,3,l] f32[2,3,4]!", {"auto_pad": "SAME_UPPER", "strides": [2]}, least={"l": 1})
case("Conv", "f32[n,4,9] f32[4,1,3]!", {"group": 4})
case("Conv", "f32[n,2,d,6,5] f32[3,2,2,2,2]!", least={"d": 2})
case("ConvTranspose", "f32[n,4,h,w] f32[4,3,3,3]! f32[3]!", {"strides": [2, 2], "pads": [1, 1, 1, 1]},
     least={"h": 1, "w": 1})
case("ConvTranspose", "f32[n,4,l] f32[4,2,3]!", {"group": 2, "output_padding": [1], "strides": [2]}, least={"l": 1})
case("ConvInteger", "u8[n,2,h,w](0:9) u8[3,2,2,2](0:9)! u8=1 u8=2", least={"h": 2, "w": 2})
case("MatMulInteger", "u8[n,k](0:9) u8[k,m](0:9) u8=1 u8=2")
# A NaN in a maximum has no one answer (special_values.py). ONNX Runtime does not take pools of no channels, and ONNX's
# evaluator gives them other shapes.
case("MaxPool", "f32[n,c,h,w]", {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1]}, least={"c": 1, "h": 3, "w": 2},
     nan=False)
case("MaxPool", "f32[n,c,l]", {"kernel_shape": [2], "strides": [2], "ceil_mode": 1}, least={"c": 1, "l": 2}, nan=False)
case("MaxPool", "f32[n,3,h,w]", {"kernel_shape": [2, 2], "dilations": [2, 1]}, least={"h": 3, "w": 2}, outputs=2,
     nan=False)
case("AveragePool", "f32[n,c,h,w]", {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1]}, least={"c": 1, "h": 3, "w": 2})
case("AveragePool", "f32[n,c,l]", {"kernel_shape": [3], "strides": [2], "count_include_pad": 1, "pads": [1, 1]},
     least={"c": 1, "l": 2})
case("LpPool", "f32[n,c,h,w]", {"kernel_shape": [2, 2], "p": 3}, least={"c": 1, "h": 2, "w": 2})
for name in "GlobalAveragePool GlobalMaxPool".split():
    case(name, "f32[n,c,h,w]", least={"h": 1, "w": 1})
case("GlobalLpPool", "f32[n,c,l]", least={"l": 1}, opset=21)

# ---- normalization ----

case("BatchNormalization", "f32[n,4,h] f32[4]! f32[4]! f32[4]! f32[4](0.1:3)!")
case("InstanceNormalization", "f32[n,4,h] f32[4]! f32[4]!", least={"h": 1})
case("GroupNormalization", "f32[n,4,h,w] f32[4]! f32[4]!", {"num_groups": 2}, least={"h": 1, "w": 1})
case("LayerNormalization", "f32[n,s,6] f32[6]! f32[6]!")
case("LayerNormalization", "f32[n,s,c] f32[s,c]", {"axis": 1}, least={"s": 1, "c": 1})
case("LayerNormalization", "f32[n,6] f32[6]", outputs=3)
case("RMSNormalization", "f32[n,s,6] f32[6]!", opset=23)
case("LpNormalization", "f32[n,c]", {"axis": 1, "p": 1})
case("LRN", "f32[n,c,h,w]", {"size": 3})
case("MeanVarianceNormalization", "f32[n,c,h,w]", least={"n": 1, "h": 1, "w": 1})
case("Softmax", "f32[n,c]")
case("Softmax", "f32[n,c,h]", {"axis": 1})
case("LogSoftmax", "f32[n,c,h]", {"axis": -1})
case("Softmax", "f16[n,c]", rtol=1e-2)
case("Softmax", "f32[n,c,h]", {"axis": 1}, opset=11)
case("Hardmax", "f32[n,c]", nan=False, least={"c": 1})

# ---- reductions ----

for name in "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare".split():
    span = "(0.1:3)" if name == "LogSum" else ""
    case(f"Reduce{name}", f"f32[n,c,h]{span} i64=[1]")
    case(f"Reduce{name}", f"f32[n,c,h]{span} i64=[-1,0]", {"keepdims": 0})
    case(f"Reduce{name}", f"f32[n,c]{span}")
    case(f"Reduce{name}", f"f32[n,c]{span}", {"axes": [1]}, opset=12)
for name in "Max Min Sum".split():
    case(f"Reduce{name}", "i64[n,c] i64=[1]", least={"n": 1, "c": 1})
for name in "ArgMax ArgMin".split():
    case(name, "f32[n,c,h]", {"axis": 1}, least={"c": 1})
    case(name, "i32[n,c](0:3)", {"axis": 0, "select_last_index": 1, "keepdims": 0}, least={"n": 1})
case("CumSum", "f32[n,c] i64=1")
case("CumSum", "f32[n,c] i64=0", {"exclusive": 1, "reverse": 1})
case("CumProd", "f32[n,c] i64=1", opset=26)
case("TopK", "f32[n,c] i64=[3]", outputs=2, least={"c": 3}, nan=False)
case("TopK", "f32[n,c,h] i64=[2]", {"axis": 1, "largest": 0}, outputs=2, least={"c": 2}, nan=False)

# ---- movement ----

case("Transpose", "f32[n,c,h]", {"perm": [2, 0, 1]})
case("Transpose", "i64[*]")
case("Reshape", "f32[n,c,h] i64=[0,-1]", empty=False)
case("Reshape", "f32[n,6] i64=[-1,2,3]")
case("Reshape", "f32[n,4,c] i64=[0,2,2,-1]", empty=False)
case("Flatten", "f32[n,c,h]", {"axis": 2})
case("Squeeze", "f32[n,1,c,1] i64=[1,-1]")
case("Unsqueeze", "f32[n,c] i64=[0,-1]")
case("Expand", "f32[n,1] i64=[2,1,5]")
case("Tile", "f32[n,c] i64=[2,3]")
case("Concat", "f32[n,a] f32[n,b] f32[n,3]", {"axis": 1})
case("Concat", "i64[a] i64[b]", {"axis": -1})
case("Concat", "f32[n,4] f32[n,0] f32[n,3]", {"axis": 1})
case("Split", "f32[n,6] i64=[1,2,3]", {"axis": 1}, outputs=3)
case("Split", "f32[n,7]", {"axis": 1, "num_outputs": 3}, outputs=3)
case("Slice", "f32[n,c] i64=[1] i64=[-1] i64=[1]")
case("Slice", "f32[n,c] i64=[-1,0] i64=[-9,4] i64=[0,1] i64=[-1,2]")
case("Slice", "f32[n,1] i64=[1] i64=[-1] i64=[1]")
case("Slice", "f32[n,9] i64[1](-9:9) i64[1](-9:9) i64=[1]")
case("Pad", "f32[n,c] i64=[1,0,2,3] f32=0.5")
case("Pad", "f32[n,c] i64=[1,2,1,0]", {"mode": "reflect"}, least={"n": 3, "c": 4})
case("Pad", "f32[n,c] i64=[1,2,1,0]", {"mode": "edge"}, least={"n": 1, "c": 1})
case("Pad", "f32[n,c] i64=[1,-1] f32=0.0 i64=[1]", least={"c": 2})
case("Pad", "f32[n,c,3,4] i64[8](0:3) f32=0.5")
case("Pad", "f32[n,c,3,4] i64[8](0:3)", {"mode": "edge"}, least={"n": 1, "c": 1})
case("DepthToSpace", "f32[n,8,h,w]", {"blocksize": 2})
case("DepthToSpace", "f32[n,8,h,w]", {"blocksize": 2, "mode": "CRD"})
case("SpaceToDepth", "f32[n,c,4,6]", {"blocksize": 2})
case("Trilu", "f32[n,c,h]")
case("Trilu", "f32[c,h] i64=1", {"upper": 0})
case("Trilu", "f32[c,h] i64[](-3:3)")

# ---- indexing ----

case("Gather", "f32[n,5] i64[m](-5:4)", {"axis": 1})
case("Gather", "f32[7,c] i32[m,k](0:6)")
case("GatherElements", "f32[n,5] i64[n,m](-5:4)", {"axis": 1})
case("GatherND", "f32[4,5,c] i64[m,2](0:3)")
case("GatherND", "f32[b,5,c] i64[b,1](-5:4)", {"batch_dims": 1})
case("ScatterElements", "f32[n,5] i64=[[0,2],[1,3]] f32[2,2]", {"axis": 1}, least={"n": 2})
case("ScatterElements", "f32[6,c] i64[1,c](0:5) f32[1,c]", {"reduction": "add"})
case("ScatterND", "f32[6,c] i64=[[1],[4]] f32[2,c]")
case("ScatterND", "f32[6,c] i64[m,1](0:5) f32[m,c]", {"reduction": "add"})
case("OneHot", "i64[n](-4:3) i64=4 f32=[0.5,2]")
case("OneHot", "i64[n,m](0:5) i64=6 i32=[0,1]", {"axis": 0})
case("NonZero", "i64[n,c](0:2)")
case("NonZero", "bool[n]")
case("Compress", "f32[n,c] bool[n]", {"axis": 0})
case("Unique", "i64[n](0:4)", outputs=4, least={"n": 1})
case("Shape", "f32[*]")
case("Shape", "f32[n,c,h]", {"start": 1, "end": -1})
case("Size", "f32[*]")
case("ConstantOfShape", "i64=[2,3]", {"value": helper.make_tensor("", TensorProto.INT32, [1], [7])})
case("ConstantOfShape", "i64[2](1:4)")
case("EyeLike", "f32[n,m]", {"k": 1})
case("Range", "i64=0 i64[](1:9) i64=2")
case("Range", "i64[](1:9) i64[](-9:0) i64[](-3:-1)")
case("Range", "i32[](-9:0) i32[](-9:9) i32[](1:4)")
case("Range", "f32[](-3:0) f32[](1:9) f32=0.5")
case("Range", "f64[](1:9) f64[](-3:9) f64[](-2:-0.3)")

# ---- images and sequences ----

case("Resize", "f32[n,c,h,w] - f32=[1,1,2,3]", {"mode": "nearest"}, least={"h": 1, "w": 1})
# Whether a neighbor whose weight is 0 counts when it is infinite is left open.
case("Resize", "f32[n,2,h,w] - f32=[1,1,1.5,0.6]", {"mode": "linear"}, least={"h": 3, "w": 3}, nan=False)
case("Resize", "f32[n,2,h,w] - - i64=[1,2,5,4]", {"mode": "cubic"}, least={"n": 1, "h": 3, "w": 3}, empty=False,
     nan=False)
case("GridSample", "f32[n,2,h,w] f32[n,p,q,2](-1.2:1.2)", least={"h": 2, "w": 2}, opset=20)
case("AffineGrid", "f32[2,2,3] i64=[2,3,4,5]")
case("NonMaxSuppression", "f32[1,6,4](0:1) f32[1,2,6](0:1) i64=[3] f32=[0.5] f32=[0.2]")
case("ReverseSequence", "f32[4,3,c] i64[3](1:4)")
case("DFT", "f32[b,s,1] - i64=1", least={"s": 1}, nan=False)
case("NegativeLogLikelihoodLoss", "f32[n,5] i64[n](0:4)", least={"n": 1}, nan=False)
case("SoftmaxCrossEntropyLoss", "f32[n,5,d] i64[n,d](0:4)", least={"n": 1, "d": 1}, nan=False)
case("RotaryEmbedding", "f32[b,2,s,8] f32[16,4] f32[16,4] i64[b,s](0:15)", opset=23, nan=False)
case("Det", "f32[b,3,3]", rtol=1e-3, nan=False)
case("LSTM", "f32[s,n,3] f32[1,16,3]! f32[1,16,4]! f32[1,32]!", {"hidden_size": 4}, outputs=3, least={"s": 1, "n": 1},
     nan=False)
case("GRU", "f32[s,n,3] f32[2,12,3]! f32[2,12,4]!", {"hidden_size": 4, "direction": "bidirectional"}, outputs=2,
     least={"s": 1, "n": 1}, nan=False)
case("RNN", "f32[s,n,3] f32[1,4,3]! f32[1,4,4]!", {"hidden_size": 4}, outputs=2, least={"s": 1, "n": 1}, nan=False)
case("QuantizeLinear", "f32[n,c] f32=0.1 u8=128")
case("DequantizeLinear", "u8[n,c] f32=0.1 u8=128")
case("DynamicQuantizeLinear", "f32[n,c]", outputs=3, least={"n": 1, "c": 1}, nan=False)
case("Attention", "f32[b,h,q,8] f32[b,h,k,8] f32[b,h,k,6]", opset=23, least={"b": 1, "h": 1, "q": 1, "k": 1}, nan=False)

# ---- other domains ----

TRAINING = "ai.onnx.preview.training"
case("Adagrad", "f32[](0:1) i64[](0:5) f32[n] f32[n] f32[n](0:4)", {"decay_factor": 0.5, "norm_coefficient": 0.1},
     outputs=2, domain=TRAINING, nan=False)
case("Adam", "f32[](0:1) i64[](0:5) f32[n,c] f32[m] f32[n,c] f32[m] f32[n,c] f32[m] f32[n,c](0:4) f32[m](0:4)",
     {"alpha": 0.75, "norm_coefficient": 0.1, "norm_coefficient_post": 0.2}, outputs=6, domain=TRAINING, nan=False)
for mode in ("standard", "nesterov"):
    case("Momentum", "f32[](0:1) i64[](0:2) f32[n,c] f32[n,c] f32[n,c]",
         {"alpha": 0.9, "beta": 0.5, "norm_coefficient": 0.1, "mode": mode}, outputs=2, domain=TRAINING, nan=False)
case("ArrayFeatureExtractor", "f32[n,5] i64[m](0:4)", least={"m": 1}, domain="ai.onnx.ml")
case("ArrayFeatureExtractor", "i64[n,2,5] i64[m](0:4)", least={"m": 1}, domain="ai.onnx.ml")
case("Binarizer", "f32[n,c]", {"threshold": 0.5}, domain="ai.onnx.ml")
case("Binarizer", "i64[n,c]", {"threshold": -0.5}, domain="ai.onnx.ml")
