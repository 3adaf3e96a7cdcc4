// What --dry-run says about a model.
#pragma once

#include "mlir/IR/BuiltinOps.h"

#include <map>
#include <string>

namespace winnow {

/// What can be said of a model before it is compiled: how many nodes of each operator it has (of an ONNX
/// model).
std::map<std::string, int64_t> countNodes(mlir::ModuleOp model);

/// Prints the functions of a module after the dispatch phase: inputs, outputs, nodes, weights and launches.
void printSummary(llvm::raw_ostream &stream, mlir::ModuleOp planned,
                  const std::map<std::string, int64_t> &nodes);

} // namespace winnow
