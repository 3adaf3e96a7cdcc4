// Reads and writes constants as sparse<...>.
#include "lib/Pipeline/SparseConstants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace winnow {

namespace {

/// Bytes of an element that takes whole bytes in memory; 0 for others.
int64_t elementBytes(Type type) {
  if (!type.isIntOrFloat() || type.getIntOrFloatBitWidth() % 8 != 0)
    return 0;
  return type.getIntOrFloatBitWidth() / 8;
}

int64_t linearize(ArrayRef<int64_t> position, ArrayRef<int64_t> shape) {
  int64_t element = 0;
  for (auto [index, extent] : llvm::zip_equal(position, shape))
    element = element * extent + index;
  return element;
}

/// The position of an element in each dimension.
SmallVector<int64_t> delinearize(int64_t element, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> position(shape.size());
  for (auto [index, extent] : llvm::reverse(llvm::zip_equal(position, shape))) {
    index = element % extent;
    element /= extent;
  }
  return position;
}

DenseElementsAttr densify(SparseElementsAttr sparse) {
  auto type = sparse.getType();
  int64_t width = elementBytes(type.getElementType());
  if (width == 0) // i1 and the like, of which there are few
    return DenseElementsAttr::get(type, llvm::to_vector(sparse.getValues<Attribute>()));
  std::vector<char> bytes(type.getNumElements() * width);
  auto places = llvm::to_vector(sparse.getIndices().getValues<int64_t>());
  DenseElementsAttr values = sparse.getValues();
  ArrayRef<char> raw = values.getRawData();
  for (int64_t i = 0; i < values.getNumElements(); ++i) {
    auto place = ArrayRef(places).slice(i * type.getRank(), type.getRank());
    const char *element = raw.data() + (values.isSplat() ? 0 : i * width);
    std::copy_n(element, width, bytes.data() + linearize(place, type.getShape()) * width);
  }
  return DenseElementsAttr::getFromRawBuffer(type, bytes);
}

/// The elements as they lie in memory, if there is one for each place.
ArrayRef<char> contents(ElementsAttr value) {
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return dense.isSplat() ? ArrayRef<char>() : dense.getRawData();
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  return blob ? blob->getData() : ArrayRef<char>();
}

SparseElementsAttr keepFirst(ElementsAttr value, ArrayRef<char> bytes, int64_t kept) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> positions;
  for (int64_t element = 0; element < kept; ++element)
    llvm::append_range(positions, delinearize(element, type.getShape()));
  auto places = RankedTensorType::get({kept, type.getRank()}, IntegerType::get(type.getContext(), 64));
  auto elements = RankedTensorType::get({kept}, type.getElementType());
  bytes = bytes.take_front(kept * elementBytes(type.getElementType()));
  return SparseElementsAttr::get(type, DenseElementsAttr::get(places, ArrayRef<int64_t>(positions)),
                                 DenseElementsAttr::getFromRawBuffer(elements, bytes));
}

} // namespace

void densifyConstants(ModuleOp module) {
  module.walk([](arith::ConstantOp constant) {
    if (auto sparse = dyn_cast<SparseElementsAttr>(constant.getValue()))
      constant.setValueAttr(densify(sparse));
  });
}

void abbreviateConstants(ModuleOp module, int64_t limit, int64_t kept) {
  module.walk([&](arith::ConstantOp constant) {
    auto value = dyn_cast<ElementsAttr>(constant.getValue());
    if (!value || value.getNumElements() <= limit || !isa<RankedTensorType>(value.getType()))
      return;
    ArrayRef<char> bytes = contents(value);
    if (!bytes.empty() && elementBytes(value.getElementType()) != 0)
      constant.setValueAttr(keepFirst(value, bytes, std::min(kept, limit)));
  });
}

} // namespace winnow
