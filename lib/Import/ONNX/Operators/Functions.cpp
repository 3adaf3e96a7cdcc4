// Functions of one real number that the math dialect has.
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

namespace winnow::frontend {

/// `fold` is the C library's function, for constants.
template <typename Op, double (*fold)(double)> static mlir::LogicalResult importFunction(Node &node) {
  ElementFunction function;
  function.emit = [](const Scalars &s, mlir::ValueRange v) -> mlir::Value {
    return Op::create(s.builder, s.location, v[0]);
  };
  function.foldReal = [](llvm::ArrayRef<double> v) { return fold(v[0]); };
  return setElementwise(node, node.input(0).elementType, {&node.input(0)}, function);
}

Family functionsOperators() {
  static constexpr Operator kOperators[] = {
      {"Acos", 7, "f", importFunction<mlir::math::AcosOp, ::acos>},
      {"Acosh", 9, "f", importFunction<mlir::math::AcoshOp, ::acosh>},
      {"Asin", 7, "f", importFunction<mlir::math::AsinOp, ::asin>},
      {"Asinh", 9, "f", importFunction<mlir::math::AsinhOp, ::asinh>},
      {"Atan", 7, "f", importFunction<mlir::math::AtanOp, ::atan>},
      {"Atanh", 9, "f", importFunction<mlir::math::AtanhOp, ::atanh>},
      {"Ceil", 1, "f", importFunction<mlir::math::CeilOp, ::ceil>},
      {"Cos", 7, "f", importFunction<mlir::math::CosOp, ::cos>},
      {"Cosh", 9, "f", importFunction<mlir::math::CoshOp, ::cosh>},
      {"Erf", 9, "f", importFunction<mlir::math::ErfOp, ::erf>},
      {"Exp", 1, "f", importFunction<mlir::math::ExpOp, ::exp>},
      {"Floor", 1, "f", importFunction<mlir::math::FloorOp, ::floor>},
      {"Log", 1, "f", importFunction<mlir::math::LogOp, ::log>},
      {"Round", 11, "f", importFunction<mlir::math::RoundEvenOp, ::nearbyint>},
      {"Sin", 7, "f", importFunction<mlir::math::SinOp, ::sin>},
      {"Sinh", 9, "f", importFunction<mlir::math::SinhOp, ::sinh>},
      {"Sqrt", 1, "f", importFunction<mlir::math::SqrtOp, ::sqrt>},
      {"Tan", 7, "f", importFunction<mlir::math::TanOp, ::tan>},
  };
  return kOperators;
}

} // namespace winnow::frontend
