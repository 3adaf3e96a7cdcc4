// The operations of the winnow dialect.
#pragma once

#include "dialects/Winnow/WinnowDialect.h"
#include "dialects/Winnow/WinnowInterfaces.h"
#include "dialects/Winnow/WinnowTypes.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace winnow {

/// What the states of a session are to the effects of operations: one resource, so that reads and writes keep
/// their order.
struct SessionState : mlir::SideEffects::Resource::Base<SessionState> {
  llvm::StringRef getName() override { return "session state"; }
};

/// The same for memories.
struct SessionMemory : mlir::SideEffects::Resource::Base<SessionMemory> {
  llvm::StringRef getName() override { return "session memory"; }
};

} // namespace winnow

#define GET_OP_CLASSES
#include "dialects/Winnow/WinnowOps.h.inc"
