// Defines and registers the attributes of the winnow dialect.
#include "dialects/Winnow/WinnowAttributes.h"

#include "dialects/Winnow/WinnowDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace winnow;

#include "dialects/Winnow/WinnowEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Winnow/WinnowAttributes.cpp.inc"

void WinnowDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Winnow/WinnowAttributes.cpp.inc"
      >();
}

Attribute ModalitiesAttr::parse(AsmParser &parser, Type) {
  SmallVector<StringAttr> names;
  auto parseName = [&]() -> ParseResult {
    std::string name;
    if (parser.parseKeywordOrString(&name))
      return failure();
    names.push_back(parser.getBuilder().getStringAttr(name));
    return success();
  };
  SMLoc begin = parser.getCurrentLocation();
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater, parseName))
    return {};
  return parser.getChecked<ModalitiesAttr>(begin, parser.getContext(), names);
}

void ModalitiesAttr::print(AsmPrinter &printer) const {
  printer << "<";
  llvm::interleaveComma(getNames(), printer.getStream(),
                        [&](StringAttr name) { printer.printKeywordOrString(name.getValue()); });
  printer << ">";
}

LogicalResult ModalitiesAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                     ArrayRef<StringAttr> names) {
  if (names.empty())
    return emitError() << "modalities have no name, but at least one is expected (C1)";
  llvm::StringSet<> seen;
  for (StringAttr name : names)
    if (!seen.insert(name.getValue()).second)
      return emitError() << "modalities name " << name << " twice, but different names are expected (C2)";
  return success();
}
