// Replaces the operations on sparse codes by operations on tensors. A round of the pursuit appends one
// orthonormal direction, as a combination of the chosen atoms: a row of the inverse of the Cholesky factor of
// their Gram matrix. So a round is products, sums and maxima over all rows, and no substitution, whose steps
// wait for each other.
#include "passes/Expand/Passes.h"

#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/WinnowOps.h"
#include "passes/Expand/BuildGeneric.h"
#include "passes/Expand/KernelBody.h"
#include "passes/Expand/LoopNests.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <limits>

namespace winnow {
#define GEN_PASS_DEF_EXPANDSPARSECODES
#include "passes/Expand/Passes.h.inc"

using namespace mlir;

namespace {

constexpr int32_t kNoAtom = -1;

template <typename Operation> Value arithmetic(OpBuilder &builder, Location loc, Value a, Value b) {
  return Operation::create(builder, loc, a, b);
}

Value constant(OpBuilder &builder, Location loc, float value) {
  return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(value));
}

Value isGreater(OpBuilder &builder, Location loc, Value a, Value b) {
  return compare(builder, loc, arith::CmpFPredicate::OGT, a, b);
}

Value isFinite(OpBuilder &builder, Location loc, Value magnitude) {
  return isGreater(builder, loc, constant(builder, loc, std::numeric_limits<float>::infinity()), magnitude);
}

/// A matrix of floats as one of `element`, which it is, or f32 is one of the two.
Value convert(LoopNests &nests, Value matrix, Type element) {
  if (getElementTypeOrSelf(matrix.getType()) == element)
    return matrix;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(nests.builder, nests.loc, matrix);
  return nests.parallel(sizes, element, {{matrix, {0, 1}}},
                        [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                          if (element.isF32())
                            return Formula(b, at).toF32(arguments[0]);
                          return arith::TruncFOp::create(b, at, element, arguments[0]);
                        });
}

/// The atoms of a dictionary, read by i32 indices that may name none.
class Atoms {
public:
  Atoms(LoopNests &nests, Value dictionary)
      : dictionary(dictionary), sizes(tensor::getMixedSizes(nests.builder, nests.loc, dictionary)),
        count(getValueOrCreateConstantIndexOp(nests.builder, nests.loc, sizes[0])) {}

  Value matrix() const { return dictionary; }
  OpFoldResult number() const { return sizes[0]; }
  OpFoldResult width() const { return sizes[1]; }

  Value isAtom(OpBuilder &builder, Location loc, Value index) const {
    // A negative index, taken as unsigned, is beyond all atoms.
    Value atom = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), index);
    return compare(builder, loc, arith::CmpIPredicate::ult, atom, count);
  }

  /// An entry of the atom as f32, or zero if there is none.
  Value entry(OpBuilder &builder, Location loc, Value index, Value place) const {
    Value read =
        KernelBody(builder, loc).entryIf(isAtom(builder, loc, index), dictionary, [&](KernelBody &inside) {
          return SmallVector<Value>{inside.toIndex(index), place};
        });
    return Formula(builder, loc).toF32(read);
  }

  /// sum over j of coefficients[n, j] * the atom that indices[n, j] names
  Value combine(LoopNests &nests, Value indices, Value coefficients) const {
    auto addTerm = [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
      Value index = arguments[0], coefficient = Formula(b, at).toF32(arguments[1]);
      Value atomEntry = entry(b, at, index, linalg::IndexOp::create(b, at, 1));
      Value product = arithmetic<arith::MulFOp>(b, at, coefficient, atomEntry);
      // A coefficient without an atom may be a NaN.
      Value term = arith::SelectOp::create(b, at, isAtom(b, at, index), product, constant(b, at, 0.0f));
      return arithmetic<arith::AddFOp>(b, at, arguments[2], term);
    };
    OpFoldResult rows = tensor::getMixedSize(nests.builder, nests.loc, indices, 0);
    return nests.reduction({rows, width()}, nests.builder.getF32FloatAttr(0.0f),
                           {{indices, {0, 2}}, {coefficients, {0, 2}}}, addTerm);
  }

private:
  Value dictionary;
  SmallVector<OpFoldResult> sizes;
  Value count;
};

/// Orthogonal matching pursuit, all rows at once. A row whose code is complete makes the same futile choice
/// in every further round, since its residual stays. Rounds are equal, so that they share their kernels.
class Pursuit {
public:
  Pursuit(LoopNests &nests, SparseEncodeOp op)
      : nests(nests), atoms(nests, op.getDictionary()),
        vectors(convert(nests, op.getVectors(), nests.builder.getF32Type())), leastScore(op.getLeastScore()),
        rows(tensor::getMixedSize(nests.builder, nests.loc, vectors, 0)),
        slots(nests.builder.getIndexAttr(op.getAtoms())),
        width(getValueOrCreateConstantIndexOp(nests.builder, nests.loc, atoms.width())),
        atomNorms(squaredNorms(atoms.matrix())), vectorNorms(squaredNorms(vectors)) {}

  /// What a round makes of the one before it. Row j of a vector's `directions` combines its chosen atoms to
  /// the j-th orthonormal direction; from `counts` on there are zeros.
  struct Code {
    Value indices, coefficients, directions, counts, residual;
  };

  Code start();
  Code advance(const Code &code);

private:
  /// Whether a round has a new direction, of this inverse length.
  static Value isAccepted(OpBuilder &builder, Location loc, Value inverseLength) {
    return isGreater(builder, loc, inverseLength, constant(builder, loc, 0.0f));
  }

  FloatAttr zero() { return nests.builder.getF32FloatAttr(0.0f); }
  Type f32() { return nests.builder.getF32Type(); }
  Type i32() { return nests.builder.getI32Type(); }

  Value squaredNorms(Value matrix);
  Value score(Value residual);
  Value choose(const Code &code);
  Value readAtom(Value choice);
  Value project(const Code &code, Value atom);
  Value invertLength(Value atom, Value projection);
  Value findDirection(const Code &code, Value projection, Value inverseLength);
  Value findCoefficients(const Code &code, Value atom, Value inverseLength, Value direction);
  Value fillSlot(const Code &code, Value choice, Value inverseLength);
  Value addDirection(const Code &code, Value direction);
  Value count(const Code &code, Value inverseLength);
  Value findResidual(const Code &code);

  LoopNests &nests;
  Atoms atoms;
  Value vectors;
  float leastScore;
  OpFoldResult rows, slots;
  Value width;
  Value atomNorms, vectorNorms;
};

Pursuit::Code Pursuit::start() {
  return {nests.filled({rows, slots}, nests.builder.getI32IntegerAttr(kNoAtom)),
          nests.filled({rows, slots}, zero()), nests.filled({rows, slots, slots}, zero()),
          nests.filled({rows}, nests.builder.getI32IntegerAttr(0)), vectors};
}

Pursuit::Code Pursuit::advance(const Code &code) {
  Value choice = choose(code);
  Value atom = readAtom(choice);
  Value projection = project(code, atom);
  Value inverseLength = invertLength(atom, projection);
  Value direction = findDirection(code, projection, inverseLength);
  Code next;
  next.indices = fillSlot(code, choice, inverseLength);
  next.coefficients = findCoefficients(code, atom, inverseLength, direction);
  next.directions = addDirection(code, direction);
  next.counts = count(code, inverseLength);
  next.residual = findResidual(next);
  return next;
}

Value Pursuit::squaredNorms(Value matrix) {
  OpFoldResult height = tensor::getMixedSize(nests.builder, nests.loc, matrix, 0);
  return nests.reduction({height}, zero(), {{matrix, {0, 1}}},
                         [](OpBuilder &b, Location at, ValueRange arguments) {
                           return fusedMultiplyAdd(b, at, arguments[0], arguments[0], arguments[1]);
                         });
}

/// <r, a>^2 / <a, a> for each vector and atom, or 0 where that makes no sense.
Value Pursuit::score(Value residual) {
  Value products = nests.product({rows, atoms.number()}, {residual, {0, 2}}, {atoms.matrix(), {1, 2}});
  auto divide = [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value product = arguments[0], norm = arguments[1], none = constant(b, at, 0.0f);
    Value square = arithmetic<arith::MulFOp>(b, at, product, product);
    Value score = arithmetic<arith::DivFOp>(b, at, square, norm);
    Value isUsable = arithmetic<arith::AndIOp>(b, at, isGreater(b, at, norm, none), isFinite(b, at, norm));
    Value isValid = arithmetic<arith::AndIOp>(b, at, isUsable, isFinite(b, at, score));
    return arith::SelectOp::create(b, at, isValid, score, none);
  };
  return nests.parallel({rows, atoms.number()}, f32(), {{products, {0, 1}}, {atomNorms, {1}}}, divide);
}

/// The first atom with the highest score, or none if that is too low or there is no room.
Value Pursuit::choose(const Code &code) {
  Value scores = score(code.residual);
  Value best = nests.reduction({rows}, zero(), {{scores, {0, 1}}},
                               [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                                 return arithmetic<arith::MaxNumFOp>(b, at, arguments[1], arguments[0]);
                               });
  auto findFirst = [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value isBest = compare(b, at, arith::CmpFPredicate::OEQ, arguments[0], arguments[1]);
    Value place = arith::SelectOp::create(b, at, isBest, index32(b, at, 1), arguments[2]);
    return arithmetic<arith::MinSIOp>(b, at, arguments[2], place);
  };
  IntegerAttr beyond = nests.builder.getI32IntegerAttr(std::numeric_limits<int32_t>::max());
  Value first = nests.reduction({rows}, beyond, {{scores, {0, 1}}, {best, {0}}}, findFirst);
  auto check = [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value least = arithmetic<arith::MulFOp>(b, at, constant(b, at, leastScore), arguments[2]);
    Value limit = arith::IndexCastOp::create(b, at, b.getI32Type(), width);
    // As many atoms as a vector has entries combine to any vector.
    Value hasRoom = compare(b, at, arith::CmpIPredicate::slt, arguments[3], limit);
    Value isChosen = arithmetic<arith::AndIOp>(b, at, isGreater(b, at, arguments[1], least), hasRoom);
    Value none = arith::ConstantIntOp::create(b, at, kNoAtom, 32);
    return arith::SelectOp::create(b, at, isChosen, arguments[0], none);
  };
  return nests.parallel({rows}, i32(), {{first, {0}}, {best, {0}}, {vectorNorms, {0}}, {code.counts, {0}}},
                        check);
}

/// The chosen atom of each row, or zeros.
Value Pursuit::readAtom(Value choice) {
  return nests.parallel({rows, atoms.width()}, f32(), {{choice, {0}}},
                        [&](OpBuilder &b, Location at, ValueRange arguments) {
                          return atoms.entry(b, at, arguments[0], linalg::IndexOp::create(b, at, 1));
                        });
}

/// The coordinates of the atom along the directions.
Value Pursuit::project(const Code &code, Value atom) {
  auto addProduct = [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value chosen = atoms.entry(b, at, arguments[0], linalg::IndexOp::create(b, at, 2));
    return fusedMultiplyAdd(b, at, chosen, arguments[1], arguments[2]);
  };
  Value products =
      nests.reduction({rows, slots}, zero(), {{code.indices, {0, 1}}, {atom, {0, 2}}}, addProduct);
  return nests.product({rows, slots}, {code.directions, {0, 1, 2}}, {products, {0, 2}});
}

/// One over the length of what is orthogonal to the directions, or 0 if that is next to nothing of the atom.
Value Pursuit::invertLength(Value atom, Value projection) {
  Value norms = squaredNorms(atom), parallel = squaredNorms(projection);
  auto invert = [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value rest = arithmetic<arith::SubFOp>(b, at, arguments[0], arguments[1]);
    Value part = constant(b, at, SparseEncodeOp::kDependentPart);
    Value least = arithmetic<arith::MulFOp>(b, at, part, arguments[0]);
    Value length = math::SqrtOp::create(b, at, rest);
    Value inverse = arithmetic<arith::DivFOp>(b, at, constant(b, at, 1.0f), length);
    return arith::SelectOp::create(b, at, isGreater(b, at, rest, least), inverse, constant(b, at, 0.0f));
  };
  return nests.parallel({rows}, f32(), {{norms, {0}}, {parallel, {0}}}, invert);
}

/// The new direction as a combination of the chosen atoms: the new one less its projection, made unit length.
Value Pursuit::findDirection(const Code &code, Value projection, Value inverseLength) {
  Value known = nests.product({rows, slots}, {projection, {0, 2}}, {code.directions, {0, 2, 1}});
  auto normalize = [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value isNew = compare(b, at, arith::CmpIPredicate::eq, index32(b, at, 1), arguments[2]);
    Value part = arith::SelectOp::create(b, at, isNew, constant(b, at, 1.0f), constant(b, at, 0.0f));
    Value combination = arithmetic<arith::SubFOp>(b, at, part, arguments[0]);
    return arithmetic<arith::MulFOp>(b, at, combination, arguments[1]);
  };
  return nests.parallel({rows, slots}, f32(), {{known, {0, 1}}, {inverseLength, {0}}, {code.counts, {0}}},
                        normalize);
}

/// The least squares solution moves along the new direction, by the residual's coordinate there. The residual
/// is orthogonal to the old directions, so the atom tells that coordinate as well.
Value Pursuit::findCoefficients(const Code &code, Value atom, Value inverseLength, Value direction) {
  Value products = nests.product({rows}, {code.residual, {0, 1}}, {atom, {0, 1}});
  auto move = [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value coordinate = arithmetic<arith::MulFOp>(b, at, arguments[2], arguments[3]);
    Value change = arithmetic<arith::MulFOp>(b, at, coordinate, arguments[1]);
    Value moved = arithmetic<arith::AddFOp>(b, at, arguments[0], change);
    // Without a new direction the coordinate may be a NaN, from the vector.
    return arith::SelectOp::create(b, at, isAccepted(b, at, arguments[3]), moved, arguments[0]);
  };
  return nests.parallel(
      {rows, slots}, f32(),
      {{code.coefficients, {0, 1}}, {direction, {0, 1}}, {products, {0}}, {inverseLength, {0}}}, move);
}

/// The indices with the choice, if it is accepted, in the first free slot.
Value Pursuit::fillSlot(const Code &code, Value choice, Value inverseLength) {
  auto fill = [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value isFree = compare(b, at, arith::CmpIPredicate::eq, index32(b, at, 1), arguments[1]);
    Value isFilled = arithmetic<arith::AndIOp>(b, at, isFree, isAccepted(b, at, arguments[3]));
    return arith::SelectOp::create(b, at, isFilled, arguments[2], arguments[0]);
  };
  return nests.parallel({rows, slots}, i32(),
                        {{code.indices, {0, 1}}, {code.counts, {0}}, {choice, {0}}, {inverseLength, {0}}},
                        fill);
}

Value Pursuit::addDirection(const Code &code, Value direction) {
  auto add = [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value isNew = compare(b, at, arith::CmpIPredicate::eq, index32(b, at, 1), arguments[2]);
    return arith::SelectOp::create(b, at, isNew, arguments[1], arguments[0]);
  };
  return nests.parallel({rows, slots, slots}, f32(),
                        {{code.directions, {0, 1, 2}}, {direction, {0, 2}}, {code.counts, {0}}}, add);
}

Value Pursuit::count(const Code &code, Value inverseLength) {
  auto add = [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value one = arith::ExtUIOp::create(b, at, b.getI32Type(), isAccepted(b, at, arguments[1]));
    return arithmetic<arith::AddIOp>(b, at, arguments[0], one);
  };
  return nests.parallel({rows}, i32(), {{code.counts, {0}}, {inverseLength, {0}}}, add);
}

Value Pursuit::findResidual(const Code &code) {
  Value sums = atoms.combine(nests, code.indices, code.coefficients);
  return nests.parallel({rows, atoms.width()}, f32(), {{vectors, {0, 1}}, {sums, {0, 1}}},
                        [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                          return arithmetic<arith::SubFOp>(b, at, arguments[0], arguments[1]);
                        });
}

/// How many rounds there may be; of static sizes the least.
int64_t countRounds(SparseEncodeOp op) {
  int64_t rounds = op.getAtoms();
  for (int64_t size : cast<RankedTensorType>(op.getDictionary().getType()).getShape())
    if (!ShapedType::isDynamic(size))
      rounds = std::min(rounds, size);
  return rounds;
}

struct ExpandSparseEncode : OpRewritePattern<SparseEncodeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SparseEncodeOp op, PatternRewriter &rewriter) const override {
    LoopNests nests(rewriter, op.getLoc());
    Pursuit pursuit(nests, op);
    Pursuit::Code code = pursuit.start();
    for (int64_t round = 0, rounds = countRounds(op); round < rounds; ++round)
      code = pursuit.advance(code);
    auto type = cast<RankedTensorType>(op.getCoefficients().getType());
    Value coefficients = convert(nests, code.coefficients, type.getElementType());
    rewriter.replaceOp(op, {castTo(rewriter, op.getLoc(), op.getIndices().getType(), code.indices),
                            castTo(rewriter, op.getLoc(), type, coefficients)});
    return success();
  }
};

struct ExpandSparseDecode : OpRewritePattern<SparseDecodeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SparseDecodeOp op, PatternRewriter &rewriter) const override {
    LoopNests nests(rewriter, op.getLoc());
    Value sums = Atoms(nests, op.getDictionary()).combine(nests, op.getIndices(), op.getCoefficients());
    auto type = cast<RankedTensorType>(op.getType());
    Value vectors = convert(nests, sums, type.getElementType());
    rewriter.replaceOp(op, castTo(rewriter, op.getLoc(), type, vectors));
    return success();
  }
};

struct ExpandSparseCodes : impl::ExpandSparseCodesBase<ExpandSparseCodes> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandSparseEncode, ExpandSparseDecode>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) {
      getOperation().emitError() << "expansion of sparse codes did not reach an end";
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace winnow
