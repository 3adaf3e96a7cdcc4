// What executable definitions are written with: tensors given by a formula for each entry, sums over a
// dimension, and selections as their parts.
#pragma once

#include "dialects/Winnow/WinnowTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/ValueRange.h"

namespace winnow {

/// The values that stand for a selection in the form rows; `rows` and `capacity` are the dimensions of
/// `indices`.
struct SelectionParts {
  mlir::Value indices, counts;
  mlir::OpFoldResult universe;
};

/// The types of the values that stand for a selection of this type: the tensors of its form, then an index
/// for each extent that neither the type nor a tensor tells.
llvm::SmallVector<mlir::Type> partTypes(SelectionType type);

/// The parts of a selection in the form rows in the order of partTypes, and back.
SelectionParts partsOf(SelectionType type, mlir::ValueRange values);
llvm::SmallVector<mlir::Value> valuesOf(SelectionType type, const SelectionParts &parts,
                                        mlir::OpBuilder &builder, mlir::Location location);

/// Builds scalar arithmetic in the body of a definition.
class Formula {
public:
  Formula(mlir::OpBuilder &builder, mlir::Location location) : builder(builder), location(location) {}

  mlir::Value constant(mlir::TypedAttr value);
  mlir::Value index(int64_t value);
  mlir::Value integer(int32_t value);
  /// Zero of any scalar type.
  mlir::Value zero(mlir::Type type);
  /// An entry of a tensor; the indices must be in bounds.
  mlir::Value entry(mlir::Value tensor, mlir::ValueRange indices);
  /// An i32 as an index and back.
  mlir::Value toIndex(mlir::Value value);
  mlir::Value toInteger(mlir::Value value);
  /// A float of at most 32 bits as f32 and back.
  mlir::Value toF32(mlir::Value value);
  mlir::Value fromF32(mlir::Value value, mlir::Type type);
  mlir::Value select(mlir::Value condition, mlir::Value yes, mlir::Value no);
  mlir::Value both(mlir::Value a, mlir::Value b);
  mlir::Value either(mlir::Value a, mlir::Value b);
  /// Comparison of two indices.
  mlir::Value isLess(mlir::Value a, mlir::Value b);
  mlir::Value isEqual(mlir::Value a, mlir::Value b);
  /// `yes` is evaluated only when the condition holds; otherwise zero.
  mlir::Value orZero(mlir::Value condition, mlir::Type type, llvm::function_ref<mlir::Value(Formula &)> yes);

  mlir::OpBuilder &builder;
  mlir::Location location;
};

using EntryFormula = llvm::function_ref<mlir::Value(Formula &, mlir::ValueRange indices)>;
using StepFormula =
    llvm::function_ref<mlir::Value(Formula &, mlir::ValueRange indices, mlir::Value accumulated)>;

/// The tensor whose entry at `indices` is the formula's value.
mlir::Value buildTensor(mlir::OpBuilder &builder, mlir::Location location,
                        llvm::ArrayRef<mlir::OpFoldResult> extents, mlir::Type elementType,
                        EntryFormula formula);

/// The tensor over the first `kept` of `extents` whose entries accumulate the formula's steps over the
/// remaining ones in order, from `initial`.
mlir::Value buildReduction(mlir::OpBuilder &builder, mlir::Location location,
                           llvm::ArrayRef<mlir::OpFoldResult> extents, int64_t kept, mlir::TypedAttr initial,
                           StepFormula step);

/// Where each entry stands among its row's selected ones, or -1: [rows, universe].
mlir::Value buildPositions(mlir::OpBuilder &builder, mlir::Location location, const SelectionParts &parts);

/// The selection, with room for `capacity` entries to a row, of what is set in a mask [rows, universe]. No
/// row has more.
SelectionParts buildSelection(mlir::OpBuilder &builder, mlir::Location location, mlir::Value mask,
                              mlir::OpFoldResult capacity);

/// The selected entries; zero beyond a count. A shared source has no dimension of rows.
mlir::Value buildGather(mlir::OpBuilder &builder, mlir::Location location, mlir::Value source,
                        const SelectionParts &parts, bool shared);

/// The dense form, zero where nothing is selected.
mlir::Value buildScatter(mlir::OpBuilder &builder, mlir::Location location, mlir::Value source,
                         const SelectionParts &parts);

} // namespace winnow
