// Operators on the bits of integers.
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators.h"

namespace winnow::frontend {

using mlir::Value;
using mlir::ValueRange;
namespace arith = mlir::arith;

template <typename Op> static mlir::LogicalResult importBitwise(Node &node) {
  ElementFunction function;
  function.emit = [](const Scalars &s, ValueRange v) -> Value {
    return Op::create(s.builder, s.location, v[0], v[1]);
  };
  return setElementwise(node, node.input(0).elementType, {&node.input(0), &node.input(1)}, function);
}

static mlir::LogicalResult importBitwiseNot(Node &node) {
  ElementFunction function;
  function.emit = [](const Scalars &s, ValueRange v) -> Value {
    return arith::XOrIOp::create(s.builder, s.location, v[0], s.integer(v[0].getType(), -1));
  };
  return setElementwise(node, node.input(0).elementType, {&node.input(0)}, function);
}

static mlir::LogicalResult importBitShift(Node &node) {
  std::string direction = node.string("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return node.error("direction is '" + direction + "', but expected 'LEFT' or 'RIGHT'");
  ElementFunction function;
  function.emit = [isLeft = direction == "LEFT"](const Scalars &s, ValueRange v) -> Value {
    mlir::Type type = v[0].getType();
    unsigned width = type.getIntOrFloatBitWidth();
    // A shift by all bits or more, or by less than none, leaves none: the sign's alone if it moves in.
    Value isShort = Scalars{s.builder, s.location, true}.less(v[1], s.integer(type, width));
    if (!isLeft && !s.isUnsigned)
      return arith::ShRSIOp::create(s.builder, s.location, v[0],
                                    s.select(isShort, v[1], s.integer(type, width - 1)));
    // Cut off by a mask, since LLVM 22 makes a clamping shift of PTX of a selection, and looks at 32 bits of
    // v[1] only.
    Value zero = s.integer(type, 0);
    Value by = arith::AndIOp::create(s.builder, s.location, v[1], s.integer(type, width - 1));
    Value shifted = isLeft ? arith::ShLIOp::create(s.builder, s.location, v[0], by).getResult()
                           : arith::ShRUIOp::create(s.builder, s.location, v[0], by).getResult();
    return s.select(isShort, shifted, zero);
  };
  return setElementwise(node, node.input(0).elementType, {&node.input(0), &node.input(1)}, function);
}

Family bitsOperators() {
  static constexpr Operator kOperators[] = {
      {"BitShift", 11, "UU", importBitShift},
      {"BitShift", 28, "ZZ", importBitShift},
      {"BitwiseAnd", 18, "ZZ", importBitwise<arith::AndIOp>},
      {"BitwiseNot", 18, "z", importBitwiseNot},
      {"BitwiseOr", 18, "ZZ", importBitwise<arith::OrIOp>},
      {"BitwiseXor", 18, "ZZ", importBitwise<arith::XOrIOp>},
  };
  return kOperators;
}

} // namespace winnow::frontend
