// Strided tensors: what is compact, which bytes they cover, and copies to and from compact memory.
#include "runtime/plan/Tensors.h"

#include <gtest/gtest.h>
#include <numeric>

using namespace winnow::runtime;
using winnow::format::ElementType;

namespace {

struct Strided {
  std::vector<int64_t> shape, strides;
  DLTensor tensor(void *data, uint64_t offset = 0) {
    DLTensor made = {};
    made.data = data;
    made.byte_offset = offset;
    made.device = {kDLCPU, 0};
    made.ndim = int(shape.size());
    made.dtype = winnow::format::toDLPack(ElementType::I32);
    made.shape = shape.data();
    made.strides = strides.empty() ? nullptr : strides.data();
    return made;
  }
};

TEST(Tensors, Compactness) {
  auto compact = [](std::vector<int64_t> shape, std::vector<int64_t> strides) {
    Strided strided{std::move(shape), std::move(strides)};
    return isCompact(strided.tensor(nullptr));
  };
  EXPECT_TRUE(compact({2, 3}, {}));
  EXPECT_TRUE(compact({2, 3}, {3, 1}));
  EXPECT_TRUE(compact({1, 3}, {77, 1}));
  EXPECT_TRUE(compact({0, 3}, {77, 5}));
  EXPECT_TRUE(compact({}, {}));
  EXPECT_FALSE(compact({2, 3}, {1, 2}));
  EXPECT_FALSE(compact({2, 3}, {4, 1}));
  EXPECT_FALSE(compact({2}, {-1}));
}

TEST(Tensors, GatherAndScatter) {
  std::vector<int32_t> data(60);
  std::iota(data.begin(), data.end(), 0);
  const Strided cases[] = {
      {{3, 4, 5}, {}}, {{5, 4, 3}, {1, 5, 20}}, {{3, 2, 5}, {20, 10, 1}},      {{4}, {0}}, {{2, 5}, {30, 5}},
      {{}, {}},        {{0, 4}, {9, 9}},        {{2, 2, 2, 2}, {30, 10, 4, 1}}};
  for (Strided each : cases) {
    DLTensor tensor = each.tensor(data.data(), 4);
    tensor.byte_offset = 0;
    int64_t count = 1;
    for (int64_t size : each.shape)
      count *= size;
    std::vector<int32_t> compact(size_t(count), -1);
    gatherElements(compact.data(), tensor, 4);
    for (int64_t i = 0; i < count; ++i) {
      int64_t rest = i, offset = 0, stride = 1;
      for (size_t d = each.shape.size(); d-- > 0;) {
        offset += rest % each.shape[d] * (each.strides.empty() ? stride : each.strides[d]);
        rest /= each.shape[d];
        stride *= each.shape[d];
      }
      EXPECT_EQ(compact[size_t(i)], data[size_t(offset)]);
    }
    std::vector<int32_t> before = data;
    std::fill(data.begin(), data.end(), -2);
    scatterElements(each.tensor(data.data()), compact.data(), 4);
    for (size_t i = 0; i < data.size(); ++i)
      EXPECT_TRUE(data[i] == -2 || data[i] == before[i]) << i;
    std::vector<int32_t> again(size_t(count), -1);
    gatherElements(again.data(), tensor, 4);
    EXPECT_EQ(again, compact);
    data = before;
  }
}

TEST(Tensors, NegativeStridesBeginAtTheOffset) {
  std::vector<int32_t> data = {0, 1, 2, 3};
  Strided reversed{{4}, {-1}};
  std::vector<int32_t> compact(4);
  gatherElements(compact.data(), reversed.tensor(data.data(), 12), 4);
  EXPECT_EQ(compact, (std::vector<int32_t>{3, 2, 1, 0}));
  AddressRange range = addressRange(reversed.tensor(data.data(), 12), 4);
  EXPECT_EQ(range.begin, reinterpret_cast<uintptr_t>(data.data()));
  EXPECT_EQ(range.end, reinterpret_cast<uintptr_t>(data.data() + 4));
}

TEST(Tensors, TypesInWords) {
  EXPECT_EQ(toString(DLDataType{kDLFloat, 32, 1}), "float32");
  EXPECT_EQ(toString(DLDataType{kDLBfloat, 16, 1}), "bfloat16");
  EXPECT_EQ(toString(DLDataType{6, 8, 1}), "bool");
  EXPECT_EQ(toString(DLDataType{kDLInt, 8, 4}), "int8 in 4 lanes");
  EXPECT_EQ(toString(DLDataType{kDLUInt, 16, 1}), "uint16");
  EXPECT_EQ(toString(DLDataType{12, 8, 1}), "float8_e5m2");
  EXPECT_EQ(toString(DLDataType{kDLFloat, 128, 1}), "float128");
  EXPECT_EQ(toString(DLDataType{99, 8, 1}), "type code 99 of 8 bits");
}

TEST(Tensors, BadTensors) {
  winnow::format::Signature signature = {"x", ElementType::I32, {{}, {}}};
  int32_t data[6];
  auto message = [&](auto change) {
    Strided strided{{2, 3}, {3, 1}};
    DLTensor tensor = strided.tensor(data);
    change(tensor);
    return checkTensor("input", signature, tensor).message();
  };
  EXPECT_EQ(message([](DLTensor &) {}), "");
  EXPECT_EQ(message([](DLTensor &t) { t.dtype = {kDLFloat, 32, 1}; }),
            "input 'x': expected int32, found float32");
  EXPECT_EQ(message([](DLTensor &t) { t.dtype.lanes = 2; }),
            "input 'x': expected int32, found int32 in 2 lanes");
  EXPECT_EQ(message([](DLTensor &t) { t.ndim = -1; }), "input 'x': expected rank 2, found -1");
  EXPECT_EQ(message([](DLTensor &t) { t.shape = nullptr; }), "input 'x': its shape is a null pointer");
  EXPECT_EQ(message([](DLTensor &t) { t.shape[1] = -3; }), "input 'x': dimension 1 has the negative size -3");
  EXPECT_EQ(message([](DLTensor &t) { t.shape[0] = t.shape[1] = int64_t(1) << 40; }),
            "input 'x': a tensor of shape 1099511627776x1099511627776 is too large");
  EXPECT_EQ(message([](DLTensor &t) { t.strides[0] = INT64_MIN; }),
            "input 'x': its strides reach beyond all memory");
  EXPECT_EQ(message([](DLTensor &t) { t.device.device_type = kDLCUDA; }),
            "input 'x': expected the host's memory, found device type 2");
  EXPECT_EQ(message([](DLTensor &t) { t.data = nullptr; }), "input 'x': its data is a null pointer");
}

} // namespace
