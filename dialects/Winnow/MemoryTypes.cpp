// Text and verification of the type of memories.
#include "dialects/Winnow/WinnowTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace winnow;

namespace {

constexpr int64_t kDefaultPage = 64, kLargestPage = 1024;

/// `, instant @memory.instant`
ParseResult parseCapacity(AsmParser &parser, StringRef tier, FlatSymbolRefAttr &parameter) {
  return failure(parser.parseComma() || parser.parseKeyword(tier) || parser.parseAttribute(parameter));
}

} // namespace

Type MemoryType::parse(AsmParser &parser) {
  SMLoc location = parser.getCurrentLocation();
  SmallVector<int64_t> extents;
  Type elementType;
  FlatSymbolRefAttr instant, working;
  int64_t page = kDefaultPage;
  if (parser.parseLess() || parser.parseDimensionList(extents, /*allowDynamic=*/false) ||
      parser.parseType(elementType) || parseCapacity(parser, "instant", instant) ||
      parseCapacity(parser, "working", working))
    return {};
  if (succeeded(parser.parseOptionalComma()) && (parser.parseKeyword("page") || parser.parseInteger(page)))
    return {};
  if (parser.parseGreater())
    return {};
  if (extents.size() != 2) {
    parser.emitError(location, "a memory has 2 extents, heads and width, but found ") << extents.size();
    return {};
  }
  return parser.getChecked<MemoryType>(location, parser.getContext(), extents[0], extents[1], elementType,
                                       instant, working, page);
}

void MemoryType::print(AsmPrinter &printer) const {
  printer << '<' << getHeads() << 'x' << getWidth() << 'x' << getElementType() << ", instant " << getInstant()
          << ", working " << getWorking();
  if (getPage() != kDefaultPage)
    printer << ", page " << getPage();
  printer << '>';
}

LogicalResult MemoryType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t heads, int64_t width,
                                 Type elementType, FlatSymbolRefAttr, FlatSymbolRefAttr, int64_t page) {
  if (heads < 1 || width < 1)
    return emitError() << "a memory is " << heads << "x" << width
                       << ", but its extents must be at least 1 (C1)";
  if (!elementType.isF32() && !elementType.isF16() && !elementType.isBF16())
    return emitError() << "a memory has element type " << elementType
                       << ", but one of f32, f16 and bf16 was expected (C2)";
  if (page < 1 || page > kLargestPage)
    return emitError() << "a page has " << page << " places, but a number from 1 to " << kLargestPage
                       << " was expected (C3)";
  return success();
}
