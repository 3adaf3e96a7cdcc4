// Replaces resources without data by dense constants.
#include "lib/Import/Weights/Resources.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace winnow {
namespace {

/// The name as numpy and files have it; those of signless integers are taken for signed ones.
std::string elementName(Type type) {
  if (isa<BFloat16Type>(type)) {
    return "bfloat16";
  }
  if (isa<Float16Type, Float32Type, Float64Type>(type)) {
    return "float" + std::to_string(type.getIntOrFloatBitWidth());
  }
  if (auto integer = dyn_cast<IntegerType>(type)) {
    return integer.getWidth() == 1 ? "bool" : "int" + std::to_string(integer.getWidth());
  }
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

WeightTarget targetOf(DenseResourceElementsAttr resource) {
  WeightTarget target;
  target.name = resource.getRawHandle().getKey().str();
  target.kind = "resource";
  target.typeText = elementName(resource.getElementType());
  target.type = findElementType(target.typeText);
  target.isSignless = true;
  target.shape.assign(resource.getType().getShape().begin(), resource.getType().getShape().end());
  target.isWeight = true;
  return target;
}

DenseElementsAttr denseOf(ShapedType type, std::vector<char> bytes) {
  if (!type.getElementType().isInteger(1)) {
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  }
  for (char &byte : bytes) {
    byte = byte != 0;
  }
  return DenseElementsAttr::get(type, ArrayRef(reinterpret_cast<const bool *>(bytes.data()), bytes.size()));
}

} // namespace

LogicalResult takeResources(ModuleOp module, ModelWeights &weights) {
  llvm::MapVector<Attribute, DenseElementsAttr> values;
  AttrTypeWalker find;
  find.addWalk([&](DenseResourceElementsAttr resource) {
    if (!resource.getRawHandle().getBlob()) {
      values.insert({resource, nullptr});
    }
  });
  module.walk([&](Operation *op) { find.walk(op->getAttrDictionary()); });
  SmallVector<WeightTarget> targets;
  for (auto &[resource, value] : values) {
    targets.push_back(targetOf(cast<DenseResourceElementsAttr>(resource)));
  }
  if (failed(weights.assign(targets))) {
    return failure();
  }
  for (auto &[resource, value] : values) {
    auto typed = cast<DenseResourceElementsAttr>(resource);
    value = denseOf(typed.getType(), weights.read(typed.getRawHandle().getKey()));
  }
  AttrTypeReplacer replace;
  replace.addReplacement([&](DenseResourceElementsAttr resource) -> std::optional<Attribute> {
    auto found = values.find(resource);
    return found == values.end() ? std::nullopt : std::optional<Attribute>(found->second);
  });
  replace.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true);
  return success();
}

} // namespace winnow
