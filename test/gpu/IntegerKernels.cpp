// Arithmetic and bits of integers.
#include "test/gpu/KernelList.h"

namespace winnow::gpu {
namespace {

struct Integer {
  const char *type;
  Format format, wide;
};
constexpr Integer kIntegers[] = {{"u16", Format::B16, Format::B32}, {"s16", Format::B16, Format::B32},
                                 {"u32", Format::B32, Format::B64}, {"s32", Format::B32, Format::B64},
                                 {"u64", Format::B64, Format::B64}, {"s64", Format::B64, Format::B64}};

void addArithmetic(Kernels &kernels) {
  for (auto [type, f, wide] : kIntegers) {
    std::string suffix = std::string(".") + type;
    for (const char *operation : {"add", "sub", "mul.lo", "mul.hi", "min", "max"})
      kernels.push_back(laneKernel(operation + suffix, f, {f, f}));
    for (const char *operation : {"mad.lo", "mad.hi", "sad"})
      kernels.push_back(laneKernel(operation + suffix, f, {f, f, f}));
    if (wide != f) {
      kernels.push_back(laneKernel("mul.wide" + suffix, wide, {f, f}));
      kernels.push_back(laneKernel("mad.wide" + suffix, wide, {f, f, wide}));
    }
    if (type[0] == 's')
      for (const char *operation : {"abs", "neg"})
        kernels.push_back(laneKernel(operation + suffix, f, {f}));
    // A division by zero has an unspecified result; a smaller dividend makes more of the quotient.
    for (const char *operation : {"div", "rem"}) {
      MicroKernel kernel = laneKernel(operation + suffix, f, {f, f});
      std::string registers = registerType(f);
      kernel.body = "or." + registers + " %b0, %b0, 1; " + kernel.body;
      kernels.push_back(kernel);
    }
  }
  const Format f = Format::B32;
  for (const char *type : {"u32", "s32"}) {
    std::string suffix = std::string(".") + type;
    for (const char *form : {"lo", "hi"}) {
      kernels.push_back(laneKernel(std::string("mul24.") + form + suffix, f, {f, f}));
      kernels.push_back(laneKernel(std::string("mad24.") + form + suffix, f, {f, f, f}));
    }
  }
  for (const char *form : {"add.sat.s32", "sub.sat.s32"})
    kernels.push_back(laneKernel(form, f, {f, f}));
  kernels.push_back(laneKernel("mad.hi.sat.s32", f, {f, f, f}));
  for (const char *a : {"u32", "s32"})
    for (const char *b : {"u32", "s32"}) {
      std::string types = std::string(".") + a + "." + b;
      kernels.push_back(laneKernel("dp4a" + types, f, {f, f, f}));
      kernels.push_back(laneKernel("dp2a.lo" + types, f, {f, f, f}));
      kernels.push_back(laneKernel("dp2a.hi" + types, f, {f, f, f}));
    }
}

/// A chain that carries: 64 bits in two registers.
void addCarries(Kernels &kernels) {
  const Operand two{Format::B32, 2, Fill::Any}, none{};
  kernels.push_back(
      {"add.cc.u32, addc.u32", "add.cc.u32 %d0, %a0, %b0; addc.u32 %d1, %a1, %b1;", two, two, two, none, {}});
  kernels.push_back(
      {"sub.cc.u32, subc.u32", "sub.cc.u32 %d0, %a0, %b0; subc.u32 %d1, %a1, %b1;", two, two, two, none, {}});
  kernels.push_back(
      {"sub.cc.u32, addc.u32", "sub.cc.u32 %d0, %a0, %b0; addc.u32 %d1, %a1, %b1;", two, two, two, none, {}});
  kernels.push_back(
      {"add.cc.u32, subc.u32", "add.cc.u32 %d0, %a0, %b0; subc.u32 %d1, %a1, %b1;", two, two, two, none, {}});
  kernels.push_back({"mad.lo.cc.u32, madc.hi.u32",
                     "mad.lo.cc.u32 %d0, %a0, %b0, %c0; madc.hi.u32 %d1, %a0, %b0, %c1;",
                     two,
                     two,
                     two,
                     two,
                     {}});
}

void addBits(Kernels &kernels) {
  const Format words[] = {Format::B16, Format::B32, Format::B64};
  for (Format f : words) {
    std::string suffix = std::string(".") + registerType(f);
    for (const char *operation : {"and", "or", "xor"})
      kernels.push_back(laneKernel(operation + suffix, f, {f, f}));
    for (const char *operation : {"not", "cnot"})
      kernels.push_back(laneKernel(operation + suffix, f, {f}));
    kernels.push_back(laneKernel("shl" + suffix, f, {f, Format::B32}));
    kernels.push_back(laneKernel("shr" + suffix, f, {f, Format::B32}));
    kernels.push_back(laneKernel("shr.s" + suffix.substr(2), f, {f, Format::B32}));
    if (f == Format::B16)
      continue;
    kernels.push_back(laneKernel("popc" + suffix, Format::B32, {f}));
    kernels.push_back(laneKernel("clz" + suffix, Format::B32, {f}));
    kernels.push_back(laneKernel("brev" + suffix, f, {f}));
    for (const char *sign : {".u", ".s"}) {
      std::string type = sign + suffix.substr(2);
      kernels.push_back(laneKernel("bfind" + type, Format::B32, {f}));
      kernels.push_back(laneKernel("bfind.shiftamt" + type, Format::B32, {f}));
      MicroKernel extract{
          "bfe" + type, "bfe" + type + " %d0, %a0, %b0, %b1;", {f, 1}, {f, 1}, {Format::B32, 2}, {}, {}};
      kernels.push_back(extract);
    }
    MicroKernel insert{"bfi" + suffix,
                       "bfi" + suffix + " %d0, %a0, %c0, %b0, %b1;",
                       {f, 1},
                       {f, 1},
                       {Format::B32, 2},
                       {f, 1},
                       {}};
    kernels.push_back(insert);
  }
}

void addPermutations(Kernels &kernels) {
  const Format f = Format::B32;
  for (const char *mode : {"", ".f4e", ".b4e", ".rc8", ".ecl", ".ecr", ".rc16"})
    kernels.push_back(laneKernel(std::string("prmt.b32") + mode, f, {f, f, f}));
  for (const char *form : {"l.clamp", "l.wrap", "r.clamp", "r.wrap"})
    kernels.push_back(laneKernel(std::string("shf.") + form + ".b32", f, {f, f, f}));
  for (unsigned table = 0; table < 256; table += 15) {
    MicroKernel kernel = laneKernel("lop3.b32", f, {f, f, f});
    kernel.name += ", " + std::to_string(table);
    kernel.body.insert(kernel.body.size() - 1, ", " + std::to_string(table));
    kernels.push_back(kernel);
  }
  for (const char *combine : {"or", "and"})
    kernels.push_back({std::string("lop3.") + combine + ".b32",
                       std::string("setp.lt.u32 %q1, %a0, %b0; lop3.") + combine +
                           ".b32 %d0|%q0, %a0, %b0, %c0, 0x28, %q1; selp.u32 %d1, 1, 0, %q0;",
                       {f, 2},
                       {f, 1},
                       {f, 1},
                       {f, 1},
                       {}});
  // A base beyond the word is undefined.
  kernels.push_back(
      {"fns.b32", "and.b32 %t0, %b0, 31; fns.b32 %d0, %a0, %t0, %c0;", {f, 1}, {f, 1}, {f, 1}, {f, 1}, {}});
}

MicroKernel videoKernel(const std::string &instruction, const std::string &operands) {
  const Format f = Format::B32;
  return {instruction + operands, instruction + operands + ";", {f, 1}, {f, 1}, {f, 1}, {f, 1}, {}};
}

/// Forms whose results fit where the ISA puts them; ptxas makes other instructions of all of them.
void addVideo(Kernels &kernels) {
  for (const char *types : {".u32.u32.u32", ".s32.s32.s32", ".s32.u32.s32", ".u32.s32.u32"}) {
    const std::string t = types;
    for (const std::string operation : {"vadd", "vsub", "vabsdiff", "vmin", "vmax"}) {
      kernels.push_back(videoKernel(operation + t + ".sat", " %d0, %a0, %b0"));
      kernels.push_back(videoKernel(operation + t + ".sat", " %d0.b2, %a0.h1, %b0.b3, %c0"));
      kernels.push_back(videoKernel(operation + t + ".add", " %d0, %a0.h0, %b0.b1, %c0"));
      for (const std::string count : {"2", "4"}) {
        kernels.push_back(videoKernel(operation + count + t, " %d0, %a0, %b0, %c0"));
        kernels.push_back(videoKernel(operation + count + t + ".add", " %d0, %a0, %b0, %c0"));
      }
      kernels.push_back(videoKernel(operation + "2" + t + ".sat", " %d0.h1, %a0.h20, %b0.h31, %c0"));
      kernels.push_back(videoKernel(operation + "4" + t + ".sat", " %d0.b310, %a0.b7310, %b0.b2564, %c0"));
    }
    for (const std::string count : {"2", "4"})
      for (const std::string suffix : {"", ".sat", ".add"})
        kernels.push_back(videoKernel("vavrg" + count + t + suffix, " %d0, %a0, %b0, %c0"));
    kernels.push_back(videoKernel("vmad" + t + ".sat.shr7", " %d0, %a0.b1, %b0.h1, %c0"));
  }
  for (const std::string mode : {".clamp", ".wrap"})
    for (const std::string type : {".u32", ".s32"})
      for (const std::string operation : {"vshl", "vshr"})
        kernels.push_back(videoKernel(operation + type + type + ".u32.sat" + mode, " %d0, %a0, %b0.b0"));
  for (const char *comparison : {"eq", "ne", "lt", "le", "gt", "ge"})
    for (const std::string types : {".u32.u32.", ".s32.s32.", ".s32.u32."}) {
      kernels.push_back(videoKernel("vset" + types + comparison, " %d0, %a0, %b0"));
      kernels.push_back(videoKernel("vset2" + types + comparison, " %d0, %a0, %b0, %c0"));
      kernels.push_back(videoKernel("vset4" + types + comparison + ".add", " %d0, %a0, %b0, %c0"));
    }
}

} // namespace

void addIntegerKernels(Kernels &kernels) {
  addArithmetic(kernels);
  addCarries(kernels);
  addBits(kernels);
  addPermutations(kernels);
  addVideo(kernels);
}

} // namespace winnow::gpu
