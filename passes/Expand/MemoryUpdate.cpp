// Builds the next contents of a memory's tiers. Every place of a tier looks up the token that it takes.
#include "passes/Expand/MemoryUpdate.h"

using namespace mlir;
using namespace winnow;

namespace {

// A token's usefulness as a key of winnow.order_statistic: whether it is anchored, then its mass, whose bits
// are in the order of the numbers, since it is not negative; then its place among the tokens, the oldest
// first.
constexpr int64_t kPlaceBits = 28, kMassBits = 31;
static_assert(kPlaceBits + kMassBits + 1 == OrderStatisticOp::kKeyBits);

/// How many tokens there are, in the body of a kernel (index).
struct Occupancy {
  Value working, instant; // held before
  Value aged;             // the oldest tokens, of which the working tier keeps the most useful ones
  Value recent;           // the others, which the instant tier keeps
};

using ValueBody = llvm::function_ref<Value(OpBuilder &, Location)>;

class MemoryUpdate {
public:
  MemoryUpdate(OpBuilder &builder, Location loc, MemoryStates &states, const NewTokens *tokens)
      : builder(builder), loc(loc), states(states), tokens(tokens) {}

  /// Reads what the kernels need of the memory; before anything is written.
  void readStates();
  void updateWorking(WorkingLimit limit);
  void updateInstant();

private:
  using Place = std::pair<Value, Value>; // whether it takes a token, and which
  using PlaceBody = llvm::function_ref<Place(OpBuilder &, Location, Value place)>;

  Value count(OpBuilder &b, Location at, Tier tier);
  Occupancy occupancy(OpBuilder &b, Location at);
  Value element(OpBuilder &b, Location at, TokenField field, Value token, ValueRange coordinates);
  Value elementOfRecent(OpBuilder &b, Location at, TokenField field, Value token, ValueRange coordinates);
  Value elementOfNew(OpBuilder &b, Location at, TokenField field, Value token, ValueRange coordinates);
  Value rankingKeys();
  Value keyOf(OpBuilder &b, Location at, Value token);
  void fillTier(Tier tier, PlaceBody place);
  Value createScalar(ValueBody body);

  OpBuilder &builder;
  Location loc;
  MemoryStates &states;
  const NewTokens *tokens;
  Value held[std::size(kTiers)][std::size(kTokenFields)];
  Value heldCounts[std::size(kTiers)];
  Value capacities[std::size(kTiers)];
  Value seen;
};

Value indexOf(OpBuilder &b, Location at, Value scalarTensor) {
  return arith::IndexCastOp::create(b, at, b.getIndexType(), scalarOf(b, at, scalarTensor));
}

/// The element of a token in a tensor of places, or of heads x places x width.
Value extractElement(OpBuilder &b, Location at, Value tensor, Value place, ValueRange coordinates) {
  SmallVector<Value> indices{place};
  if (!coordinates.empty()) {
    indices = {coordinates[0], place, coordinates[1]};
  }
  return tensor::ExtractOp::create(b, at, tensor, indices);
}

/// `then` where `condition` holds, else `otherwise`; only one of the two is computed.
Value createChoice(OpBuilder &b, Location at, Value condition, ValueBody then, ValueBody otherwise) {
  auto yield = [](ValueBody body) {
    return
        [body](OpBuilder &inner, Location place) { scf::YieldOp::create(inner, place, body(inner, place)); };
  };
  return scf::IfOp::create(b, at, condition, yield(then), yield(otherwise)).getResult(0);
}

void MemoryUpdate::readStates() {
  for (Tier tier : kTiers) {
    for (TokenField field : kTokenFields) {
      held[int(tier)][int(field)] = states.read(tier, field);
    }
    heldCounts[int(tier)] = states.readCount(tier);
    capacities[int(tier)] = states.capacity(tier);
  }
  seen = states.readSeen();
}

/// How many tokens a tier holds. A state that was loaded may say anything; it must not lead out of the tier.
Value MemoryUpdate::count(OpBuilder &b, Location at, Tier tier) {
  Value zero = arith::ConstantIndexOp::create(b, at, 0);
  Value said = arith::MaxSIOp::create(b, at, indexOf(b, at, heldCounts[int(tier)]), zero);
  return arith::MinSIOp::create(b, at, said, capacities[int(tier)]);
}

Occupancy MemoryUpdate::occupancy(OpBuilder &b, Location at) {
  Occupancy result;
  result.working = count(b, at, Tier::Working);
  result.instant = count(b, at, Tier::Instant);
  Value unaged =
      tokens ? arith::AddIOp::create(b, at, result.instant, tokens->count).getResult() : result.instant;
  result.recent = arith::MinSIOp::create(b, at, capacities[int(Tier::Instant)], unaged);
  Value all = arith::AddIOp::create(b, at, result.working, unaged);
  result.aged = arith::SubIOp::create(b, at, all, result.recent);
  return result;
}

/// An element of a token of the list: those of the working tier, those of the instant tier, the new ones.
Value MemoryUpdate::element(OpBuilder &b, Location at, TokenField field, Value token,
                            ValueRange coordinates) {
  Value working = held[int(Tier::Working)][int(field)];
  if (!tokens) {
    return extractElement(b, at, working, token, coordinates);
  }
  Value isWorking = compare(b, at, arith::CmpIPredicate::slt, token, occupancy(b, at).working);
  return createChoice(
      b, at, isWorking,
      [&](OpBuilder &inner, Location place) {
        return extractElement(inner, place, working, token, coordinates);
      },
      [&](OpBuilder &inner, Location place) {
        return elementOfRecent(inner, place, field, token, coordinates);
      });
}

Value MemoryUpdate::elementOfRecent(OpBuilder &b, Location at, TokenField field, Value token,
                                    ValueRange coordinates) {
  Occupancy before = occupancy(b, at);
  Value place = arith::SubIOp::create(b, at, token, before.working);
  Value isInstant = compare(b, at, arith::CmpIPredicate::slt, place, before.instant);
  return createChoice(
      b, at, isInstant,
      [&](OpBuilder &inner, Location here) {
        return extractElement(inner, here, held[int(Tier::Instant)][int(field)], place, coordinates);
      },
      [&](OpBuilder &inner, Location here) {
        Value number = arith::SubIOp::create(inner, here, place, before.instant);
        return elementOfNew(inner, here, field, number, coordinates);
      });
}

Value MemoryUpdate::elementOfNew(OpBuilder &b, Location at, TokenField field, Value token,
                                 ValueRange coordinates) {
  switch (field) {
  case TokenField::Keys:
    return extractElement(b, at, tokens->keys, token, coordinates);
  case TokenField::Values:
    return extractElement(b, at, tokens->values, token, coordinates);
  case TokenField::Position:
    return arith::AddIOp::create(b, at, scalarOf(b, at, seen), toI64(b, at, token));
  case TokenField::Anchored:
    if (tokens->anchored) {
      return extractElement(b, at, tokens->anchored, token, coordinates);
    }
    [[fallthrough]];
  case TokenField::Mass:
    return arith::ConstantOp::create(b, at, states.emptyValueOf(field));
  }
  llvm_unreachable("a field of the enumeration");
}

Value MemoryUpdate::keyOf(OpBuilder &b, Location at, Value token) {
  Type i64 = b.getI64Type();
  Value mass = element(b, at, TokenField::Mass, token, {});
  Value bits = arith::ExtUIOp::create(b, at, i64, arith::BitcastOp::create(b, at, b.getI32Type(), mass));
  Value magnitude = arith::AndIOp::create(b, at, bits, constant64(b, at, (int64_t(1) << kMassBits) - 1));
  Value anchored = arith::ExtUIOp::create(b, at, i64, element(b, at, TokenField::Anchored, token, {}));
  auto shift = [&](Value value, int64_t by) -> Value {
    return arith::ShLIOp::create(b, at, value, constant64(b, at, by));
  };
  Value rank = arith::OrIOp::create(b, at, shift(anchored, kMassBits), magnitude);
  return arith::OrIOp::create(b, at, shift(rank, kPlaceBits), toI64(b, at, token));
}

/// The usefulness of each aged token; -1 at the places of others.
Value MemoryUpdate::rankingKeys() {
  Value places = states.capacity(Tier::Working);
  if (tokens) {
    places = arith::AddIOp::create(builder, loc, states.allPlaces(), tokens->count);
  }
  return createGeneric(
      builder, loc, OpFoldResult(places), builder.getI64Type(), {}, {}, 0, {},
      [&](OpBuilder &b, Location at, ValueRange) -> Value {
        Value token = linalg::IndexOp::create(b, at, 0);
        Value isAged = compare(b, at, arith::CmpIPredicate::slt, token, occupancy(b, at).aged);
        return createChoice(
            b, at, isAged, [&](OpBuilder &inner, Location here) { return keyOf(inner, here, token); },
            [&](OpBuilder &inner, Location here) { return constant64(inner, here, -1); });
      });
}

/// Gives each place of a tier the token that `place` says.
void MemoryUpdate::fillTier(Tier tier, PlaceBody place) {
  OpFoldResult places = states.capacity(tier);
  for (TokenField field : kTokenFields) {
    RankedTensorType type = states.typeOf(field);
    SmallVector<OpFoldResult> sizes{places};
    if (type.getRank() == 3) {
      sizes = {builder.getIndexAttr(type.getDimSize(0)), places, builder.getIndexAttr(type.getDimSize(2))};
    }
    Value next =
        createGeneric(builder, loc, sizes, type.getElementType(), {}, {}, 0, {},
                      [&](OpBuilder &b, Location at, ValueRange) -> Value {
                        SmallVector<Value> indices = allIndices(b, at, type.getRank()), coordinates;
                        if (type.getRank() == 3) {
                          coordinates = {indices[0], indices[2]};
                        }
                        auto [isTaken, token] = place(b, at, type.getRank() == 3 ? indices[1] : indices[0]);
                        return createChoice(
                            b, at, isTaken,
                            [&, taken = token](OpBuilder &inner, Location here) {
                              return element(inner, here, field, taken, coordinates);
                            },
                            [&](OpBuilder &inner, Location here) -> Value {
                              return arith::ConstantOp::create(inner, here, states.emptyValueOf(field));
                            });
                      });
    states.write(tier, field, next);
  }
}

/// A scalar tensor of what `body` builds (i64).
Value MemoryUpdate::createScalar(ValueBody body) {
  return createGeneric(builder, loc, {}, builder.getI64Type(), {}, {}, 0, {},
                       [&](OpBuilder &b, Location at, ValueRange) { return body(b, at); });
}

void MemoryUpdate::updateWorking(WorkingLimit limit) {
  Value keys = rankingKeys();
  Value excess = createScalar([&](OpBuilder &b, Location at) -> Value {
    return arith::SubIOp::create(b, at, toI64(b, at, occupancy(b, at).aged), limit(b, at));
  });
  Value least = OrderStatisticOp::create(builder, loc, keys, excess);
  OpFoldResult count = tensor::getMixedSize(builder, loc, keys, 0);
  Value mask = createGeneric(
      builder, loc, {builder.getIndexAttr(1), count}, builder.getI1Type(), keys, mapOf(builder, 2, {1}), 0,
      {}, [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
        return compare(b, at, arith::CmpIPredicate::sge, arguments[0], scalarOf(b, at, least));
      });
  Value kept = SelectionFromMaskOp::create(builder, loc, mask);
  Value indices = SelectionIndicesOp::create(builder, loc, kept);
  Value counts = SelectionCountsOp::create(builder, loc, kept);
  fillTier(Tier::Working, [&](OpBuilder &b, Location at, Value place) -> Place {
    Value zero = arith::ConstantIndexOp::create(b, at, 0);
    Value isTaken = compare(b, at, arith::CmpIPredicate::slt, place, entryAsIndex(b, at, counts, zero));
    return {isTaken, entryAsIndex(b, at, indices, {zero, place})};
  });
  states.writeCount(Tier::Working, createScalar([&](OpBuilder &b, Location at) {
                      Value zero = arith::ConstantIndexOp::create(b, at, 0);
                      return toI64(b, at, entryAsIndex(b, at, counts, zero));
                    }));
}

void MemoryUpdate::updateInstant() {
  fillTier(Tier::Instant, [&](OpBuilder &b, Location at, Value place) -> Place {
    Occupancy tokens = occupancy(b, at);
    Value isTaken = compare(b, at, arith::CmpIPredicate::slt, place, tokens.recent);
    return {isTaken, arith::AddIOp::create(b, at, tokens.aged, place)};
  });
  states.writeCount(Tier::Instant, createScalar([&](OpBuilder &b, Location at) {
                      return toI64(b, at, occupancy(b, at).recent);
                    }));
  states.writeSeen(createScalar([&](OpBuilder &b, Location at) -> Value {
    return arith::AddIOp::create(b, at, scalarOf(b, at, seen), toI64(b, at, tokens->count));
  }));
}

} // namespace

void winnow::appendTokens(OpBuilder &builder, Location loc, MemoryStates &states, const NewTokens &tokens) {
  MemoryUpdate update(builder, loc, states, &tokens);
  update.readStates();
  Value capacity = states.capacity(Tier::Working);
  update.updateWorking([&](OpBuilder &b, Location at) { return toI64(b, at, capacity); });
  update.updateInstant();
}

void winnow::compactTokens(OpBuilder &builder, Location loc, MemoryStates &states, WorkingLimit limit) {
  MemoryUpdate update(builder, loc, states, nullptr);
  update.readStates();
  update.updateWorking(limit);
}
