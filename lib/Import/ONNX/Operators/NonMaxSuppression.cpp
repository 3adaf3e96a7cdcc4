// NonMaxSuppression: the best boxes of each class that do not overlap better ones. The boxes are sorted by
// their scores, and a loop decides one after the other, for all images and classes at once.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Loops.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Positions.h"
#include "lib/Import/ONNX/Reading.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

struct Suppression {
  GraphValue boxes, scores;                  // [images, boxes, 4], [images, classes, boxes]
  GraphValue most, overlapLimit, scoreLimit; // scalars: int64, float, float
  Extent images, classes, count;
  bool isCentered = false; // boxes are center x, center y, width, height, else two corners
};

/// A scalar input, or what it is when it is absent.
GraphValue scalarInput(Node &node, int64_t input, GraphValue otherwise) {
  return node.has(input) ? node.emit.reshape(node.input(input), {}) : std::move(otherwise);
}

mlir::FailureOr<Suppression> readSuppression(Node &node) {
  if (failed(node.requireRank(0, 3, 3)) || failed(node.requireRank(1, 3, 3)))
    return mlir::failure();
  Suppression form;
  form.boxes = node.input(0);
  form.scores = node.input(1);
  form.images = form.scores.shape[0];
  form.classes = form.scores.shape[1];
  form.count = form.scores.shape[2];
  if (failed(node.requireEqual(form.boxes.shape[0], form.images, "numbers of images of boxes and scores")) ||
      failed(node.requireEqual(form.boxes.shape[1], form.count, "numbers of boxes of boxes and scores")) ||
      failed(node.requireEqual(form.boxes.shape[2], 4, "last dimension of boxes and 4")))
    return mlir::failure();
  int64_t format = node.integer("center_point_box", 0);
  if (format != 0 && format != 1)
    return node.error("center_point_box is " + llvm::Twine(format) + ", but expected 0 or 1");
  form.isCentered = format == 1;
  for (int64_t i = 2; i < 5; ++i)
    if (std::optional<Extent> size = node.has(i) ? elementCount(node.input(i).shape) : Extent(1);
        !size || !size->is(1))
      return node.error("input " + llvm::Twine(i) + " has shape " + node.extents.text(node.input(i).shape) +
                        ", but expected a scalar");
  Composition c(node);
  mlir::Type real = form.scores.elementType;
  form.most = scalarInput(node, 2, c.integer(node.builder.getI64Type(), 0));
  form.overlapLimit = scalarInput(node, 3, c.real(real, 0));
  form.scoreLimit = scalarInput(node, 4, c.real(real, -INFINITY));
  return form;
}

/// For each image and class the boxes from the best on; of equal ones the first. int32 [images, classes,
/// boxes].
GraphValue sortBoxes(Node &node, const Suppression &form) {
  Composition c(node);
  GraphValue sorted = c.ops("TopK", {form.scores, c.extents({form.count})}, 2, {{"axis", int64_t{-1}}})[1];
  return c.cast(sorted, node.builder.getI32Type());
}

/// The corners of a box, smaller ones first: x0, y0, x1, y1.
llvm::SmallVector<Value, 4> corners(const Scalars &s, Value boxes, bool isCentered, Value image, Value box) {
  llvm::SmallVector<Value, 4> v;
  for (int64_t i = 0; i < 4; ++i) {
    Value place = mlir::arith::ConstantIndexOp::create(s.builder, s.location, i);
    v.push_back(mlir::tensor::ExtractOp::create(s.builder, s.location, boxes, ValueRange{image, box, place}));
  }
  if (!isCentered)
    return {s.minimum(v[0], v[2]), s.minimum(v[1], v[3]), s.maximum(v[0], v[2]), s.maximum(v[1], v[3])};
  Value half = s.constant(v[0].getType(), 0.5), x = s.multiply(v[2], half), y = s.multiply(v[3], half);
  return {s.subtract(v[0], x), s.subtract(v[1], y), s.add(v[0], x), s.add(v[1], y)};
}

/// Whether the intersection of two boxes is more than `limit` of their union.
Value overlap(const Scalars &s, llvm::ArrayRef<Value> a, llvm::ArrayRef<Value> b, Value limit) {
  Value zero = s.constant(a[0].getType(), 0);
  auto extent = [&](llvm::ArrayRef<Value> box, int axis) { return s.subtract(box[axis + 2], box[axis]); };
  auto shared = [&](int axis) {
    return s.maximum(s.subtract(s.minimum(a[axis + 2], b[axis + 2]), s.maximum(a[axis], b[axis])), zero);
  };
  Value areaA = s.multiply(extent(a, 0), extent(a, 1)), areaB = s.multiply(extent(b, 0), extent(b, 1));
  Value common = s.multiply(shared(0), shared(1)), whole = s.subtract(s.add(areaA, areaB), common);
  Value isMore = s.less(limit, s.divide(common, whole));
  // Boxes without an area overlap nothing.
  return both(s, both(s, s.less(zero, areaA), s.less(zero, areaB)), both(s, s.less(zero, common), isMore));
}

class Suppressor {
public:
  Suppressor(Node &node, const Suppression &form, GraphValue order)
      : node(node), emit(node.emit), form(form), order(std::move(order)), boxes(emit.tensor(form.boxes)),
        scores(emit.tensor(form.scores)), sorted(emit.tensor(this->order)), most(emit.tensor(form.most)),
        overlapLimit(emit.tensor(form.overlapLimit)), scoreLimit(emit.tensor(form.scoreLimit)) {}

  /// Which of the sorted boxes are kept, after those before `round` are decided: int32 [images, classes,
  /// boxes], 0 or 1.
  mlir::FailureOr<GraphValue> keep() {
    GraphValue none = emit.wrap(emit.zeros(integer(), order.shape), integer(), order.shape);
    mlir::FailureOr<LoopResults> results =
        emitLoop(node, form.count, nullptr, none, [&](Round &round) -> mlir::LogicalResult {
          Value number = emit.index(round.number);
          GraphValue rivals = countRivals(round.carried[0], number);
          round.next = {decide(round.carried[0], rivals, number)};
          return mlir::success();
        });
    return failed(results) ? mlir::FailureOr<GraphValue>(mlir::failure()) : results->carried[0];
  }

private:
  mlir::Type integer() { return node.builder.getI32Type(); }

  Value read(const Scalars &s, Value tensor, ValueRange place) {
    return mlir::tensor::ExtractOp::create(s.builder, s.location, tensor, place);
  }

  Value boxAt(const Scalars &s, Value place) {
    return s.toIndex(read(s, sorted, {s.loop(0), s.loop(1), place}));
  }

  /// In the place of a number of boxes: one of them overlaps too much.
  static constexpr int64_t kExcluded = INT32_MAX;

  /// For each image and class: kExcluded if a kept box overlaps the one of the round, else how many are
  /// kept.
  GraphValue countRivals(const GraphValue &kept, Value number) {
    Access input{emit.tensor(kept), {0, 1, 2}},
        output{emit.zeros(integer(), {form.images, form.classes}), {0, 1}};
    auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
      Scalars s{builder, location};
      Value mine = boxAt(s, number), other = boxAt(s, s.loop(2)), image = s.loop(0);
      Value overlaps = overlap(s, corners(s, boxes, form.isCentered, image, other),
                               corners(s, boxes, form.isCentered, image, mine), read(s, overlapLimit, {}));
      Value zero = s.integer(v[0].getType(), 0), one = s.integer(v[0].getType(), 1);
      Value isKept = s.notEqual(v[0], zero), tooMany = s.integer(v[0].getType(), kExcluded);
      Value isExcluded = s.equal(v[1], tooMany);
      Value next = s.select(overlaps, tooMany, s.select(isExcluded, v[1], s.add(v[1], one)));
      return llvm::SmallVector<Value>{s.select(isKept, next, v[1])};
    };
    return emit.wrap(emit.generic(3, 2, input, output, body)[0], integer(), {form.images, form.classes});
  }

  GraphValue decide(const GraphValue &kept, const GraphValue &rivals, Value number) {
    Access before{emit.tensor(kept), {0, 1, 2}}, counted{emit.tensor(rivals), {0, 1}};
    Access output{emit.empty(integer(), order.shape), {0, 1, 2}};
    auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
      Scalars s{builder, location};
      Value score = read(s, scores, {s.loop(0), s.loop(1), boxAt(s, number)});
      Value isGood = s.less(read(s, scoreLimit, {}), score);
      Value limit = read(s, most, {});
      Value tooMany = s.integer(v[1].getType(), kExcluded);
      Value hasRoom = both(s, s.notEqual(v[1], tooMany), s.less(s.cast(v[1], limit.getType()), limit));
      Value isThis = s.equal(s.loop(2), number);
      Value taken = mlir::arith::ExtUIOp::create(builder, location, v[0].getType(), both(s, isGood, hasRoom));
      return llvm::SmallVector<Value>{s.select(isThis, taken, v[0])};
    };
    return emit.wrap(emit.generic(3, {}, {before, counted}, output, body)[0], integer(), order.shape);
  }

  Node &node;
  Emitter &emit;
  const Suppression &form;
  GraphValue order;
  Value boxes, scores, sorted, most, overlapLimit, scoreLimit;
};

/// [selected, 3]: image, class and box of each.
GraphValue nameBoxes(Node &node, const GraphValue &places, const GraphValue &order) {
  Value found = node.emit.tensor(places), sorted = node.emit.tensor(order);
  mlir::Type integer = node.builder.getI64Type();
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange) {
    Scalars s{builder, location};
    llvm::SmallVector<Value> at;
    for (int64_t i = 0; i < 3; ++i) {
      Value row = mlir::arith::ConstantIndexOp::create(builder, location, i);
      Value coordinate =
          mlir::tensor::ExtractOp::create(builder, location, found, ValueRange{row, s.loop(0)});
      at.push_back(s.toIndex(coordinate));
    }
    Value box = s.toIndex(mlir::tensor::ExtractOp::create(builder, location, sorted, at));
    Value zero = s.integer(builder.getIndexType(), 0), one = s.integer(builder.getIndexType(), 1);
    Value which = s.loop(1);
    Value named = s.select(s.equal(which, zero), at[0], s.select(s.equal(which, one), at[1], box));
    return mlir::arith::IndexCastOp::create(builder, location, integer, named).getResult();
  };
  return node.emit.elementwise(integer, {places.shape[1], 3}, {}, body);
}

} // namespace

static mlir::LogicalResult importNonMaxSuppression(Node &node) {
  mlir::FailureOr<Suppression> form = readSuppression(node);
  if (failed(form))
    return mlir::failure();
  GraphValue order = sortBoxes(node, *form);
  if (order.isFaulty)
    return mlir::failure();
  mlir::FailureOr<GraphValue> kept = Suppressor(node, *form, order).keep();
  mlir::FailureOr<GraphValue> positions = failed(kept) ? kept : positionsOf(node, *kept);
  if (failed(positions))
    return mlir::failure();
  node.set(0, nameBoxes(node, coordinatesOf(node, *positions, order.shape), order));
  return mlir::success();
}

Family nonMaxSuppressionOperators() {
  static constexpr Operator kOperators[] = {
      {"NonMaxSuppression", 10, "FFl?F?F?", importNonMaxSuppression},
  };
  return kOperators;
}

} // namespace winnow::frontend
