// Defines and registers the attributes of the winnow dialect.
#include "dialects/Winnow/WinnowAttributes.h"

#include "dialects/Winnow/WinnowDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace winnow;

#include "dialects/Winnow/WinnowEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Winnow/WinnowAttributes.cpp.inc"

void WinnowDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Winnow/WinnowAttributes.cpp.inc"
      >();
}
