// Walks an ONNX graph: names and scopes, inputs and outputs, constraints between sizes, problems.
#pragma once

#include "lib/Import/ONNX/Emitter.h"
#include "lib/Import/ONNX/Import.h"
#include "lib/Import/ONNX/ModelFile.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringMap.h"

namespace winnow::frontend {

/// The values of one graph or of one call of a model-local function.
struct Scope {
  const Scope *parent = nullptr;
  llvm::StringMap<GraphValue> values;
  llvm::StringMap<unsigned> uses;                               // how many readers a value has
  llvm::StringMap<const onnx::NodeProto *> reader;              // the last of them
  llvm::StringMap<const onnx::AttributeProto *> callAttributes; // in a function: what its caller set
  const onnx::FunctionProto *function = nullptr;
  int64_t opset = 0;
  unsigned depth = 0;

  const GraphValue *find(llvm::StringRef name) const;
};

struct Problem {
  mlir::Location location;
  std::string message;
};

class GraphImporter {
public:
  /// `bindings` are the sizes that earlier attempts found dynamic dimensions to be forced to.
  GraphImporter(const onnx::ModelProto &model, llvm::StringRef path, mlir::MLIRContext &context,
                const ONNXImportOptions &options, Bindings &bindings);

  /// The module, or null with at least one problem or new binding.
  mlir::OwningOpRef<mlir::ModuleOp> import();

  llvm::ArrayRef<Problem> allProblems() const { return problems; }
  bool foundBinding() const { return hasNewBinding; }

  // For Node.
  void report(mlir::Location location, std::string message);
  /// Demands a == b: false when it cannot hold. What only a call can decide is checked at the call.
  bool requireEqual(const Extent &a, const Extent &b);
  /// Imports the nodes of a graph into the scope; problems are reported.
  void importNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, Scope &scope);
  void importInitializers(const onnx::GraphProto &graph, Scope &scope);
  /// Notes who reads what in a graph.
  void countUses(const onnx::GraphProto &graph, Scope &scope);
  mlir::MLIRContext *context() const { return emitter.builder.getContext(); }
  llvm::StringRef dataFolder() const { return folder; }

  Emitter &emit() { return emitter; }
  ExtentTable &extentTable() { return extents; }
  /// Nodes that another node's import has taken in (a normalization folded into a convolution).
  llvm::SmallPtrSet<const onnx::NodeProto *, 8> folded;

private:
  /// Whether a == b holds or can be made to hold by fixing the size of an input dimension; nothing when that
  /// is open.
  std::optional<bool> unify(const Extent &a, const Extent &b);
  bool bindSize(llvm::StringRef name, int64_t constant, int64_t coefficient);
  void bind(llvm::StringRef name, Binding binding);
  bool checkModel();
  bool importInputs(const onnx::GraphProto &graph, Scope &scope);
  bool declareInput(const onnx::ValueInfoProto &input, Scope &scope);
  void defineInputSizes();
  void importOutputs(const onnx::GraphProto &graph, Scope &scope);
  /// The value as what a function returns, if it is what the graph says.
  std::optional<GraphValue> outputValue(const onnx::ValueInfoProto &output, const Scope &scope);
  /// What a function returns, and the attributes that describe it.
  struct Results {
    llvm::SmallVector<mlir::Value> values;
    llvm::SmallVector<mlir::NamedAttrList> attributes;
  };
  void addResult(const GraphValue &value, llvm::StringRef name, Results &results);
  void setResults(mlir::func::FuncOp of, const Results &results);
  /// Finds the values inside the graph that options.intermediates names.
  void chooseIntermediates();
  /// Makes a copy of the function that returns them after `results`.
  void returnIntermediates(const Scope &scope, Results results);
  void importNode(const onnx::NodeProto &proto, Scope &scope);
  bool importFunctionCall(const onnx::NodeProto &proto, Scope &scope, mlir::Location location);
  void markFaulty(const onnx::NodeProto &proto, Scope &scope);
  void defineOutput(Scope &scope, llvm::StringRef name, GraphValue value, mlir::Location location);
  /// The attributes of an argument or a result.
  void describeTensor(const GraphValue &value, llvm::StringRef name, bool isInput,
                      mlir::NamedAttrList &attributes);
  mlir::ArrayAttr dimensionNames(llvm::ArrayRef<Extent> shape, bool isInput);
  Extent inputExtent(const onnx::TensorShapeProto::Dimension &dimension, llvm::StringRef input, int64_t axis);

  const onnx::ModelProto &model;
  std::string path, folder;
  const ONNXImportOptions &options;
  Bindings &bindings;
  ExtentTable extents;
  Emitter emitter;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  std::vector<GraphValue> arguments;
  llvm::SmallVector<std::string> argumentNames;
  std::vector<llvm::StringRef> intermediates; // in the order of their nodes, without outputs
  std::vector<Problem> problems;
  int64_t nodeCount = 0;
  bool hasNewBinding = false;
};

/// "Conv:conv1", from which later phases take the node's name and operator.
mlir::Location nodeLocation(mlir::MLIRContext *context, const onnx::NodeProto &proto);

/// The largest number of elements that a tensor's known dimensions may have together.
constexpr int64_t kMaximumElements = int64_t{1} << 48;
/// Whether the known dimensions are at least 0 and together within the limit.
bool isReasonable(llvm::ArrayRef<Extent> shape);

} // namespace winnow::frontend
