// The table of operators and the functions that import them, one source file for each concern.
#pragma once

#include "lib/Import/ONNX/Node.h"

namespace winnow::frontend {

struct Operator {
  const char *name;
  /// The first operator set that has it.
  int64_t since;
  /// One letter for each input: its class of element types, a capital letter if all capitals must be equal:
  /// f float, n number, i int32 or int64, l int64, b bool, a anything. `?` after a letter: may be absent
  /// (then all that follow may be); `*`: any number more.
  const char *inputs;
  mlir::LogicalResult (*import)(Node &node);
};

/// The operator of that name, or null.
const Operator *findOperator(llvm::StringRef name);
llvm::ArrayRef<Operator> operators();

/// Checks number and types of a node's inputs against the table.
mlir::LogicalResult checkInputs(Node &node, const Operator &operation);

// Arithmetic.cpp, Activations.cpp
mlir::LogicalResult importUnary(Node &node);
mlir::LogicalResult importBinary(Node &node);
mlir::LogicalResult importVariadic(Node &node);
mlir::LogicalResult importActivation(Node &node);
mlir::LogicalResult importClip(Node &node);
mlir::LogicalResult importPRelu(Node &node);
mlir::LogicalResult importWhere(Node &node);
mlir::LogicalResult importCast(Node &node);
// Contraction.cpp
mlir::LogicalResult importMatMul(Node &node);
mlir::LogicalResult importGemm(Node &node);
// Convolution.cpp
mlir::LogicalResult importConv(Node &node);
// Pooling.cpp
mlir::LogicalResult importMaxPool(Node &node);
mlir::LogicalResult importAveragePool(Node &node);
mlir::LogicalResult importGlobalPool(Node &node);
// Reduction.cpp
mlir::LogicalResult importReduction(Node &node);
mlir::LogicalResult importArgument(Node &node);
mlir::LogicalResult importCumSum(Node &node);
// Normalization.cpp
mlir::LogicalResult importBatchNormalization(Node &node);
mlir::LogicalResult importLayerNormalization(Node &node);
mlir::LogicalResult importGroupNormalization(Node &node);
mlir::LogicalResult importSoftmax(Node &node);
// Shaping.cpp
mlir::LogicalResult importIdentity(Node &node);
mlir::LogicalResult importDropout(Node &node);
mlir::LogicalResult importFlatten(Node &node);
mlir::LogicalResult importReshape(Node &node);
mlir::LogicalResult importSqueeze(Node &node);
mlir::LogicalResult importUnsqueeze(Node &node);
mlir::LogicalResult importTranspose(Node &node);
mlir::LogicalResult importShape(Node &node);
mlir::LogicalResult importSize(Node &node);
mlir::LogicalResult importDepthToSpace(Node &node);
// Generation.cpp
mlir::LogicalResult importConstant(Node &node);
mlir::LogicalResult importConstantOfShape(Node &node);
mlir::LogicalResult importExpand(Node &node);
mlir::LogicalResult importRange(Node &node);
mlir::LogicalResult importTile(Node &node);
mlir::LogicalResult importOneHot(Node &node);
mlir::LogicalResult importTrilu(Node &node);
// Movement.cpp
mlir::LogicalResult importConcat(Node &node);
mlir::LogicalResult importSplit(Node &node);
mlir::LogicalResult importSlice(Node &node);
mlir::LogicalResult importPad(Node &node);
// Indexing.cpp
mlir::LogicalResult importGather(Node &node);
mlir::LogicalResult importGatherElements(Node &node);
mlir::LogicalResult importGatherND(Node &node);
mlir::LogicalResult importScatterElements(Node &node);
// TopK.cpp
mlir::LogicalResult importTopK(Node &node);
// ControlFlow.cpp
mlir::LogicalResult importIf(Node &node);

} // namespace winnow::frontend
