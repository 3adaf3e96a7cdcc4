// Conversions between all types with all roundings.
#include "test/gpu/KernelList.h"

namespace winnow::gpu {
namespace {

struct Number {
  const char *type;
  Format format;
  unsigned bits; // 8: in a register of 16
};
constexpr Number kIntegers[] = {{"u8", Format::B16, 8},   {"s8", Format::B16, 8},   {"u16", Format::B16, 16},
                                {"s16", Format::B16, 16}, {"u32", Format::B32, 32}, {"s32", Format::B32, 32},
                                {"u64", Format::B64, 64}, {"s64", Format::B64, 64}};
constexpr Number kFloats[] = {{"f16", Format::F16, 16}, {"f32", Format::F32, 32}, {"f64", Format::F64, 64}};

/// Whether a type of integers holds every number of another.
bool holdsAll(const Number &type, const Number &other) {
  bool isSigned = type.type[0] == 's', otherIsSigned = other.type[0] == 's';
  return isSigned == otherIsSigned ? type.bits >= other.bits : isSigned && type.bits > other.bits;
}

std::string instruction(const std::string &form, const Number &to, const Number &from) {
  return "cvt" + form + "." + to.type + "." + from.type;
}

void addBetweenFloats(Kernels &kernels) {
  for (const Number &from : kFloats)
    for (const Number &to : kFloats) {
      auto add = [&](const std::string &form) {
        kernels.push_back(laneKernel(instruction(form, to, from), to.format, {from.format}));
      };
      if (to.bits < from.bits)
        for (const char *rounding : {".rn", ".rz", ".rm", ".rp"})
          add(rounding);
      else if (to.bits == from.bits)
        for (const char *rounding : {".rni", ".rzi", ".rmi", ".rpi"})
          add(rounding);
      else
        add("");
      bool isSingle = to.bits == 32 || from.bits == 32;
      std::string rounding = to.bits < from.bits ? ".rn" : to.bits == from.bits ? ".rni" : "";
      add(rounding + ".sat");
      if (isSingle)
        add(rounding + ".ftz");
    }
}

void addWithIntegers(Kernels &kernels) {
  for (const Number &integer : kIntegers)
    for (const Number &number : kFloats) {
      for (const char *rounding : {".rn", ".rz", ".rm", ".rp"})
        kernels.push_back(
            laneKernel(instruction(rounding, number, integer), number.format, {integer.format}));
      for (const char *rounding : {".rni", ".rzi", ".rmi", ".rpi"})
        kernels.push_back(
            laneKernel(instruction(rounding, integer, number), integer.format, {number.format}));
      kernels.push_back(
          laneKernel(instruction(".rzi.sat", integer, number), integer.format, {number.format}));
    }
  for (const Number &from : kIntegers)
    for (const Number &to : kIntegers) {
      kernels.push_back(laneKernel(instruction("", to, from), to.format, {from.format}));
      if (!holdsAll(to, from)) // .sat is illegal where it would do nothing
        kernels.push_back(laneKernel(instruction(".sat", to, from), to.format, {from.format}));
    }
}

} // namespace

void addConversions(Kernels &kernels) {
  addBetweenFloats(kernels);
  addWithIntegers(kernels);
  for (const char *form : {".rn", ".rz", ".rn.relu", ".rz.relu"}) {
    std::string text = std::string("cvt") + form;
    kernels.push_back(laneKernel(text + ".bf16.f32", Format::BF16, {Format::F32}));
    kernels.push_back(laneKernel(text + ".bf16x2.f32", Format::BF16x2, {Format::F32, Format::F32}));
    kernels.push_back(laneKernel(text + ".f16x2.f32", Format::F16x2, {Format::F32, Format::F32}));
  }
  for (const char *form : {".rn.relu", ".rz.relu"})
    kernels.push_back(laneKernel(std::string("cvt") + form + ".f16.f32", Format::F16, {Format::F32}));
  for (std::string type : {"e4m3x2", "e5m2x2"})
    for (std::string relu : {"", ".relu"}) {
      MicroKernel forms[] = {
          laneKernel("cvt.rn.satfinite" + relu + "." + type + ".f32", Format::B16,
                     {Format::F32, Format::F32}),
          laneKernel("cvt.rn.satfinite" + relu + "." + type + ".f16x2", Format::B16, {Format::F16x2}),
          laneKernel("cvt.rn" + relu + ".f16x2." + type, Format::F16x2, {Format::B16})};
      for (MicroKernel &kernel : forms) {
        kernel.target = 89;
        kernels.push_back(kernel);
      }
    }
  const Format word = Format::B32;
  for (const char *type : {"u16", "s16"})
    kernels.push_back(laneKernel(std::string("cvt.pack.sat.") + type + ".s32", word, {word, word}));
  for (const char *type : {"u8", "s8", "u4", "s4", "u2", "s2"})
    kernels.push_back(laneKernel(std::string("cvt.pack.sat.") + type + ".s32.b32", word, {word, word, word}));
  kernels.push_back(laneKernel("cvt.rna.tf32.f32", Format::TF32, {Format::F32}));
}

} // namespace winnow::gpu
