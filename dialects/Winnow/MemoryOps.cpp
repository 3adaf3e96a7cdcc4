// Verification of memories and of the operations on them.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace winnow;

namespace {

/// The type of the memory that `op` names (C1).
FailureOr<MemoryType> findType(Operation *op, FlatSymbolRefAttr name, SymbolTableCollection &symbols) {
  if (auto memory = symbols.lookupNearestSymbolFrom<MemoryOp>(op, name))
    return memory.getMemoryType();
  return op->emitOpError("names ") << name << ", but there is no such winnow.memory (C1)";
}

/// What a session keeps is written in the order of the program, which regions do not have.
LogicalResult checkTopLevel(Operation *op, StringRef label) {
  if (isa_and_nonnull<FunctionOpInterface>(op->getParentOp()))
    return success();
  return op->emitOpError("stands inside '")
         << op->getParentOp()->getName() << "', but the top level of a function was expected (" << label
         << ")";
}

LogicalResult checkElements(Operation *op, StringRef name, Value tensor, MemoryType memory) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getElementType() != memory.getElementType())
    return op->emitOpError() << "'" << name << "' has element type " << type.getElementType()
                             << ", but the memory's is " << memory.getElementType() << " (C2)";
  return checkDimension(op, name, tensor, 2, "the memory's width", memory.getWidth(), "C2");
}

LogicalResult checkQuery(Operation *op, Value query, MemoryType memory) {
  if (failed(checkElements(op, "query", query, memory)))
    return failure();
  int64_t heads = cast<RankedTensorType>(query.getType()).getDimSize(0);
  if (!ShapedType::isDynamic(heads) && heads > 0 && heads % memory.getHeads() == 0)
    return success();
  InFlightDiagnostic error = op->emitOpError("dimension 0 of 'query' is ");
  if (ShapedType::isDynamic(heads))
    error << "dynamic";
  else
    error << heads;
  return error << ", but a static multiple of the memory's " << memory.getHeads()
               << " heads was expected (C2)";
}

/// The rows of a selection with one for each query of each head.
int64_t rowsOf(Value query) {
  auto type = cast<RankedTensorType>(query.getType());
  return multiplyExtents(type.getDimSize(0), type.getDimSize(1));
}

} // namespace

LogicalResult MemoryOp::verifySymbolUses(SymbolTableCollection &symbols) {
  for (FlatSymbolRefAttr capacity : {getMemoryType().getInstant(), getMemoryType().getWorking()}) {
    auto parameter = symbols.lookupNearestSymbolFrom<ParameterOp>(*this, capacity);
    if (!parameter || !parameter.getValue().getType().isInteger(64))
      return emitOpError("names ") << capacity << ", but there is no such winnow.parameter of type i64 (C1)";
  }
  return success();
}

LogicalResult MemoryAppendOp::verify() {
  auto tokens = [](Value tensor) { return cast<RankedTensorType>(tensor.getType()).getDimSize(1); };
  if (failed(checkTopLevel(*this, "C4")) ||
      failed(
          checkDimension(*this, "values", getValues(), 1, "dimension 1 of 'keys'", tokens(getKeys()), "C2")))
    return failure();
  if (!getAnchored())
    return success();
  return checkDimension(*this, "anchored", getAnchored(), 0, "dimension 1 of 'keys'", tokens(getKeys()),
                        "C3");
}

LogicalResult MemoryAppendOp::verifySymbolUses(SymbolTableCollection &symbols) {
  FailureOr<MemoryType> memory = findType(*this, getMemoryAttr(), symbols);
  if (failed(memory))
    return failure();
  for (auto [name, tensor] : {std::pair<StringRef, Value>("keys", getKeys()), {"values", getValues()}})
    if (failed(checkElements(*this, name, tensor, *memory)) ||
        failed(checkDimension(*this, name, tensor, 0, "the number of the memory's heads", memory->getHeads(),
                              "C2")))
      return failure();
  return success();
}

LogicalResult MemoryAnchorOp::verify() { return checkTopLevel(*this, "C2"); }

LogicalResult MemoryAnchorOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return findType(*this, getMemoryAttr(), symbols);
}

LogicalResult MemorySelectOp::verifySymbolUses(SymbolTableCollection &symbols) {
  FailureOr<MemoryType> memory = findType(*this, getMemoryAttr(), symbols);
  if (failed(memory) || failed(checkQuery(*this, getQuery(), *memory)))
    return failure();
  auto k = static_cast<int64_t>(getK());
  if (k < 1)
    return emitOpError("'k' is ") << k << ", but must be at least 1 (C3)";
  SelectionType expected = SelectionType::get(getContext(), rowsOf(getQuery()), ShapedType::kDynamic, k);
  if (getResult().getType() == expected)
    return success();
  return emitOpError("has type ") << getResult().getType() << ", but " << expected << " was expected (C4)";
}

LogicalResult MemoryAttendOp::verify() {
  if (getScale() && !getScale()->isFinite())
    return emitOpError("scale is not finite, but a number is expected (C4)");
  if (failed(checkTopLevel(*this, "C5")))
    return failure();
  if (!getActive())
    return success();
  SelectionType active = getActive().getType();
  if (!ShapedType::isDynamic(active.getUniverse()))
    return emitOpError("the universe of 'active' is ")
           << active.getUniverse() << ", but a dynamic one was expected (C3)";
  return checkExtent(*this, "the number of rows of 'active'", active.getRows(),
                     "the number of queries of all heads", rowsOf(getQuery()), "C3");
}

LogicalResult MemoryAttendOp::verifySymbolUses(SymbolTableCollection &symbols) {
  FailureOr<MemoryType> memory = findType(*this, getMemoryAttr(), symbols);
  return failure(failed(memory) || failed(checkQuery(*this, getQuery(), *memory)));
}

LogicalResult MemoryCompactOp::verify() { return checkTopLevel(*this, "C2"); }

LogicalResult MemoryCompactOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return findType(*this, getMemoryAttr(), symbols);
}

LogicalResult MemoryPositionsOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return findType(*this, getMemoryAttr(), symbols);
}
