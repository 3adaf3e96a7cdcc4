// The states of a memory: their names, types and initial values.
#include "passes/Expand/MemoryStates.h"

#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace winnow;

namespace {

StringRef nameOf(Tier tier) { return tier == Tier::Working ? "working" : "instant"; }

StringRef nameOf(TokenField field) {
  switch (field) {
  case TokenField::Keys:
    return "keys";
  case TokenField::Values:
    return "values";
  case TokenField::Position:
    return "position";
  case TokenField::Mass:
    return "mass";
  case TokenField::Anchored:
    return "anchored";
  }
  llvm_unreachable("a field of the enumeration");
}

FlatSymbolRefAttr capacityOf(MemoryType type, Tier tier) {
  return tier == Tier::Working ? type.getWorking() : type.getInstant();
}

/// What is attended to most is nearest; the larger tier does not take the device's memory.
Placement placementOf(Tier tier) { return tier == Tier::Working ? Placement::Host : Placement::Device; }

RankedTensorType countType(MLIRContext *context) {
  return RankedTensorType::get({}, IntegerType::get(context, 64));
}

} // namespace

RankedTensorType MemoryStates::typeOf(TokenField field) {
  int64_t places = ShapedType::kDynamic;
  switch (field) {
  case TokenField::Keys:
  case TokenField::Values:
    return RankedTensorType::get({type().getHeads(), places, type().getWidth()}, type().getElementType());
  case TokenField::Position:
    return RankedTensorType::get({places}, builder.getI64Type());
  case TokenField::Mass:
    return RankedTensorType::get({places}, builder.getF32Type());
  case TokenField::Anchored:
    return RankedTensorType::get({places}, builder.getI1Type());
  }
  llvm_unreachable("a field of the enumeration");
}

TypedAttr MemoryStates::emptyValueOf(TokenField field) {
  Type element = typeOf(field).getElementType();
  return field == TokenField::Position ? builder.getIntegerAttr(element, -1)
                                       : cast<TypedAttr>(builder.getZeroAttr(element));
}

LogicalResult MemoryStates::declare(MemoryOp memory) {
  OpBuilder builder(memory->getContext());
  builder.setInsertionPointAfter(memory);
  Operation *table = memory->getParentOp();
  MemoryStates states(builder, memory.getLoc(), memory);
  auto declareState = [&](const Twine &name, RankedTensorType type, ArrayAttr sizes, TypedAttr initial,
                          Placement placement = Placement::Device) {
    auto symbol = builder.getStringAttr(memory.getSymName() + "." + name);
    if (SymbolTable::lookupSymbolIn(table, symbol)) {
      memory.emitError() << "memory @" << memory.getSymName() << " is kept in a state @" << symbol.getValue()
                         << ", but there is another symbol of this name";
      return false;
    }
    StateOp::create(builder, memory.getLoc(), symbol, TypeAttr::get(type), sizes,
                    PlacementAttr::get(builder.getContext(), placement), initial);
    return true;
  };
  RankedTensorType count = countType(memory->getContext());
  TypedAttr zero = builder.getI64IntegerAttr(0);
  for (Tier tier : kTiers) {
    ArrayAttr sizes = builder.getArrayAttr({capacityOf(memory.getMemoryType(), tier)});
    for (TokenField field : kTokenFields) {
      if (!declareState(nameOf(tier) + "." + nameOf(field), states.typeOf(field), sizes,
                        states.emptyValueOf(field), placementOf(tier))) {
        return failure();
      }
    }
    if (!declareState(nameOf(tier) + ".count", count, {}, zero)) {
      return failure();
    }
  }
  return success(declareState("seen", count, {}, zero));
}

Value MemoryStates::readState(const Twine &name, Type type) {
  auto symbol = FlatSymbolRefAttr::get(builder.getStringAttr(memory.getSymName() + "." + name));
  return StateReadOp::create(builder, loc, type, symbol);
}

void MemoryStates::writeState(const Twine &name, Value value) {
  auto symbol = FlatSymbolRefAttr::get(builder.getStringAttr(memory.getSymName() + "." + name));
  StateWriteOp::create(builder, loc, symbol, value);
}

Value MemoryStates::capacity(Tier tier) {
  return ParameterGetOp::create(builder, loc, builder.getIndexType(), capacityOf(type(), tier));
}

Value MemoryStates::allPlaces() {
  Value working = capacity(Tier::Working), instant = capacity(Tier::Instant);
  return arith::AddIOp::create(builder, loc, working, instant);
}

Value MemoryStates::read(Tier tier, TokenField field) {
  return readState(nameOf(tier) + "." + nameOf(field), typeOf(field));
}

void MemoryStates::write(Tier tier, TokenField field, Value value) {
  writeState(nameOf(tier) + "." + nameOf(field), castTo(builder, loc, typeOf(field), value));
}

Value MemoryStates::readCount(Tier tier) {
  return readState(nameOf(tier) + ".count", countType(builder.getContext()));
}

void MemoryStates::writeCount(Tier tier, Value value) { writeState(nameOf(tier) + ".count", value); }

Value MemoryStates::readSeen() { return readState("seen", countType(builder.getContext())); }

void MemoryStates::writeSeen(Value value) { writeState("seen", value); }

Value MemoryStates::readAll(TokenField field) {
  RankedTensorType type = typeOf(field);
  Value working = read(Tier::Working, field), instant = read(Tier::Instant, field);
  return tensor::ConcatOp::create(builder, loc, type, /*dim=*/type.getRank() == 3 ? 1 : 0,
                                  ValueRange{working, instant});
}
