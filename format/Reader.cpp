// Finds and checks the sections of a module, then decodes and verifies what they hold.
#include "format/Reader.h"
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

template <typename... Parts> Status damaged(const Parts &...parts) {
  return failure(Code::DamagedModule, parts...);
}

struct Section {
  SectionEntry entry;
  Bytes bytes;
};

Result<FileHeader> readHeader(Bytes bytes) {
  FileHeader header;
  if (bytes.size() < sizeof(header))
    return damaged("it has ", bytes.size(), " bytes, a module has at least ", sizeof(header));
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != kMagic)
    return damaged("it does not begin like a winnow module");
  if (header.version != kVersion)
    return failure(Code::Unsupported, "it has format version ", header.version,
                   ", this reader knows version ", kVersion);
  if (header.fileSize != bytes.size())
    return damaged("its header says ", header.fileSize, " bytes, but it has ", bytes.size());
  if (header.sectionCount > kMaximumSections)
    return damaged(header.sectionCount, " sections are over the limit of ", kMaximumSections);
  uint64_t start = sizeof(header) + header.sectionCount * sizeof(SectionEntry);
  if (start > bytes.size())
    return damaged("its section table exceeds the file");
  std::vector<uint8_t> hashed(bytes.begin(), bytes.begin() + start);
  std::memset(hashed.data() + offsetof(FileHeader, hash), 0, sizeof(header.hash));
  if (XXH3_64bits(hashed.data(), hashed.size()) != header.hash)
    return damaged("its header or section table does not match its hash");
  if (std::any_of(header.reserved.begin(), header.reserved.end(), [](uint8_t byte) { return byte != 0; }))
    return damaged("reserved bytes of its header are not zero");
  return header;
}

/// The sections follow each other in the table's order with nothing but zeros to align them, so none can
/// overlap another and no byte of the file is without a check.
Result<std::vector<Section>> readSections(Bytes bytes, const FileHeader &header) {
  std::vector<Section> sections(header.sectionCount);
  uint64_t end = sizeof(FileHeader) + header.sectionCount * sizeof(SectionEntry);
  for (size_t i = 0; i < sections.size(); ++i) {
    SectionEntry &entry = sections[i].entry;
    std::memcpy(&entry, bytes.data() + sizeof(FileHeader) + i * sizeof(entry), sizeof(entry));
    std::string where = concatenate("section ", i, " (", name(entry.kind), ")");
    uint64_t expected = sectionStart(entry.kind, end);
    if (entry.offset != expected)
      return damaged(where, " is at offset ", entry.offset, ", expected ", expected);
    if (entry.offset > bytes.size() || entry.size > bytes.size() - entry.offset)
      return damaged(where, " of ", entry.size, " bytes at offset ", entry.offset, " exceeds the file of ",
                     bytes.size(), " bytes");
    Bytes padding = bytes.subspan(end, expected - end);
    if (std::any_of(padding.begin(), padding.end(), [](uint8_t byte) { return byte != 0; }))
      return damaged("the bytes before ", where, " are not zero");
    sections[i].bytes = bytes.subspan(entry.offset, entry.size);
    bool hashedWhole = entry.kind != SectionKind::Weights;
    uint64_t hash = hashedWhole ? XXH3_64bits(sections[i].bytes.data(), entry.size) : 0;
    if (entry.hash != hash || entry.reserved != 0)
      return damaged(where, " does not match its hash");
    end = entry.offset + entry.size;
  }
  if (end != bytes.size())
    return damaged(bytes.size() - end, " bytes follow its last section");
  return sections;
}

/// The order is plan, manifest, the images, weight hashes, weights.
Status checkOrder(const std::vector<Section> &sections) {
  if (sections.size() < 4)
    return damaged("it has ", sections.size(), " sections, expected at least 4");
  for (size_t i = 0; i < sections.size(); ++i) {
    SectionKind expected = i == 0                     ? SectionKind::Plan
                           : i == 1                   ? SectionKind::Manifest
                           : i + 2 < sections.size()  ? SectionKind::Image
                           : i + 2 == sections.size() ? SectionKind::WeightHashes
                                                      : SectionKind::Weights;
    if (sections[i].entry.kind != expected)
      return damaged("section ", i, " is of kind ", uint32_t(sections[i].entry.kind), " (",
                     name(sections[i].entry.kind), "), expected ", name(expected));
  }
  uint64_t weightBytes = sections.back().bytes.size();
  uint64_t chunks = weightBytes / kWeightChunk + (weightBytes % kWeightChunk != 0);
  uint64_t hashBytes = sections[sections.size() - 2].bytes.size();
  if (hashBytes != chunks * sizeof(uint64_t))
    return damaged("it has ", hashBytes, " bytes of weight hashes, expected ", chunks * sizeof(uint64_t));
  return {};
}

} // namespace

WeightChecks::WeightChecks(Bytes weights, Bytes hashes)
    : weights(weights), hashes(hashes), checked(std::make_unique<std::atomic<bool>[]>(hashes.size() / 8)) {}

Status WeightChecks::check(uint64_t offset, uint64_t size) const {
  if (size == 0)
    return {};
  for (uint64_t chunk = offset / kWeightChunk; chunk <= (offset + size - 1) / kWeightChunk; ++chunk) {
    // Two threads may both check a chunk; they find the same.
    if (checked[chunk].load(std::memory_order_relaxed))
      continue;
    uint64_t start = chunk * kWeightChunk;
    uint64_t expected;
    std::memcpy(&expected, hashes.data() + chunk * sizeof(expected), sizeof(expected));
    if (XXH3_64bits(weights.data() + start, std::min(kWeightChunk, weights.size() - start)) != expected)
      return damaged("the weights at bytes ", start, " to ",
                     std::min(start + kWeightChunk, uint64_t(weights.size())),
                     " of their section do not match their hash");
    checked[chunk].store(true, std::memory_order_relaxed);
  }
  return {};
}

Result<ModuleView> readModule(Bytes bytes) {
  auto header = readHeader(bytes);
  if (!header.ok())
    return header.status();
  auto sections = readSections(bytes, *header);
  if (!sections.ok())
    return sections.status();
  if (Status status = checkOrder(*sections); !status.ok())
    return status;

  ModuleView view;
  if (Status status = decodePlan((*sections)[0].bytes, view.module); !status.ok())
    return status;
  if (Status status = decodeManifest((*sections)[1].bytes, view.module); !status.ok())
    return status;
  size_t imageCount = sections->size() - 4;
  if (view.module.images.size() != imageCount)
    return damaged("its plan names ", view.module.images.size(), " images, but it has ", imageCount);
  for (size_t i = 0; i < imageCount; ++i)
    view.images.push_back((*sections)[2 + i].bytes);
  view.weights = sections->back().bytes;
  Bytes hashes = (*sections)[sections->size() - 2].bytes;
  view.weightChecks = WeightChecks(view.weights, hashes);
  view.identity = XXH3_64bits(hashes.data(), hashes.size());
  if (Status status = verify(view.module, view.weights.size()); !status.ok())
    return status;
  return view;
}

} // namespace winnow::format
