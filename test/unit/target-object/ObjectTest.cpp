// Objects of modules that are too large for the tests of winnow-compile. Their bytes are not there, and need
// not be.
#include "lib/Target/Object/EmitObject.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELF.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

constexpr uint64_t kGiB = uint64_t(1) << 30;

HostTarget target(const char *name) { return llvm::cantFail(HostTarget::parse(name)); }

TEST(ObjectTest, ManyGiBAreLargeData) {
  std::string object = llvm::cantFail(emitObjectStart(target("x86-64-v2"), "big", 5 * kGiB + 1));
  EXPECT_LT(object.size(), 16384u);
  auto file = llvm::cantFail(llvm::object::ELF64LEFile::create(object));
  const llvm::object::ELF64LE::Shdr *module = nullptr;
  for (const auto &section : llvm::cantFail(file.sections()))
    if (llvm::cantFail(file.getSectionName(section)) == ".lrodata.big")
      module = &section;
  ASSERT_TRUE(module);
  EXPECT_EQ(module->sh_size, 5 * kGiB + 1);
  EXPECT_EQ(module->sh_offset, object.size());
  EXPECT_EQ(module->sh_offset % module->sh_addralign, 0u);
  EXPECT_TRUE(module->sh_flags & llvm::ELF::SHF_X86_64_LARGE);
}

TEST(ObjectTest, ArchitecturesWithoutLargeDataRefuseThem) {
  EXPECT_TRUE(bool(emitObjectStart(target("aarch64"), "big", 2 * kGiB)));
  auto refused = emitObjectStart(target("aarch64"), "big", 2 * kGiB + 1);
  ASSERT_FALSE(bool(refused));
  EXPECT_EQ(llvm::toString(refused.takeError()), "the module has 2147483649 bytes, but an object for aarch64 "
                                                 "may have at most 2147483648: write a module "
                                                 "file and load it");
}

} // namespace
} // namespace winnow
