// Defines and registers the types of the winnow dialect.
#include "dialects/Winnow/WinnowTypes.h"

#include "dialects/Winnow/WinnowDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace winnow;

#define GET_TYPEDEF_CLASSES
#include "dialects/Winnow/WinnowTypes.cpp.inc"

void WinnowDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Winnow/WinnowTypes.cpp.inc"
      >();
}

namespace {

void printExtent(AsmPrinter &printer, int64_t extent) {
  if (ShapedType::isDynamic(extent))
    printer << '?';
  else
    printer << extent;
}

ParseResult parseExtent(AsmParser &parser, int64_t &extent) {
  if (succeeded(parser.parseOptionalQuestion())) {
    extent = ShapedType::kDynamic;
    return success();
  }
  return parser.parseInteger(extent);
}

} // namespace

Type SelectionType::parse(AsmParser &parser) {
  SMLoc location = parser.getCurrentLocation();
  SmallVector<int64_t> extents;
  int64_t capacity = 0;
  SelectionForm form = SelectionForm::Rows;
  if (parser.parseLess() ||
      parser.parseDimensionList(extents, /*allowDynamic=*/true, /*withTrailingX=*/false) ||
      parser.parseComma() || parseExtent(parser, capacity))
    return {};
  if (succeeded(parser.parseOptionalComma())) {
    FailureOr<SelectionForm> parsed = FieldParser<SelectionForm>::parse(parser);
    if (failed(parsed))
      return {};
    form = *parsed;
  }
  if (parser.parseGreater())
    return {};
  if (extents.size() != 2) {
    parser.emitError(location, "a selection has 2 extents, rows and universe, but found ") << extents.size();
    return {};
  }
  return parser.getChecked<SelectionType>(location, parser.getContext(), extents[0], extents[1], capacity,
                                          form);
}

void SelectionType::print(AsmPrinter &printer) const {
  printer << '<';
  printExtent(printer, getRows());
  printer << 'x';
  printExtent(printer, getUniverse());
  printer << ", ";
  printExtent(printer, getCapacity());
  if (getForm() != SelectionForm::Rows)
    printer << ", " << stringifyEnum(getForm());
  printer << '>';
}

LogicalResult SelectionType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t rows,
                                    int64_t universe, int64_t capacity, SelectionForm form) {
  auto isNegative = [](int64_t extent) { return extent < 0 && !ShapedType::isDynamic(extent); };
  for (int64_t extent : {rows, universe, capacity})
    if (isNegative(extent))
      return emitError() << "a selection's extent is " << extent << ", but must not be negative (C1)";
  if (!ShapedType::isDynamic(universe) && !ShapedType::isDynamic(capacity) && capacity > universe)
    return emitError() << "a selection's capacity is " << capacity << ", but must be at most its universe "
                       << universe << " (C2)";
  return success();
}
