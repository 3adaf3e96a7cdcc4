// One node of the graph as its importer sees it: inputs, attributes, results, errors.
#pragma once

#include "lib/Import/ONNX/GraphImporter.h"

namespace winnow::frontend {

class Node {
public:
  /// A node that is a part of another one reports its problems as that one's.
  Node(GraphImporter &graph, Scope &scope, const onnx::NodeProto &proto, mlir::Location location,
       Node *whole = nullptr);

  llvm::StringRef operatorName() const { return proto.op_type(); }
  /// "" is ONNX's own.
  llvm::StringRef domain() const {
    return proto.domain() == "ai.onnx" ? llvm::StringRef() : llvm::StringRef(proto.domain());
  }
  int64_t opset() const { return scope.opset; }

  int64_t inputCount() const { return proto.input_size(); }
  bool has(int64_t index) const { return index < proto.input_size() && !proto.input(index).empty(); }
  const GraphValue &input(int64_t index) const { return *inputs[index]; }
  bool wants(int64_t output) const;
  int64_t outputCount() const { return proto.output_size(); }
  llvm::StringRef outputName(int64_t output) const { return proto.output(static_cast<int>(output)); }

  // Attributes. One of another type is reported; the default is used then.
  bool hasAttribute(llvm::StringRef name);
  int64_t integer(llvm::StringRef name, int64_t otherwise);
  double real(llvm::StringRef name, double otherwise);
  std::string string(llvm::StringRef name, llvm::StringRef otherwise);
  std::optional<llvm::SmallVector<int64_t>> integers(llvm::StringRef name);
  std::optional<llvm::SmallVector<double>> reals(llvm::StringRef name);
  std::optional<llvm::SmallVector<std::string>> strings(llvm::StringRef name);
  /// The element type in an attribute, or `otherwise` if it is absent or 0; one of `letter`'s class (see
  /// Operator).
  mlir::FailureOr<mlir::Type> elementType(llvm::StringRef name, mlir::Type otherwise, char letter = 'a');
  const onnx::TensorProto *tensor(llvm::StringRef name);
  const onnx::GraphProto *graph(llvm::StringRef name);

  void set(int64_t output, GraphValue value);
  /// Reports a problem: "node 'conv1' (Conv, opset 17): expected ..., but ...".
  mlir::LogicalResult error(const llvm::Twine &message);

  /// Inputs that must be known integers: shapes, axes, positions.
  std::optional<llvm::SmallVector<Extent>> knownIntegers(int64_t input) const;
  /// The same, but reports an error unless known.
  mlir::FailureOr<llvm::SmallVector<Extent>> requireIntegers(int64_t input, llvm::StringRef what);
  /// The same, but what is not known is read when the program runs. Those extents may be negative.
  mlir::FailureOr<llvm::SmallVector<Extent>> hostIntegers(int64_t input, llvm::StringRef what);
  /// As hostIntegers, for sizes: a call in which one is negative fails.
  mlir::FailureOr<llvm::SmallVector<Extent>> hostSizes(int64_t input, llvm::StringRef what);
  /// The extent as the size of a dimension: a call in which it is negative fails.
  Extent asSize(const Extent &extent, llvm::StringRef what);
  /// Numbers rather than sizes.
  mlir::FailureOr<llvm::SmallVector<int64_t>> requireNumbers(int64_t input, llvm::StringRef what);
  /// An axis in [0, rank) from one in [-rank, rank).
  mlir::FailureOr<int64_t> axis(int64_t value, int64_t rank);
  /// The axes in an attribute, or in an input, normalized and without repetitions; nothing if absent.
  mlir::FailureOr<std::optional<llvm::SmallVector<int64_t>>> axes(llvm::StringRef attribute, int64_t input,
                                                                  int64_t rank);
  mlir::LogicalResult requireRank(int64_t input, int64_t least, int64_t most);
  /// Demands equal sizes; `what` names both: "channels of the input and of the weight".
  mlir::LogicalResult requireEqual(const Extent &a, const Extent &b, llvm::StringRef what);
  /// The shape that numpy's broadcasting gives.
  mlir::FailureOr<Shape> broadcast(llvm::ArrayRef<const GraphValue *> values);
  /// A result of shape arithmetic, or an error where it overflowed.
  mlir::FailureOr<Extent> require(const std::optional<Extent> &extent);

  /// The node that alone reads output 0, or null.
  const onnx::NodeProto *onlyReader() const;
  const GraphValue *find(llvm::StringRef name) const { return scope.find(name); }
  /// Whether another node has taken this one in, in this call of the function that it is of.
  bool takeFolded() { return importer.folded.erase(&proto); }
  void fold(const onnx::NodeProto *reader) { importer.folded.insert(reader); }

  /// Imports a graph in the node's scope, its inputs being `arguments`, and yields its outputs.
  mlir::FailureOr<std::vector<GraphValue>> importBody(const onnx::GraphProto &body,
                                                      llvm::ArrayRef<GraphValue> arguments);
  /// Imports a branch's graph in the node's scope; its outputs are the node's.
  mlir::LogicalResult importBranch(const onnx::GraphProto &branch);

  /// Checks that nothing was left unread, and hands the results to the graph.
  mlir::LogicalResult finish(std::vector<GraphValue> &results);

  /// The scope of a node that is a part of this one (see Composition).
  Scope partScope(int64_t opset) const;

  GraphImporter &importer;
  Emitter &emit;
  ExtentTable &extents;
  mlir::OpBuilder &builder;
  mlir::Location location;

private:
  friend class GraphImporter;
  const onnx::AttributeProto *attribute(llvm::StringRef name);
  const onnx::AttributeProto *attribute(llvm::StringRef name, onnx::AttributeProto::AttributeType type);

  Scope &scope;
  const onnx::NodeProto &proto;
  Node *whole;
  llvm::SmallVector<const GraphValue *> inputs;
  std::vector<GraphValue> results;
  llvm::SmallVector<std::string> read;
  bool hasProblem = false;
};

} // namespace winnow::frontend
