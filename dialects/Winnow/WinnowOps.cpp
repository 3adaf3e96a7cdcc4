// Defines and registers the operations of the winnow dialect; their parts are in one file per concern.
#include "dialects/Winnow/WinnowOps.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace winnow;

#include "dialects/Winnow/WinnowInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Winnow/WinnowOps.cpp.inc"

void WinnowDialect::registerOperations() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Winnow/WinnowOps.cpp.inc"
      >();
}
