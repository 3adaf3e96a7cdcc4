// importONNX: reads the file, imports until the sizes of the inputs are settled, reports.
#include "lib/Import/ONNX/Import.h"

#include "lib/Import/ONNX/FixedInputs.h"
#include "lib/Import/ONNX/GraphImporter.h"
#include "lib/Import/ONNX/InitializersFromFiles.h"
#include "lib/Import/ONNX/NodeOrder.h"
#include "lib/Import/ONNX/Operators.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

#include <google/protobuf/stubs/logging.h>

namespace winnow {
namespace {

void reportProblems(llvm::ArrayRef<frontend::Problem> problems, mlir::Location file, llvm::StringRef path) {
  // Of a file that is damaged all over, the first hundred are enough.
  constexpr size_t kMaximumNotes = 100;
  if (problems.size() == 1) {
    mlir::emitError(problems[0].location) << problems[0].message;
    return;
  }
  mlir::InFlightDiagnostic diagnostic = mlir::emitError(file)
                                        << "'" << llvm::sys::path::filename(path)
                                        << "' cannot be imported: " << problems.size() << " problems";
  for (const frontend::Problem &problem : problems.take_front(kMaximumNotes))
    diagnostic.attachNote(problem.location) << problem.message;
}

void warnOfBindings(const frontend::Bindings &bindings, mlir::Location file) {
  llvm::SmallVector<llvm::StringRef> names(bindings.keys());
  llvm::sort(names);
  for (llvm::StringRef name : names)
    if (std::optional<int64_t> size = bindings.lookup(name).size)
      mlir::emitWarning(file) << "the dynamic dimension '" << name << "' can only be " << *size
                              << ", because the model's nodes demand it";
}

/// The names that the inputs' dynamic dimensions have.
llvm::SetVector<llvm::StringRef> dimensionNames(const onnx::GraphProto &graph) {
  llvm::SetVector<llvm::StringRef> names;
  for (const onnx::ValueInfoProto &input : graph.input())
    for (const onnx::TensorShapeProto::Dimension &dimension : input.type().tensor_type().shape().dim())
      if (!dimension.dim_param().empty())
        names.insert(dimension.dim_param());
  return names;
}

mlir::LogicalResult checkGivenSizes(const llvm::StringMap<int64_t> &sizes, const onnx::GraphProto &graph,
                                    mlir::Location file) {
  llvm::SetVector<llvm::StringRef> names = dimensionNames(graph);
  for (const auto &given : sizes) {
    if (given.second < 0)
      return mlir::emitError(file) << "dimension '" << given.first() << "' is " << given.second
                                   << ", but expected at least 0";
    if (!names.contains(given.first()))
      return mlir::emitError(file) << "no input has a dynamic dimension '" << given.first() << "', found "
                                   << (names.empty() ? "none" : llvm::join(names, ", "));
  }
  return mlir::success();
}

} // namespace

mlir::OwningOpRef<mlir::ModuleOp> importONNX(llvm::StringRef path, mlir::MLIRContext &context,
                                             const ONNXImportOptions &options) {
  google::protobuf::SetLogHandler(nullptr);
  mlir::Location file = mlir::FileLineColLoc::get(&context, path, 0, 0);
  std::string error;
  std::unique_ptr<onnx::ModelProto> model = frontend::readModel(path, error);
  if (!model) {
    mlir::emitError(file) << "cannot read '" << path << "': " << error;
    return nullptr;
  }
  if (failed(checkGivenSizes(options.dimensions, model->graph(), file)) ||
      failed(frontend::fixInputs(*model, options.fixedInputs, file)))
    return nullptr;
  if (options.weights && failed(frontend::takeInitializers(*model, llvm::sys::path::parent_path(path),
                                                           *options.weights, &context)))
    return nullptr;
  frontend::sortNodes(*model->mutable_graph()->mutable_node());
  for (onnx::FunctionProto &function : *model->mutable_functions())
    frontend::sortNodes(*function.mutable_node());
  frontend::Bindings bindings;
  while (true) {
    // Every further attempt has at least one dynamic dimension less.
    frontend::GraphImporter importer(*model, path, context, options, bindings);
    mlir::OwningOpRef<mlir::ModuleOp> module = importer.import();
    if (importer.foundBinding())
      continue;
    if (!module) {
      reportProblems(importer.allProblems(), file, path);
      return nullptr;
    }
    if (failed(mlir::verify(*module)))
      return nullptr;
    warnOfBindings(bindings, file);
    return module;
  }
}

std::string describeONNXLocation(mlir::Location location) {
  auto named = mlir::dyn_cast<mlir::NameLoc>(location);
  if (!named)
    return "";
  auto [operation, name] = named.getName().getValue().split(':');
  return ("node '" + name + "' (" + operation + ")").str();
}

std::vector<std::string> supportedONNXOperators() { return frontend::operatorNames(); }

} // namespace winnow
