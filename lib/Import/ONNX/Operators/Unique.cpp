// Unique: the different rows of a tensor, by comparing every row with every other.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Positions.h"
#include "lib/Import/ONNX/Reading.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

/// Whether a comes before b: NaN comes after all numbers, and equals itself.
Value isBefore(const Scalars &s, Value a, Value b) {
  if (!mlir::isa<mlir::FloatType>(a.getType()))
    return s.less(a, b);
  Value isNumber = s.equal(a, a), isOther = s.notEqual(b, b);
  return mlir::arith::OrIOp::create(s.builder, s.location, s.less(a, b), both(s, isNumber, isOther));
}

/// The rows of a node and what is known of them.
class Rows {
public:
  Rows(Node &node, const GraphValue &rows) : node(node), emit(node.emit), rows(rows), count(rows.shape[0]) {}

  /// For each pair of rows -1, 0 or 1: the first comes before, equals, or comes after the other, in the order
  /// of their first elements that differ. int32 [rows, rows].
  GraphValue compare() {
    Access first{emit.tensor(rows), {0, 2}}, second{emit.tensor(rows), {1, 2}};
    Access output{emit.zeros(integer(), {count, count}), {0, 1}};
    bool hasUnsigned = isUnsigned(rows.elementType) || rows.elementType.isInteger(1);
    auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
      Scalars s{builder, location, hasUnsigned};
      Value zero = s.integer(v[2].getType(), 0), one = s.integer(v[2].getType(), 1),
            minusOne = s.integer(v[2].getType(), -1);
      Value here = s.select(isBefore(s, v[0], v[1]), minusOne, s.select(isBefore(s, v[1], v[0]), one, zero));
      return llvm::SmallVector<Value>{s.select(s.equal(v[2], zero), here, v[2])};
    };
    return wrap(emit.generic(3, 2, {first, second}, output, body)[0], {count, count});
  }

  /// For each row the first one that equals it.
  GraphValue findFirst(const GraphValue &order) {
    Access input{emit.tensor(order), {0, 1}};
    Access output{emit.filled(node.builder.getI32IntegerAttr(INT32_MAX), {count}), {0}};
    auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
      Scalars s{builder, location};
      Value other = mlir::arith::IndexCastOp::create(builder, location, v[1].getType(), s.loop(1));
      Value isEqual = s.equal(v[0], s.integer(v[0].getType(), 0));
      return llvm::SmallVector<Value>{s.select(isEqual, s.minimum(v[1], other), v[1])};
    };
    return wrap(emit.generic(2, 1, input, output, body)[0], {count});
  }

  /// For each row, at which place of the result the row is that equals it: how many first ones come before
  /// it, in their order or, unless sorted, by their position.
  GraphValue rank(const GraphValue &order, const GraphValue &first, bool isSorted) {
    Access compared{emit.tensor(order), {0, 1}}, own{emit.tensor(first), {0}}, other{emit.tensor(first), {1}};
    Access output{emit.zeros(integer(), {count}), {0}};
    auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
      Scalars s{builder, location};
      Value position = mlir::arith::IndexCastOp::create(builder, location, v[2].getType(), s.loop(1));
      Value isFirst = s.equal(v[2], position), zero = s.integer(v[3].getType(), 0);
      Value comesBefore = isSorted ? s.less(zero, v[0]) : s.less(position, v[1]);
      return llvm::SmallVector<Value>{
          s.add(v[3], s.select(both(s, isFirst, comesBefore), s.integer(v[3].getType(), 1), zero))};
    };
    return wrap(emit.generic(2, 1, {compared, own, other}, output, body)[0], {count});
  }

  /// For each place of the result: over all rows that belong there, their number, or their position where
  /// they are first.
  GraphValue gatherByRank(const GraphValue &ranks, const GraphValue &first, const Extent &places,
                          bool areCounted) {
    Access rank{emit.tensor(ranks), {1}}, own{emit.tensor(first), {1}};
    Access output{emit.zeros(integer(), {places}), {0}};
    auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
      Scalars s{builder, location};
      mlir::Type type = v[2].getType();
      Value place = mlir::arith::IndexCastOp::create(builder, location, type, s.loop(0));
      Value position = mlir::arith::IndexCastOp::create(builder, location, type, s.loop(1));
      Value belongs = s.equal(v[0], place), step = s.integer(type, 1);
      if (!areCounted) {
        belongs = both(s, belongs, s.equal(v[1], position));
        step = position;
      }
      return llvm::SmallVector<Value>{s.add(v[2], s.select(belongs, step, s.integer(type, 0)))};
    };
    return wrap(emit.generic(2, 1, {rank, own}, output, body)[0], {places});
  }

  /// Whether each row is the first of those that equal it.
  GraphValue areFirst(const GraphValue &first) {
    return emit.elementwise(node.builder.getI1Type(), {count}, {&first},
                            [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
                              Scalars s{builder, location};
                              Value position = mlir::arith::IndexCastOp::create(builder, location,
                                                                                v[0].getType(), s.loop(0));
                              return s.equal(v[0], position);
                            });
  }

private:
  mlir::Type integer() { return node.builder.getI32Type(); }
  GraphValue wrap(Value value, Shape shape) { return emit.wrap(value, integer(), std::move(shape)); }

  Node &node;
  Emitter &emit;
  GraphValue rows;
  Extent count;
};

/// The input with its axis first, as rows.
mlir::FailureOr<GraphValue> rowsOf(Node &node, std::optional<int64_t> axis) {
  GraphValue value = node.input(0);
  if (!axis) {
    mlir::FailureOr<Extent> count = node.require(elementCount(value.shape));
    return failed(count) ? mlir::FailureOr<GraphValue>(mlir::failure())
                         : node.emit.reshape(value, {*count, 1});
  }
  llvm::SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, value.rank()));
  permutation.erase(permutation.begin() + *axis);
  permutation.insert(permutation.begin(), *axis);
  value = node.emit.transpose(value, permutation);
  mlir::FailureOr<Extent> width =
      node.require(elementCount(llvm::ArrayRef<Extent>(value.shape).drop_front()));
  return failed(width) ? mlir::FailureOr<GraphValue>(mlir::failure())
                       : node.emit.reshape(value, {value.shape[0], *width});
}

} // namespace

static mlir::LogicalResult importUnique(Node &node) {
  std::optional<int64_t> axis;
  if (node.hasAttribute("axis")) {
    mlir::FailureOr<int64_t> given = node.axis(node.integer("axis", 0), node.input(0).rank());
    if (failed(given))
      return mlir::failure();
    axis = *given;
  }
  bool isSorted = node.integer("sorted", 1) != 0;
  mlir::FailureOr<GraphValue> values = rowsOf(node, axis);
  if (failed(values))
    return mlir::failure();
  Rows rows(node, *values);
  GraphValue order = rows.compare(), first = rows.findFirst(order);
  GraphValue ranks = rows.rank(order, first, isSorted);
  mlir::FailureOr<GraphValue> positions = positionsOf(node, rows.areFirst(first));
  if (failed(positions))
    return mlir::failure();
  Extent places = positions->shape[0];
  GraphValue indices = rows.gatherByRank(ranks, first, places, /*areCounted=*/false);
  GraphValue counts = rows.gatherByRank(ranks, first, places, /*areCounted=*/true);
  Composition c(node);
  mlir::Type integer = node.builder.getI64Type();
  GraphValue source = axis ? node.input(0) : node.emit.reshape(*values, {values->shape[0]});
  GraphValue result = c.op("Gather", {source, indices}, {{"axis", axis.value_or(0)}});
  return c.finish({result, c.cast(indices, integer), c.cast(ranks, integer), c.cast(counts, integer)});
}

Family uniqueOperators() {
  static constexpr Operator kOperators[] = {
      {"Unique", 11, "a", importUnique},
  };
  return kOperators;
}

} // namespace winnow::frontend
