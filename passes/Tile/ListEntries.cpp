// Lists the set entries of one row or column of a mask.
#include "passes/Tile/ListEntries.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace winnow;

std::pair<Value, Value> winnow::listSetEntries(OpBuilder &builder, Location loc, Value mask,
                                               PlaceInMask placeOf, Value extent, Value list) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  int64_t rank = cast<RankedTensorType>(list.getType()).getRank();
  Value room = tensor::DimOp::create(builder, loc, list, rank - 1);
  auto take = [&](OpBuilder &body, Location at, Value entry, ValueRange state) {
    Value number = arith::IndexCastOp::create(body, at, body.getI32Type(), entry);
    SmallVector<Value> place(rank - 1, zero);
    place.push_back(state[1]);
    Value stored = tensor::InsertOp::create(body, at, number, state[0], place);
    Value next = arith::AddIOp::create(body, at, state[1], one);
    scf::YieldOp::create(body, at, ValueRange{stored, next});
  };
  auto loop = scf::ForOp::create(
      builder, loc, zero, extent, one, ValueRange{list, zero},
      [&](OpBuilder &body, Location at, Value entry, ValueRange state) {
        Value isSet = tensor::ExtractOp::create(body, at, mask, placeOf(entry));
        Value hasRoom = arith::CmpIOp::create(body, at, arith::CmpIPredicate::slt, state[1], room);
        Value isTaken = arith::AndIOp::create(body, at, isSet, hasRoom);
        auto branch = scf::IfOp::create(
            body, at, isTaken, [&](OpBuilder &taken, Location here) { take(taken, here, entry, state); },
            [&](OpBuilder &skipped, Location here) { scf::YieldOp::create(skipped, here, state); });
        scf::YieldOp::create(body, at, branch.getResults());
      });
  return {loop.getResult(0), loop.getResult(1)};
}
