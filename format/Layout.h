// The constants of the .wnm layout that the reader and the writer share; README.md explains them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace winnow::format {

static_assert(std::endian::native == std::endian::little,
              "modules are little-endian and are mapped as they are");

/// As PNG's: a byte above 127, the name, and line ends that a text-mode transfer would change.
constexpr std::array<uint8_t, 8> kMagic = {0x89, 'W', 'N', 'M', '\r', '\n', 0x1a, '\n'};
constexpr uint32_t kVersion = 5;
constexpr uint64_t kAlignment = 64;
/// What is hashed as one: a page, so that using one weight does not read the pages of another.
constexpr uint64_t kWeightChunk = 4096;

enum class SectionKind : uint32_t { Plan = 1, Manifest = 2, Image = 3, WeightHashes = 4, Weights = 5 };
const char *name(SectionKind kind);

struct FileHeader {
  std::array<uint8_t, 8> magic;
  uint32_t version;
  uint32_t sectionCount;
  uint64_t fileSize;
  uint64_t hash; // of the header with this field zero, then the section table
  std::array<uint8_t, 32> reserved;
};
static_assert(sizeof(FileHeader) == 64);

struct SectionEntry {
  SectionKind kind;
  uint32_t reserved;
  uint64_t offset;
  uint64_t size;
  uint64_t hash; // zero for the weights, which have one hash per chunk
};
static_assert(sizeof(SectionEntry) == 32);

/// The first place at or behind `offset` where a section of this kind may begin; weights begin at a page.
constexpr uint64_t sectionStart(SectionKind kind, uint64_t offset) {
  uint64_t alignment = kind == SectionKind::Weights ? kWeightChunk : kAlignment;
  return (offset + alignment - 1) / alignment * alignment;
}

// Limits that keep a hostile file from asking for more than any real module needs.
constexpr uint32_t kMaximumSections = 4096;
constexpr uint32_t kMaximumRank = 16;
constexpr int64_t kMaximumThreads = 1024;
constexpr int64_t kMaximumSharedBytes = int64_t(1) << 20;

} // namespace winnow::format
