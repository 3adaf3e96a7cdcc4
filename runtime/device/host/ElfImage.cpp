// Checks an ELF image from its header to its symbols, then maps, relocates and protects it.
#include "runtime/device/host/ElfImage.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace winnow::runtime {

using format::Code;
using format::failure;
using format::Result;
using format::Status;

namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
constexpr uint32_t kRelativeRelocation = R_X86_64_RELATIVE;
constexpr const char *kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
constexpr uint32_t kRelativeRelocation = R_AARCH64_RELATIVE;
constexpr const char *kMachineName = "AArch64";
#else
#error "winnow's host device knows x86-64 and AArch64"
#endif

constexpr uint64_t kMaximumSpan = uint64_t(1) << 32;
constexpr uint64_t kMaximumSegmentAlignment = uint64_t(1) << 21;
constexpr uint16_t kMaximumSegments = 64;
constexpr uint64_t kMaximumNameLength = 4096;

template <typename... Parts> Status damaged(const Parts &...parts) {
  return failure(Code::DamagedModule, "the ELF image ", parts...);
}

} // namespace

/// Works in steps, each of which relies on what the steps before have checked. Addresses in the file are
/// offsets from the image's base.
class ElfLoader {
public:
  explicit ElfLoader(std::span<const uint8_t> file) : file(file), image(new ElfImage()) {}

  Result<std::unique_ptr<ElfImage>> run() {
    for (auto step : {&ElfLoader::readHeader, &ElfLoader::readSegments, &ElfLoader::checkSegments,
                      &ElfLoader::mapSegments, &ElfLoader::readDynamic, &ElfLoader::readSymbols,
                      &ElfLoader::relocate, &ElfLoader::protect}) {
      if (Status status = (this->*step)(); !status.ok())
        return status;
    }
    return std::move(image);
  }

private:
  Status readHeader() {
    if (file.size() < sizeof(header))
      return damaged("has ", file.size(), " bytes, expected at least ", sizeof(header));
    std::memcpy(&header, file.data(), sizeof(header));
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
      return damaged("does not begin like an ELF file");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_ident[EI_VERSION] != EV_CURRENT || header.e_version != EV_CURRENT)
      return damaged("is not a little-endian ELF64 file of version 1");
    if (header.e_type != ET_DYN)
      return damaged("has type ", header.e_type, ", expected a shared object (", ET_DYN, ")");
    if (header.e_machine != kMachine)
      return damaged("is for machine ", header.e_machine, ", expected ", kMachine, " (", kMachineName, ")");
    if (header.e_ehsize != sizeof(Elf64_Ehdr) || header.e_phentsize != sizeof(Elf64_Phdr))
      return damaged("has headers of unexpected size");
    return {};
  }

  Status readSegments() {
    if (header.e_phnum == 0 || header.e_phnum > kMaximumSegments)
      return damaged("has ", header.e_phnum, " program headers, expected 1 to ", kMaximumSegments);
    uint64_t bytes = header.e_phnum * sizeof(Elf64_Phdr);
    if (header.e_phoff > file.size() || bytes > file.size() - header.e_phoff)
      return damaged("has program headers beyond its end");
    std::vector<Elf64_Phdr> all(header.e_phnum);
    std::memcpy(all.data(), file.data() + header.e_phoff, bytes);
    for (const Elf64_Phdr &segment : all) {
      switch (segment.p_type) {
      case PT_LOAD:
        loads.push_back(segment);
        break;
      case PT_DYNAMIC:
        dynamics.push_back(segment);
        break;
      case PT_GNU_RELRO:
        readOnlyAfterRelocation.push_back(segment);
        break;
      case PT_INTERP:
        return damaged("asks for an interpreter");
      case PT_TLS:
        return damaged("has thread-local storage");
      case PT_GNU_STACK:
        if (segment.p_flags & PF_X)
          return damaged("asks for an executable stack");
        break;
      default: // notes, unwind tables, the program headers themselves: nothing to do
        break;
      }
    }
    if (loads.empty())
      return damaged("has no segment to load");
    if (dynamics.size() != 1 || readOnlyAfterRelocation.size() > 1)
      return damaged("has ", dynamics.size(), " dynamic and ", readOnlyAfterRelocation.size(),
                     " relro segments, expected one and at most one");
    return {};
  }

  Status checkSegments() {
    uint64_t previousEnd = 0;
    for (const Elf64_Phdr &segment : loads) {
      if (segment.p_offset > file.size() || segment.p_filesz > file.size() - segment.p_offset)
        return damaged("has a segment of ", segment.p_filesz, " bytes at offset ", segment.p_offset,
                       " beyond its end");
      if (segment.p_filesz > segment.p_memsz)
        return damaged("has a segment that is longer in the file than in memory");
      if (segment.p_vaddr > kMaximumSpan || segment.p_memsz > kMaximumSpan - segment.p_vaddr)
        return damaged("has a segment beyond the limit of ", kMaximumSpan, " bytes");
      if ((segment.p_flags & PF_W) && (segment.p_flags & PF_X))
        return damaged("has a segment that is both writable and executable");
      if (segment.p_align > kMaximumSegmentAlignment ||
          !std::has_single_bit(std::max<uint64_t>(segment.p_align, 1)))
        return damaged("has a segment with alignment ", segment.p_align, ", expected a power of two up to ",
                       kMaximumSegmentAlignment);
      if (roundDown(segment.p_vaddr) < previousEnd)
        return damaged("has segments that overlap, share a page or are out of order");
      previousEnd = roundUp(segment.p_vaddr + segment.p_memsz);
      alignment = std::max(alignment, segment.p_align);
    }
    span = previousEnd;
    return {};
  }

  Status mapSegments() {
    // Room to move the base to the alignment that the segments want. What no segment covers stays
    // inaccessible.
    image->reservedBytes = span + alignment;
    void *address =
        ::mmap(nullptr, image->reservedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED)
      return systemError("reserve memory");
    image->reservation = address;
    uint64_t start = reinterpret_cast<uint64_t>(address);
    base = static_cast<uint8_t *>(address) + (((start + alignment - 1) & ~(alignment - 1)) - start);
    for (const Elf64_Phdr &segment : loads) {
      if (Status status = setProtection(segment.p_vaddr, segment.p_memsz, PROT_READ | PROT_WRITE);
          !status.ok())
        return status;
      std::memcpy(base + segment.p_vaddr, file.data() + segment.p_offset, segment.p_filesz);
    }
    return {};
  }

  Status readDynamic() {
    const Elf64_Phdr &dynamic = dynamics.front();
    uint64_t count = dynamic.p_memsz / sizeof(Elf64_Dyn);
    if (!isLoaded(dynamic.p_vaddr, dynamic.p_memsz))
      return damaged("has a dynamic segment that is not loaded");
    for (uint64_t i = 0; i < count; ++i) {
      Elf64_Dyn entry = read<Elf64_Dyn>(dynamic.p_vaddr + i * sizeof(Elf64_Dyn));
      if (entry.d_tag == DT_NULL)
        break;
      if (Status status = readDynamicEntry(entry); !status.ok())
        return status;
    }
    if (relocationBytes && relocationEntryBytes != sizeof(Elf64_Rela))
      return damaged("has relocations of ", relocationEntryBytes, " bytes, expected ", sizeof(Elf64_Rela));
    if (!isLoaded(relocations, relocationBytes) || relocationBytes % sizeof(Elf64_Rela) != 0)
      return damaged("has a relocation table that is not loaded");
    if (!isLoaded(strings, stringBytes))
      return damaged("has a string table that is not loaded");
    return {};
  }

  Status readDynamicEntry(const Elf64_Dyn &entry) {
    switch (entry.d_tag) {
    case DT_RELA:
      relocations = entry.d_un.d_ptr;
      break;
    case DT_RELASZ:
      relocationBytes = entry.d_un.d_val;
      break;
    case DT_RELAENT:
      relocationEntryBytes = entry.d_un.d_val;
      break;
    case DT_SYMTAB:
      symbols = entry.d_un.d_ptr;
      break;
    case DT_STRTAB:
      strings = entry.d_un.d_ptr;
      break;
    case DT_STRSZ:
      stringBytes = entry.d_un.d_val;
      break;
    case DT_HASH:
      hashTable = entry.d_un.d_ptr;
      break;
    case DT_GNU_HASH:
      gnuHashTable = entry.d_un.d_ptr;
      break;
    case DT_SYMENT:
      if (entry.d_un.d_val != sizeof(Elf64_Sym))
        return damaged("has symbols of ", entry.d_un.d_val, " bytes, expected ", sizeof(Elf64_Sym));
      break;
    case DT_NEEDED:
      return damaged("needs another library");
    case DT_INIT:
    case DT_INIT_ARRAY:
    case DT_PREINIT_ARRAY:
    case DT_FINI:
    case DT_FINI_ARRAY:
      return damaged("has constructors or destructors");
    case DT_REL:
    case DT_JMPREL:
    case DT_RELR:
    case DT_TEXTREL:
      otherRelocations = entry.d_tag;
      break;
    case DT_FLAGS:
      if (entry.d_un.d_val & DF_TEXTREL)
        otherRelocations = entry.d_tag;
      break;
    default: // sizes, flags and names that loading does not need
      break;
    }
    return {};
  }

  Status readSymbols() {
    auto count = symbolCount();
    if (!count.ok())
      return count.status();
    if (*count > span / sizeof(Elf64_Sym) || !isLoaded(symbols, *count * sizeof(Elf64_Sym)))
      return damaged("has a symbol table that is not loaded");
    for (uint64_t i = 1; i < *count; ++i) {
      auto symbol = read<Elf64_Sym>(symbols + i * sizeof(Elf64_Sym));
      std::string name;
      if (Status status = readName(symbol.st_name, name); !status.ok())
        return status;
      if (symbol.st_shndx == SHN_UNDEF)
        return damaged("imports '", name, "'");
      unsigned type = ELF64_ST_TYPE(symbol.st_info);
      if (type == STT_GNU_IFUNC || type == STT_TLS)
        return damaged("has an indirect or thread-local symbol '", name, "'");
      const Elf64_Phdr *segment = findSegment(symbol.st_value, 1);
      if (type == STT_FUNC && (!segment || !(segment->p_flags & PF_X)))
        return damaged("has a function '", name, "' that is not in its code");
      if (type == STT_FUNC)
        image->functions.emplace(std::move(name), base + symbol.st_value);
    }
    return {};
  }

  /// After the symbols: an import is the better explanation of a relocation that is not relative.
  Status relocate() {
    if (otherRelocations)
      return damaged("has relocations other than the relative ones in its data (dynamic tag ",
                     otherRelocations, ")");
    for (uint64_t i = 0; i < relocationBytes / sizeof(Elf64_Rela); ++i) {
      auto entry = read<Elf64_Rela>(relocations + i * sizeof(Elf64_Rela));
      if (ELF64_R_TYPE(entry.r_info) != kRelativeRelocation || ELF64_R_SYM(entry.r_info) != 0)
        return damaged("has a relocation of type ", ELF64_R_TYPE(entry.r_info),
                       ", expected only relative ones (", kRelativeRelocation, ")");
      const Elf64_Phdr *segment = findSegment(entry.r_offset, sizeof(uint64_t));
      if (!segment || (segment->p_flags & PF_X))
        return damaged("has a relocation at ", entry.r_offset, ", which is not in its data");
      if (entry.r_addend < 0 || uint64_t(entry.r_addend) > span)
        return damaged("has a relocation to ", entry.r_addend, ", which is not in it");
      uint64_t value = reinterpret_cast<uint64_t>(base) + uint64_t(entry.r_addend);
      std::memcpy(base + entry.r_offset, &value, sizeof(value));
    }
    return {};
  }

  Status protect() {
    for (const Elf64_Phdr &segment : loads) {
      int protection = (segment.p_flags & PF_R ? PROT_READ : 0) | (segment.p_flags & PF_W ? PROT_WRITE : 0) |
                       (segment.p_flags & PF_X ? PROT_READ | PROT_EXEC : 0);
      char *start = reinterpret_cast<char *>(base + segment.p_vaddr);
      if (segment.p_flags & PF_X)
        __builtin___clear_cache(start, start + segment.p_memsz);
      if (Status status = setProtection(segment.p_vaddr, segment.p_memsz, protection); !status.ok())
        return status;
    }
    for (const Elf64_Phdr &segment : readOnlyAfterRelocation) {
      // lld extends it to the end of a page, which may lie beyond the data; a last page that it covers only
      // in part holds data that stays writable.
      const Elf64_Phdr *data = findSegment(segment.p_vaddr, 1);
      if (!data || segment.p_memsz > kMaximumSpan)
        continue;
      uint64_t start = roundDown(segment.p_vaddr), dataEnd = roundUp(data->p_vaddr + data->p_memsz);
      uint64_t end = std::min(roundDown(segment.p_vaddr + segment.p_memsz), dataEnd);
      if (Status status = setProtection(start, std::max(start, end) - start, PROT_READ); !status.ok())
        return status;
    }
    return {};
  }

  /// The tables give the number of symbols only through their hash tables.
  Result<uint64_t> symbolCount() const {
    if (hashTable) {
      if (!isLoaded(hashTable, 2 * sizeof(uint32_t)))
        return damaged("has a symbol hash table that is not loaded");
      return uint64_t(read<uint32_t>(hashTable + sizeof(uint32_t)));
    }
    return gnuHashTable ? gnuSymbolCount() : Result<uint64_t>(damaged("has no symbol hash table"));
  }

  /// The last symbol is the end of the chain that begins last.
  Result<uint64_t> gnuSymbolCount() const {
    Status notLoaded = damaged("has a symbol hash table that is not loaded");
    if (!isLoaded(gnuHashTable, 4 * sizeof(uint32_t)))
      return notLoaded;
    uint64_t buckets = read<uint32_t>(gnuHashTable), first = read<uint32_t>(gnuHashTable + 4);
    uint64_t filterWords = read<uint32_t>(gnuHashTable + 8);
    uint64_t bucketTable = gnuHashTable + 16 + filterWords * sizeof(uint64_t);
    uint64_t chains = bucketTable + buckets * sizeof(uint32_t);
    if (!isLoaded(gnuHashTable, chains - gnuHashTable))
      return notLoaded;
    uint64_t last = 0;
    for (uint64_t i = 0; i < buckets; ++i)
      last = std::max<uint64_t>(last, read<uint32_t>(bucketTable + i * sizeof(uint32_t)));
    if (last < first)
      return first;
    for (;; ++last) {
      uint64_t link = chains + (last - first) * sizeof(uint32_t);
      if (!isLoaded(link, sizeof(uint32_t)))
        return notLoaded;
      if (read<uint32_t>(link) & 1)
        return last + 1;
    }
  }

  Status readName(uint64_t offset, std::string &name) const {
    if (offset >= stringBytes)
      return damaged("has a symbol whose name is not in its string table");
    const char *start = reinterpret_cast<const char *>(base + strings + offset);
    size_t length = ::strnlen(start, stringBytes - offset);
    if (length == stringBytes - offset || length > kMaximumNameLength)
      return damaged("has a symbol whose name does not end");
    name.assign(start, length);
    return {};
  }

  const Elf64_Phdr *findSegment(uint64_t address, uint64_t bytes) const {
    for (const Elf64_Phdr &segment : loads) {
      if (address >= segment.p_vaddr && bytes <= segment.p_memsz &&
          address - segment.p_vaddr <= segment.p_memsz - bytes)
        return &segment;
    }
    return nullptr;
  }
  bool isLoaded(uint64_t address, uint64_t bytes) const { return bytes == 0 || findSegment(address, bytes); }

  template <typename T> T read(uint64_t address) const {
    T value;
    std::memcpy(&value, base + address, sizeof(value));
    return value;
  }

  Status setProtection(uint64_t address, uint64_t bytes, int protection) const {
    uint64_t start = roundDown(address), end = roundUp(address + bytes);
    if (end > start && ::mprotect(base + start, end - start, protection) != 0)
      return systemError("protect memory");
    return {};
  }

  static Status systemError(const char *action) {
    return failure(errno == ENOMEM ? Code::OutOfMemory : Code::InputOutput, "cannot ", action,
                   " for the ELF image: ", std::strerror(errno));
  }

  uint64_t roundDown(uint64_t address) const { return address & ~(page - 1); }
  uint64_t roundUp(uint64_t address) const { return (address + page - 1) & ~(page - 1); }

  std::span<const uint8_t> file;
  std::unique_ptr<ElfImage> image;
  const uint64_t page = uint64_t(::sysconf(_SC_PAGESIZE));
  Elf64_Ehdr header = {};
  std::vector<Elf64_Phdr> loads, dynamics, readOnlyAfterRelocation;
  uint64_t span = 0, alignment = page;
  uint8_t *base = nullptr;
  uint64_t relocations = 0, relocationBytes = 0, relocationEntryBytes = 0;
  int64_t otherRelocations = 0;
  uint64_t symbols = 0, strings = 0, stringBytes = 0, hashTable = 0, gnuHashTable = 0;
};

Result<std::unique_ptr<ElfImage>> ElfImage::load(std::span<const uint8_t> file) {
  return ElfLoader(file).run();
}

ElfImage::~ElfImage() {
  if (reservation)
    ::munmap(reservation, reservedBytes);
}

void *ElfImage::function(std::string_view symbol) const {
  auto found = functions.find(std::string(symbol));
  return found == functions.end() ? nullptr : found->second;
}

} // namespace winnow::runtime
