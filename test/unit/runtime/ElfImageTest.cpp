// The ELF loader: a good image works, and what an image may not have or may not say is refused.
#include "TestModule.h"

#include "runtime/device/host/ElfImage.h"

#include <elf.h>
#include <functional>
#include <gtest/gtest.h>
#include <random>

using namespace winnow::runtime;
using winnow::format::Code;

namespace {

std::vector<uint8_t> goodImage() { return readBytes(WINNOW_TEST_IMAGES "/kernels.so"); }

void expectRefused(const std::vector<uint8_t> &bytes, const std::string &reason) {
  auto image = ElfImage::load(bytes);
  ASSERT_FALSE(image.ok()) << reason;
  EXPECT_EQ(image.status().code(), Code::DamagedModule);
  EXPECT_NE(image.status().message().find(reason), std::string::npos) << image.status().message();
}

template <typename T> T *at(std::vector<uint8_t> &bytes, uint64_t offset) {
  return reinterpret_cast<T *>(bytes.data() + offset);
}

Elf64_Phdr *segment(std::vector<uint8_t> &bytes, uint32_t type, uint32_t flags = 0) {
  auto *header = at<Elf64_Ehdr>(bytes, 0);
  for (int i = 0; i < header->e_phnum; ++i) {
    auto *each = at<Elf64_Phdr>(bytes, header->e_phoff + i * sizeof(Elf64_Phdr));
    if (each->p_type == type && (each->p_flags & flags) == flags)
      return each;
  }
  throw std::logic_error("the image has no such segment");
}

uint64_t fileOffset(std::vector<uint8_t> &bytes, uint64_t address) {
  auto *header = at<Elf64_Ehdr>(bytes, 0);
  for (int i = 0; i < header->e_phnum; ++i) {
    auto *each = at<Elf64_Phdr>(bytes, header->e_phoff + i * sizeof(Elf64_Phdr));
    if (each->p_type == PT_LOAD && address >= each->p_vaddr && address < each->p_vaddr + each->p_filesz)
      return address - each->p_vaddr + each->p_offset;
  }
  throw std::logic_error("the image has no such address");
}

Elf64_Dyn *dynamic(std::vector<uint8_t> &bytes, int64_t tag) {
  auto *entry = at<Elf64_Dyn>(bytes, segment(bytes, PT_DYNAMIC)->p_offset);
  while (entry->d_tag != tag && entry->d_tag != DT_NULL)
    ++entry;
  return entry;
}

template <typename T> T *inTable(std::vector<uint8_t> &bytes, int64_t tag, size_t index) {
  return at<T>(bytes, fileOffset(bytes, dynamic(bytes, tag)->d_un.d_ptr)) + index;
}

TEST(ElfImage, RunsAKernel) {
  auto image = ElfImage::load(goodImage());
  ASSERT_TRUE(image.ok()) << image.status().message();
  EXPECT_EQ((*image)->function("missing"), nullptr);
  // Through a table of pointers, so the relocations are right.
  auto choose = reinterpret_cast<void (*)(void *const *, const int64_t *, int64_t, int64_t)>(
      (*image)->function("choose"));
  ASSERT_NE(choose, nullptr);
  float y[16] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 0};
  int64_t z = -1;
  void *buffers[] = {y, &z};
  for (int64_t which : {0, 1}) {
    int64_t sizes[] = {1, 1, which};
    choose(buffers, sizes, 0, 1);
    EXPECT_EQ(z, which ? 15 : 5);
  }
}

TEST(ElfImage, RefusesWhatAnImageMayNotHave) {
  const std::pair<const char *, const char *> files[] = {
      {"imports.so", "imports 'strlen'"},          {"constructor.so", "has constructors"},
      {"thread_local.so", "thread-local storage"}, {"indirect.so", "indirect"},
      {"needs.so", "needs another library"},       {"executable", "an interpreter"},
  };
  for (auto [file, reason] : files) {
    std::vector<uint8_t> bytes = readBytes(std::string(WINNOW_TEST_IMAGES "/") + file);
    ASSERT_FALSE(bytes.empty()) << file;
    auto image = ElfImage::load(bytes);
    ASSERT_FALSE(image.ok()) << file;
    EXPECT_EQ(image.status().code(), Code::DamagedModule) << file;
    EXPECT_NE(image.status().message().find(reason), std::string::npos)
        << file << ": " << image.status().message();
  }
}

TEST(ElfImage, RefusesBadHeaders) {
  using Bytes = std::vector<uint8_t>;
  const std::pair<const char *, std::function<void(Bytes &)>> cases[] = {
      {"does not begin like an ELF", [](Bytes &b) { b[0] = 0; }},
      {"not a little-endian ELF64", [](Bytes &b) { b[EI_CLASS] = ELFCLASS32; }},
      {"not a little-endian ELF64", [](Bytes &b) { b[EI_DATA] = ELFDATA2MSB; }},
      {"has type 2", [](Bytes &b) { at<Elf64_Ehdr>(b, 0)->e_type = ET_EXEC; }},
      {"is for machine 40", [](Bytes &b) { at<Elf64_Ehdr>(b, 0)->e_machine = EM_ARM; }},
      {"headers of unexpected size", [](Bytes &b) { at<Elf64_Ehdr>(b, 0)->e_phentsize = 1; }},
      {"has 65 program headers", [](Bytes &b) { at<Elf64_Ehdr>(b, 0)->e_phnum = 65; }},
      {"program headers beyond its end", [](Bytes &b) { at<Elf64_Ehdr>(b, 0)->e_phoff = ~uint64_t(0); }},
      {"beyond its end", [](Bytes &b) { segment(b, PT_LOAD)->p_filesz = uint64_t(1) << 40; }},
      {"beyond its end", [](Bytes &b) { segment(b, PT_LOAD)->p_offset = ~uint64_t(0); }},
      {"longer in the file", [](Bytes &b) { segment(b, PT_LOAD)->p_memsz = 1; }},
      {"beyond the limit", [](Bytes &b) { segment(b, PT_LOAD)->p_memsz = ~uint64_t(0); }},
      {"beyond the limit", [](Bytes &b) { segment(b, PT_LOAD)->p_vaddr = ~uint64_t(0); }},
      {"both writable and executable", [](Bytes &b) { segment(b, PT_LOAD, PF_X)->p_flags |= PF_W; }},
      {"with alignment 3", [](Bytes &b) { segment(b, PT_LOAD)->p_align = 3; }},
      {"with alignment 1073741824", [](Bytes &b) { segment(b, PT_LOAD)->p_align = 1 << 30; }},
      {"overlap, share a page", [](Bytes &b) { segment(b, PT_LOAD, PF_X)->p_vaddr = 0; }},
      {"an executable stack", [](Bytes &b) { segment(b, PT_GNU_STACK)->p_flags |= PF_X; }},
      {"0 dynamic and", [](Bytes &b) { segment(b, PT_DYNAMIC)->p_type = PT_NULL; }},
      {"dynamic segment that is not loaded", [](Bytes &b) { segment(b, PT_DYNAMIC)->p_vaddr = 1 << 30; }},
  };
  for (const auto &[reason, damage] : cases) {
    Bytes bytes = goodImage();
    damage(bytes);
    expectRefused(bytes, reason);
  }
}

TEST(ElfImage, RefusesBadTables) {
  using Bytes = std::vector<uint8_t>;
  const std::pair<const char *, std::function<void(Bytes &)>> cases[] = {
      {"relocations of 25 bytes", [](Bytes &b) { dynamic(b, DT_RELAENT)->d_un.d_val = 25; }},
      {"relocation table that is not loaded", [](Bytes &b) { dynamic(b, DT_RELA)->d_un.d_ptr = 1 << 30; }},
      {"relocation table that is not loaded", [](Bytes &b) { dynamic(b, DT_RELASZ)->d_un.d_val += 1; }},
      {"relocation of type 6", [](Bytes &b) { inTable<Elf64_Rela>(b, DT_RELA, 0)->r_info = 6; }},
      {"which is not in its data",
       [](Bytes &b) { inTable<Elf64_Rela>(b, DT_RELA, 0)->r_offset = ~uint64_t(0); }},
      {"which is not in its data",
       [](Bytes &b) { inTable<Elf64_Rela>(b, DT_RELA, 0)->r_offset = segment(b, PT_LOAD, PF_X)->p_vaddr; }},
      {"which is not in it", [](Bytes &b) { inTable<Elf64_Rela>(b, DT_RELA, 0)->r_addend = -8; }},
      {"string table that is not loaded", [](Bytes &b) { dynamic(b, DT_STRSZ)->d_un.d_val = 1 << 30; }},
      {"symbol table that is not loaded", [](Bytes &b) { dynamic(b, DT_SYMTAB)->d_un.d_ptr = 1 << 30; }},
      {"symbols of 25 bytes", [](Bytes &b) { dynamic(b, DT_SYMENT)->d_un.d_val = 25; }},
      {"hash table that is not loaded", [](Bytes &b) { dynamic(b, DT_HASH)->d_un.d_ptr = ~uint64_t(0); }},
      {"symbol table that is not loaded", [](Bytes &b) { inTable<uint32_t>(b, DT_HASH, 1)[0] = ~0u; }},
      {"not in its string table", [](Bytes &b) { inTable<Elf64_Sym>(b, DT_SYMTAB, 1)->st_name = ~0u; }},
      {"that is not in its code", [](Bytes &b) { inTable<Elf64_Sym>(b, DT_SYMTAB, 1)->st_value = 0; }},
      {"has no symbol hash table",
       [](Bytes &b) { dynamic(b, DT_HASH)->d_tag = DT_DEBUG, dynamic(b, DT_GNU_HASH)->d_tag = DT_DEBUG; }},
  };
  for (const auto &[reason, damage] : cases) {
    Bytes bytes = goodImage();
    damage(bytes);
    expectRefused(bytes, reason);
  }
}

TEST(ElfImage, FindsSymbolsByEitherHashTable) {
  for (int64_t hidden : {DT_HASH, DT_GNU_HASH}) {
    std::vector<uint8_t> bytes = goodImage();
    dynamic(bytes, hidden)->d_tag = DT_DEBUG;
    auto image = ElfImage::load(bytes);
    ASSERT_TRUE(image.ok()) << image.status().message();
    EXPECT_NE((*image)->function("scale_relu"), nullptr);
    EXPECT_NE((*image)->function("reference_main"), nullptr);
  }
}

TEST(ElfImage, SurvivesRandomDamage) {
  const std::vector<uint8_t> good = goodImage();
  std::mt19937 random(4);
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> bytes = good;
    if (i % 4 == 0)
      bytes.resize(random() % bytes.size());
    // The headers, the dynamic section, the tables: where the structure is.
    for (int flips = 1 + int(random() % 4); flips && !bytes.empty(); --flips)
      bytes[random() % std::min<size_t>(bytes.size(), i % 2 ? 600 : 8192)] ^= uint8_t(1 + random() % 255);
    auto image = ElfImage::load(bytes);
    EXPECT_NE(image.ok(), !image.status().message().empty());
  }
}

} // namespace
