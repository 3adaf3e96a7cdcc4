// A linalg operation as loops over flat memory: the extents of its dimensions, and for each operand the
// address as a linear function of the loop variables.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace winnow {

/// The constant behind `value`, if it is one.
std::optional<int64_t> constantOf(mlir::OpFoldResult value);

/// How an operand is read or written: element `offset + sum(strides[d] * loop variable d)` of `memory`, a
/// memref of rank 1 with stride 1. An operand that is no memref (the value of a fill) is `memory` itself.
struct LinearAccess {
  mlir::Value memory;
  bool isMemory = true;
  // What the program calls the elements. Vectors of i1 would be bits in memory, so `memory` has bytes; and
  // bf16 is an integer in memory, since code for CPUs without it moves it through conversions.
  mlir::Type elementType;
  mlir::OpFoldResult offset;
  llvm::SmallVector<mlir::OpFoldResult> strides;

  std::optional<int64_t> stride(int64_t dimension) const { return constantOf(strides[dimension]); }
  bool dependsOn(int64_t dimension) const { return stride(dimension) != 0; }
};

struct IterationSpace {
  mutable mlir::linalg::GenericOp op; // a handle, whose accessors are not const
  llvm::SmallVector<mlir::OpFoldResult> extents;
  llvm::SmallVector<bool> isReduction;
  llvm::SmallVector<LinearAccess> inputs, outputs;

  int64_t rank() const { return extents.size(); }
  std::optional<int64_t> extent(int64_t dimension) const { return constantOf(extents[dimension]); }
  bool hasReduction() const;
};

/// Analyzes `op`, on memrefs, and creates the flat memrefs before it. Fails, with nothing created, when an
/// address is not linear in the loop variables, a result is indexed by a reduction, or the elements are of a
/// type that vectors do not keep like memory does.
mlir::FailureOr<IterationSpace> createIterationSpace(mlir::OpBuilder &builder, mlir::linalg::GenericOp op);

/// Merges dimensions that all operands walk through as if they were one, so that vectors need not end with a
/// row. The merged dimension keeps the place of the inner one; the outer one gets extent 1.
void mergeDimensions(mlir::OpBuilder &builder, IterationSpace &space);

} // namespace winnow
