// The names of unsigned integers and 8-bit floats at a module's boundary.
#include "passes/Dispatch/InterfaceTypes.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

Type winnow::interfaceType(StringRef name, Type stored) {
  MLIRContext *context = stored.getContext();
  auto unsignedInteger = [&](unsigned width) -> Type {
    return IntegerType::get(context, width, IntegerType::Unsigned);
  };
  Type type = llvm::StringSwitch<Type>(name)
                  .Case("uint8", unsignedInteger(8))
                  .Case("uint16", unsignedInteger(16))
                  .Case("uint32", unsignedInteger(32))
                  .Case("uint64", unsignedInteger(64))
                  .Case("float8_e4m3fn", Float8E4M3FNType::get(context))
                  .Case("float8_e4m3fnuz", Float8E4M3FNUZType::get(context))
                  .Case("float8_e5m2", Float8E5M2Type::get(context))
                  .Case("float8_e5m2fnuz", Float8E5M2FNUZType::get(context))
                  .Case("float8_e8m0fnu", Float8E8M0FNUType::get(context))
                  .Default(nullptr);
  bool isStored = type && stored.isSignlessInteger(type.getIntOrFloatBitWidth());
  return isStored ? type : Type();
}
