// Reports that passes leave on a module, as JSON.
#include "lib/Analysis/ReportJSON.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

llvm::json::Value winnow::reportToJSON(Attribute attribute) {
  return llvm::TypeSwitch<Attribute, llvm::json::Value>(attribute)
      .Case([](DictionaryAttr dictionary) {
        llvm::json::Object object;
        for (NamedAttribute entry : dictionary)
          object[entry.getName().strref()] = reportToJSON(entry.getValue());
        return object;
      })
      .Case([](ArrayAttr array) { return llvm::json::Array(llvm::map_range(array, reportToJSON)); })
      .Case([](IntegerAttr integer) { return integer.getInt(); })
      .Case([](FloatAttr number) { return number.getValueAsDouble(); })
      .Case([](StringAttr string) { return llvm::json::fixUTF8(string.getValue()); })
      .Default(nullptr);
}
