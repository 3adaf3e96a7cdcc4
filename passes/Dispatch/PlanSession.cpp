// What a session keeps, in a plan: parameters as buffers and sizes, states as what they hold and what they
// will.
#include "passes/Dispatch/Planner.h"

using namespace mlir;

namespace winnow {

FlatSymbolRefAttr sessionSymbol(DictionaryAttr attributes) {
  Attribute symbol;
  if (attributes) {
    symbol = attributes.get(kParameterAttribute);
    symbol = symbol ? symbol : attributes.get(kStateAttribute);
  }
  return dyn_cast_if_present<FlatSymbolRefAttr>(symbol);
}

/// One value for each parameter, so that equal sizes are the same value.
Value Planner::parameterValue(FlatSymbolRefAttr symbol) {
  Value &value = parameterValues[symbol];
  if (!value) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&program.getBody().front());
    value = plan::ParameterValueOp::create(builder, entry.getLoc(), builder.getIndexType(), symbol);
  }
  return value;
}

SmallVector<Value> Planner::stateSizes(FlatSymbolRefAttr symbol) {
  auto state = entry->getParentOfType<ModuleOp>().lookupSymbol<StateOp>(symbol.getAttr());
  SmallVector<FlatSymbolRefAttr> parameters = state.getSizeParameters();
  SmallVector<Value> sizes;
  auto next = parameters.begin();
  for (int64_t size : state.getTensorType().getShape()) {
    sizes.push_back(ShapedType::isDynamic(size) ? parameterValue(*next++) : constant(size));
  }
  return sizes;
}

/// The host knows the elements of integer parameters without reading any.
LogicalResult Planner::convertExtract(tensor::ExtractOp op) {
  auto argument = dyn_cast<BlockArgument>(op.getTensor());
  auto symbol = argument
                    ? entry.getArgAttrOfType<FlatSymbolRefAttr>(argument.getArgNumber(), kParameterAttribute)
                    : FlatSymbolRefAttr();
  if (!symbol || !op.getType().isInteger(64)) {
    return op.emitError() << "needs an element of type " << op.getType()
                          << " of a tensor on the host, where only integers are used";
  }
  Value value = parameterValue(symbol);
  scalars.map(op.getResult(),
              arith::IndexCastOp::create(builder, op.getLoc(), op.getType(), value).getResult());
  return success();
}

/// Makes `state` hold `planned`, unless a kernel writes it to `written` already.
LogicalResult Planner::convertWrite(func::ReturnOp op, FlatSymbolRefAttr state, const PlannedTensor &planned,
                                    Value written) {
  if (!planned.buffer) {
    return op.emitError() << "state " << state << " has no contents when it is written";
  }
  checkSizes(op.getLoc(), planned.sizes, stateSizes(state),
             "state " + state.getValue() + " is written with another size than it has");
  if (!written) {
    auto next = plan::NextStateOp::create(builder, op.getLoc(), bufferType, state);
    plan::CopyOp::create(builder, op.getLoc(), next, planned.buffer);
  }
  return success();
}

} // namespace winnow
