// The types of the winnow dialect.
#pragma once

#include "dialects/Winnow/WinnowAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#define GET_TYPEDEF_CLASSES
#include "dialects/Winnow/WinnowTypes.h.inc"
