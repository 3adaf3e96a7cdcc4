// Verifiers and folds of the plan dialect.
#include "dialects/Plan/PlanDialect.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"

#define GET_OP_CLASSES
#include "dialects/Plan/PlanOps.cpp.inc"

using namespace mlir;
using namespace winnow::plan;

namespace {

/// The signature at `position` of the enclosing function's inputs or outputs, or null with an error (C1).
SignatureAttr findSignature(Operation *op, int64_t position, bool isInput) {
  auto function = op->getParentOfType<FuncOp>();
  StringRef kind = isInput ? "input" : "output";
  if (!function) {
    op->emitOpError() << "must be inside a plan.func (C1)";
    return {};
  }
  ArrayAttr signatures = isInput ? function.getInputs() : function.getOutputs();
  if (position < 0 || position >= static_cast<int64_t>(signatures.size())) {
    op->emitOpError() << kind << " is " << position << ", but the function has " << signatures.size() << " "
                      << kind << "s (C1)";
    return {};
  }
  return cast<SignatureAttr>(signatures[position]);
}

} // namespace

LogicalResult InputDimensionOp::verify() {
  SignatureAttr signature = findSignature(*this, getInput(), /*isInput=*/true);
  if (!signature) {
    return failure();
  }
  int64_t dimension = getDimension();
  if (dimension < 0 || dimension >= signature.getType().getRank()) {
    return emitOpError() << "dimension is " << dimension << ", but input " << signature.getName()
                         << " has rank " << signature.getType().getRank() << " (C1)";
  }
  return success();
}

OpFoldResult InputDimensionOp::fold(FoldAdaptor) {
  auto function = (*this)->getParentOfType<FuncOp>();
  RankedTensorType type = cast<SignatureAttr>(function.getInputs()[getInput()]).getType();
  if (type.isDynamicDim(getDimension())) {
    return {};
  }
  return Builder(getContext()).getIndexAttr(type.getDimSize(getDimension()));
}

LogicalResult InputOp::verify() {
  return success(findSignature(*this, getInput(), /*isInput=*/true) != nullptr);
}

LogicalResult OutputOp::verify() {
  SignatureAttr signature = findSignature(*this, getOutput(), /*isInput=*/false);
  if (!signature) {
    return failure();
  }
  if (static_cast<int64_t>(getSizes().size()) != signature.getType().getRank()) {
    return emitOpError() << "has " << getSizes().size() << " sizes, but output " << signature.getName()
                         << " has rank " << signature.getType().getRank() << " (C2)";
  }
  return success();
}

/// The declarations are the model's own, of a dialect that this one does not know.
static LogicalResult checkDeclared(Operation *op, FlatSymbolRefAttr symbol, SymbolTableCollection &symbols) {
  if (!symbols.lookupNearestSymbolFrom(op, symbol)) {
    return op->emitOpError() << "names " << symbol << ", but there is no such declaration (C1)";
  }
  return success();
}

LogicalResult ParameterOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return checkDeclared(*this, getParameterAttr(), symbols);
}

LogicalResult ParameterValueOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return checkDeclared(*this, getParameterAttr(), symbols);
}

LogicalResult StateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return checkDeclared(*this, getStateAttr(), symbols);
}

LogicalResult NextStateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return checkDeclared(*this, getStateAttr(), symbols);
}

LogicalResult LoadOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!symbols.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr())) {
    return emitOpError() << "names " << getWeightAttr() << ", but there is no such plan.weight (C1)";
  }
  return success();
}

LogicalResult ReleaseOp::verify() {
  for (auto [index, buffer] : llvm::enumerate(getBuffers())) {
    if (!buffer.getDefiningOp<AllocOp>()) {
      return emitOpError() << "operand " << index << " is not made by plan.alloc (C1)";
    }
  }
  return success();
}

LogicalResult DispatchOp::verify() {
  if (getWritten().size() != getBuffers().size()) {
    return emitOpError() << "has " << getBuffers().size() << " buffers, but 'written' has "
                         << getWritten().size() << " elements (C1)";
  }
  return success();
}

LogicalResult ReadOp::verify() {
  Type type = getType();
  if (type.isInteger(1) || type.isInteger(8) || type.isInteger(16) || type.isInteger(32) ||
      type.isInteger(64)) {
    return success();
  }
  return emitOpError() << "reads " << type << ", but expected i1, i8, i16, i32 or i64 (C1)";
}

LogicalResult IfOp::verifyRegions() {
  WalkResult made = walk([](Operation *op) {
    if (!isa<ForOp, OutputOp, NextStateOp, ReadOp>(op)) {
      return WalkResult::advance();
    }
    op->emitOpError() << "must not be inside a branch of plan.if (C1)";
    return WalkResult::interrupt();
  });
  return failure(made.wasInterrupted());
}

LogicalResult ForOp::verifyRegions() {
  if (getBody().getNumArguments() != 1 || !getBody().getArgument(0).getType().isIndex()) {
    return emitOpError() << "needs a body with one index argument (C1)";
  }
  WalkResult made = walk([](Operation *op) {
    if (!isa<OutputOp, NextStateOp>(op)) {
      return WalkResult::advance();
    }
    op->emitOpError() << "must not be inside a plan.for (C1)";
    return WalkResult::interrupt();
  });
  return failure(made.wasInterrupted());
}

/// A check of a size against itself, or of equal constants, is none.
LogicalResult CheckOp::canonicalize(CheckOp op, PatternRewriter &rewriter) {
  std::optional<int64_t> lhs = getConstantIntValue(op.getLhs()), rhs = getConstantIntValue(op.getRhs());
  bool isHeld = op.getLhs() == op.getRhs() || (lhs && rhs && *lhs == *rhs);
  if (!isHeld) {
    return rewriter.notifyMatchFailure(op, "the sizes may differ");
  }
  rewriter.eraseOp(op);
  return success();
}
