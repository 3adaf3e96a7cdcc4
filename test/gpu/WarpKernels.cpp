// What lanes of a warp exchange, and products of matrices that a warp holds.
#include "test/gpu/KernelList.h"

namespace winnow::gpu {
namespace {

const Operand kWord{Format::B32, 1, Fill::Any}, kNone{};

/// "{%d0, %d1}"
std::string vectorOf(char letter, unsigned registers) {
  std::string text = "{";
  for (unsigned r = 0; r < registers; ++r)
    text += std::string(r ? ", %" : "%") + letter + std::to_string(r);
  return text + "}";
}

struct Product {
  const char *shape;
  const char *types;          // of D, A, B and C
  Format accumulator, factor; // what a register holds
  unsigned d, a, b;           // registers; C has those of D
};

/// Sums of exact products in f32, f16 or integers.
constexpr Product kProducts[] = {
    {"m16n8k8", "f32.f16.f16.f32", Format::F32, Format::F16x2, 4, 2, 1},
    {"m16n8k8", "f16.f16.f16.f16", Format::F16x2, Format::F16x2, 2, 2, 1},
    {"m16n8k16", "f32.f16.f16.f32", Format::F32, Format::F16x2, 4, 4, 2},
    {"m16n8k16", "f16.f16.f16.f16", Format::F16x2, Format::F16x2, 2, 4, 2},
    {"m16n8k8", "f32.bf16.bf16.f32", Format::F32, Format::BF16x2, 4, 2, 1},
    {"m16n8k16", "f32.bf16.bf16.f32", Format::F32, Format::BF16x2, 4, 4, 2},
    {"m16n8k4", "f32.tf32.tf32.f32", Format::F32, Format::TF32, 4, 2, 1},
    {"m16n8k8", "f32.tf32.tf32.f32", Format::F32, Format::TF32, 4, 4, 2},
    {"m8n8k4", "f64.f64.f64.f64", Format::F64, Format::F64, 2, 1, 1},
    {"m8n8k16", "s32.s8.s8.s32", Format::B32, Format::S8x4, 2, 1, 1},
    {"m16n8k16", "s32.s8.u8.s32", Format::B32, Format::S8x4, 4, 2, 1},
    {"m16n8k32", "s32.u8.s8.s32", Format::B32, Format::S8x4, 4, 4, 2},
    {"m8n8k32", "s32.s4.s4.s32", Format::B32, Format::S4x8, 2, 1, 1},
    {"m16n8k64", "s32.s4.u4.s32", Format::B32, Format::S4x8, 4, 4, 2},
};

/// A tensor core aligns the products of a step with the largest and cuts off what is below: each addend loses
/// less than a unit in the 23rd place (the 10th where the result is f16) of the sum of magnitudes.
Agreement agreementOf(const Product &product) {
  switch (product.accumulator) {
  case Format::F32:
    return {Agreement::Kind::Sums, 32 * 0x1p-23, 0};
  case Format::F16x2:
    return {Agreement::Kind::Sums, 4 * 0x1p-10, 0x1p-24};
  case Format::F64:
    return {Agreement::Kind::Sums, 8 * 0x1p-52, 0};
  default:
    return {};
  }
}

MicroKernel productKernel(const std::string &prefix, const Product &product, unsigned a,
                          const std::string &suffix) {
  std::string name = prefix + product.shape + ".row.col." + product.types;
  auto operand = [](Format format, unsigned registers) { return Operand{format, registers, Fill::Moderate}; };
  return {name + suffix,
          name + " " + vectorOf('d', product.d) + ", " + vectorOf('a', a) + ", " + vectorOf('b', product.b) +
              ", " + vectorOf('c', product.d) + suffix + ";",
          operand(product.accumulator, product.d),
          operand(product.factor, a),
          operand(product.factor, product.b),
          operand(product.accumulator, product.d),
          agreementOf(product)};
}

void addSparseProducts(Kernels &kernels) {
  const Product products[] = {
      {"m16n8k16", "f32.f16.f16.f32", Format::F32, Format::F16x2, 4, 2, 2},
      {"m16n8k32", "f32.f16.f16.f32", Format::F32, Format::F16x2, 4, 4, 4},
      {"m16n8k32", "f32.bf16.bf16.f32", Format::F32, Format::BF16x2, 4, 4, 4},
      {"m16n8k16", "f32.tf32.tf32.f32", Format::F32, Format::TF32, 4, 4, 4},
      {"m16n8k64", "s32.s8.s8.s32", Format::B32, Format::S8x4, 4, 4, 4},
  };
  // Pairs of places in ascending order, a different one in each nibble; tf32 has one place of two.
  for (const Product &product : products) {
    bool isTf32 = product.factor == Format::TF32;
    for (const char *selector : {"0", "1"}) {
      if (selector[0] == '1' && product.factor == Format::S8x4)
        continue; // all lanes give metadata
      MicroKernel kernel =
          productKernel("mma.sp.sync.aligned.", product, product.a, std::string(", %t0, ") + selector);
      kernel.name += isTf32 ? " (places 4, e)" : " (places 4, 8, 9, c, d, e)";
      std::string choices = isTf32 ? "0xe4e44e4e" : "0x4c98de49";
      kernel.body = "mov.u32 %t1, %laneid; and.b32 %t1, %t1, 3; shl.b32 %t1, %t1, 3; mov.u32 %t0, " +
                    choices + "; shf.l.wrap.b32 %t0, %t0, %t0, %t1; " + kernel.body;
      kernels.push_back(kernel);
    }
  }
}

/// Of numbers below 2: the highest bit of their exponents is cleared.
void addByteFloatProducts(Kernels &kernels) {
  for (const char *types :
       {"f32.e4m3.e4m3.f32", "f32.e4m3.e5m2.f32", "f32.e5m2.e4m3.f32", "f32.e5m2.e5m2.f32"}) {
    MicroKernel kernel =
        productKernel("mma.sync.aligned.", {"m16n8k32", types, Format::F32, Format::F8x4, 4, 4, 2}, 4, "");
    std::string limits;
    for (const char *factor : {"%a0", "%a1", "%a2", "%a3", "%b0", "%b1"})
      limits += std::string("and.b32 ") + factor + ", " + factor + ", 0xbfbfbfbf; ";
    kernel.body = limits + kernel.body;
    kernel.target = 89;
    kernels.push_back(kernel);
  }
}

} // namespace

void addWarpKernels(Kernels &kernels) {
  for (const char *mode : {"up", "down", "bfly", "idx"})
    for (const char *limits : {"0", "31", "0x1807"})
      kernels.push_back({std::string("shfl.sync.") + mode + ".b32, " + limits,
                         std::string("and.b32 %t0, %b0, 31; shfl.sync.") + mode + ".b32 %d0|%q0, %a0, %t0, " +
                             limits + ", -1; selp.u32 %d1, 1, 0, %q0;",
                         {Format::B32, 2},
                         kWord,
                         kWord,
                         kNone,
                         {}});
  for (const char *mode : {"all", "any", "uni"})
    kernels.push_back({std::string("vote.sync.") + mode + ".pred",
                       std::string("vote.sync.") + mode + ".pred %d0, %a0, -1;",
                       {Format::Pred, 1},
                       {Format::Pred, 1},
                       kNone,
                       kNone,
                       {}});
  kernels.push_back({"vote.sync.ballot.b32",
                     "vote.sync.ballot.b32 %d0, %a0, -1;",
                     kWord,
                     {Format::Pred, 1},
                     kNone,
                     kNone,
                     {}});
  kernels.push_back({"match.any.sync.b32",
                     "and.b32 %t0, %a0, 3; match.any.sync.b32 %d0, %t0, -1;",
                     kWord,
                     kWord,
                     kNone,
                     kNone,
                     {}});
  kernels.push_back({"match.all.sync.b32",
                     "and.b32 %t0, %a0, 1; match.all.sync.b32 %d0|%q0, %t0, -1; selp.u32 %d1, 1, 0, %q0;",
                     {Format::B32, 2},
                     kWord,
                     kNone,
                     kNone,
                     {}});
  for (const char *operation :
       {"add.u32", "add.s32", "min.u32", "min.s32", "max.u32", "max.s32", "and.b32", "or.b32", "xor.b32"})
    kernels.push_back({std::string("redux.sync.") + operation,
                       std::string("redux.sync.") + operation + " %d0, %a0, -1;",
                       kWord,
                       kWord,
                       kNone,
                       kNone,
                       {}});
  kernels.push_back({"activemask.b32", "activemask.b32 %d0;", kWord, kNone, kNone, kNone, {}});
  kernels.push_back(
      {"movmatrix", "movmatrix.sync.aligned.m8n8.trans.b16 %d0, %a0;", kWord, kWord, kNone, kNone, {}});
}

void addMatrixKernels(Kernels &kernels) {
  for (const Product &product : kProducts) {
    kernels.push_back(productKernel("mma.sync.aligned.", product, product.a, ""));
    if (product.accumulator != Format::B32)
      continue;
    MicroKernel kernel = productKernel("mma.sync.aligned.", product, product.a, "");
    size_t types = kernel.body.find(".col.") + 4;
    kernel.body.insert(types, ".satfinite");
    kernel.name += ", .satfinite";
    kernel.c.fill = Fill::Any;
    kernels.push_back(kernel);
  }
  addSparseProducts(kernels);
  addByteFloatProducts(kernels);
}

} // namespace winnow::gpu
