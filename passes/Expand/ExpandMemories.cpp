// Replaces memories by states and operations on tensors.
#include "passes/Expand/MemoryAttention.h"
#include "passes/Expand/MemoryUpdate.h"

#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/TypeSwitch.h"

namespace winnow {
#define GEN_PASS_DEF_EXPANDMEMORIES
#include "passes/Expand/Passes.h.inc"

using namespace mlir;

namespace {

void checkSize(OpBuilder &builder, MemoryAppendOp op, Value tensor, int64_t dimension, Value expected,
               const Twine &message) {
  Value found = tensor::DimOp::create(builder, op.getLoc(), tensor, dimension);
  plan::CheckOp::create(builder, op.getLoc(), found, expected, ("winnow.memory.append: " + message).str());
}

/// The heads and the width of what is appended, which the types may leave open, are the memory's.
void checkVectors(OpBuilder &builder, MemoryAppendOp op, MemoryType memory) {
  for (auto [name, tensor] :
       {std::pair<StringRef, Value>("keys", op.getKeys()), {"values", op.getValues()}}) {
    for (auto [what, dimension, extent] :
         {std::tuple("number of heads", 0, memory.getHeads()), {"width", 2, memory.getWidth()}}) {
      if (cast<RankedTensorType>(tensor.getType()).isDynamicDim(dimension)) {
        Value expected = arith::ConstantIndexOp::create(builder, op.getLoc(), extent);
        checkSize(builder, op, tensor, dimension, expected,
                  Twine("the ") + what + " of the " + name + " is not that of the memory");
      }
    }
  }
}

Value expandAppend(OpBuilder &builder, MemoryStates &states, MemoryAppendOp op) {
  Location loc = op.getLoc();
  NewTokens tokens{op.getKeys(), op.getValues(), op.getAnchored(),
                   tensor::DimOp::create(builder, loc, op.getKeys(), 1)};
  checkVectors(builder, op, states.type());
  checkSize(builder, op, op.getValues(), 1, tokens.count, "the number of values is not that of the keys");
  if (op.getAnchored()) {
    checkSize(builder, op, op.getAnchored(), 0, tokens.count,
              "the number of anchor marks is not that of the keys");
  }
  Value first = states.readSeen();
  appendTokens(builder, loc, states, tokens);
  return first;
}

/// Sets the marks of the tokens whose position is among the given ones.
void expandAnchor(OpBuilder &builder, MemoryStates &states, MemoryAnchorOp op) {
  Location loc = op.getLoc();
  for (Tier tier : kTiers) {
    OpFoldResult places = states.capacity(tier);
    Value named =
        createGeneric(builder, loc, places, builder.getI1Type(),
                      ValueRange{states.read(tier, TokenField::Position), op.getPositions()},
                      {mapOf(builder, 2, {0}), mapOf(builder, 2, {1})}, 1, builder.getBoolAttr(false),
                      [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                        Value isNamed = compare(b, at, arith::CmpIPredicate::eq, arguments[0], arguments[1]);
                        Value isToken =
                            compare(b, at, arith::CmpIPredicate::sge, arguments[0], constant64(b, at, 0));
                        Value isAnchor = arith::AndIOp::create(b, at, isNamed, isToken);
                        return arith::OrIOp::create(b, at, arguments[2], isAnchor);
                      });
    AffineMap place = mapOf(builder, 1, {0});
    Value marks = createGeneric(builder, loc, places, builder.getI1Type(),
                                ValueRange{states.read(tier, TokenField::Anchored), named}, {place, place}, 0,
                                {}, [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                                  return arith::OrIOp::create(b, at, arguments[0], arguments[1]);
                                });
    states.write(tier, TokenField::Anchored, marks);
  }
}

void expandCompact(OpBuilder &builder, MemoryStates &states, MemoryCompactOp op) {
  compactTokens(builder, op.getLoc(), states, [&](OpBuilder &b, Location at) -> Value {
    return arith::MaxSIOp::create(b, at, scalarOf(b, at, op.getTarget()), constant64(b, at, 0));
  });
}

Value expandPositions(OpBuilder &builder, MemoryStates &states, MemoryPositionsOp op) {
  return castTo(builder, op.getLoc(), op.getType(), states.readAll(TokenField::Position));
}

/// What replaces the operation's result; null if it has none.
Value expand(OpBuilder &builder, MemoryStates &states, Operation *op) {
  return TypeSwitch<Operation *, Value>(op)
      .Case([&](MemoryAppendOp each) { return expandAppend(builder, states, each); })
      .Case([&](MemoryAttendOp each) { return attendToTokens(builder, states, each); })
      .Case([&](MemorySelectOp each) { return selectPages(builder, states, each); })
      .Case([&](MemoryPositionsOp each) { return expandPositions(builder, states, each); })
      .Case([&](MemoryAnchorOp each) { return expandAnchor(builder, states, each), Value(); })
      .Case([&](MemoryCompactOp each) { return expandCompact(builder, states, each), Value(); });
}

struct ExpandMemories : impl::ExpandMemoriesBase<ExpandMemories> {
  void runOnOperation() override {
    SmallVector<Operation *> uses;
    getOperation().walk([&](Operation *op) {
      if (isa<MemoryAppendOp, MemoryAttendOp, MemorySelectOp, MemoryPositionsOp, MemoryAnchorOp,
              MemoryCompactOp>(op)) {
        uses.push_back(op);
      }
    });
    for (Operation *op : uses) {
      auto memory =
          SymbolTable::lookupNearestSymbolFrom<MemoryOp>(op, op->getAttrOfType<FlatSymbolRefAttr>("memory"));
      OpBuilder builder(op);
      MemoryStates states(builder, op->getLoc(), memory);
      if (Value result = expand(builder, states, op)) {
        op->getResult(0).replaceAllUsesWith(result);
      }
      op->erase();
    }
    for (MemoryOp memory : llvm::make_early_inc_range(getOperation().getOps<MemoryOp>())) {
      if (failed(MemoryStates::declare(memory))) {
        return signalPassFailure();
      }
      memory.erase();
    }
  }
};

} // namespace
} // namespace winnow
