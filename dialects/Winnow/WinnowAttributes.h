// The attributes and enumerations of the winnow dialect.
#pragma once

#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpImplementation.h"

#include "dialects/Winnow/WinnowEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Winnow/WinnowAttributes.h.inc"
