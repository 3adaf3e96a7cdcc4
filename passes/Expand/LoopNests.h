// Loop nests whose operands are given with the loops that index them.
#pragma once

#include "passes/Expand/BuildGeneric.h"

namespace winnow {

/// sum + a * b in f32, rounded once. Targets fuse a separate product and sum as they like, differently for
/// whole vectors and for what remains of a loop; this makes equal operands give equal sums.
mlir::Value fusedMultiplyAdd(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value a, mlir::Value b,
                             mlir::Value sum);

/// Builds loop nests whose first loops are the dimensions of the result.
class LoopNests {
public:
  struct Operand {
    mlir::Value tensor;
    llvm::SmallVector<unsigned> loops;
  };
  using Sizes = llvm::ArrayRef<mlir::OpFoldResult>;

  LoopNests(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  mlir::Value parallel(Sizes sizes, mlir::Type element, llvm::ArrayRef<Operand> operands, GenericBody body);

  /// One more loop, over which the result accumulates from `start`.
  mlir::Value reduction(Sizes sizes, mlir::TypedAttr start, llvm::ArrayRef<Operand> operands,
                        GenericBody body);

  /// The sum of a * b over one more loop, in f32.
  mlir::Value product(Sizes sizes, const Operand &a, const Operand &b);

  mlir::Value filled(Sizes sizes, mlir::TypedAttr value);

  mlir::OpBuilder &builder;
  mlir::Location loc;

private:
  mlir::Value create(Sizes sizes, mlir::Type element, llvm::ArrayRef<Operand> operands, unsigned reductions,
                     mlir::Attribute start, GenericBody body);
};

} // namespace winnow
