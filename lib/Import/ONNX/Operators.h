// The operators that can be imported. Each family has a source file in Operators/, with a table of its
// operators at its end: adding an operator changes that file and its test.
#pragma once

#include "lib/Import/ONNX/Node.h"

namespace winnow::frontend {

/// An operator as it is from operator set `since` on, until a later row of the same name.
struct Operator {
  const char *name;
  int64_t since;
  /// One letter for each input: its class of element types, a capital letter if all capitals must be equal:
  /// f float, n number, z integer, u unsigned integer, i int32 or int64, l int64, b bool, c number or bool, a
  /// anything; only that has the types narrower than a byte and the floats of 8 bits. `?` after a letter: may
  /// be absent (then all that follow may be); `*`: any number more, `?*`: maybe
  /// none.
  const char *inputs;
  mlir::LogicalResult (*import)(Node &node);
  const char *domain = "";
};

/// The operator sets of ONNX whose models can be imported.
constexpr int64_t kFirstOpset = 6, kLastOpset = 28;

using Family = llvm::ArrayRef<Operator>;

Family activationsOperators();
Family arithmeticOperators();
Family attentionOperators();
Family bitsOperators();
Family castsOperators();
Family channelNormalizationOperators();
Family contractionOperators();
Family contributedAttentionOperators();
Family contributedFusedOperators();
Family contributedOperators();
Family controlFlowOperators();
Family convolutionOperators();
Family cumulativeOperators();
Family dataDependentOperators();
Family determinantOperators();
Family einsumOperators();
Family featuresOperators();
Family functionsOperators();
Family generationOperators();
Family indexingOperators();
Family lossesOperators();
Family movementOperators();
Family nonMaxSuppressionOperators();
Family normalizationOperators();
Family optimizersOperators();
Family poolingOperators();
Family quantizationOperators();
Family randomOperators();
Family recurrentOperators();
Family reductionOperators();
Family regionsOperators();
Family resizeOperators();
Family samplingOperators();
Family scatterOperators();
Family shapingOperators();
Family signalOperators();
Family stateSpaceOperators();
Family textOperators();
Family topKOperators();
Family transposedConvolutionOperators();
Family uniqueOperators();

/// The operators' names, sorted, with the domain in front if it is not ONNX's: "com.microsoft.BiasGelu".
std::vector<std::string> operatorNames();

/// Why an operator of ONNX's own domain will not be imported, or null (see Operators/Refused.cpp).
const char *refusalReason(llvm::StringRef name);

/// Whether a type is in the class of a letter (see Operator), and what that is called.
bool isInClass(char letter, mlir::Type type);
const char *className(char letter);

/// Looks the node's operator up, checks its inputs against the table, and imports it; problems are reported.
mlir::LogicalResult importOperator(Node &node, std::vector<GraphValue> &results);

} // namespace winnow::frontend
