// What the writer writes is read back equal, and every kind of damage to the bytes is refused.
#include "SampleModule.h"

#include "format/Layout.h"
#include "format/Reader.h"
#include "format/Writer.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>
#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace winnow::format;

namespace {

std::vector<uint8_t> sampleBytes() {
  auto bytes = serialize(sampleModule());
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return std::move(*bytes);
}

SectionEntry section(const std::vector<uint8_t> &bytes, size_t index) {
  SectionEntry entry;
  std::memcpy(&entry, bytes.data() + sizeof(FileHeader) + index * sizeof(entry), sizeof(entry));
  return entry;
}

/// Makes all hashes right again, as one who wants to get damage past them would.
void reseal(std::vector<uint8_t> &bytes) {
  FileHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  for (size_t i = 0; i < header.sectionCount; ++i) {
    SectionEntry entry = section(bytes, i);
    if (entry.kind == SectionKind::Weights || entry.offset > bytes.size() ||
        entry.size > bytes.size() - entry.offset)
      continue;
    entry.hash = XXH3_64bits(bytes.data() + entry.offset, entry.size);
    std::memcpy(bytes.data() + sizeof(FileHeader) + i * sizeof(entry), &entry, sizeof(entry));
  }
  header.hash = 0;
  std::memcpy(bytes.data(), &header, sizeof(header));
  header.hash = XXH3_64bits(bytes.data(), sizeof(header) + header.sectionCount * sizeof(SectionEntry));
  std::memcpy(bytes.data(), &header, sizeof(header));
}

template <typename T> void poke(std::vector<uint8_t> &bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
}

void expectDamaged(const std::vector<uint8_t> &bytes, const char *reason) {
  auto view = readModule(bytes);
  ASSERT_FALSE(view.ok()) << reason;
  EXPECT_EQ(view.status().code(), Code::DamagedModule);
  EXPECT_NE(view.status().message().find(reason), std::string::npos) << view.status().message();
}

TEST(File, RoundTrip) {
  std::vector<uint8_t> bytes = sampleBytes();
  auto view = readModule(bytes);
  ASSERT_TRUE(view.ok()) << view.status().message();
  Module expected = sampleModule();
  EXPECT_EQ(view->module.producer, expected.producer);
  EXPECT_EQ(view->module.report, expected.report);
  for (size_t i = 0; i < expected.images.size(); ++i)
    EXPECT_TRUE(std::equal(view->images[i].begin(), view->images[i].end(), expected.images[i].bytes.begin(),
                           expected.images[i].bytes.end()));
  EXPECT_TRUE(std::equal(view->weights.begin(), view->weights.end(), expected.weightData.begin(),
                         expected.weightData.end()));
  // The rest is equal if it is written alike.
  Module again = view->module;
  for (size_t i = 0; i < again.images.size(); ++i)
    again.images[i].bytes.assign(view->images[i].begin(), view->images[i].end());
  again.weightData.assign(view->weights.begin(), view->weights.end());
  auto rewritten = serialize(again);
  ASSERT_TRUE(rewritten.ok());
  EXPECT_EQ(*rewritten, bytes);
}

TEST(File, WritesEmptyModule) {
  auto bytes = serialize(Module());
  ASSERT_TRUE(bytes.ok());
  EXPECT_TRUE(readModule(*bytes).ok());
}

TEST(File, SectionsAreAligned) {
  std::vector<uint8_t> bytes = sampleBytes();
  for (size_t i = 0; i < 6; ++i)
    EXPECT_EQ(section(bytes, i).offset % 64, 0u);
}

TEST(File, WriterRefusesInvalidModule) {
  Module module = sampleModule();
  module.functions[0].body.pop_back();
  EXPECT_EQ(serialize(module).status().code(), Code::DamagedModule);
  module = sampleModule();
  module.report = "{";
  EXPECT_EQ(serialize(module).status().message(), "the report is not JSON");
}

TEST(File, Manifest) {
  Module module = sampleModule();
  auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  module.report = nested(63);
  auto bytes = serialize(module);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  EXPECT_EQ(readModule(*bytes)->module.report, module.report);
  for (size_t depth : {64, 65, 1000000}) {
    module.report = nested(depth);
    EXPECT_EQ(serialize(module).status().message(), "the report nests deeper than 64 levels") << depth;
  }
  auto with = [&](std::string_view from, std::string_view to) {
    std::vector<uint8_t> changed = *bytes;
    auto found = std::search(changed.begin(), changed.end(), from.begin(), from.end());
    std::copy(to.begin(), to.end(), found);
    reseal(changed);
    return changed;
  };
  expectDamaged(with("{\"format\"", "x"), "its manifest is not JSON");
  expectDamaged(with("\"producer\"", "\"product!\""), "its manifest does not name a producer");
  expectDamaged(with("\"winnow test\"", "            1"), "its manifest does not name a producer");
  expectDamaged(with("\"winnow test\"", "\"winno\\u0001\""), "the producer is not UTF-8 text");
}

TEST(File, Truncated) {
  std::vector<uint8_t> bytes = sampleBytes();
  std::vector<size_t> lengths = {0, 1, 7, 8, 63, 64, 65};
  for (size_t i = 0; i < 6; ++i) {
    SectionEntry entry = section(bytes, i);
    for (int64_t delta : {-1, 0, 1}) {
      lengths.push_back(sizeof(FileHeader) + i * sizeof(entry) + delta);
      lengths.push_back(entry.offset + delta);
      if (entry.offset + entry.size + delta < bytes.size())
        lengths.push_back(entry.offset + entry.size + delta);
    }
  }
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i)
    lengths.push_back(random() % bytes.size());
  for (size_t length : lengths) {
    // A buffer of its own, so that the address sanitizer sees a read beyond it.
    std::vector<uint8_t> part(bytes.begin(), bytes.begin() + length);
    auto view = readModule(part);
    ASSERT_FALSE(view.ok()) << length;
    // The same with a header that agrees with the shorter file.
    if (length < sizeof(FileHeader) + 6 * sizeof(SectionEntry))
      continue;
    poke(part, offsetof(FileHeader, fileSize), uint64_t(length));
    reseal(part);
    EXPECT_FALSE(readModule(part).ok()) << length;
  }
}

TEST(File, FlippedBitsAreFound) {
  std::vector<uint8_t> bytes = sampleBytes();
  uint64_t weightsStart = section(bytes, 5).offset;
  std::mt19937 random(2);
  for (int i = 0; i < 4000; ++i) {
    // Mostly before the weights, where the structure is.
    size_t position = i % 64 ? random() % weightsStart : random() % bytes.size();
    uint8_t bit = 1 << random() % 8;
    bytes[position] ^= bit;
    auto view = readModule(bytes);
    if (position < weightsStart)
      EXPECT_FALSE(view.ok()) << "byte " << position;
    else
      EXPECT_FALSE(view.ok() && view->weightChecks.check(0, view->weights.size()).ok())
          << "byte " << position;
    bytes[position] ^= bit;
  }
}

TEST(File, DamageBehindRightHashesIsHarmless) {
  // Such a file may be refused or accepted, but nothing may be read or allocated out of bounds.
  const std::vector<uint8_t> bytes = sampleBytes();
  SectionEntry plan = section(bytes, 0), manifest = section(bytes, 1);
  std::mt19937 random(3);
  size_t refused = 0;
  for (int i = 0; i < 4000; ++i) {
    std::vector<uint8_t> damaged = bytes;
    const SectionEntry &target = i % 4 ? plan : manifest;
    for (uint32_t flips = 1 + random() % 3; flips; --flips)
      damaged[target.offset + random() % target.size] ^= uint8_t(1 + random() % 255);
    reseal(damaged);
    refused += !readModule(damaged).ok();
  }
  EXPECT_GT(refused, 1000u);
}

TEST(File, HeaderFields) {
  std::vector<uint8_t> bytes = sampleBytes();
  auto with = [&](auto change) {
    std::vector<uint8_t> copy = bytes;
    change(copy);
    reseal(copy);
    return copy;
  };
  expectDamaged(with([](auto &b) { b[0] = 'x'; }), "does not begin like a winnow module");
  expectDamaged(with([](auto &b) { poke(b, offsetof(FileHeader, fileSize), ~uint64_t(0)); }),
                "its header says");
  expectDamaged(with([](auto &b) { b[40] = 1; }), "reserved bytes");
  expectDamaged(
      with([](auto &b) { b.push_back(0), poke(b, offsetof(FileHeader, fileSize), uint64_t(b.size())); }),
      "1 bytes follow its last section");
  auto future = bytes;
  poke(future, offsetof(FileHeader, version), uint32_t(2));
  EXPECT_EQ(readModule(future).status().code(), Code::Unsupported);
  auto many = bytes;
  poke(many, offsetof(FileHeader, sectionCount), uint32_t(1) << 30);
  expectDamaged(many, "over the limit");
  poke(many, offsetof(FileHeader, sectionCount), uint32_t(4096));
  many.resize(4096);
  poke(many, offsetof(FileHeader, fileSize), uint64_t(4096));
  expectDamaged(many, "section table exceeds");
}

TEST(File, SectionTable) {
  std::vector<uint8_t> bytes = sampleBytes();
  auto with = [&](size_t index, auto change) {
    std::vector<uint8_t> copy = bytes;
    SectionEntry entry = section(copy, index);
    change(entry);
    poke(copy, sizeof(FileHeader) + index * sizeof(entry), entry);
    reseal(copy);
    return copy;
  };
  expectDamaged(with(1, [](auto &e) { e.offset -= 64; }), "section 1 (manifest) is at offset");
  expectDamaged(with(1, [](auto &e) { e.offset = ~uint64_t(63); }), "section 1 (manifest) is at offset");
  expectDamaged(with(0, [](auto &e) { e.size = ~uint64_t(0); }), "section 0 (plan) of");
  expectDamaged(with(2, [](auto &e) { e.size += 64; }), "section 3 (image) is at offset");
  expectDamaged(with(0, [](auto &e) { e.kind = SectionKind::Manifest; }), "expected plan");
  expectDamaged(with(0, [](auto &e) { e.kind = SectionKind(99); }), "section 0 is of kind 99 (unknown)");
  expectDamaged(with(0, [](auto &e) { e.reserved = 1; }), "does not match its hash");
}

TEST(File, WeightsAreCheckedWhenUsed) {
  std::vector<uint8_t> bytes = sampleBytes();
  uint64_t weights = section(bytes, 5).offset;
  bytes[weights + kWeightChunk + 5] ^= 1; // in the second chunk
  auto view = readModule(bytes);
  ASSERT_TRUE(view.ok());
  EXPECT_TRUE(view->weightChecks.check(0, kWeightChunk).ok());
  EXPECT_TRUE(view->weightChecks.check(kWeightChunk, 0).ok());
  Status status = view->weightChecks.check(kWeightChunk - 1, 2);
  EXPECT_EQ(status.code(), Code::DamagedModule);
  EXPECT_NE(status.message().find("the weights at bytes 4096 to 8192"), std::string::npos)
      << status.message();
}

} // namespace
