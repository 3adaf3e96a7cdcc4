// What the compiler expects of the module that it is given.
#include "lib/Pipeline/CheckModel.h"

#include "dialects/Winnow/WinnowOps.h"
#include "passes/Dispatch/InterfaceTypes.h"
#include "passes/Dispatch/Passes.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace winnow {

namespace {

bool isElementType(Type type) {
  return type.isF64() || type.isF32() || type.isF16() || type.isBF16() || type.isSignlessInteger(64) ||
         type.isSignlessInteger(32) || type.isSignlessInteger(16) || type.isSignlessInteger(8) ||
         type.isSignlessInteger(1);
}

/// Checks an input or output: its type and what names it. `what` is "input 0".
LogicalResult checkSignature(func::FuncOp function, const Twine &what, Type type, DictionaryAttr attributes) {
  auto attribute = [&](StringRef key) { return attributes ? attributes.get(key) : Attribute(); };
  Attribute name = attribute("winnow.name"), dimensions = attribute("winnow.dims"),
            named = attribute("winnow.type");
  auto report = [&] { return function.emitError() << what << " of function " << function.getName(); };
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor) {
    return report() << " has type " << type << ", but a ranked tensor was expected";
  }
  if (!isElementType(tensor.getElementType())) {
    return report() << " has element type " << tensor.getElementType()
                    << ", but one of f64, f32, f16, bf16, i64, i32, i16, i8 and i1 was expected";
  }
  if (name && !isa<StringAttr>(name)) {
    return report() << " has the winnow.name " << name << ", but a string was expected";
  }
  auto typeName = dyn_cast_if_present<StringAttr>(named);
  if (named && !(typeName && interfaceType(typeName, tensor.getElementType()))) {
    return report() << " has the winnow.type " << named
                    << ", but the name of an unsigned integer or of a float of 8 bits as wide as "
                    << tensor.getElementType() << " was expected";
  }
  if (!dimensions) {
    return success();
  }
  auto names = dyn_cast<ArrayAttr>(dimensions);
  if (!names || static_cast<int64_t>(names.size()) != tensor.getRank() ||
      !llvm::all_of(names, llvm::IsaPred<StringAttr>)) {
    return report() << " has the winnow.dims " << dimensions << ", but a string for each of its "
                    << tensor.getRank() << " dimensions was expected";
  }
  return success();
}

/// Upstream takes a tensor with an encoding that it does not know for a dense one.
LogicalResult checkEncodings(func::FuncOp function) {
  auto isEncoded = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getEncoding();
  };
  WalkResult result = function.walk([&](Operation *op) {
    for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes())) {
      if (isEncoded(type)) {
        op->emitError() << "has type " << type << ", but a tensor without an encoding was expected";
        return WalkResult::interrupt();
      }
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult checkFunction(func::FuncOp function) {
  if (function.isExternal()) {
    return function.emitError() << "function " << function.getName() << " has no body";
  }
  if (!function.getBody().hasOneBlock()) {
    return function.emitError()
           << "function " << function.getName()
           << " has control flow between blocks, but a program of one block was expected";
  }
  if (function.getName() == kKernelsModule || function->hasAttr(kKernelAttribute)) {
    return function.emitError() << "function " << function.getName()
                                << " uses a name or attribute that the compiler keeps for kernels: @"
                                << kKernelsModule << ", " << kKernelAttribute;
  }
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
    if (failed(checkSignature(function, "input " + Twine(index), type, function.getArgAttrDict(index)))) {
      return failure();
    }
  }
  for (auto [index, type] : llvm::enumerate(function.getResultTypes())) {
    if (failed(checkSignature(function, "output " + Twine(index), type, function.getResultAttrDict(index)))) {
      return failure();
    }
  }
  return checkEncodings(function);
}

} // namespace

LogicalResult checkModel(ModuleOp module) {
  bool isModel = true;
  for (Operation &op : *module.getBody()) {
    auto function = dyn_cast<func::FuncOp>(op);
    if (isa<ParameterOp, StateOp, MemoryOp>(op)) {
      continue;
    }
    if (!function) {
      op.emitError() << "'" << op.getName() << "' is not expected in a model, which consists of functions";
    }
    isModel &= function && succeeded(checkFunction(function));
  }
  if (module.getBody()->empty()) {
    module.emitError() << "the model has no function";
    return failure();
  }
  return success(isModel);
}

LogicalResult checkDimension(ModuleOp model, StringRef name) {
  llvm::SetVector<StringRef> names;
  for (auto function : model.getOps<func::FuncOp>()) {
    for (unsigned index = 0; index < function.getNumArguments(); ++index) {
      if (auto dimensions = function.getArgAttrOfType<ArrayAttr>(index, "winnow.dims")) {
        names.insert_range(dimensions.getAsValueRange<StringAttr>());
      }
    }
  }
  names.remove("");
  if (names.contains(name)) {
    return success();
  }
  return model.emitError() << "no input has a dynamic dimension '" << name << "', found "
                           << (names.empty() ? "none" : llvm::join(names, ", "));
}

} // namespace winnow
