// The table of operators, and the check of inputs against it.
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

namespace winnow::frontend {
namespace {

const Operator kOperators[] = {
    {"Abs", 1, "n", importUnary},
    {"Add", 1, "NN", importBinary},
    {"And", 1, "bb", importBinary},
    {"ArgMax", 1, "n", importArgument},
    {"ArgMin", 1, "n", importArgument},
    {"AveragePool", 1, "f", importAveragePool},
    {"BatchNormalization", 1, "fffff", importBatchNormalization},
    {"Cast", 1, "a", importCast},
    {"CastLike", 15, "aa", importCast},
    {"Ceil", 1, "f", importUnary},
    {"Celu", 12, "f", importActivation},
    {"Clip", 1, "NN?N?", importClip},
    {"Concat", 1, "A*", importConcat},
    {"Constant", 1, "", importConstant},
    {"ConstantOfShape", 9, "l", importConstantOfShape},
    {"Conv", 1, "FFF?", importConv},
    {"Cos", 7, "f", importUnary},
    {"CumSum", 11, "ni", importCumSum},
    {"DepthToSpace", 1, "a", importDepthToSpace},
    {"Div", 1, "NN", importBinary},
    {"Dropout", 1, "ff?b?", importDropout},
    {"Elu", 1, "f", importActivation},
    {"Equal", 1, "AA", importBinary},
    {"Erf", 9, "f", importUnary},
    {"Exp", 1, "f", importUnary},
    {"Expand", 8, "al", importExpand},
    {"Flatten", 1, "a", importFlatten},
    {"Floor", 1, "f", importUnary},
    {"Gather", 1, "ai", importGather},
    {"GatherElements", 11, "ai", importGatherElements},
    {"GatherND", 11, "al", importGatherND},
    {"Gelu", 20, "f", importActivation},
    {"Gemm", 1, "NNN?", importGemm},
    {"GlobalAveragePool", 1, "f", importGlobalPool},
    {"GlobalMaxPool", 1, "f", importGlobalPool},
    {"Greater", 1, "NN", importBinary},
    {"GreaterOrEqual", 12, "NN", importBinary},
    {"GroupNormalization", 18, "FFF", importGroupNormalization},
    {"HardSigmoid", 1, "f", importActivation},
    {"HardSwish", 14, "f", importActivation},
    {"Identity", 1, "a", importIdentity},
    {"If", 1, "b", importIf},
    {"InstanceNormalization", 1, "FFF", importGroupNormalization},
    {"IsInf", 10, "f", importUnary},
    {"IsNaN", 9, "f", importUnary},
    {"LayerNormalization", 17, "FFF?", importLayerNormalization},
    {"LeakyRelu", 1, "f", importActivation},
    {"Less", 1, "NN", importBinary},
    {"LessOrEqual", 12, "NN", importBinary},
    {"Log", 1, "f", importUnary},
    {"LogSoftmax", 1, "f", importSoftmax},
    {"MatMul", 1, "NN", importMatMul},
    {"Max", 1, "N*", importVariadic},
    {"MaxPool", 1, "n", importMaxPool},
    {"Mean", 1, "F*", importVariadic},
    {"Min", 1, "N*", importVariadic},
    {"Mish", 18, "f", importActivation},
    {"Mod", 10, "NN", importBinary},
    {"Mul", 1, "NN", importBinary},
    {"Neg", 1, "n", importUnary},
    {"Not", 1, "b", importUnary},
    {"OneHot", 9, "nna", importOneHot},
    {"Or", 1, "bb", importBinary},
    {"PRelu", 1, "FF", importPRelu},
    {"Pad", 1, "AlA?i?", importPad},
    {"Pow", 1, "nn", importBinary},
    {"RMSNormalization", 23, "FF", importLayerNormalization},
    {"Range", 11, "NNN", importRange},
    {"Reciprocal", 1, "f", importUnary},
    {"ReduceL1", 1, "nl?", importReduction},
    {"ReduceL2", 1, "fl?", importReduction},
    {"ReduceLogSum", 1, "fl?", importReduction},
    {"ReduceLogSumExp", 1, "fl?", importReduction},
    {"ReduceMax", 1, "al?", importReduction},
    {"ReduceMean", 1, "nl?", importReduction},
    {"ReduceMin", 1, "al?", importReduction},
    {"ReduceProd", 1, "nl?", importReduction},
    {"ReduceSum", 1, "nl?", importReduction},
    {"ReduceSumSquare", 1, "nl?", importReduction},
    {"Relu", 1, "n", importActivation},
    {"Reshape", 1, "al", importReshape},
    {"Round", 11, "f", importUnary},
    {"ScatterElements", 11, "AiA", importScatterElements},
    {"Selu", 1, "f", importActivation},
    {"Shape", 1, "a", importShape},
    {"Sigmoid", 1, "f", importActivation},
    {"Sign", 9, "n", importUnary},
    {"Sin", 7, "f", importUnary},
    {"Size", 1, "a", importSize},
    {"Slice", 1, "aiii?i?", importSlice},
    {"Softmax", 1, "f", importSoftmax},
    {"Softplus", 1, "f", importActivation},
    {"Softsign", 1, "f", importActivation},
    {"SpaceToDepth", 1, "a", importDepthToSpace},
    {"Split", 1, "al?", importSplit},
    {"Sqrt", 1, "f", importUnary},
    {"Squeeze", 1, "al?", importSqueeze},
    {"Sub", 1, "NN", importBinary},
    {"Sum", 1, "N*", importVariadic},
    {"Tanh", 1, "f", importActivation},
    {"ThresholdedRelu", 10, "f", importActivation},
    {"Tile", 1, "al", importTile},
    {"TopK", 1, "nl", importTopK},
    {"Transpose", 1, "a", importTranspose},
    {"Trilu", 14, "al?", importTrilu},
    {"Unsqueeze", 1, "al", importUnsqueeze},
    {"Where", 9, "bAA", importWhere},
    {"Xor", 1, "bb", importBinary},
};

bool isInClass(char letter, mlir::Type type) {
  switch (llvm::toLower(letter)) {
  case 'f':
    return isReal(type);
  case 'n':
    return !type.isInteger(1);
  case 'i':
    return type.isInteger(32) || type.isInteger(64);
  case 'l':
    return type.isInteger(64);
  case 'b':
    return type.isInteger(1);
  default:
    return true;
  }
}

const char *className(char letter) {
  switch (llvm::toLower(letter)) {
  case 'f':
    return "a float";
  case 'n':
    return "a number";
  case 'i':
    return "int32 or int64";
  case 'l':
    return "int64";
  default:
    return "bool";
  }
}

} // namespace

llvm::ArrayRef<Operator> operators() { return kOperators; }

const Operator *findOperator(llvm::StringRef name) {
  static const llvm::StringMap<const Operator *> table = [] {
    llvm::StringMap<const Operator *> map;
    for (const Operator &operation : kOperators)
      map[operation.name] = &operation;
    return map;
  }();
  return table.lookup(name);
}

mlir::LogicalResult checkInputs(Node &node, const Operator &operation) {
  llvm::StringRef rest = operation.inputs;
  mlir::Type common;
  int64_t index = 0;
  char letter = 0;
  bool repeats = false;
  for (; !rest.empty() || (repeats && index < node.inputCount()); ++index) {
    bool isOptional = repeats;
    if (!repeats) {
      letter = rest.front();
      rest = rest.drop_front();
      isOptional = rest.consume_front("?");
      repeats = rest.consume_front("*");
    }
    if (!node.has(index)) {
      if (isOptional && !repeats)
        continue;
      return node.error("lacks input " + llvm::Twine(index) + ", but expected " +
                        (repeats ? "at least one" : "it"));
    }
    mlir::Type type = node.input(index).elementType;
    if (!isInClass(letter, type))
      return node.error("input " + llvm::Twine(index) + " has element type " + typeName(type) +
                        ", but expected " + className(letter));
    if (!llvm::isUpper(letter))
      continue;
    if (common && common != type)
      return node.error("input " + llvm::Twine(index) + " has element type " + typeName(type) +
                        ", but expected " + typeName(common) + " as the inputs before it");
    common = type;
  }
  if (node.inputCount() > index)
    return node.error("has " + llvm::Twine(node.inputCount()) + " inputs, but expected at most " +
                      llvm::Twine(index));
  return mlir::success();
}

} // namespace winnow::frontend
