// Which unit executes what.
#include "runtime/device/ptxsim/figures/Work.h"

#include "runtime/device/ptxsim/code/Code.h"

#include <optional>

namespace winnow::ptxsim {
namespace {

constexpr std::array<const char *, kUnits> kUnitNames = {"float32", "float64",          "float16",
                                                         "integer", "integer_multiply", "special"};
constexpr std::array<const char *, kTensorTypes> kTensorNames = {"f16",  "bf16", "tf32", "f64",
                                                                 "int8", "int4", "bit",  "fp8"};

bool isHalf(ScalarType type) {
  return type == ScalarType::F16 || type == ScalarType::F16x2 || type == ScalarType::BF16 ||
         type == ScalarType::BF16x2;
}

/// Of floating-point arithmetic.
Unit floatUnit(const Instruction &in) {
  if (in.type == ScalarType::F64)
    return Unit::Float64;
  switch (in.operation) {
  case Operation::DivideApproximate:
  case Operation::Divide:
  case Operation::DivideRounded:
  case Operation::Reciprocal:
  case Operation::ReciprocalApproximate:
  case Operation::ReciprocalRounded:
  case Operation::SquareRoot:
  case Operation::SquareRootApproximate:
  case Operation::SquareRootRounded:
  case Operation::ReciprocalSquareRoot:
  case Operation::Exp2:
  case Operation::Log2:
  case Operation::Sine:
  case Operation::Cosine:
  case Operation::Tanh:
    return Unit::Special;
  case Operation::Minimum:
  case Operation::Maximum:
  case Operation::MinimumNan:
  case Operation::MaximumNan:
    return isHalf(in.type) ? Unit::Float16 : Unit::Integer;
  default:
    return isHalf(in.type) ? Unit::Float16 : Unit::Float32;
  }
}

Unit integerUnit(const Instruction &in) {
  switch (in.operation) {
  case Operation::Multiply:
  case Operation::MultiplyHigh:
  case Operation::MultiplyWide:
  case Operation::MultiplyAdd:
  case Operation::MultiplyAddHigh:
  case Operation::MultiplyAddWide:
  case Operation::MultiplyAddHighSaturated:
  case Operation::MultiplyAddCarry:
  case Operation::MultiplyAddHighCarry:
  case Operation::DotProduct4:
  case Operation::DotProduct2:
  case Operation::VideoMultiplyAdd:
    return Unit::IntegerMultiply;
  case Operation::PopulationCount:
  case Operation::LeadingZeros:
  case Operation::ReverseBits:
  case Operation::FindLeadingBit:
    return Unit::Special;
  default:
    return Unit::Integer;
  }
}

/// Nothing for what only moves or converts bits.
std::optional<Unit> unitOf(const Instruction &in) {
  if (in.operation > Operation::LastLaneOperation ||
      (in.operation >= Operation::Convert && in.operation <= Operation::LastLaneOperation) ||
      in.operation == Operation::Move || in.operation == Operation::Pack || in.operation == Operation::Unpack)
    return std::nullopt;
  if (in.operation >= Operation::CompareEqual && in.operation <= Operation::CompareNumbers)
    return in.type == ScalarType::F64 ? Unit::Float64 : isHalf(in.type) ? Unit::Float16 : Unit::Integer;
  if (isFloat(in.type) && in.operation != Operation::Select && in.operation != Operation::SelectBySign)
    return floatUnit(in);
  return integerUnit(in);
}

TensorType tensorType(MatrixElement element) {
  switch (element) {
  case MatrixElement::F16:
    return TensorType::F16;
  case MatrixElement::BF16:
    return TensorType::BF16;
  case MatrixElement::TF32:
    return TensorType::TF32;
  case MatrixElement::F64:
    return TensorType::F64;
  case MatrixElement::S4:
  case MatrixElement::U4:
    return TensorType::Int4;
  case MatrixElement::B1:
    return TensorType::Bit;
  case MatrixElement::E4M3:
  case MatrixElement::E5M2:
    return TensorType::Float8;
  default:
    return TensorType::Int8;
  }
}

} // namespace

const char *name(Unit unit) { return kUnitNames[unsigned(unit)]; }
const char *name(TensorType type) { return kTensorNames[unsigned(type)]; }

void Work::add(const Work &other) {
  for (unsigned unit = 0; unit < kUnits; ++unit)
    lanes[unit] += other.lanes[unit];
  for (unsigned type = 0; type < kTensorTypes; ++type) {
    multiplyAdds[type] += other.multiplyAdds[type];
    sparseMultiplyAdds[type] += other.sparseMultiplyAdds[type];
  }
}

std::vector<std::pair<std::string, uint64_t>> Work::named() const {
  std::vector<std::pair<std::string, uint64_t>> named;
  named.reserve(kUnits + 2 * kTensorTypes);
  for (unsigned unit = 0; unit < kUnits; ++unit)
    named.emplace_back(std::string(kUnitNames[unit]) + "_unit_lanes", lanes[unit]);
  for (unsigned type = 0; type < kTensorTypes; ++type)
    named.emplace_back(std::string("tensor_") + kTensorNames[type] + "_multiply_adds", multiplyAdds[type]);
  for (unsigned type = 0; type < kTensorTypes; ++type)
    named.emplace_back(std::string("sparse_tensor_") + kTensorNames[type] + "_multiply_adds",
                       sparseMultiplyAdds[type]);
  return named;
}

void addWork(Work &work, const Code &code, const Instruction &in, uint64_t warps, uint64_t lanes) {
  if (in.operation == Operation::MultiplyMatrices) {
    const MatrixProduct &product = code.products[in.target];
    auto &counts = product.isSparse ? work.sparseMultiplyAdds : work.multiplyAdds;
    counts[unsigned(tensorType(product.a.type))] +=
        warps * product.count * product.shape.m * product.shape.n * product.shape.k;
  } else if (std::optional<Unit> unit = unitOf(in)) {
    bool isTwice = byteWidth(in.type) == 8 && !isFloat(in.type);
    work.lanes[unsigned(*unit)] += lanes * (isTwice ? 2 : 1);
  }
}

} // namespace winnow::ptxsim
