// The text around the one instruction.
#include "test/gpu/MicroKernel.h"

namespace winnow::gpu {

unsigned registerBytes(Format format) {
  switch (format) {
  case Format::B16:
  case Format::F16:
  case Format::BF16:
    return 2;
  case Format::B64:
  case Format::F64:
    return 8;
  default:
    return 4; // a predicate as 0 or 1
  }
}

const char *registerType(Format format) {
  switch (format) {
  case Format::F32:
    return "f32";
  case Format::F64:
    return "f64";
  case Format::Pred:
    return "pred";
  default:
    return registerBytes(format) == 2 ? "b16" : registerBytes(format) == 4 ? "b32" : "b64";
  }
}

namespace {

/// "%a2"
std::string registerName(char letter, unsigned number) {
  return std::string("%") + letter + std::to_string(number);
}

std::string declare(char letter, const Operand &operand) {
  if (operand.registers == 0)
    return "";
  return std::string("  .reg .") + registerType(operand.format) + " %" + letter + "<" +
         std::to_string(operand.registers) + ">;\n";
}

/// Sets %p to the address of the thread's first element and %stride to the distance of two registers.
std::string address(char letter, const Operand &operand) {
  std::string bytes = std::to_string(registerBytes(operand.format));
  return std::string("  ld.param.u64 %p, [") + letter + "];\n  mad.wide.u32 %p, %i, " + bytes +
         ", %p;\n  mul.wide.u32 %stride, %n, " + bytes + ";\n";
}

std::string load(char letter, const Operand &operand) {
  if (operand.registers == 0)
    return "";
  std::string text = address(letter, operand);
  for (unsigned r = 0; r < operand.registers; ++r) {
    std::string name = registerName(letter, r);
    if (operand.format == Format::Pred)
      text += "  ld.global.u32 %t, [%p];\n  and.b32 %t, %t, 1;\n  setp.ne.u32 " + name + ", %t, 0;\n";
    else
      text += std::string("  ld.global.") + registerType(operand.format) + " " + name + ", [%p];\n";
    text += "  add.s64 %p, %p, %stride;\n";
  }
  return text;
}

std::string store(char letter, const Operand &operand) {
  std::string text = address(letter, operand);
  for (unsigned r = 0; r < operand.registers; ++r) {
    std::string name = registerName(letter, r);
    if (operand.format == Format::Pred)
      text += "  selp.u32 %t, 1, 0, " + name + ";\n  st.global.u32 [%p], %t;\n";
    else
      text += std::string("  st.global.") + registerType(operand.format) + " [%p], " + name + ";\n";
    text += "  add.s64 %p, %p, %stride;\n";
  }
  return text;
}

} // namespace

std::string toPtx(const MicroKernel &kernel) { return kernelHeader(kernel.target) + kernelText(kernel, "k"); }

std::string kernelHeader(unsigned target) {
  return ".version 8.4\n.target sm_" + std::to_string(target) + "\n.address_size 64\n";
}

std::string kernelText(const MicroKernel &kernel, const std::string &entry) {
  return ".visible .entry " + entry +
         "(.param .u64 d, .param .u64 a, .param .u64 b, .param .u64 c)\n{\n"
         "  .reg .b32 %i, %n, %t, %t<8>;\n  .reg .b64 %p, %stride;\n  .reg .pred %q<8>;\n" +
         declare('d', kernel.d) + declare('a', kernel.a) + declare('b', kernel.b) + declare('c', kernel.c) +
         "  mov.u32 %i, %ctaid.x;\n  mov.u32 %n, %ntid.x;\n  mov.u32 %t, %tid.x;\n"
         "  mad.lo.u32 %i, %i, %n, %t;\n  mov.u32 %t, %nctaid.x;\n  mul.lo.u32 %n, %n, %t;\n" +
         load('a', kernel.a) + load('b', kernel.b) + load('c', kernel.c) + "  " + kernel.body + "\n" +
         store('d', kernel.d) + "  ret;\n}\n";
}

} // namespace winnow::gpu
