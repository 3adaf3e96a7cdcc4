// Shape checks and the integer arithmetic of programs.
#include "runtime/plan/Shapes.h"

#include <algorithm>
#include <map>

namespace winnow::runtime {

using format::Code;
using format::concatenate;
using format::Dimension;
using format::failure;
using format::Opcode;
using format::Result;
using format::Signature;
using format::Status;

std::string toString(std::span<const int64_t> shape) {
  std::string text;
  for (int64_t size : shape)
    text += concatenate(text.empty() ? "" : "x", size);
  return text.empty() ? "scalar" : text;
}

namespace {

struct Sized {
  std::string_view tensor;
  int64_t size;
};

Status checkDimension(const std::string &where, const Dimension &dimension, int64_t size) {
  if (dimension.size != format::kDynamic && dimension.size != size)
    return failure(Code::InvalidArgument, where, ": expected ", dimension.size, ", found ", size);
  if (dimension.size != format::kDynamic || (size >= dimension.minimum && size <= dimension.maximum))
    return {};
  if (dimension.maximum == INT64_MAX)
    return failure(Code::InvalidArgument, where, ": expected at least ", dimension.minimum, ", found ", size);
  return failure(Code::InvalidArgument, where, ": expected ", dimension.minimum, " to ", dimension.maximum,
                 ", found ", size);
}

} // namespace

Status checkShapes(const char *what, std::span<const Signature> signatures, std::span<const Shape> shapes) {
  std::map<std::string_view, Sized> named;
  for (size_t i = 0; i < signatures.size(); ++i) {
    const Signature &signature = signatures[i];
    if (shapes[i].size() != signature.shape.size())
      return failure(Code::InvalidArgument, what, " '", signature.name, "': expected rank ",
                     signature.shape.size(), ", found ", shapes[i].size(), " (", toString(shapes[i]), ")");
    for (size_t d = 0; d < shapes[i].size(); ++d) {
      const Dimension &dimension = signature.shape[d];
      int64_t size = shapes[i][d];
      std::string where = concatenate(what, " '", signature.name, "', dimension ", d);
      if (!dimension.name.empty())
        where += concatenate(" ('", dimension.name, "')");
      if (Status status = checkDimension(where, dimension, size); !status.ok())
        return status;
      if (dimension.name.empty())
        continue;
      auto [known, isNew] = named.try_emplace(dimension.name, Sized{signature.name, size});
      if (!isNew && known->second.size != size)
        return failure(Code::InvalidArgument, where, ": expected ", known->second.size, " as in ", what, " '",
                       known->second.tensor, "', found ", size);
    }
  }
  return {};
}

Result<int64_t> byteSize(std::span<const int64_t> shape, format::ElementType type) {
  int64_t bytes = byteWidth(type);
  bool overflow = false;
  for (int64_t size : shape) {
    if (size == 0)
      return 0;
    overflow |= __builtin_mul_overflow(bytes, size, &bytes);
  }
  if (overflow || bytes > int64_t(1) << 62)
    return failure(Code::InvalidArgument, "a tensor of shape ", toString(shape), " is too large");
  return bytes;
}

namespace {

int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

/// False on overflow or division by zero.
bool evaluate(Opcode opcode, int64_t a, int64_t b, int64_t &result) {
  bool divides = b != 0 && !(a == INT64_MIN && b == -1);
  switch (opcode) {
  case Opcode::Add:
    return !__builtin_add_overflow(a, b, &result);
  case Opcode::Subtract:
    return !__builtin_sub_overflow(a, b, &result);
  case Opcode::Multiply:
    return !__builtin_mul_overflow(a, b, &result);
  case Opcode::FloorDivide:
    result = divides ? floorDivide(a, b) : 0;
    return divides;
  case Opcode::CeilDivide:
    result = divides ? a / b + (a % b != 0 && (a < 0) == (b < 0)) : 0;
    return divides;
  case Opcode::Remainder:
    result = divides ? a - floorDivide(a, b) * b : 0;
    return divides;
  case Opcode::Minimum:
    result = std::min(a, b);
    return true;
  case Opcode::Maximum:
    result = std::max(a, b);
    return true;
  case Opcode::Equal:
    result = a == b;
    return true;
  case Opcode::Less:
    result = a < b;
    return true;
  default:
    return true;
  }
}

} // namespace

Result<Shape> stateShape(const format::State &state, std::span<const int64_t> parameters) {
  Shape shape;
  for (const format::StateDimension &dimension : state.shape) {
    bool isParameter = dimension.size == format::kDynamic;
    shape.push_back(isParameter ? parameters[dimension.parameter] : dimension.size);
    if (shape.back() < 0)
      return failure(Code::InvalidArgument, "state '", state.name, "', dimension ", shape.size() - 1,
                     ": its parameter is ", shape.back(), ", expected at least 0");
  }
  return shape;
}

Status evaluateScalar(const format::Function &function, size_t index, std::span<const Shape> inputShapes,
                      std::span<const int64_t> parameters, std::vector<int64_t> &scalars) {
  const format::Instruction &op = function.body[index];
  auto value = [&](size_t operand) { return scalars[op.operands[operand]]; };
  switch (op.opcode) {
  case Opcode::Constant:
    scalars[op.result] = op.immediate;
    return {};
  case Opcode::InputDimension:
    scalars[op.result] = inputShapes[op.operands[0]][op.operands[1]];
    return {};
  case Opcode::ParameterValue:
    scalars[op.result] = parameters[op.operands[0]];
    return {};
  case Opcode::Select:
    scalars[op.result] = value(0) ? value(1) : value(2);
    return {};
  case Opcode::Check:
    if (value(0) == value(1))
      return {};
    return failure(Code::InvalidArgument, "function '", function.name, "': ", function.strings[op.immediate],
                   ": ", value(0), " and ", value(1), " are not equal");
  default:
    if (op.opcode > Opcode::Select || evaluate(op.opcode, value(0), value(1), scalars[op.result]))
      return {};
    return failure(Code::InvalidArgument, "function '", function.name, "', instruction ", index, " (",
                   name(op.opcode), "): cannot compute it of ", value(0), " and ", value(1));
  }
}

} // namespace winnow::runtime
