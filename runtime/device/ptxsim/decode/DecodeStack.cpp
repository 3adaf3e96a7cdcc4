// alloca, stacksave, stackrestore (PTX ISA: "Stack Manipulation Instructions").
#include "runtime/device/ptxsim/decode/DecoderState.h"

#include <bit>

namespace winnow::ptxsim {
namespace {

constexpr uint64_t kNaturalAlignment = 8, kGreatestAlignment = uint64_t(1) << 23;

bool isAddressType(ScalarType type) { return type == ScalarType::U32 || type == ScalarType::U64; }

} // namespace

/// alloca.type pointer, size{, alignment}: a pointer into local memory.
bool Decoder::stackAllocate() {
  const ScalarType type = modifiers.takeType();
  if (!isAddressType(type))
    return unsupported("type");
  const bool hasAlignment = current->operands.size() == 3;
  if (!finishModifiers() || (!hasAlignment && !expectOperands(2)) || !destination(0, type, out.destination) ||
      !source(1, type, out.source[0]))
    return false;
  const uint64_t alignment = hasAlignment ? integerLiteral(2).value_or(0) : kNaturalAlignment;
  if (!std::has_single_bit(alignment) || alignment > kGreatestAlignment)
    return operandError(current->operands[2],
                        format::concatenate("a power of two up to ", kGreatestAlignment, " as alignment"));
  out.mode = uint8_t(std::countr_zero(alignment));
  out.operation = operation;
  out.registerBytes = out.sourceBytes = uint8_t(byteWidth(type));
  code.usesStack = true;
  emit();
  return true;
}

bool Decoder::stackSaveRestore() {
  const ScalarType type = modifiers.takeType();
  const bool isSave = operation == Operation::StackSave;
  if (!isAddressType(type))
    return unsupported("type");
  if (!finishModifiers() || !expectOperands(1) ||
      !(isSave ? destination(0, type, out.destination) : source(0, type, out.source[0])))
    return false;
  out.operation = operation;
  out.registerBytes = out.sourceBytes = uint8_t(byteWidth(type));
  code.usesStack = true;
  emit();
  return true;
}

/// Around the body of a function that is expanded in place: its return frees what it allocates.
void Decoder::saveStack(Row row) {
  out = Instruction();
  out.location = current->location;
  out.flags = kContinuation;
  out.operation = Operation::StackSave;
  out.destination = row;
  out.registerBytes = 8;
  code.usesStack = true;
  emit();
}

void Decoder::restoreStack(Row row) {
  out = Instruction();
  out.location = current->location;
  out.flags = kContinuation;
  out.operation = Operation::StackRestore;
  out.source[0] = row;
  out.sourceBytes = 8;
  emit();
}

} // namespace winnow::ptxsim
