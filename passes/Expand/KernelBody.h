// Scalar arithmetic in the bodies of the kernels that work on packed weights.
#pragma once

#include "mlir/IR/Builders.h"

namespace winnow {

/// Builds the body of a structured operation.
class KernelBody {
public:
  KernelBody(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  mlir::Value index(int64_t value);
  mlir::Value integer(int64_t value);
  mlir::Value zero(mlir::Type type);
  /// The coordinate of the operation's loop.
  mlir::Value loop(int64_t dimension);
  /// An i32 as an index and back.
  mlir::Value toIndex(mlir::Value value);
  mlir::Value toInteger(mlir::Value value);

  /// Indices; divisors and factors are constants of at least 1.
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value subtract(mlir::Value a, mlir::Value b);
  mlir::Value multiplyAdd(mlir::Value a, int64_t factor, mlir::Value b);
  mlir::Value quotient(mlir::Value a, int64_t divisor);
  mlir::Value remainder(mlir::Value a, int64_t divisor);

  /// Signed comparisons of integers or indices.
  mlir::Value isLess(mlir::Value a, mlir::Value b);
  mlir::Value isEqual(mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value yes, mlir::Value no);

  /// An entry of a tensor, which must be in bounds.
  mlir::Value entry(mlir::Value tensor, mlir::ValueRange indices);
  /// The same if the condition holds, or else zero; then nothing is read.
  mlir::Value entryIf(mlir::Value condition, mlir::Value tensor,
                      llvm::function_ref<llvm::SmallVector<mlir::Value>(KernelBody &)> indices);

  /// What `step` makes of the accumulated value for each index from `begin` up to `end`.
  mlir::Value accumulate(mlir::Value begin, mlir::Value end, mlir::Value initial,
                         llvm::function_ref<mlir::Value(KernelBody &, mlir::Value index, mlir::Value)> step);

  /// How many of `size` ordered entries come before the first for which `isBefore` fails, by bisection.
  mlir::Value bisect(int64_t size, llvm::function_ref<mlir::Value(KernelBody &, mlir::Value index)> isBefore);

  /// The magnitude of an element as i32, ordered: NaN above infinity.
  mlir::Value magnitude(mlir::Value element);
  /// accumulator + a * b in the accumulator's type.
  mlir::Value multiplyAccumulate(mlir::Value a, mlir::Value b, mlir::Value accumulator);

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

using EntryBody = llvm::function_ref<mlir::Value(KernelBody &)>;

/// A tensor whose entries the body computes from the coordinates.
mlir::Value createTensor(mlir::OpBuilder &builder, mlir::Location loc,
                         llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type element, EntryBody body);

/// The type that products of this type are summed in.
mlir::Type accumulatorOf(mlir::Type element);

/// f32 sums rounded to the type of their operands; integers stay.
mlir::Value roundSums(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value sums, mlir::Type element);

} // namespace winnow
