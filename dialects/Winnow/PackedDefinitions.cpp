// Executable definitions of the operations on packed weights. What depends on how much is stored is a
// sequence of steps, one block or entry after another.
#include "dialects/Winnow/BlockGrid.h"
#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/DenseContraction.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

namespace {

using Results = SmallVector<SmallVector<Value>>;
using Values = SmallVector<Value>;

SmallVector<OpFoldResult> extentsOf(OpBuilder &builder, ArrayRef<int64_t> extents) {
  return getAsIndexOpFoldResult(builder.getContext(), extents);
}

/// The steps of a definition that has an order: tensors and counts go from one to the next.
class Steps {
public:
  Steps(OpBuilder &builder, Location location) : formula(builder, location) {}

  using Step = function_ref<Values(Steps &, Value index, ValueRange state)>;

  /// `step` for each index from `begin` up to `end`.
  Values repeat(Value begin, Value end, ValueRange state, Step step) {
    auto loop = scf::ForOp::create(formula.builder, formula.location, begin, end, formula.index(1), state,
                                   [&](OpBuilder &body, Location at, Value index, ValueRange carried) {
                                     Steps steps(body, at);
                                     scf::YieldOp::create(body, at, step(steps, index, carried));
                                   });
    return llvm::to_vector(ValueRange(loop.getResults()));
  }

  Values repeat(int64_t count, ValueRange state, Step step) {
    return repeat(formula.index(0), formula.index(count), state, step);
  }

  /// The state after `step` if the condition holds, else as it is.
  Values when(Value condition, ValueRange state, function_ref<Values(Steps &)> step) {
    auto branch = scf::IfOp::create(
        formula.builder, formula.location, condition,
        [&](OpBuilder &body, Location at) {
          Steps steps(body, at);
          scf::YieldOp::create(body, at, step(steps));
        },
        [&](OpBuilder &body, Location at) { scf::YieldOp::create(body, at, state); });
    return llvm::to_vector(ValueRange(branch.getResults()));
  }

  Value insert(Value element, Value tensor, ValueRange indices) {
    return tensor::InsertOp::create(formula.builder, formula.location, element, tensor, indices);
  }

  Value filled(RankedTensorType type, int64_t value) {
    Value empty =
        tensor::EmptyOp::create(formula.builder, formula.location, type.getShape(), type.getElementType());
    Value element = type.getElementType().isInteger(32) ? formula.integer(static_cast<int32_t>(value))
                                                        : formula.zero(type.getElementType());
    return linalg::FillOp::create(formula.builder, formula.location, element, empty).getResult(0);
  }

  Value add(Value a, Value b) { return arith::AddIOp::create(formula.builder, formula.location, a, b); }

  /// `a * factor + b` of indices.
  Value multiplyAdd(Value a, int64_t factor, Value b) {
    Value product = arith::MulIOp::create(formula.builder, formula.location, a, formula.index(factor));
    return add(product, b);
  }

  Formula formula;
};

/// The order of magnitudes as i32: NaN above infinity.
Value buildMagnitude(Formula &formula, Value element) {
  OpBuilder &builder = formula.builder;
  Type i32 = builder.getI32Type();
  if (element.getType().isInteger()) {
    Value wide = arith::ExtSIOp::create(builder, formula.location, i32, element);
    Value negative = arith::SubIOp::create(builder, formula.location, formula.integer(0), wide);
    return arith::MaxSIOp::create(builder, formula.location, wide, negative);
  }
  unsigned width = element.getType().getIntOrFloatBitWidth();
  Value bits = arith::BitcastOp::create(builder, formula.location, builder.getIntegerType(width), element);
  if (width < 32)
    bits = arith::ExtUIOp::create(builder, formula.location, i32, bits);
  Value mask = formula.integer(static_cast<int32_t>((uint32_t(1) << (width - 1)) - 1));
  return arith::AndIOp::create(builder, formula.location, bits, mask);
}

Value isNonZero(Formula &formula, Value element) {
  return arith::CmpIOp::create(formula.builder, formula.location, arith::CmpIPredicate::ne,
                               buildMagnitude(formula, element), formula.integer(0));
}

//===-- 2:4 ---------------------------------------------------------------------------------------------===//

/// The extents and index arithmetic of a matrix whose groups of four keep two.
struct GroupedMatrix {
  explicit GroupedMatrix(PackedType type) : type(type), rows(type.getRows()), columns(type.getColumns()) {}

  PackedType type;
  int64_t rows, columns;

  /// How many of the group of `row` come before it: they are larger, or as large and at a lower index.
  Value buildRanks(OpBuilder &builder, Location location, Value dense) {
    return buildReduction(
        builder, location, extentsOf(builder, {rows, columns, 4}), 2, builder.getI32IntegerAttr(0),
        [&](Formula &formula, ValueRange at, Value rank) -> Value {
          Value other = inGroupOf(formula, at[0], at[2]);
          Value mine = buildMagnitude(formula, formula.entry(dense, {at[0], at[1]}));
          Value theirs = buildMagnitude(formula, formula.entry(dense, {other, at[1]}));
          Value isLarger = formula.isLess(mine, theirs);
          Value isEarlier = formula.both(formula.isEqual(mine, theirs), formula.isLess(other, at[0]));
          return countIf(formula, formula.either(isLarger, isEarlier), rank);
        });
  }

  /// How many kept entries of its group stand before each entry; -1 if it is not kept itself.
  Value buildSlots(OpBuilder &builder, Location location, Value dense) {
    Value ranks = buildRanks(builder, location, dense);
    Value before = buildReduction(
        builder, location, extentsOf(builder, {rows, columns, 4}), 2, builder.getI32IntegerAttr(0),
        [&](Formula &formula, ValueRange at, Value count) -> Value {
          Value other = inGroupOf(formula, at[0], at[2]);
          Value isKept = formula.isLess(formula.entry(ranks, {other, at[1]}), formula.integer(2));
          return countIf(formula, formula.both(isKept, formula.isLess(other, at[0])), count);
        });
    return buildTensor(builder, location, extentsOf(builder, {rows, columns}), builder.getI32Type(),
                       [&](Formula &formula, ValueRange at) {
                         Value isKept = formula.isLess(formula.entry(ranks, at), formula.integer(2));
                         return formula.select(isKept, formula.entry(before, at), formula.integer(-1));
                       });
  }

  /// For each stored entry, what `pick` gives for the place in the group that has its slot.
  Value buildStored(OpBuilder &builder, Location location, Value slots, TypedAttr initial,
                    function_ref<Value(Formula &, Value row, Value place, Value column)> pick) {
    return buildReduction(builder, location, extentsOf(builder, {rows / 2, columns, 4}), 2, initial,
                          [&](Formula &formula, ValueRange at, Value found) -> Value {
                            Value row = rowOf(formula, at[0], at[2]);
                            Value slot = formula.toInteger(remainder(formula, at[0], 2));
                            Value isHere = formula.isEqual(formula.entry(slots, {row, at[1]}), slot);
                            return formula.select(isHere, pick(formula, row, at[2], at[1]), found);
                          });
  }

  /// The words of the places, two bits each.
  Value buildIndices(OpBuilder &builder, Location location, Value places) {
    auto words = cast<RankedTensorType>(type.getPartTypes()[1]);
    return buildReduction(
        builder, location, extentsOf(builder, {words.getDimSize(0), columns, 16}), 2,
        builder.getI32IntegerAttr(0), [&](Formula &formula, ValueRange at, Value word) -> Value {
          Value scaled = arith::MulIOp::create(formula.builder, formula.location, at[0], formula.index(16));
          Value stored = arith::AddIOp::create(formula.builder, formula.location, scaled, at[2]);
          Value isStored = formula.isLess(stored, formula.index(rows / 2));
          Value place = formula.orZero(isStored, formula.builder.getI32Type(), [&](Formula &inside) {
            return inside.entry(places, {stored, at[1]});
          });
          Value shifted =
              arith::ShLIOp::create(formula.builder, formula.location, place, shiftOf(formula, at[2]));
          return arith::OrIOp::create(formula.builder, formula.location, word, shifted);
        });
  }

  Value buildDense(OpBuilder &builder, Location location, Value values, Value indices) {
    auto zero = cast<TypedAttr>(builder.getZeroAttr(type.getElementType()));
    return buildReduction(
        builder, location, extentsOf(builder, {rows, columns, 2}), 2, zero,
        [&](Formula &formula, ValueRange at, Value found) -> Value {
          Value group = quotient(formula, at[0], 4);
          Value twice = arith::MulIOp::create(formula.builder, formula.location, group, formula.index(2));
          Value stored = arith::AddIOp::create(formula.builder, formula.location, twice, at[2]);
          Value word = formula.entry(indices, {quotient(formula, stored, 16), at[1]});
          Value shift = shiftOf(formula, remainder(formula, stored, 16));
          Value place = arith::AndIOp::create(
              formula.builder, formula.location,
              arith::ShRUIOp::create(formula.builder, formula.location, word, shift), formula.integer(3));
          Value isHere = formula.isEqual(place, formula.toInteger(remainder(formula, at[0], 4)));
          return formula.select(isHere, formula.entry(values, {stored, at[1]}), found);
        });
  }

  static Value quotient(Formula &formula, Value index, int64_t divisor) {
    return arith::DivUIOp::create(formula.builder, formula.location, index, formula.index(divisor));
  }

  static Value remainder(Formula &formula, Value index, int64_t divisor) {
    return arith::RemUIOp::create(formula.builder, formula.location, index, formula.index(divisor));
  }

  static Value shiftOf(Formula &formula, Value place) {
    return formula.toInteger(
        arith::MulIOp::create(formula.builder, formula.location, place, formula.index(2)));
  }

  static Value countIf(Formula &formula, Value condition, Value count) {
    Value one = arith::ExtUIOp::create(formula.builder, formula.location, count.getType(), condition);
    return arith::AddIOp::create(formula.builder, formula.location, count, one);
  }

  /// Entry `place` of the group of `row`.
  static Value inGroupOf(Formula &formula, Value row, Value place) {
    Value first = arith::SubIOp::create(formula.builder, formula.location, row, remainder(formula, row, 4));
    return arith::AddIOp::create(formula.builder, formula.location, first, place);
  }

  /// The row of entry `place` of the group of the stored entry `stored`.
  static Value rowOf(Formula &formula, Value stored, Value place) {
    Value group = quotient(formula, stored, 2);
    Value first = arith::MulIOp::create(formula.builder, formula.location, group, formula.index(4));
    return arith::AddIOp::create(formula.builder, formula.location, first, place);
  }
};

Values compressGroups(OpBuilder &builder, Location location, Value dense, PackedType type) {
  GroupedMatrix matrix(type);
  Value slots = matrix.buildSlots(builder, location, dense);
  auto zero = cast<TypedAttr>(builder.getZeroAttr(type.getElementType()));
  Value values = matrix.buildStored(
      builder, location, slots, zero,
      [&](Formula &formula, Value row, Value, Value column) { return formula.entry(dense, {row, column}); });
  Value places = matrix.buildStored(
      builder, location, slots, builder.getI32IntegerAttr(0),
      [](Formula &formula, Value, Value place, Value) { return formula.toInteger(place); });
  return {values, matrix.buildIndices(builder, location, places)};
}

//===-- Blocks and entries ------------------------------------------------------------------------------===//

/// The steps that visit the entries of blocks.
struct GridSteps : BlockGrid {
  using BlockGrid::BlockGrid;

  /// Where a value is in the part that holds the values.
  Values valueIndices(Value index, Value i, Value j) const {
    return hasBlocks ? Values{index, i, j} : Values{index};
  }

  /// `step` for each entry of a block, at its row and column in the matrix.
  Values
  forEachEntry(Steps &steps, Value row, Value column, ValueRange state,
               function_ref<Values(Steps &, ValueRange inBlock, ValueRange inMatrix, ValueRange)> step) {
    return steps.repeat(blockRows, state, [&](Steps &outer, Value i, ValueRange outerState) {
      return outer.repeat(blockColumns, outerState, [&](Steps &inner, Value j, ValueRange innerState) {
        Value inRow = inner.multiplyAdd(row, blockRows, i),
              inColumn = inner.multiplyAdd(column, blockColumns, j);
        return step(inner, {i, j}, {inRow, inColumn}, innerState);
      });
    });
  }

  /// Whether a block has an entry other than zero.
  Value hasEntries(Steps &steps, Value dense, Value row, Value column) {
    Value none = steps.formula.constant(steps.formula.builder.getBoolAttr(false));
    return forEachEntry(steps, row, column, none,
                        [&](Steps &inner, ValueRange, ValueRange at, ValueRange found) -> Values {
                          Value isSet = isNonZero(inner.formula, inner.formula.entry(dense, at));
                          return {inner.formula.either(found[0], isSet)};
                        })
        .front();
  }

  Value copyIn(Steps &steps, Value dense, Value index, Value row, Value column, Value values) {
    return forEachEntry(steps, row, column, values,
                        [&](Steps &inner, ValueRange in, ValueRange at, ValueRange state) -> Values {
                          Value element = inner.formula.entry(dense, at);
                          return {inner.insert(element, state[0], valueIndices(index, in[0], in[1]))};
                        })
        .front();
  }

  Value copyOut(Steps &steps, Value values, Value index, Value row, Value column, Value dense) {
    return forEachEntry(steps, row, column, dense,
                        [&](Steps &inner, ValueRange in, ValueRange at, ValueRange state) -> Values {
                          Value element = inner.formula.entry(values, valueIndices(index, in[0], in[1]));
                          return {inner.insert(element, state[0], at)};
                        })
        .front();
  }
};

/// The state is the parts and how many blocks or entries are stored so far.
Values compressStored(OpBuilder &builder, Location location, Value dense, PackedType type) {
  GridSteps grid(type);
  Steps steps(builder, location);
  Values state;
  SmallVector<Type> partTypes = type.getPartTypes();
  for (auto [part, partType] : llvm::enumerate(partTypes))
    state.push_back(
        steps.filled(cast<RankedTensorType>(partType), part == 2 && !grid.hasBlocks ? grid.columns : 0));
  state.push_back(steps.formula.index(0));
  state = steps.repeat(grid.columns, state, [&](Steps &outer, Value column, ValueRange before) {
    Values after = outer.repeat(grid.rows, before, [&](Steps &inner, Value row, ValueRange so) {
      Formula &formula = inner.formula;
      Value hasRoom = formula.isLess(so[3], formula.index(type.getCapacity()));
      Value isStored = formula.both(hasRoom, grid.hasEntries(inner, dense, row, column));
      return inner.when(isStored, so, [&](Steps &taken) -> Values {
        Value values = grid.copyIn(taken, dense, so[3], row, column, so[0]);
        Value rows = taken.insert(taken.formula.toInteger(row), so[1], so[3]);
        Value columns =
            grid.hasBlocks ? Value(so[2]) : taken.insert(taken.formula.toInteger(column), so[2], so[3]);
        return {values, rows, columns, taken.add(so[3], taken.formula.index(1))};
      });
    });
    if (grid.hasBlocks)
      after[2] = outer.insert(outer.formula.toInteger(after[3]), after[2],
                              outer.add(column, outer.formula.index(1)));
    return after;
  });
  state.pop_back();
  return state;
}

Value expandBlocks(OpBuilder &builder, Location location, ValueRange parts, PackedType type) {
  GridSteps grid(type);
  Steps steps(builder, location);
  return steps
      .repeat(grid.columns, steps.filled(type.getDenseType(), 0),
              [&](Steps &outer, Value column, ValueRange state) {
                Formula &formula = outer.formula;
                Value begin = formula.toIndex(formula.entry(parts[2], column));
                Value next = outer.add(column, formula.index(1));
                Value end = formula.toIndex(formula.entry(parts[2], next));
                return outer.repeat(begin, end, state,
                                    [&](Steps &inner, Value index, ValueRange so) -> Values {
                                      Value row = inner.formula.toIndex(inner.formula.entry(parts[1], index));
                                      return {grid.copyOut(inner, parts[0], index, row, column, so[0])};
                                    });
              })
      .front();
}

Value expandEntries(OpBuilder &builder, Location location, ValueRange parts, PackedType type) {
  GridSteps grid(type);
  Steps steps(builder, location);
  return steps
      .repeat(type.getCapacity(), steps.filled(type.getDenseType(), 0),
              [&](Steps &each, Value index, ValueRange state) {
                Formula &formula = each.formula;
                Value column = formula.toIndex(formula.entry(parts[2], index));
                Value isStored = formula.isLess(column, formula.index(grid.columns));
                return each.when(isStored, state, [&](Steps &taken) -> Values {
                  Value row = taken.formula.toIndex(taken.formula.entry(parts[1], index));
                  return {grid.copyOut(taken, parts[0], index, row, column, state[0])};
                });
              })
      .front();
}

Value buildExpansion(OpBuilder &builder, Location location, ValueRange parts, PackedType type) {
  if (isa<NMAttr>(type.getStructure()))
    return GroupedMatrix(type).buildDense(builder, location, parts[0], parts[1]);
  if (isa<BlocksAttr>(type.getStructure()))
    return expandBlocks(builder, location, parts, type);
  return expandEntries(builder, location, parts, type);
}

} // namespace

Results CompressOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value dense = operands[0].front();
  if (isa<NMAttr>(getType().getStructure()))
    return {compressGroups(builder, getLoc(), dense, getType())};
  return {compressStored(builder, getLoc(), dense, getType())};
}

Results ExpandOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  return {{buildExpansion(builder, getLoc(), operands[0], getPacked().getType())}};
}

Results PackedPartsOp::decompose(OpBuilder &, ArrayRef<ValueRange> operands) {
  Results results;
  for (Value part : operands[0])
    results.push_back({part});
  return results;
}

Results PackedAssembleOp::decompose(OpBuilder &, ArrayRef<ValueRange> operands) {
  Values parts;
  for (ValueRange part : operands)
    parts.push_back(part.front());
  return {parts};
}

Results PackedMatmulOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value dense = buildExpansion(builder, getLoc(), operands[1], getWeights().getType());
  return {{buildDenseMatmul(builder, getLoc(), operands[0].front(), dense, getElementTypeOrSelf(getType()))}};
}
