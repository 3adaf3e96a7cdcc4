// Lays out the sections of a module and hashes them.
#include "format/Writer.h"
#include "format/AtomicFile.h"
#include "format/Layout.h"
#include "format/ManifestEncoding.h"
#include "format/PlanEncoding.h"
#include "format/Verifier.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace winnow::format {
namespace {

using Bytes = std::span<const uint8_t>;

uint64_t hash(Bytes bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

/// Adds section after section.
class FileLayout {
public:
  FileLayout(uint32_t sectionCount) : offset(sizeof(FileHeader) + sectionCount * sizeof(SectionEntry)) {}

  void add(SectionKind kind, Bytes bytes) {
    pad(sectionStart(kind, offset));
    entries.push_back({kind, 0, offset, bytes.size(), kind == SectionKind::Weights ? 0 : hash(bytes)});
    file.pieces.push_back(bytes);
    offset += bytes.size();
  }

  void add(SectionKind kind, std::vector<uint8_t> bytes) {
    file.owned.push_back(std::move(bytes));
    add(kind, Bytes(file.owned.back()));
  }

  /// The file, headed by the header and the section table.
  SerializedModule finish() && {
    FileHeader header = {kMagic, kVersion, uint32_t(entries.size()), offset, 0, {}};
    std::vector<uint8_t> start(sizeof(header) + entries.size() * sizeof(SectionEntry));
    std::memcpy(start.data(), &header, sizeof(header));
    std::memcpy(start.data() + sizeof(header), entries.data(), entries.size() * sizeof(SectionEntry));
    header.hash = hash(start);
    std::memcpy(start.data(), &header, sizeof(header));
    file.owned.push_back(std::move(start));
    file.pieces.insert(file.pieces.begin(), Bytes(file.owned.back()));
    file.size = offset;
    return std::move(file);
  }

private:
  void pad(uint64_t end) {
    static constexpr uint8_t zeros[std::max(kAlignment, kWeightChunk)] = {};
    file.pieces.push_back(Bytes(zeros, end - offset));
    offset = end;
  }

  uint64_t offset;
  std::vector<SectionEntry> entries;
  SerializedModule file;
};

std::vector<uint8_t> weightHashes(Bytes weights) {
  std::vector<uint8_t> hashes;
  for (uint64_t offset = 0; offset < weights.size(); offset += kWeightChunk) {
    uint64_t value = hash(weights.subspan(offset, std::min(kWeightChunk, weights.size() - offset)));
    const uint8_t *raw = reinterpret_cast<const uint8_t *>(&value);
    hashes.insert(hashes.end(), raw, raw + sizeof(value));
  }
  return hashes;
}

} // namespace

Result<SerializedModule> serializeInPlace(const Module &module) {
  if (Status status = verify(module, module.weightData.size()); !status.ok())
    return status;
  auto manifestBytes = encodeManifest(module);
  if (!manifestBytes.ok())
    return manifestBytes.status();
  size_t sectionCount = 4 + module.images.size();
  if (sectionCount > kMaximumSections)
    return failure(Code::DamagedModule, sectionCount, " sections are over the limit of ", kMaximumSections);
  FileLayout layout(sectionCount);
  layout.add(SectionKind::Plan, encodePlan(module));
  layout.add(SectionKind::Manifest, std::move(*manifestBytes));
  for (const Image &image : module.images)
    layout.add(SectionKind::Image, Bytes(image.bytes));
  layout.add(SectionKind::WeightHashes, weightHashes(module.weightData));
  layout.add(SectionKind::Weights, Bytes(module.weightData));
  return std::move(layout).finish();
}

Result<std::vector<uint8_t>> serialize(const Module &module) {
  auto file = serializeInPlace(module);
  if (!file.ok())
    return file.status();
  std::vector<uint8_t> bytes;
  bytes.reserve(file->size);
  for (Bytes piece : file->pieces)
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  return bytes;
}

Status writeModule(const Module &module, const std::string &path) {
  auto file = serializeInPlace(module);
  if (!file.ok())
    return file.status();
  return writeFileAtomically(path, file->pieces);
}

} // namespace winnow::format
