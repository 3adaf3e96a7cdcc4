// Text, verification and parts of packed matrices and their structures.
#include "dialects/Winnow/WinnowTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace winnow;

namespace {

using EmitError = function_ref<InFlightDiagnostic()>;

/// Two extents that the lexer may take for one token: 16x16.
ParseResult parseExtents(AsmParser &parser, StringRef what, SmallVectorImpl<int64_t> &extents,
                         bool withTrailingX) {
  SMLoc location = parser.getCurrentLocation();
  if (parser.parseDimensionList(extents, /*allowDynamic=*/false, withTrailingX))
    return failure();
  if (extents.size() != 2)
    return parser.emitError(location)
           << what << " has 2 extents, rows and columns, but found " << extents.size();
  return success();
}

LogicalResult checkCapacity(EmitError emitError, std::optional<int64_t> capacity) {
  if (capacity && *capacity < 1)
    return emitError() << "the capacity is " << *capacity << ", but must be at least 1 (C1)";
  return success();
}

/// How many blocks or entries there are at all.
int64_t countPlaces(int64_t rows, int64_t columns, Attribute structure) {
  if (auto blocks = dyn_cast<BlocksAttr>(structure))
    return (rows / blocks.getRows()) * (columns / blocks.getColumns());
  return rows * columns;
}

std::optional<int64_t> givenCapacity(Attribute structure) {
  return TypeSwitch<Attribute, std::optional<int64_t>>(structure)
      .Case<BlocksAttr, COOAttr>([](auto form) { return form.getCapacity(); })
      .Default(std::nullopt);
}

LogicalResult checkNM(EmitError emitError, int64_t rows, NMAttr structure) {
  if (rows % structure.getGroup() == 0)
    return success();
  return emitError() << "a packed matrix has " << rows << " rows, but a multiple of its group of "
                     << structure.getGroup() << " was expected (C4)";
}

LogicalResult checkBlocks(EmitError emitError, int64_t rows, int64_t columns, BlocksAttr structure) {
  if (rows % structure.getRows() == 0 && columns % structure.getColumns() == 0)
    return success();
  return emitError() << "a packed matrix is " << rows << "x" << columns << ", but multiples of its blocks of "
                     << structure.getRows() << "x" << structure.getColumns() << " were expected (C5)";
}

} // namespace

Attribute NMAttr::parse(AsmParser &parser, Type) {
  SMLoc location = parser.getCurrentLocation();
  int64_t kept, group;
  if (parser.parseLess() || parser.parseInteger(kept) || parser.parseColon() || parser.parseInteger(group) ||
      parser.parseGreater())
    return {};
  return parser.getChecked<NMAttr>(location, parser.getContext(), kept, group);
}

void NMAttr::print(AsmPrinter &printer) const { printer << '<' << getKept() << ':' << getGroup() << '>'; }

LogicalResult NMAttr::verify(EmitError emitError, int64_t kept, int64_t group) {
  if (kept == 2 && group == 4)
    return success();
  return emitError() << "the structure is " << kept << ":" << group << ", but only 2:4 is known (C1)";
}

Attribute BlocksAttr::parse(AsmParser &parser, Type) {
  SMLoc location = parser.getCurrentLocation();
  SmallVector<int64_t> extents;
  std::optional<int64_t> capacity;
  if (parser.parseLess() || parseExtents(parser, "a block", extents, /*withTrailingX=*/false))
    return {};
  if (succeeded(parser.parseOptionalComma()) && parser.parseInteger(capacity.emplace()))
    return {};
  if (parser.parseGreater())
    return {};
  return parser.getChecked<BlocksAttr>(location, parser.getContext(), extents[0], extents[1], capacity);
}

void BlocksAttr::print(AsmPrinter &printer) const {
  printer << '<' << getRows() << 'x' << getColumns();
  if (getCapacity())
    printer << ", " << *getCapacity();
  printer << '>';
}

LogicalResult BlocksAttr::verify(EmitError emitError, int64_t rows, int64_t columns,
                                 std::optional<int64_t> capacity) {
  if (rows < 1 || columns < 1)
    return emitError() << "a block is " << rows << "x" << columns
                       << ", but its extents must be at least 1 (C1)";
  return checkCapacity(emitError, capacity);
}

Attribute COOAttr::parse(AsmParser &parser, Type) {
  SMLoc location = parser.getCurrentLocation();
  std::optional<int64_t> capacity;
  if (succeeded(parser.parseOptionalLess()) &&
      (parser.parseInteger(capacity.emplace()) || parser.parseGreater()))
    return {};
  return parser.getChecked<COOAttr>(location, parser.getContext(), capacity);
}

void COOAttr::print(AsmPrinter &printer) const {
  if (getCapacity())
    printer << '<' << *getCapacity() << '>';
}

LogicalResult COOAttr::verify(EmitError emitError, std::optional<int64_t> capacity) {
  return checkCapacity(emitError, capacity);
}

Type PackedType::parse(AsmParser &parser) {
  SMLoc location = parser.getCurrentLocation();
  SmallVector<int64_t> extents;
  Type elementType;
  Attribute structure;
  if (parser.parseLess() || parseExtents(parser, "a packed matrix", extents, /*withTrailingX=*/true) ||
      parser.parseType(elementType) || parser.parseComma() || parser.parseAttribute(structure) ||
      parser.parseGreater())
    return {};
  return parser.getChecked<PackedType>(location, parser.getContext(), extents[0], extents[1], elementType,
                                       structure);
}

void PackedType::print(AsmPrinter &printer) const {
  printer << '<' << getRows() << 'x' << getColumns() << 'x' << getElementType() << ", " << getStructure()
          << '>';
}

LogicalResult PackedType::verify(EmitError emitError, int64_t rows, int64_t columns, Type elementType,
                                 Attribute structure) {
  if (rows < 1 || columns < 1)
    return emitError() << "a packed matrix is " << rows << "x" << columns
                       << ", but its extents must be at least 1 (C1)";
  if (!elementType.isF32() && !elementType.isF16() && !elementType.isBF16() &&
      !elementType.isSignlessInteger(8))
    return emitError() << "a packed matrix has element type " << elementType
                       << ", but one of f32, f16, bf16 and i8 was expected (C2)";
  if (!isa_and_nonnull<NMAttr, BlocksAttr, COOAttr>(structure))
    return emitError() << "a packed matrix has the structure " << structure
                       << ", but one of #winnow.nm, #winnow.blocks and #winnow.coo was expected (C3)";
  if (auto nm = dyn_cast<NMAttr>(structure))
    return checkNM(emitError, rows, nm);
  if (auto blocks = dyn_cast<BlocksAttr>(structure);
      blocks && failed(checkBlocks(emitError, rows, columns, blocks)))
    return failure();
  constexpr int64_t kMostPlaces = std::numeric_limits<int32_t>::max();
  if (rows > kMostPlaces / columns)
    return emitError() << "a packed matrix is " << rows << "x" << columns
                       << ", but its entries must fit 31 bits (C6)";
  int64_t places = countPlaces(rows, columns, structure);
  int64_t capacity = givenCapacity(structure).value_or(places);
  if (capacity > places)
    return emitError() << "the capacity is " << capacity << ", but must be at most " << places << " (C6)";
  return success();
}

int64_t PackedType::getPlaces() const { return countPlaces(getRows(), getColumns(), getStructure()); }

int64_t PackedType::getCapacity() const {
  if (isa<NMAttr>(getStructure()))
    return getRows() / 2 * getColumns();
  return givenCapacity(getStructure()).value_or(getPlaces());
}

SmallVector<Type> PackedType::getPartTypes() const {
  Type i32 = IntegerType::get(getContext(), 32);
  auto tensor = [](ArrayRef<int64_t> shape, Type element) -> Type {
    return RankedTensorType::get(shape, element);
  };
  if (isa<NMAttr>(getStructure()))
    return {tensor({getRows() / 2, getColumns()}, getElementType()),
            tensor({llvm::divideCeilSigned(getRows(), 32), getColumns()}, i32)};
  int64_t capacity = getCapacity();
  if (auto blocks = dyn_cast<BlocksAttr>(getStructure()))
    return {tensor({capacity, blocks.getRows(), blocks.getColumns()}, getElementType()),
            tensor({capacity}, i32), tensor({getColumns() / blocks.getColumns() + 1}, i32)};
  return {tensor({capacity}, getElementType()), tensor({capacity}, i32), tensor({capacity}, i32)};
}

RankedTensorType PackedType::getDenseType() const {
  return RankedTensorType::get({getRows(), getColumns()}, getElementType());
}

int64_t PackedType::getBytes() const {
  int64_t bytes = 0;
  for (Type part : getPartTypes()) {
    auto tensor = cast<RankedTensorType>(part);
    bytes += tensor.getNumElements() * (tensor.getElementTypeBitWidth() / 8);
  }
  return bytes;
}
