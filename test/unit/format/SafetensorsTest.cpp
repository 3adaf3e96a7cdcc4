// safetensors files: what the format's own library writes, and every kind of damage.
#include "format/safetensors/SafetensorsFile.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace winnow::format;

namespace {

/// A file with that header and so many bytes after it: 0, 1, 2, ...
std::vector<uint8_t> file(std::string_view header, size_t bytes) {
  uint64_t size = header.size();
  std::vector<uint8_t> content(sizeof(size));
  std::memcpy(content.data(), &size, sizeof(size));
  content.insert(content.end(), header.begin(), header.end());
  for (size_t i = 0; i < bytes; ++i)
    content.push_back(uint8_t(i));
  return content;
}

std::string errorOf(const std::vector<uint8_t> &content) {
  auto tensors = parseSafetensors(content);
  EXPECT_FALSE(tensors.ok());
  return tensors.status().message();
}

/// With one tensor 'w' that is described so.
std::string errorOfEntry(std::string_view entry, size_t bytes = 8) {
  return errorOf(file(concatenate(R"({"w":)", entry, "}"), bytes));
}

std::string errorOfTensor(std::string_view type, std::string_view shape, std::string_view offsets) {
  return errorOfEntry(
      concatenate(R"({"dtype":")", type, R"(","shape":)", shape, R"(,"data_offsets":)", offsets, "}"));
}

TEST(Safetensors, ReadsWhatTheLibraryWrites) {
  // save_file({"b": float16 [3], "a.weight": float32 [2, 1], "n": int64 [], "none": bool [0, 4]},
  // metadata=...) of the Python package safetensors 0.8.0: it sorts by width, and pads the header with
  // spaces.
  auto content =
      file(R"({"__metadata__":{"format":"pt"},"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
           R"("a.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},)"
           R"("b":{"dtype":"F16","shape":[3],"data_offsets":[16,22]},)"
           R"("none":{"dtype":"BOOL","shape":[0,4],"data_offsets":[22,22]}}    )",
           22);
  auto tensors = parseSafetensors(content);
  ASSERT_TRUE(tensors.ok()) << tensors.status().message();
  ASSERT_EQ(tensors->size(), 4u);
  const StoredTensor &weight = tensors->at("a.weight"), &none = tensors->at("none");
  EXPECT_EQ(weight.readAs, ElementType::F32);
  EXPECT_EQ(weight.shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(std::vector<int>(weight.bytes.begin(), weight.bytes.end()),
            (std::vector<int>{8, 9, 10, 11, 12, 13, 14, 15}));
  EXPECT_EQ(tensors->at("b").readAs, ElementType::F16);
  EXPECT_EQ(tensors->at("n").shape, std::vector<int64_t>{});
  EXPECT_EQ(none.shape, (std::vector<int64_t>{0, 4}));
  EXPECT_TRUE(none.bytes.empty());
}

TEST(Safetensors, ReadsAFileWithoutTensors) {
  auto tensors = parseSafetensors(file("{}", 0));
  ASSERT_TRUE(tensors.ok()) << tensors.status().message();
  EXPECT_TRUE(tensors->empty());
}

TEST(Safetensors, KnowsTypesThatModulesDoNotHave) {
  auto tensors = parseSafetensors(file(R"({"w":{"dtype":"F4","shape":[4,4],"data_offsets":[0,8]}})", 8));
  ASSERT_TRUE(tensors.ok()) << tensors.status().message();
  EXPECT_EQ(tensors->at("w").type, "F4");
  EXPECT_FALSE(tensors->at("w").readAs);
}

TEST(Safetensors, RefusesDamagedHeaders) {
  EXPECT_EQ(errorOf({1, 2, 3}), "it has 3 bytes, which is too short for a safetensors file");
  EXPECT_EQ(errorOf({3, 0, 0, 0, 0, 0, 0, 0, '{', '}'}), "its header has 3 bytes, but the file ends after 2");
  EXPECT_EQ(errorOf({0, 0, 0, 0, 0, 0, 0, 0x80, '{', '}'}),
            "its header has 9223372036854775808 bytes, but expected at most 100000000; it is not a "
            "safetensors file");
  EXPECT_EQ(errorOf(file("", 0)), "its header is not JSON, from byte 1 of it on");
  EXPECT_EQ(errorOf(file(R"({"w":)", 0)), "its header is not JSON, from byte 6 of it on");
  EXPECT_EQ(errorOf(file("{} {}", 0)), "its header is not JSON, from byte 4 of it on");
  EXPECT_EQ(errorOf(file("[]", 0)), "its header is a list, expected an object");
  EXPECT_EQ(errorOf(file("7", 0)), "its header is a number, expected an object");
  EXPECT_EQ(errorOf(file(std::string(100000, '['), 0)), "its header is a list, expected an object");
  EXPECT_EQ(errorOf(file(R"({"__metadata__":{"a":1}})", 0)),
            "its header has a number at '__metadata__', where the format has none");
}

TEST(Safetensors, RefusesDamagedEntries) {
  EXPECT_EQ(errorOfEntry("null"), "its header has null at 'w', where the format has none");
  EXPECT_EQ(errorOfEntry("{}"),
            "tensor 'w' has no complete entry, expected dtype, shape and two data_offsets");
  EXPECT_EQ(errorOfEntry(R"({"dtype":"F32","dtype":"F32"})"),
            "tensor 'w' has two entries 'dtype', expected one");
  EXPECT_EQ(errorOfEntry(R"({"type":"F32"})"),
            "tensor 'w' has an entry 'type', expected dtype, shape and data_offsets");
  EXPECT_EQ(errorOfEntry(R"({"shape":"F32"})"), "its header has a string at 'w', where the format has none");
  EXPECT_EQ(errorOfEntry(R"({"dtype":{}})"), "its header has an object at 'w', where the format has none");
  EXPECT_EQ(errorOfTensor("F32", "[-2]", "[0,8]"),
            "its header has a negative number at 'w', where the format has none");
  EXPECT_EQ(errorOfTensor("F32", "[[2]]", "[0,8]"),
            "its header has a list at 'w', where the format has none");
  EXPECT_EQ(errorOfTensor("F32", "[1.5]", "[0,8]"),
            "its header has a fraction at 'w', where the format has none");
  EXPECT_EQ(errorOfTensor("F32", "[2]", "[0,8,8]"),
            "tensor 'w' has no complete entry, expected dtype, shape and two data_offsets");
  std::string ones = "[1";
  for (int i = 0; i < 32; ++i)
    ones += ",1";
  EXPECT_EQ(errorOfTensor("F32", ones + "]", "[0,8]"),
            "its header has a list of more than 32 numbers at 'w', where the format has none");
}

TEST(Safetensors, RefusesWhatDoesNotFitTheFile) {
  EXPECT_EQ(errorOfTensor("Q9", "[2]", "[0,8]"),
            "tensor 'w' has the unknown element type 'Q9', expected one of the format such as F32 or BF16");
  EXPECT_EQ(errorOfTensor("F32", "[3]", "[0,8]"),
            "tensor 'w' has 8 bytes, expected 12 for its shape and F32");
  EXPECT_EQ(errorOfTensor("F4", "[15]", "[0,8]"), "tensor 'w' has a shape of no whole bytes");
  EXPECT_EQ(errorOfTensor("F32", "[4294967296,4294967296]", "[0,8]"),
            "tensor 'w' has a shape of too many elements");
  EXPECT_EQ(errorOfTensor("F32", "[0,18446744073709551615]", "[0,0]"),
            "tensor 'w' has a shape of too many elements");
  EXPECT_EQ(errorOfTensor("F32", "[3]", "[0,12]"),
            "tensor 'w' has bytes 0 to 12, but the file has 8 after its header; is it truncated?");
  EXPECT_EQ(errorOfTensor("F32", "[2]", "[8,0]"),
            "tensor 'w' has bytes 8 to 0, but the file has 8 after its header; is it truncated?");
  EXPECT_EQ(errorOfTensor("F32", "[1]", "[4,8]"),
            "tensor 'w' begins at byte 4, but expected byte 0, where the one before it ends");
  EXPECT_EQ(errorOfTensor("F32", "[1]", "[0,4]"),
            "its tensors take 4 bytes, but the file has 8 after its header");
}

TEST(Safetensors, RefusesTensorsThatOverlapOrAreThereTwice) {
  constexpr const char *entry = R"(:{"dtype":"U8","shape":[4],"data_offsets":)";
  EXPECT_EQ(errorOf(file(concatenate("{\"a\"", entry, "[0,4]},\"b\"", entry, "[3,7]}}"), 7)),
            "tensor 'b' begins at byte 3, but expected byte 4, where the one before it ends");
  EXPECT_EQ(errorOf(file(concatenate("{\"a\"", entry, "[0,4]},\"a\"", entry, "[4,8]}}"), 8)),
            "tensor 'a' is there twice");
}

} // namespace
