// Verification of states.
#include "dialects/Winnow/WinnowOps.h"

using namespace mlir;
using namespace winnow;

namespace {

bool isStored(Type type) {
  return isa<Float64Type, Float32Type, Float16Type, BFloat16Type>(type) || type.isSignlessInteger(64) ||
         type.isSignlessInteger(32) || type.isSignlessInteger(8) || type.isSignlessInteger(1);
}

LogicalResult checkState(Operation *op, FlatSymbolRefAttr name, Type type, SymbolTableCollection &symbols) {
  auto state = symbols.lookupNearestSymbolFrom<StateOp>(op, name);
  if (!state)
    return op->emitOpError("names ") << name << ", but there is no such winnow.state (C1)";
  if (state.getTensorType() == type)
    return success();
  InFlightDiagnostic error = op->emitOpError("has type ") << type << ", but state " << name << " is a "
                                                          << state.getTensorType() << " (C1)";
  error.attachNote(state.getLoc()) << "declared here";
  return error;
}

} // namespace

SmallVector<FlatSymbolRefAttr> StateOp::getSizeParameters() {
  return getSizes() ? llvm::to_vector(getSizes()->getAsRange<FlatSymbolRefAttr>())
                    : SmallVector<FlatSymbolRefAttr>();
}

LogicalResult StateOp::verify() {
  RankedTensorType type = getTensorType();
  if (!isStored(type.getElementType()))
    return emitOpError("has element type ")
           << type.getElementType() << ", but one of f64, f32, f16, bf16, i64, i32, i8 and i1 is "
           << "expected (C1)";
  int64_t expected = type.getNumDynamicDims(), found = getSizeParameters().size();
  if (found != expected)
    return emitOpError("names ") << found << " sizes, but its type has " << expected
                                 << " dynamic dimensions (C2)";
  if (getInitial().getType() != type.getElementType())
    return emitOpError("begins with ")
           << getInitial() << ", but its element type is " << type.getElementType() << " (C3)";
  return success();
}

LogicalResult StateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  for (FlatSymbolRefAttr size : getSizeParameters()) {
    auto parameter = symbols.lookupNearestSymbolFrom<ParameterOp>(*this, size);
    if (!parameter || !parameter.getValue().getType().isInteger(64))
      return emitOpError("names ") << size << ", but there is no such winnow.parameter of type i64 (C2)";
  }
  return success();
}

LogicalResult StateReadOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return checkState(*this, getStateAttr(), getValue().getType(), symbols);
}

LogicalResult StateWriteOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return checkState(*this, getStateAttr(), getValue().getType(), symbols);
}
