// Interfaces that the winnow dialect's operations implement.
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/ValueRange.h"

#include "dialects/Winnow/WinnowInterfaces.h.inc"
