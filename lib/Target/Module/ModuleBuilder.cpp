// Collects what goes into a module file: programs, kernels and their compiled forms, weights.
#include "lib/Target/Module/ModuleBuilder.h"
#include "format/Layout.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace winnow {

namespace {

/// Weights begin at cache lines. Those of a page or more have their pages for themselves: what is hashed,
/// read and mapped is a page, and a weight that a call does not need shall cost it none.
uint64_t weightAlignment(uint64_t size) {
  return size < format::kWeightChunk ? format::kAlignment : format::kWeightChunk;
}

// More than any tensor of a model has; a few characters of text can ask for it.
constexpr int64_t kMaximumWeightBytes = int64_t(1) << 36;

void append(std::vector<uint8_t> &data, ArrayRef<char> bytes) {
  data.insert(data.end(), bytes.begin(), bytes.end());
}

/// The elements as they lie in memory; an i1 takes a byte.
FailureOr<std::vector<uint8_t>> bytesOf(ElementsAttr value, Location location) {
  std::vector<uint8_t> data;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob) {
      return emitError(location) << "weight refers to the resource '" << resource.getRawHandle().getKey()
                                 << "', which has no data";
    }
    append(data, blob->getData());
    return data;
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense) {
    return emitError(location) << "weight is neither dense<...> nor dense_resource<...>";
  }
  if (dense.getElementType().isInteger(1)) {
    for (bool element : dense.getValues<bool>()) {
      data.push_back(element);
    }
    return data;
  }
  ArrayRef<char> raw = dense.getRawData();
  if (dense.isSplat() && dense.getNumElements() > kMaximumWeightBytes / static_cast<int64_t>(raw.size())) {
    return emitError(location) << "weight has " << dense.getNumElements() << " elements of " << raw.size()
                               << " bytes, but at most " << kMaximumWeightBytes << " bytes were expected";
  }
  for (int64_t copies = dense.isSplat() ? dense.getNumElements() : 1; copies > 0; --copies) {
    append(data, raw);
  }
  return data;
}

/// A scalar as it lies in memory, in the low bytes.
uint64_t bitsOf(TypedAttr value) {
  APInt bits = isa<FloatAttr>(value) ? cast<FloatAttr>(value).getValue().bitcastToAPInt()
                                     : cast<IntegerAttr>(value).getValue();
  return bits.getZExtValue();
}

void collectNames(Location location, llvm::SetVector<StringRef> &names) {
  if (auto named = dyn_cast<NameLoc>(location)) {
    names.insert(named.getName());
  } else if (auto fused = dyn_cast<FusedLoc>(location)) {
    llvm::for_each(fused.getLocations(), [&](Location part) { collectNames(part, names); });
  } else if (auto call = dyn_cast<CallSiteLoc>(location)) {
    collectNames(call.getCallee(), names);
  }
}

std::optional<format::ElementType> integerType(IntegerType type) {
  using format::ElementType;
  bool isUnsigned = type.isUnsigned();
  switch (type.getWidth()) {
  case 1:
    return ElementType::Bool;
  case 8:
    return isUnsigned ? ElementType::U8 : ElementType::I8;
  case 16:
    return isUnsigned ? ElementType::U16 : ElementType::I16;
  case 32:
    return isUnsigned ? ElementType::U32 : ElementType::I32;
  case 64:
    return isUnsigned ? ElementType::U64 : ElementType::I64;
  default:
    return std::nullopt;
  }
}

} // namespace

std::string describeOrigin(Location location) {
  llvm::SetVector<StringRef> names;
  collectNames(location, names);
  return llvm::join(names, ", ");
}

FailureOr<format::ElementType> elementTypeOf(Type type, Location location) {
  using format::ElementType;
  std::optional<ElementType> found = llvm::TypeSwitch<Type, std::optional<ElementType>>(type)
                                         .Case([](IntegerType integer) { return integerType(integer); })
                                         .Case([](Float16Type) { return ElementType::F16; })
                                         .Case([](BFloat16Type) { return ElementType::BF16; })
                                         .Case([](Float32Type) { return ElementType::F32; })
                                         .Case([](Float64Type) { return ElementType::F64; })
                                         .Case([](Float8E4M3FNType) { return ElementType::F8E4M3FN; })
                                         .Case([](Float8E4M3FNUZType) { return ElementType::F8E4M3FNUZ; })
                                         .Case([](Float8E5M2Type) { return ElementType::F8E5M2; })
                                         .Case([](Float8E5M2FNUZType) { return ElementType::F8E5M2FNUZ; })
                                         .Case([](Float8E8M0FNUType) { return ElementType::F8E8M0FNU; })
                                         .Default(std::nullopt);
  if (found) {
    return *found;
  }
  return emitError(location) << "element type " << type
                             << " cannot cross a module's boundary; expected i1, i8, i16, i32, i64, f16, "
                                "bf16, f32, f64 or an 8-bit float of ONNX";
}

ModuleBuilder::ModuleBuilder() { module.producer = "winnow " WINNOW_VERSION; }

LogicalResult ModuleBuilder::addWeight(StringRef symbol, ElementsAttr value, Location location) {
  auto [known, isNew] = weightOfValue.try_emplace(value, 0);
  if (isNew) {
    FailureOr<std::vector<uint8_t>> bytes = bytesOf(value, location);
    if (failed(bytes)) {
      return failure();
    }
    known->second = storeWeight(symbol, *bytes);
  }
  weights[symbol] = known->second;
  return success();
}

/// Stores bytes once, however many attributes have them: a matrix as host and reference see it may differ in
/// its type alone.
uint32_t ModuleBuilder::storeWeight(StringRef symbol, ArrayRef<uint8_t> bytes) {
  SmallVector<uint32_t, 1> &sameHash = weightsOfHash[llvm::xxh3_64bits(bytes)];
  for (uint32_t index : sameHash) {
    const format::Weight &stored = module.weights[index];
    if (bytes == ArrayRef<uint8_t>(module.weightData).slice(stored.offset, stored.size)) {
      return index;
    }
  }
  uint64_t before = module.weights.empty() ? 0 : module.weights.back().size;
  uint64_t alignment = std::max(weightAlignment(before), weightAlignment(bytes.size()));
  module.weightData.resize(llvm::alignTo(module.weightData.size(), alignment));
  sameHash.push_back(module.weights.size());
  module.weights.push_back({symbol.str(), module.weightData.size(), bytes.size()});
  module.weightData.insert(module.weightData.end(), bytes.begin(), bytes.end());
  return sameHash.back();
}

LogicalResult ModuleBuilder::addParameter(ParameterOp parameter) {
  FailureOr<format::ElementType> type = elementTypeOf(parameter.getValue().getType(), parameter.getLoc());
  if (failed(type)) {
    return failure();
  }
  parameters[parameter.getSymName()] = module.parameters.size();
  module.parameters.push_back({parameter.getSymName().str(), *type, bitsOf(parameter.getValue())});
  return success();
}

LogicalResult ModuleBuilder::addState(StateOp state) {
  FailureOr<format::ElementType> type = elementTypeOf(state.getTensorType().getElementType(), state.getLoc());
  if (failed(type)) {
    return failure();
  }
  format::State made{state.getSymName().str(),
                     *type,
                     {},
                     bitsOf(state.getInitial()),
                     state.getPlacement() == Placement::Host ? format::Placement::Host
                                                             : format::Placement::Device};
  SmallVector<FlatSymbolRefAttr> sizes = state.getSizeParameters();
  auto next = sizes.begin();
  for (int64_t size : state.getTensorType().getShape()) {
    made.shape.push_back(ShapedType::isDynamic(size)
                             ? format::StateDimension{format::kDynamic, parameterIndex((*next++).getValue())}
                             : format::StateDimension{size, 0});
  }
  states[made.name] = module.states.size();
  module.states.push_back(std::move(made));
  return success();
}

void ModuleBuilder::addKernel(StringRef symbol, StringRef origin, ArrayRef<bool> written, size_t sizes) {
  kernels[symbol] = module.kernels.size();
  format::Kernel kernel;
  kernel.name = symbol.str();
  kernel.origin = origin.str();
  kernel.bufferCount = written.size();
  kernel.sizeCount = sizes;
  kernel.bufferIsWritten.assign(written.begin(), written.end());
  module.kernels.push_back(std::move(kernel));
}

uint32_t ModuleBuilder::addImage(StringRef target, StringRef kind, std::vector<uint8_t> bytes) {
  module.images.push_back({target.str(), kind.str(), std::move(bytes)});
  return module.images.size() - 1;
}

void ModuleBuilder::addVariant(StringRef kernel, uint32_t image, StringRef symbol, ArrayRef<int64_t> tile,
                               int64_t threads) {
  format::KernelVariant variant;
  variant.image = image;
  variant.symbol = symbol.str();
  variant.tile.assign(tile.begin(), tile.end());
  variant.threads = threads;
  module.kernels[kernelIndex(kernel)].variants.push_back(std::move(variant));
}

LogicalResult ModuleBuilder::addFunction(plan::FuncOp function) {
  FailureOr<format::Function> program = serializePlan(function, *this);
  if (failed(program)) {
    return failure();
  }
  module.functions.push_back(std::move(*program));
  return success();
}

} // namespace winnow
