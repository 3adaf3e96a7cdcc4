// Registers the plan dialect's parts, and its attributes' verifiers.
#include "dialects/Plan/PlanDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/Plan/PlanDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Plan/PlanTypes.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Plan/PlanAttributes.cpp.inc"

using namespace mlir;

void winnow::plan::PlanDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Plan/PlanTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Plan/PlanAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Plan/PlanOps.cpp.inc"
      >();
}

LogicalResult winnow::plan::SignatureAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringAttr,
                                                  RankedTensorType type, ArrayRef<StringAttr> dimensions) {
  if (static_cast<int64_t>(dimensions.size()) != type.getRank()) {
    return emitError() << "signature names " << dimensions.size() << " dimensions, but its type has "
                       << type.getRank();
  }
  return success();
}
