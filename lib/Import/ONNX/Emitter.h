// Makes the IR of imported values: tensors of symbolic shape, and the few forms that operators are made of.
#pragma once

#include "lib/Import/ONNX/ExtentTable.h"
#include "lib/Import/ONNX/GraphValue.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

namespace winnow::frontend {

/// One operand or result of a linalg.generic: the tensor and the loop dimensions that index it, or, if it is
/// indexed by more than single loops, the map from loops to indices.
struct Access {
  mlir::Value tensor;
  llvm::SmallVector<int64_t> loops;
  mlir::AffineMap map = {};
};

class Emitter {
public:
  using Body =
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;
  using ScalarBody = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

  Emitter(mlir::MLIRContext *context, ExtentTable &extents)
      : builder(context), location(mlir::UnknownLoc::get(context)), extents(extents) {}

  /// While it lives, what is emitted goes into a block of its own, of which nothing is used outside.
  class RegionScope {
  public:
    RegionScope(Emitter &emitter, mlir::Block *block);
    ~RegionScope();

  private:
    Emitter &emitter;
    mlir::OpBuilder::InsertionGuard guard;
    llvm::DenseMap<unsigned, mlir::Value> symbolValues;
    llvm::DenseMap<mlir::Value, llvm::SmallVector<Extent>> elementsOf;
    llvm::DenseMap<mlir::Value, GraphValue> origins;
  };

  bool isInRegion() const { return regionDepth > 0; }

  mlir::OpBuilder builder;
  mlir::Location location;
  ExtentTable &extents;

  /// Whether everything that the extent is made of has a value here.
  bool isDefined(const Extent &extent) const;

  /// Declares the value of an input dimension's symbol.
  void defineSymbol(unsigned number, mlir::Value value);
  /// An extent of that value, an index, which the program computes.
  Extent dataExtent(mlir::Value value, llvm::StringRef name,
                    std::optional<int64_t> lowerBound = std::nullopt);
  /// The integer elements of a tensor of known size, as the host reads them.
  llvm::SmallVector<Extent> readElements(const GraphValue &value, llvm::StringRef name);
  /// Makes a call fail with the message unless both are equal.
  void require(const Extent &a, const Extent &b, const llvm::Twine &message);

  mlir::Value index(const Extent &extent);
  mlir::Value indexConstant(int64_t value);
  mlir::OpFoldResult size(const Extent &extent);
  llvm::SmallVector<mlir::OpFoldResult> sizes(llvm::ArrayRef<Extent> shape);
  mlir::RankedTensorType type(mlir::Type elementType, llvm::ArrayRef<Extent> shape);

  /// The value's tensor in the IR, made now if it was only known.
  mlir::Value tensor(const GraphValue &value);
  GraphValue wrap(mlir::Value tensor, mlir::Type elementType, Shape shape);
  mlir::Value empty(mlir::Type elementType, llvm::ArrayRef<Extent> shape);
  mlir::Value filled(mlir::TypedAttr scalar, llvm::ArrayRef<Extent> shape);
  mlir::Value zeros(mlir::Type elementType, llvm::ArrayRef<Extent> shape);
  mlir::Value scalar(mlir::TypedAttr value);

  /// A linalg.generic over `loops` loops, of which `reductions` are reductions.
  llvm::SmallVector<mlir::Value> generic(int64_t loops, llvm::ArrayRef<int64_t> reductions,
                                         llvm::ArrayRef<Access> inputs, llvm::ArrayRef<Access> outputs,
                                         Body body);

  /// One element-wise linalg.generic. Operands broadcast to `shape` as in numpy; uniform constants become
  /// scalars in the body, and dimensions that are broadcast are dropped from the operand, so that every
  /// indexing map is a projected permutation.
  GraphValue elementwise(mlir::Type elementType, const Shape &shape,
                         llvm::ArrayRef<const GraphValue *> operands, ScalarBody body);

  /// Reduces over `axes` and drops them: body(element, accumulator).
  GraphValue reduce(const GraphValue &value, llvm::ArrayRef<int64_t> axes, mlir::TypedAttr identity,
                    ScalarBody body);

  /// The same elements in row-major order in another shape of the same size.
  GraphValue reshape(const GraphValue &value, const Shape &shape);
  GraphValue transpose(const GraphValue &value, llvm::ArrayRef<int64_t> permutation);
  /// tensor.pad with a scalar. `low` and `high` are at least 0.
  GraphValue pad(const GraphValue &value, llvm::ArrayRef<Extent> low, llvm::ArrayRef<Extent> high,
                 mlir::TypedAttr scalar);
  /// tensor.extract_slice with positive steps.
  GraphValue slice(const GraphValue &value, llvm::ArrayRef<Extent> offsets, const Shape &shape,
                   llvm::ArrayRef<int64_t> steps);
  /// `value` with `part` written at `offsets`.
  GraphValue insert(const GraphValue &part, const GraphValue &value, llvm::ArrayRef<Extent> offsets);

private:
  mlir::Value symbolValue(unsigned number);
  mlir::Value materialize(const GraphValue &value);
  std::optional<GraphValue> emptySlice(const GraphValue &value, llvm::ArrayRef<Extent> offsets, Shape shape);
  mlir::Value castToCounts(mlir::Value tensor, llvm::ArrayRef<mlir::ReassociationIndices> groups,
                           llvm::ArrayRef<Extent> shape);
  GraphValue dropBroadcast(const GraphValue &value, const Shape &shape, llvm::SmallVector<int64_t> &loops);

  unsigned regionDepth = 0;
  llvm::DenseMap<unsigned, mlir::Value> symbolValues;
  /// What was read from tensors.
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Extent>> elementsOf;
  /// Where the result of a reshape came from: a chain of reshapes starts at its origin.
  llvm::DenseMap<mlir::Value, GraphValue> origins;
};

} // namespace winnow::frontend
