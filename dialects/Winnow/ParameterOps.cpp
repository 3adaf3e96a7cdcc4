// Verification of parameters.
#include "dialects/Winnow/WinnowOps.h"

using namespace mlir;
using namespace winnow;

LogicalResult ParameterOp::verify() {
  Type type = getValue().getType();
  if (!type.isF32() && !type.isF64() && !type.isSignlessInteger(64))
    return emitOpError("has the default ") << getValue() << ", but a number of type f32, f64 or i64 is "
                                           << "expected (C1)";
  if (auto number = dyn_cast<FloatAttr>(getValue()); number && !number.getValue().isFinite())
    return emitOpError("has the default ") << getValue() << ", which is not a number (C1)";
  return success();
}

LogicalResult ParameterGetOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto parameter = symbols.lookupNearestSymbolFrom<ParameterOp>(*this, getParameterAttr());
  if (!parameter)
    return emitOpError("names ") << getParameterAttr() << ", but there is no such winnow.parameter (C1)";
  Type type = parameter.getValue().getType(), found = getValue().getType();
  bool isSize = found.isIndex() && type.isInteger(64);
  auto tensor = dyn_cast<RankedTensorType>(found);
  if (isSize || (tensor && tensor.getElementType() == type))
    return success();
  InFlightDiagnostic error = emitOpError("has type ") << found << ", but parameter " << getParameterAttr()
                                                      << " is a " << type << " (C2)";
  error.attachNote(parameter.getLoc()) << "declared here";
  return error;
}
