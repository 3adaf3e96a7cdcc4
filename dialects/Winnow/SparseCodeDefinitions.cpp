// Executable definitions of the sparse code. Each round of the pursuit sets up the normal equations of all
// atoms that are chosen and eliminates them anew.
#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <limits>

using namespace mlir;
using namespace winnow;

namespace {

using Results = SmallVector<SmallVector<Value>>;

template <typename Operation> Value arithmetic(Formula &formula, Value a, Value b) {
  return Operation::create(formula.builder, formula.location, a, b);
}

Value multiplyAdd(Formula &formula, Value sum, Value a, Value b) {
  return arithmetic<arith::AddFOp>(formula, sum, arithmetic<arith::MulFOp>(formula, a, b));
}

Value number(Formula &formula, float value) {
  return formula.constant(formula.builder.getF32FloatAttr(value));
}

/// Whether a > b, which is never true of a NaN.
Value isGreater(Formula &formula, Value a, Value b) {
  return arith::CmpFOp::create(formula.builder, formula.location, arith::CmpFPredicate::OGT, a, b);
}

Value isFinite(Formula &formula, Value magnitude) {
  return isGreater(formula, number(formula, std::numeric_limits<float>::infinity()), magnitude);
}

/// Whether the i32 `index` is that of an atom. A negative one, taken as unsigned, is beyond all.
Value isAtom(Formula &formula, Value dictionary, Value index) {
  Value atoms = getValueOrCreateConstantIndexOp(
      formula.builder, formula.location, getDimension(formula.builder, formula.location, dictionary, 0));
  return arith::CmpIOp::create(formula.builder, formula.location, arith::CmpIPredicate::ult,
                               formula.toIndex(index), atoms);
}

/// An entry of the atom that `index` names, or zero if it names none.
Value atomEntry(Formula &formula, Value dictionary, Value index, Value place) {
  return formula.orZero(isAtom(formula, dictionary, index), formula.builder.getF32Type(),
                        [&](Formula &inside) {
                          return inside.toF32(inside.entry(dictionary, {inside.toIndex(index), place}));
                        });
}

/// The f32 tensor rounded to `element`.
Value roundTo(OpBuilder &builder, Location location, Value tensor, Type element) {
  SmallVector<OpFoldResult> extents{getDimension(builder, location, tensor, 0),
                                    getDimension(builder, location, tensor, 1)};
  return buildTensor(builder, location, extents, element, [&](Formula &formula, ValueRange at) -> Value {
    Value entry = formula.entry(tensor, at);
    if (element.isF32())
      return entry;
    return arith::TruncFOp::create(formula.builder, formula.location, element, entry);
  });
}

/// sum over d of rows[r, d]^2
Value squaredNorms(OpBuilder &builder, Location location, Value rows) {
  SmallVector<OpFoldResult> extents{getDimension(builder, location, rows, 0),
                                    getDimension(builder, location, rows, 1)};
  return buildReduction(builder, location, extents, 1, builder.getF32FloatAttr(0.0f),
                        [&](Formula &formula, ValueRange at, Value sum) {
                          Value entry = formula.toF32(formula.entry(rows, at));
                          return multiplyAdd(formula, sum, entry, entry);
                        });
}

/// sum over j of coefficients[n, j] * the atom that indices[n, j] names
Value combineAtoms(OpBuilder &builder, Location location, Value indices, Value coefficients,
                   Value dictionary) {
  SmallVector<OpFoldResult> extents{getDimension(builder, location, indices, 0),
                                    getDimension(builder, location, dictionary, 1),
                                    getDimension(builder, location, indices, 1)};
  auto addSlot = [&](Formula &formula, ValueRange at, Value sum) -> Value {
    Value row = at[0], place = at[1], slot = at[2];
    Value index = formula.entry(indices, {row, slot});
    Value term = formula.orZero(
        isAtom(formula, dictionary, index), builder.getF32Type(), [&](Formula &inside) -> Value {
          Value coefficient = inside.toF32(inside.entry(coefficients, {row, slot}));
          return arithmetic<arith::MulFOp>(inside, coefficient, atomEntry(inside, dictionary, index, place));
        });
    return arithmetic<arith::AddFOp>(formula, sum, term);
  };
  return buildReduction(builder, location, extents, 2, builder.getF32FloatAttr(0.0f), addSlot);
}

/// Orthogonal matching pursuit, all rows at once. A row whose code is complete makes the same futile choice
/// in every further round.
class Pursuit {
public:
  Pursuit(OpBuilder &builder, SparseEncodeOp op, Value vectors, Value dictionary)
      : builder(builder), location(op.getLoc()), vectors(vectors), dictionary(dictionary),
        leastScore(op.getLeastScore()), rows(getDimension(builder, location, vectors, 0)),
        width(getDimension(builder, location, vectors, 1)), slots(builder.getIndexAttr(op.getAtoms())),
        atomNorms(squaredNorms(builder, location, dictionary)),
        vectorNorms(squaredNorms(builder, location, vectors)) {}

  /// The code without atoms: indices, coefficients and residual.
  SmallVector<Value> start();
  /// The code after one more round, in which slot `round` is filled.
  SmallVector<Value> advance(Value round, ValueRange code);

private:
  Value scores(Value residual);
  Value choose(Value residual);
  Value place(Value indices, Value choice, Value round);
  Value normalEquations(Value indices);
  Value eliminate(Value equations, Value begin, Value end);
  Value accept(Value equations, Value choice, Value round);
  Value selectRows(Value accepted, Type element, EntryFormula yes, Value no);
  Value subtractFromVectors(Value sums);

  OpBuilder &builder;
  Location location;
  Value vectors, dictionary;
  float leastScore;
  OpFoldResult rows, width, slots;
  Value atomNorms, vectorNorms;
};

SmallVector<Value> Pursuit::start() {
  auto fill = [&](TypedAttr value) {
    return buildTensor(builder, location, {rows, slots}, value.getType(),
                       [&](Formula &formula, ValueRange) { return formula.constant(value); });
  };
  Value residual =
      buildTensor(builder, location, {rows, width}, builder.getF32Type(),
                  [&](Formula &formula, ValueRange at) { return formula.toF32(formula.entry(vectors, at)); });
  return {fill(builder.getI32IntegerAttr(-1)), fill(builder.getF32FloatAttr(0.0f)), residual};
}

SmallVector<Value> Pursuit::advance(Value round, ValueRange code) {
  Value indices = code[0], coefficients = code[1];
  Value choice = choose(code[2]);
  Value tentative = place(indices, choice, round);
  Value begin = Formula(builder, location).index(0);
  Value next = arith::AddIOp::create(builder, location, round, Formula(builder, location).index(1));
  Value reduced = eliminate(normalEquations(tentative), begin, round);
  Value accepted = accept(reduced, choice, round);
  Value solved = eliminate(reduced, round, next);
  Value nextIndices = selectRows(
      accepted, builder.getI32Type(),
      [&](Formula &formula, ValueRange at) { return formula.entry(tentative, at); }, indices);
  auto solution = [&](Formula &formula, ValueRange at) {
    Value right = getValueOrCreateConstantIndexOp(builder, location, slots);
    return formula.entry(solved, {at[0], at[1], right});
  };
  Value nextCoefficients = selectRows(accepted, builder.getF32Type(), solution, coefficients);
  Value sums = combineAtoms(builder, location, nextIndices, nextCoefficients, dictionary);
  return {nextIndices, nextCoefficients, subtractFromVectors(sums)};
}

/// <r, a>^2 / <a, a> for each row and atom, or 0 where that makes no sense.
Value Pursuit::scores(Value residual) {
  OpFoldResult atoms = getDimension(builder, location, dictionary, 0);
  Value products =
      buildReduction(builder, location, {rows, atoms, width}, 2, builder.getF32FloatAttr(0.0f),
                     [&](Formula &formula, ValueRange at, Value sum) {
                       return multiplyAdd(formula, sum, formula.entry(residual, {at[0], at[2]}),
                                          formula.toF32(formula.entry(dictionary, {at[1], at[2]})));
                     });
  return buildTensor(builder, location, {rows, atoms}, builder.getF32Type(),
                     [&](Formula &formula, ValueRange at) {
                       Value product = formula.entry(products, at), norm = formula.entry(atomNorms, at[1]);
                       Value square = arithmetic<arith::MulFOp>(formula, product, product);
                       Value score = arithmetic<arith::DivFOp>(formula, square, norm);
                       Value zero = number(formula, 0.0f);
                       Value isUsable = formula.both(isGreater(formula, norm, zero), isFinite(formula, norm));
                       return formula.select(formula.both(isUsable, isFinite(formula, score)), score, zero);
                     });
}

/// The first atom with the highest score in each row, or -1 if none is high enough.
Value Pursuit::choose(Value residual) {
  Value all = scores(residual);
  OpFoldResult atoms = getDimension(builder, location, dictionary, 0);
  auto pick = [&](Formula &formula, ValueRange at, Value found) {
    Value row = at[0], atom = at[1];
    Value least =
        arithmetic<arith::MulFOp>(formula, number(formula, leastScore), formula.entry(vectorNorms, row));
    Value isNone = formula.isLess(found, formula.integer(0));
    Value place = formula.toIndex(formula.select(isNone, formula.integer(0), found));
    Value best = formula.select(isNone, least, formula.entry(all, {row, place}));
    Value isBetter = isGreater(formula, formula.entry(all, {row, atom}), best);
    return formula.select(isBetter, formula.toInteger(atom), found);
  };
  return buildReduction(builder, location, {rows, atoms}, 1, builder.getI32IntegerAttr(-1), pick);
}

/// The indices with each row's choice in the slot of the round.
Value Pursuit::place(Value indices, Value choice, Value round) {
  return buildTensor(builder, location, {rows, slots}, builder.getI32Type(),
                     [&](Formula &formula, ValueRange at) {
                       return formula.select(formula.isEqual(at[1], round), formula.entry(choice, at[0]),
                                             formula.entry(indices, at));
                     });
}

/// The products of the chosen atoms with each other and, in the last column, with the vector. The equation of
/// an unused slot is that its coefficient is 0.
Value Pursuit::normalEquations(Value indices) {
  int64_t last = cast<IntegerAttr>(cast<Attribute>(slots)).getInt();
  SmallVector<OpFoldResult> extents{rows, slots, builder.getIndexAttr(last + 1), width};
  auto addProduct = [&](Formula &formula, ValueRange at, Value sum) {
    Value row = at[0], place = at[3], right = formula.index(last);
    Value atom = atomEntry(formula, dictionary, formula.entry(indices, {row, at[1]}), place);
    Value isRight = formula.isEqual(at[2], right);
    Value slot = formula.select(isRight, formula.index(0), at[2]);
    Value other = atomEntry(formula, dictionary, formula.entry(indices, {row, slot}), place);
    Value entry = formula.toF32(formula.entry(vectors, {row, place}));
    Value isUsed = isAtom(formula, dictionary, formula.entry(indices, {row, at[1]}));
    Value next = multiplyAdd(formula, sum, atom, formula.select(isRight, entry, other));
    return formula.select(isUsed, next, sum);
  };
  Value products = buildReduction(builder, location, extents, 3, builder.getF32FloatAttr(0.0f), addProduct);
  return buildTensor(builder, location, ArrayRef(extents).drop_back(), builder.getF32Type(),
                     [&](Formula &formula, ValueRange at) {
                       Value isUsed = isAtom(formula, dictionary, formula.entry(indices, {at[0], at[1]}));
                       Value unit = formula.select(formula.isEqual(at[1], at[2]), number(formula, 1.0f),
                                                   number(formula, 0.0f));
                       return formula.select(isUsed, formula.entry(products, at), unit);
                     });
}

/// Gauss-Jordan steps on the unknowns of slots `begin` up to `end`.
Value Pursuit::eliminate(Value equations, Value begin, Value end) {
  SmallVector<OpFoldResult> extents;
  for (int64_t i = 0; i < 3; ++i)
    extents.push_back(getDimension(builder, location, equations, i));
  Value one = Formula(builder, location).index(1);
  auto step = [&](OpBuilder &body, Location at, Value pivot, ValueRange state) {
    Value old = state.front();
    Value next = buildTensor(body, at, extents, body.getF32Type(), [&](Formula &formula, ValueRange here) {
      Value row = here[0], equation = here[1], unknown = here[2];
      Value solved = arithmetic<arith::DivFOp>(formula, formula.entry(old, {row, pivot, unknown}),
                                               formula.entry(old, {row, pivot, pivot}));
      Value removed = arithmetic<arith::MulFOp>(formula, formula.entry(old, {row, equation, pivot}), solved);
      Value others = arithmetic<arith::SubFOp>(formula, formula.entry(old, here), removed);
      return formula.select(formula.isEqual(equation, pivot), solved, others);
    });
    scf::YieldOp::create(body, at, next);
  };
  return scf::ForOp::create(builder, location, begin, end, one, equations, step).getResult(0);
}

/// Whether the atom in the slot of the round is independent of those before it, which are eliminated: what is
/// left on the diagonal is the squared norm of its part that is orthogonal to them.
Value Pursuit::accept(Value equations, Value choice, Value round) {
  return buildTensor(builder, location, {rows}, builder.getI1Type(), [&](Formula &formula, ValueRange at) {
    Value index = formula.entry(choice, at[0]);
    return formula.orZero(isAtom(formula, dictionary, index), builder.getI1Type(), [&](Formula &inside) {
      Value norm = inside.entry(atomNorms, inside.toIndex(index));
      Value least = arithmetic<arith::MulFOp>(inside, number(inside, SparseEncodeOp::kDependentPart), norm);
      return isGreater(inside, inside.entry(equations, {at[0], round, round}), least);
    });
  });
}

/// A tensor over rows and slots: the formula in accepted rows, and `no` in others.
Value Pursuit::selectRows(Value accepted, Type element, EntryFormula yes, Value no) {
  return buildTensor(builder, location, {rows, slots}, element, [&](Formula &formula, ValueRange at) {
    return formula.select(formula.entry(accepted, at[0]), yes(formula, at), formula.entry(no, at));
  });
}

Value Pursuit::subtractFromVectors(Value sums) {
  return buildTensor(builder, location, {rows, width}, builder.getF32Type(),
                     [&](Formula &formula, ValueRange at) {
                       Value entry = formula.toF32(formula.entry(vectors, at));
                       return arithmetic<arith::SubFOp>(formula, entry, formula.entry(sums, at));
                     });
}

} // namespace

Results SparseEncodeOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value vectors = operands[0].front();
  Pursuit pursuit(builder, *this, vectors, operands[1].front());
  Formula formula(builder, getLoc());
  // As many atoms as a vector has entries combine to any vector.
  Value width =
      getValueOrCreateConstantIndexOp(builder, getLoc(), getDimension(builder, getLoc(), vectors, 1));
  Value rounds = arithmetic<arith::MinSIOp>(formula, formula.index(getAtoms()), width);
  auto loop =
      scf::ForOp::create(builder, getLoc(), formula.index(0), rounds, formula.index(1), pursuit.start(),
                         [&](OpBuilder &body, Location at, Value round, ValueRange code) {
                           scf::YieldOp::create(body, at, pursuit.advance(round, code));
                         });
  Type element = getElementTypeOrSelf(getCoefficients().getType());
  return {{loop.getResult(0)}, {roundTo(builder, getLoc(), loop.getResult(1), element)}};
}

Results SparseDecodeOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value sums = combineAtoms(builder, getLoc(), operands[0].front(), operands[1].front(), operands[2].front());
  return {{roundTo(builder, getLoc(), sums, getElementTypeOrSelf(getType()))}};
}
