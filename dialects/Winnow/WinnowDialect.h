// The winnow dialect's C++ declarations.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"

#include "dialects/Winnow/WinnowDialect.h.inc"
