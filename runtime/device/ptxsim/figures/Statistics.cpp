// From executions per instruction to counts by class.
#include "runtime/device/ptxsim/execute/Cta.h"

namespace winnow::ptxsim {
namespace {

/// Values that one lane computes at once.
unsigned packed(ScalarType type) { return type == ScalarType::F16x2 || type == ScalarType::BF16x2 ? 2 : 1; }

void addFloat(Statistics &sum, const Instruction &in, uint64_t lanes) {
  switch (in.operation) {
  case Operation::FusedMultiplyAdd:
  case Operation::FusedMultiplyAddRounded:
    sum.floatMultiplyAdds += lanes;
    break;
  case Operation::Multiply:
  case Operation::MultiplyRounded:
    sum.floatMultiplies += lanes;
    break;
  case Operation::Add:
  case Operation::AddRounded:
  case Operation::Subtract:
  case Operation::SubtractRounded:
    sum.floatAdds += lanes;
    break;
  default:
    sum.otherFloat += lanes;
    break;
  }
}

void addInteger(Statistics &sum, const Instruction &in, uint64_t lanes) {
  switch (in.operation) {
  case Operation::MultiplyAdd:
  case Operation::MultiplyAddHigh:
  case Operation::MultiplyAddWide:
  case Operation::MultiplyAddHighSaturated:
  case Operation::MultiplyAddCarry:
  case Operation::MultiplyAddHighCarry:
  case Operation::MultiplyAdd24:
  case Operation::VideoMultiplyAdd:
    sum.integerMultiplyAdds += lanes;
    break;
  case Operation::DotProduct4:
    sum.integerMultiplyAdds += 4 * lanes;
    break;
  case Operation::DotProduct2:
    sum.integerMultiplyAdds += 2 * lanes;
    break;
  case Operation::Multiply:
  case Operation::MultiplyHigh:
  case Operation::MultiplyWide:
  case Operation::Multiply24:
    sum.integerMultiplies += lanes;
    break;
  case Operation::Video:
    sum.otherInteger += lanes * in.count;
    break;
  default:
    sum.otherInteger += lanes;
    break;
  }
}

void addLaneOperation(Statistics &sum, const Instruction &in, uint64_t lanes) {
  if (in.operation >= Operation::CompareEqual && in.operation <= Operation::CompareNumbers)
    sum.comparisons += lanes;
  else if (in.operation >= Operation::Convert && in.operation <= Operation::LastLaneOperation)
    sum.conversions += lanes;
  else if (in.operation <= Operation::SelectBySign || in.operation == Operation::Pack ||
           in.operation == Operation::Unpack)
    sum.moves += lanes;
  else if (isFloat(in.type))
    addFloat(sum, in, lanes * packed(in.type));
  else
    addInteger(sum, in, lanes);
}

/// Of the matrix, however many lanes have an element.
uint64_t fragmentBytes(const MatrixFragment &fragment) {
  return uint64_t(fragment.rows) * fragment.columns * bitWidth(fragment.type) / 8;
}

void addOther(Statistics &sum, const Code &code, const Instruction &in, const InstructionCount &count) {
  uint64_t bytes = count.lanes * byteWidth(in.type) * in.count;
  Statistics::Traffic &traffic = sum.memory[unsigned(in.space)];
  switch (in.operation) {
  case Operation::MultiplyMatrices: {
    const MatrixShape &shape = code.products[in.target].shape;
    sum.tensorMultiplyAdds += count.warps * code.products[in.target].count * shape.m * shape.n * shape.k;
    break;
  }
  case Operation::CopyAsync: {
    Statistics::Traffic &read = sum.memory[unsigned(StateSpace::Global)];
    read.loads += count.lanes;
    read.loadBytes += count.lanes * in.elementBytes;
    traffic.stores += count.lanes;
    traffic.storeBytes += count.lanes * in.elementBytes;
    break;
  }
  case Operation::Load:
  case Operation::LoadParameter:
  case Operation::LoadMatrix:
    traffic.loads += count.lanes;
    traffic.loadBytes += bytes;
    break;
  case Operation::Store:
  case Operation::StoreMatrix:
    traffic.stores += count.lanes;
    traffic.storeBytes += bytes;
    break;
  case Operation::LoadFragment:
    traffic.loads += count.lanes;
    traffic.loadBytes += count.warps * fragmentBytes(code.fragments[in.target]);
    break;
  case Operation::StoreFragment:
    traffic.stores += count.lanes;
    traffic.storeBytes += count.warps * fragmentBytes(code.fragments[in.target]);
    break;
  case Operation::Atomic:
    sum.atomics += count.lanes;
    break;
  case Operation::Elect:
  case Operation::TransposeMatrix:
  case Operation::Shuffle:
  case Operation::Vote:
  case Operation::Match:
  case Operation::WarpReduce:
  case Operation::ActiveMask:
    sum.shuffles += count.lanes;
    break;
  case Operation::Call:
  case Operation::CallSystem:
  case Operation::Branch:
  case Operation::BranchIndexed:
    sum.branches += count.warps;
    sum.control += count.lanes;
    break;
  case Operation::Barrier:
  case Operation::BarrierArrive:
  case Operation::BarrierReduce:
  case Operation::WarpBarrier:
    sum.barriers += count.warps;
    sum.control += count.lanes;
    break;
  default:
    sum.control += count.lanes;
    break;
  }
}

} // namespace

Statistics summarize(const Code &code, const std::vector<InstructionCount> &counts,
                     uint64_t divergentBranches) {
  Statistics sum;
  sum.divergentBranches = divergentBranches;
  for (size_t i = 0; i < counts.size(); ++i) {
    const Instruction &in = code.instructions[i];
    if (in.flags & kContinuation)
      continue;
    sum.warpInstructions += counts[i].warps;
    sum.laneInstructions += counts[i].lanes;
    addWork(sum.work, code, in, counts[i].warps, counts[i].lanes);
    if (in.operation <= Operation::LastLaneOperation)
      addLaneOperation(sum, in, counts[i].lanes);
    else
      addOther(sum, code, in, counts[i]);
  }
  return sum;
}

std::vector<std::pair<std::string, uint64_t>> Statistics::named() const {
  std::vector<std::pair<std::string, uint64_t>> counters = {{"warp_instructions", warpInstructions},
                                                            {"lane_instructions", laneInstructions},
                                                            {"float_multiply_adds", floatMultiplyAdds},
                                                            {"float_multiplies", floatMultiplies},
                                                            {"float_adds", floatAdds},
                                                            {"other_float", otherFloat},
                                                            {"integer_multiply_adds", integerMultiplyAdds},
                                                            {"integer_multiplies", integerMultiplies},
                                                            {"other_integer", otherInteger},
                                                            {"tensor_multiply_adds", tensorMultiplyAdds},
                                                            {"comparisons", comparisons},
                                                            {"conversions", conversions},
                                                            {"moves", moves},
                                                            {"control", control},
                                                            {"atomics", atomics},
                                                            {"shuffles", shuffles},
                                                            {"branches", branches},
                                                            {"divergent_branches", divergentBranches},
                                                            {"barriers", barriers}};
  for (StateSpace space : {StateSpace::Global, StateSpace::Shared, StateSpace::Local, StateSpace::Constant,
                           StateSpace::Generic}) {
    const Traffic &traffic = memory[size_t(space)];
    counters.emplace_back(format::concatenate(name(space), "_loads"), traffic.loads);
    counters.emplace_back(format::concatenate(name(space), "_load_bytes"), traffic.loadBytes);
    counters.emplace_back(format::concatenate(name(space), "_stores"), traffic.stores);
    counters.emplace_back(format::concatenate(name(space), "_store_bytes"), traffic.storeBytes);
  }
  for (auto &count : work.named())
    counters.push_back(std::move(count));
  if (figures)
    for (auto &figure : figures->named())
      counters.push_back(std::move(figure));
  return counters;
}

void Statistics::add(const Statistics &other) {
  for (auto member :
       {&Statistics::warpInstructions, &Statistics::laneInstructions, &Statistics::floatMultiplyAdds,
        &Statistics::floatMultiplies, &Statistics::floatAdds, &Statistics::otherFloat,
        &Statistics::integerMultiplyAdds, &Statistics::integerMultiplies, &Statistics::otherInteger,
        &Statistics::comparisons, &Statistics::conversions, &Statistics::moves, &Statistics::control,
        &Statistics::atomics, &Statistics::shuffles, &Statistics::branches, &Statistics::divergentBranches,
        &Statistics::barriers, &Statistics::tensorMultiplyAdds})
    this->*member += other.*member;
  for (size_t space = 0; space < memory.size(); ++space)
    for (auto member : {&Traffic::loads, &Traffic::loadBytes, &Traffic::stores, &Traffic::storeBytes})
      memory[space].*member += other.memory[space].*member;
  work.add(other.work);
  if (other.figures && figures)
    figures->add(*other.figures);
  else if (other.figures)
    figures = other.figures;
}

} // namespace winnow::ptxsim
