// Registers the winnow dialect's parts.
#include "dialects/Winnow/WinnowDialect.h"

#include "dialects/Winnow/WinnowAttributes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

#include "dialects/Winnow/WinnowDialect.cpp.inc"

void WinnowDialect::initialize() {
  registerTypes();
  registerAttributes();
  registerOperations();
}

LogicalResult WinnowDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() == getPrecisionAttrName() && !isa<PrecisionAttr>(attribute.getValue()))
    return op->emitOpError("attribute 'winnow.precision' is ")
           << attribute.getValue() << ", but must be a #winnow.precision";
  return success();
}
