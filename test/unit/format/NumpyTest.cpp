// .npy and .npz files: round trips, what numpy writes, and every kind of damage.
#include "format/numpy/Inflate.h"
#include "format/numpy/NumpyFile.h"
#include "format/numpy/ZipArchive.h"

#include <cstring>
#include <gtest/gtest.h>
#include <numeric>
#include <random>
#include <zlib.h>

using namespace winnow::format;

namespace {

Array sampleArray(ElementType type, std::vector<int64_t> shape) {
  Array array;
  array.type = type;
  array.shape = std::move(shape);
  int64_t bytes = byteWidth(type);
  for (int64_t size : array.shape)
    bytes *= size;
  array.bytes.resize(size_t(bytes));
  std::iota(array.bytes.begin(), array.bytes.end(), uint8_t(1));
  return array;
}

/// A file with the given dictionary and elements.
std::vector<uint8_t> file(std::string header, size_t elements, uint8_t version = 1) {
  std::vector<uint8_t> bytes = {
      0x93, 'N', 'U', 'M', 'P', 'Y', version, 0, uint8_t(header.size()), uint8_t(header.size() >> 8)};
  if (version > 1)
    bytes.insert(bytes.end(), {0, 0});
  bytes.insert(bytes.end(), header.begin(), header.end());
  for (size_t i = 0; i < elements; ++i)
    bytes.push_back(uint8_t(i));
  return bytes;
}

std::string errorOf(const std::vector<uint8_t> &bytes) {
  auto array = parseNumpy(bytes);
  EXPECT_FALSE(array.ok());
  return array.status().message();
}

TEST(Numpy, RoundTrips) {
  for (int number = 0; number < kElementTypeCount; ++number) {
    ElementType type = ElementType(number);
    for (std::vector<int64_t> shape : {std::vector<int64_t>{}, {1}, {0, 3}, {2, 3}, {2, 1, 4, 3}}) {
      Array array = sampleArray(type, shape);
      std::vector<uint8_t> bytes = serializeNumpy(array);
      EXPECT_EQ((bytes.size() - array.bytes.size()) % 64, 0u);
      auto again = parseNumpy(bytes);
      ASSERT_TRUE(again.ok()) << again.status().message();
      EXPECT_EQ(again->type, isEightBitFloat(type) ? ElementType::U8 : type);
      EXPECT_EQ(again->shape, shape);
      EXPECT_EQ(again->bytes, array.bytes);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(again->bytes.data()) % 64, 0u);
    }
  }
}

TEST(Numpy, HeadersThatNumpyWrites) {
  EXPECT_TRUE(
      parseNumpy(file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }          \n", 8)).ok());
  EXPECT_TRUE(parseNumpy(file("{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n", 8, 2)).ok());
  EXPECT_TRUE(parseNumpy(file("{'shape': (1L, 2L), 'fortran_order': False, 'descr': \"|i1\"}", 2, 3)).ok());
}

TEST(Numpy, ColumnMajorIsReordered) {
  auto array = parseNumpy(file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n", 6));
  ASSERT_TRUE(array.ok());
  EXPECT_EQ((std::vector<uint8_t>(array->bytes.begin(), array->bytes.end())),
            (std::vector<uint8_t>{0, 2, 4, 1, 3, 5}));
}

TEST(Numpy, Refusals) {
  EXPECT_EQ(errorOf({}), "it is not a .npy file");
  EXPECT_EQ(errorOf(file("", 0, 4)), "it has .npy version 4, expected 1 to 3");
  auto cut = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 0);
  cut.resize(20);
  EXPECT_EQ(errorOf(cut), "it ends within its header");
  const char *dictionary = "its header is not a dictionary of descr, fortran_order and shape";
  for (const char *header : {"", "{", "{}", "{'descr': '<f4', 'fortran_order': False}",
                             "{'descr': '<f4', 'fortran_order': 1, 'shape': ()}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (1}",
                             "{'descr': '<f4, 'fortran_order': False, 'shape': ()}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': ()} x",
                             "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}",
                             "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}"})
    EXPECT_EQ(errorOf(file(header, 4)), dictionary) << header;
  EXPECT_EQ(errorOf(file("{'descr': '>f4', 'fortran_order': False, 'shape': ()}", 4)),
            "its elements are big-endian ('>f4'), expected little-endian");
  EXPECT_NE(
      errorOf(file("{'descr': '<c8', 'fortran_order': False, 'shape': ()}", 8)).find("element type '<c8'"),
      std::string::npos);
  for (size_t elements : {0, 7, 9})
    EXPECT_NE(errorOf(file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", elements))
                  .find("bytes of elements"),
              std::string::npos);
  EXPECT_NE(errorOf(file("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", 0))
                .find("bytes of"),
            std::string::npos);
}

std::map<std::string, Array> sampleArrays() {
  return {{"x", sampleArray(ElementType::F32, {2, 3})}, {"labels", sampleArray(ElementType::I64, {4})}};
}

TEST(NumpyArchive, RoundTrips) {
  auto bytes = serializeNumpyArchive(sampleArrays());
  ASSERT_TRUE(bytes.ok());
  auto arrays = parseNumpyArchive(*bytes);
  ASSERT_TRUE(arrays.ok()) << arrays.status().message();
  ASSERT_EQ(arrays->size(), 2u);
  EXPECT_EQ((*arrays)["x"].bytes, sampleArrays()["x"].bytes);
  EXPECT_EQ((*arrays)["labels"].shape, (std::vector<int64_t>{4}));
  EXPECT_TRUE(parseNumpyArchive(*serializeNumpyArchive({})).ok());
}

// Tools that run kernels of others take types that modules do not have.
TEST(Numpy, NumbersOfAnyType) {
  std::vector<uint8_t> elements = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  auto array = parseNumpyNumbers(serializeNumpy("<u2", {3, 2}, elements));
  ASSERT_TRUE(array.ok()) << array.status().message();
  EXPECT_EQ(array->type, "<u2");
  EXPECT_EQ(array->shape, (std::vector<int64_t>{3, 2}));
  EXPECT_TRUE(std::equal(elements.begin(), elements.end(), array->bytes.begin(), array->bytes.end()));
  std::vector<uint8_t> complex(8);
  EXPECT_EQ(
      parseNumpy(serializeNumpy("<c8", {1}, complex)).status().message().find("element type '<c8' is not"),
      0u);
  for (const char *type : {">u2", "<U1", "|O", "<u", "<u0", "<u99", "[('a', '<f4')]"})
    EXPECT_FALSE(parseNumpyNumbers(serializeNumpy(type, {6}, elements)).ok()) << type;
  EXPECT_FALSE(parseNumpyNumbers(serializeNumpy("<u4", {4}, elements)).ok());
}

/// An archive with one deflated member, as numpy.savez_compressed writes.
std::vector<uint8_t> deflatedArchive() {
  std::vector<uint8_t> stored = *serializeNumpyArchive({{"x", sampleArray(ElementType::U8, {1000})}});
  std::vector<uint8_t> content = serializeNumpy(sampleArray(ElementType::U8, {1000})), packed(4096);
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = content.data(), stream.avail_in = uInt(content.size());
  stream.next_out = packed.data(), stream.avail_out = uInt(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  // Put it where the stored member is, and correct the directory.
  constexpr size_t start = 30 + 5; // local header and "x.npy"
  std::vector<uint8_t> directory(stored.begin() + start + content.size(), stored.end());
  stored.resize(start);
  stored.insert(stored.end(), packed.begin(), packed.end());
  uint32_t size = uint32_t(packed.size()), offset = uint32_t(stored.size());
  directory[10] = 8;
  std::memcpy(&directory[20], &size, 4);
  std::memcpy(&directory[directory.size() - 6], &offset, 4);
  stored.insert(stored.end(), directory.begin(), directory.end());
  return stored;
}

TEST(NumpyArchive, ReadsDeflatedMembers) {
  auto arrays = parseNumpyArchive(deflatedArchive(), inflateMember);
  ASSERT_TRUE(arrays.ok()) << arrays.status().message();
  EXPECT_EQ((*arrays)["x"].bytes, sampleArray(ElementType::U8, {1000}).bytes);
}

TEST(NumpyArchive, DamageIsFoundOrHarmless) {
  for (const std::vector<uint8_t> &good : {*serializeNumpyArchive(sampleArrays()), deflatedArchive()}) {
    for (size_t length = 0; length < good.size(); ++length)
      EXPECT_FALSE(parseNumpyArchive({good.begin(), good.begin() + length}).ok()) << length;
    std::mt19937 random(6);
    for (int i = 0; i < 4000; ++i) {
      std::vector<uint8_t> bytes = good;
      bytes[random() % bytes.size()] ^= uint8_t(1 << random() % 8);
      auto arrays = parseNumpyArchive(bytes); // dates and versions may change unseen
      EXPECT_NE(arrays.ok(), !arrays.status().message().empty());
    }
  }
}

TEST(NumpyArchive, NamesTheMember) {
  std::vector<uint8_t> bytes = *serializeNumpyArchive({{"x", sampleArray(ElementType::F32, {2})}});
  std::vector<uint8_t> damaged = bytes;
  damaged[30 + 5 + 130] ^= 1; // an element
  EXPECT_EQ(parseNumpyArchive(damaged).status().message(), "member 'x.npy': it does not match its checksum");
  damaged = bytes;
  damaged[bytes.size() - 22 - 5 - 46 + 8] = 1;
  EXPECT_EQ(parseNumpyArchive(damaged).status().message(), "member 'x.npy': it is encrypted");
  EXPECT_EQ(parseNumpyArchive(std::vector<uint8_t>(100)).status().message(),
            "it is not a .npz file, or it is truncated");
}

} // namespace
