// Turns constant tensors of public functions into arguments.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/Reference/Passes.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_HOISTWEIGHTS
#include "passes/Reference/Passes.h.inc"
} // namespace winnow

namespace {

/// Replaces a constant that has one value only by a fill.
void fillIn(arith::ConstantOp constant, DenseElementsAttr value) {
  OpBuilder builder(constant);
  auto type = cast<RankedTensorType>(constant.getType());
  Value scalar = arith::ConstantOp::create(builder, constant.getLoc(),
                                           cast<TypedAttr>(value.getSplatValue<Attribute>()));
  Value empty = tensor::EmptyOp::create(builder, constant.getLoc(), type.getShape(), type.getElementType());
  constant.replaceAllUsesWith(linalg::FillOp::create(builder, constant.getLoc(), scalar, empty).getResult(0));
  constant.erase();
}

struct HoistWeights : winnow::impl::HoistWeightsBase<HoistWeights> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal())
        hoist(function);
  }

  void hoist(func::FuncOp function) {
    llvm::MapVector<ElementsAttr, SmallVector<arith::ConstantOp>> weights;
    SmallVector<std::pair<arith::ConstantOp, DenseElementsAttr>> splats;
    function.walk([&](arith::ConstantOp constant) {
      if (!isa<RankedTensorType>(constant.getType()))
        return;
      auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
      if (dense && dense.isSplat())
        splats.emplace_back(constant, dense);
      else
        weights[cast<ElementsAttr>(constant.getValue())].push_back(constant);
    });
    for (auto [constant, value] : splats)
      fillIn(constant, value);

    SmallVector<Attribute> contents;
    for (auto &[value, constants] : weights) {
      unsigned index = function.getNumArguments();
      (void)function.insertArgument(index, value.getType(), {}, constants.front().getLoc());
      for (arith::ConstantOp constant : constants) {
        constant.replaceAllUsesWith(function.getArgument(index));
        constant.erase();
      }
      contents.push_back(value);
    }
    function->setAttr("winnow.weights", ArrayAttr::get(&getContext(), contents));
    // They are the caller's, the session's or the module's: none may be written in place.
    for (unsigned index = 0; index < function.getNumArguments(); ++index)
      function.setArgAttr(index, "bufferization.writable", BoolAttr::get(&getContext(), false));
  }
};

} // namespace
