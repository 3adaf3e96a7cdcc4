// Reads any bytes as a safetensors file: its tensors lie in it and do not overlap.
#include "format/safetensors/SafetensorsFile.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

using namespace winnow::format;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto tensors = parseSafetensors({data, size});
  if (!tensors.ok()) {
    if (tensors.status().message().empty())
      std::abort();
    return 0;
  }
  std::vector<bool> isTaken(size);
  for (const auto &[name, tensor] : *tensors)
    for (const uint8_t &byte : tensor.bytes) {
      size_t place = size_t(&byte - data);
      if (place >= size || isTaken[place])
        std::abort();
      isTaken[place] = true;
    }
  return 0;
}

/// libFuzzer's own mutation, of bytes.
extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t mostSize);

/// Mostly of the header alone, whose size is then made right again.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t mostSize, unsigned seed) {
  uint64_t header = 0;
  if (size >= sizeof(header))
    std::memcpy(&header, data, sizeof(header));
  if (size < sizeof(header) || header > size - sizeof(header) || seed % 8 == 0)
    return LLVMFuzzerMutate(data, size, mostSize);
  std::vector<uint8_t> text(data + sizeof(header), data + sizeof(header) + header);
  std::vector<uint8_t> elements(data + sizeof(header) + header, data + size);
  text.resize(std::max<size_t>(mostSize - sizeof(header), header));
  header = LLVMFuzzerMutate(text.data(), header, text.size());
  elements.resize(std::min(elements.size(), mostSize - std::min(mostSize, sizeof(header) + header)));
  std::memcpy(data, &header, sizeof(header));
  std::copy_n(text.begin(), header, data + sizeof(header));
  std::copy(elements.begin(), elements.end(), data + sizeof(header) + header);
  return sizeof(header) + header + elements.size();
}
