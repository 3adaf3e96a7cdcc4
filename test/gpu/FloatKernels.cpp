// Arithmetic, approximations and comparisons of floating-point numbers.
#include "test/gpu/KernelList.h"

namespace winnow::gpu {
namespace {

constexpr const char *kRoundings[] = {".rn", ".rz", ".rm", ".rp"};
constexpr const char *kFlushes[] = {"", ".ftz"};

struct Half {
  const char *type;
  Format format;
};
constexpr Half kHalves[] = {
    {"f16", Format::F16}, {"f16x2", Format::F16x2}, {"bf16", Format::BF16}, {"bf16x2", Format::BF16x2}};

/// .xorsign.abs needs sm_86.
void addMinimumAndMaximum(Kernels &kernels, const std::string &flush, const char *type, Format format) {
  for (const char *operation : {"min", "max"})
    for (std::string form : {"", ".NaN", ".xorsign.abs", ".NaN.xorsign.abs"}) {
      kernels.push_back(laneKernel(operation + flush + form + "." + type, format, {format, format}));
      kernels.back().target = form.ends_with("abs") ? 86 : 80;
    }
}

void addSinglePrecision(Kernels &kernels) {
  const Format f = Format::F32;
  for (const char *rounding : kRoundings)
    for (const char *flush : kFlushes) {
      std::string form = std::string(rounding) + flush;
      for (const char *saturate : {"", ".sat"}) {
        for (const char *operation : {"add", "sub", "mul"})
          kernels.push_back(laneKernel(operation + form + saturate + ".f32", f, {f, f}));
        kernels.push_back(laneKernel("fma" + form + saturate + ".f32", f, {f, f, f}));
      }
      kernels.push_back(laneKernel("div" + form + ".f32", f, {f, f}));
      kernels.push_back(laneKernel("rcp" + form + ".f32", f, {f}));
      kernels.push_back(laneKernel("sqrt" + form + ".f32", f, {f}));
    }
  for (const char *flush : kFlushes) {
    for (const char *operation : {"abs", "neg"})
      kernels.push_back(laneKernel(operation + std::string(flush) + ".f32", f, {f}));
    addMinimumAndMaximum(kernels, flush, "f32", f);
  }
  kernels.push_back(laneKernel("copysign.f32", f, {f, f}));
  for (const char *test : {"finite", "infinite", "number", "notanumber", "normal", "subnormal"})
    for (auto [type, format] : {std::pair{"f32", Format::F32}, std::pair{"f64", Format::F64}})
      kernels.push_back(laneKernel(std::string("testp.") + test + "." + type, Format::Pred, {format}));
}

void addDoublePrecision(Kernels &kernels) {
  const Format f = Format::F64;
  for (std::string rounding : kRoundings) {
    for (const char *operation : {"add", "sub", "mul", "div"})
      kernels.push_back(laneKernel(operation + rounding + ".f64", f, {f, f}));
    kernels.push_back(laneKernel("fma" + rounding + ".f64", f, {f, f, f}));
    kernels.push_back(laneKernel("rcp" + rounding + ".f64", f, {f}));
    kernels.push_back(laneKernel("sqrt" + rounding + ".f64", f, {f}));
  }
  for (const char *operation : {"abs.f64", "neg.f64"})
    kernels.push_back(laneKernel(operation, f, {f}));
  for (const char *operation : {"min.f64", "max.f64", "copysign.f64"})
    kernels.push_back(laneKernel(operation, f, {f, f}));
}

void addHalfPrecision(Kernels &kernels) {
  for (auto [type, f] : kHalves) {
    std::string suffix = std::string(".") + type;
    bool isBrain = f == Format::BF16 || f == Format::BF16x2;
    for (const char *form : {"", ".relu"})
      kernels.push_back(laneKernel(std::string("fma.rn") + form + suffix, f, {f, f, f}));
    addMinimumAndMaximum(kernels, "", type, f);
    for (const char *operation : {"abs", "neg"})
      kernels.push_back(laneKernel(operation + suffix, f, {f}));
    if (isBrain)
      continue; // add, sub and mul of bf16 need sm_90
    for (const char *operation : {"add", "sub", "mul"})
      for (const char *form : {"", ".rn", ".ftz", ".sat", ".rn.ftz.sat"})
        kernels.push_back(laneKernel(std::string(operation) + form + suffix, f, {f, f}));
    for (const char *form : {".ftz", ".sat", ".ftz.sat", ".ftz.relu"})
      kernels.push_back(laneKernel(std::string("fma.rn") + form + suffix, f, {f, f, f}));
  }
}

} // namespace

void addFloatKernels(Kernels &kernels) {
  addSinglePrecision(kernels);
  addDoublePrecision(kernels);
  addHalfPrecision(kernels);
}

/// The simulator's results are within the errors that the PTX ISA states for each instruction, and so are the
/// GPU's: they may be twice as far from each other.
void addApproximations(Kernels &kernels) {
  struct Approximation {
    const char *operation;
    double relative, absolute;
  };
  constexpr double kUlp = 0x1p-23; // at most, relative to the value
  constexpr Approximation kApproximations[] = {{"ex2", 2 * 2 * kUlp, 0},    {"lg2", 0, 2 * 0x1p-22},
                                               {"rcp", 2 * kUlp, 0},        {"rsqrt", 2 * 0x1.13p-23, 0},
                                               {"sqrt", 2 * 0x1.13p-23, 0}, {"sin", 0, 2 * 0x1p-20},
                                               {"cos", 0, 2 * 0x1p-20},     {"tanh", 2 * 0x1p-11, 0x1p-126}};
  for (const Approximation &each : kApproximations)
    for (std::string flush : kFlushes) {
      if (std::string_view(each.operation) == "tanh" && !flush.empty())
        continue;
      bool isPeriodic =
          each.operation == std::string_view("sin") || each.operation == std::string_view("cos");
      MicroKernel kernel =
          laneKernel(each.operation + (".approx" + flush) + ".f32", Format::F32, {Format::F32},
                     {Agreement::Kind::Numbers, each.relative, each.absolute + 0x1p-126});
      if (isPeriodic) // the bound holds from -pi to pi
        kernel.a.fill = Fill::Moderate;
      kernels.push_back(kernel);
    }
  for (const char *operation : {"rcp", "rsqrt"})
    kernels.push_back(laneKernel(std::string(operation) + ".approx.ftz.f64", Format::F64, {Format::F64},
                                 {Agreement::Kind::Numbers, 0x1p-19, 0}));
  for (std::string flush : kFlushes)
    for (const char *operation : {"div.approx", "div.full"}) {
      MicroKernel kernel = laneKernel(operation + flush + ".f32", Format::F32, {Format::F32, Format::F32},
                                      {Agreement::Kind::Numbers, 2 * 2 * kUlp, 0x1p-126});
      kernel.a.fill = kernel.b.fill = Fill::Moderate; // divisors beyond 2^126 give 0 or NaN as they like
      kernels.push_back(kernel);
    }
  for (auto [type, format] : kHalves) {
    bool isBrain = format == Format::BF16 || format == Format::BF16x2;
    double relative = isBrain ? 0x1p-7 : 0x1p-9;
    kernels.push_back(laneKernel(std::string("tanh.approx.") + type, format, {format},
                                 {Agreement::Kind::Numbers, 2 * relative, 0x1p-13}));
    kernels.push_back(laneKernel(std::string("ex2.approx") + (isBrain ? ".ftz." : ".") + type, format,
                                 {format}, {Agreement::Kind::Numbers, 2 * relative, 0x1p-23}));
  }
}

void addComparisons(Kernels &kernels) {
  constexpr std::pair<const char *, Format> kTypes[] = {
      {"f32", Format::F32}, {"f64", Format::F64}, {"f16", Format::F16}, {"bf16", Format::BF16}};
  for (auto [type, format] : kTypes)
    for (const char *comparison :
         {"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"})
      if (format != Format::BF16) // needs sm_90
        kernels.push_back(
            laneKernel(std::string("setp.") + comparison + "." + type, Format::Pred, {format, format}));
  for (const char *comparison : {"lt", "geu"})
    kernels.push_back(
        laneKernel(std::string("setp.") + comparison + ".ftz.f32", Format::Pred, {Format::F32, Format::F32}));
  for (const char *combination : {"and", "or", "xor"})
    kernels.push_back(laneKernel(std::string("setp.lt.") + combination + ".f32", Format::Pred,
                                 {Format::F32, Format::F32, Format::Pred}));
  for (const char *type : {"u16", "s16", "u32", "s32", "u64", "s64"})
    for (const char *comparison : {"eq", "lt", "ge"}) {
      Format format = type[1] == '1' ? Format::B16 : type[1] == '3' ? Format::B32 : Format::B64;
      kernels.push_back(
          laneKernel(std::string("setp.") + comparison + "." + type, Format::Pred, {format, format}));
    }
  kernels.push_back(laneKernel("set.lt.u32.f32", Format::B32, {Format::F32, Format::F32}));
  kernels.push_back(laneKernel("set.lt.f16.f16", Format::B16, {Format::F16, Format::F16}));
  kernels.push_back(laneKernel("set.geu.s16.f16", Format::B16, {Format::F16, Format::F16}));
  kernels.push_back(laneKernel("set.lt.f16x2.f16x2", Format::B32, {Format::F16x2, Format::F16x2}));
  kernels.push_back(laneKernel("set.lt.u32.f16x2", Format::B32, {Format::F16x2, Format::F16x2}));
  for (const char *form : {"set.lt.bf16.bf16", "set.lt.bf16x2.bf16x2"}) {
    bool isPair = std::string_view(form).ends_with("x2");
    Format format = isPair ? Format::BF16x2 : Format::BF16;
    MicroKernel kernel = laneKernel(form, isPair ? Format::B32 : Format::B16, {format, format});
    kernel.target = 90;
    kernels.push_back(kernel);
  }
  kernels.push_back(laneKernel("set.geu.f32.f32", Format::F32, {Format::F32, Format::F32}));
  kernels.push_back(laneKernel("slct.f32.s32", Format::F32, {Format::F32, Format::F32, Format::B32}));
  kernels.push_back(laneKernel("slct.ftz.u32.f32", Format::B32, {Format::B32, Format::B32, Format::F32}));
}

} // namespace winnow::gpu
