// The safetensors format: the header's size in 8 bytes, the header as JSON, the elements. The specification
// is at https://github.com/huggingface/safetensors.
#include "format/safetensors/SafetensorsFile.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

namespace winnow::format {
namespace {

constexpr uint64_t kMaximumHeader = 100'000'000;
constexpr size_t kMaximumRank = 32;

struct TypeInfo {
  const char *name;
  int64_t bits;
  std::optional<ElementType> type = std::nullopt;
};
constexpr TypeInfo kTypes[] = {
    {"BOOL", 8, ElementType::Bool},
    {"F4", 4},
    {"F6_E2M3", 6},
    {"F6_E3M2", 6},
    {"U8", 8, ElementType::U8},
    {"I8", 8, ElementType::I8},
    {"F8_E5M2", 8, ElementType::F8E5M2},
    {"F8_E4M3", 8, ElementType::F8E4M3FN},
    {"F8_E8M0", 8, ElementType::F8E8M0FNU},
    {"F8_E4M3FNUZ", 8, ElementType::F8E4M3FNUZ},
    {"F8_E5M2FNUZ", 8, ElementType::F8E5M2FNUZ},
    {"I16", 16, ElementType::I16},
    {"U16", 16, ElementType::U16},
    {"F16", 16, ElementType::F16},
    {"BF16", 16, ElementType::BF16},
    {"I32", 32, ElementType::I32},
    {"U32", 32, ElementType::U32},
    {"F32", 32, ElementType::F32},
    {"C64", 64},
    {"F64", 64, ElementType::F64},
    {"I64", 64, ElementType::I64},
    {"U64", 64, ElementType::U64},
};

template <typename... Parts> Status invalid(const Parts &...parts) {
  return failure(Code::InvalidArgument, parts...);
}

/// What the header says of a tensor.
struct Entry {
  std::string name, type;
  std::vector<uint64_t> shape, offsets;
  bool hasType = false, hasShape = false, hasOffsets = false;
};

/// Takes the header's JSON event by event: no tree is built, and what is there twice is seen.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
public:
  std::vector<Entry> entries;
  Status status;

  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("a truth value"); }
  bool number_integer(number_integer_t) override { return refuse("a negative number"); }
  bool number_float(number_float_t, const string_t &) override { return refuse("a fraction"); }
  bool binary(binary_t &) override { return refuse("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (!list)
      return refuse("a number");
    // Data has two offsets, so that this limits both lists.
    if (list->size() == kMaximumRank)
      return refuse(concatenate("a list of more than ", kMaximumRank, " numbers"));
    list->push_back(value);
    return true;
  }

  bool string(string_t &value) override {
    if (depth == 2 && isMetadata)
      return true;
    if (depth != 2 || field != "dtype")
      return refuse("a string");
    entries.back().type = std::move(value);
    return true;
  }

  bool start_object(size_t) override {
    if (depth == 2)
      return refuse("an object");
    if (depth++ == 1 && !isMetadata)
      entries.emplace_back().name = name;
    return true;
  }

  bool end_object() override {
    --depth;
    return depth != 1 || isMetadata || isComplete(entries.back());
  }

  bool key(string_t &text) override {
    if (depth == 1) {
      name = std::move(text);
      isMetadata = name == "__metadata__";
      return true;
    }
    field = std::move(text);
    return isMetadata || isNew();
  }

  bool start_array(size_t) override {
    if (depth != 2 || isMetadata || list || (field != "shape" && field != "data_offsets"))
      return refuse("a list");
    list = field == "shape" ? &entries.back().shape : &entries.back().offsets;
    return true;
  }

  bool end_array() override {
    list = nullptr;
    return true;
  }

  bool parse_error(size_t position, const std::string &, const nlohmann::json::exception &) override {
    if (status.ok())
      status = invalid("its header is not JSON, from byte ", position, " of it on");
    return false;
  }

private:
  bool refuse(std::string_view found) {
    if (status.ok())
      status = depth == 0 ? invalid("its header is ", found, ", expected an object")
                          : invalid("its header has ", found, " at '", name, "', where the format has none");
    return false;
  }

  /// The field of the tensor is one that tensors have, once.
  bool isNew() {
    Entry &entry = entries.back();
    bool *isThere = field == "dtype"          ? &entry.hasType
                    : field == "shape"        ? &entry.hasShape
                    : field == "data_offsets" ? &entry.hasOffsets
                                              : nullptr;
    if (isThere && !*isThere)
      return *isThere = true;
    status = isThere ? invalid("tensor '", name, "' has two entries '", field, "', expected one")
                     : invalid("tensor '", name, "' has an entry '", field,
                               "', expected dtype, shape and data_offsets");
    return false;
  }

  bool isComplete(const Entry &entry) {
    bool complete = entry.hasType && entry.hasShape && entry.hasOffsets && entry.offsets.size() == 2;
    if (!complete)
      status =
          invalid("tensor '", name, "' has no complete entry, expected dtype, shape and two data_offsets");
    return complete;
  }

  size_t depth = 0;
  std::string name, field;
  bool isMetadata = false;
  std::vector<uint64_t> *list = nullptr;
};

Status locate(const Entry &entry, std::span<const uint8_t> data, StoredTensor &tensor) {
  auto info = std::find_if(std::begin(kTypes), std::end(kTypes),
                           [&](const TypeInfo &each) { return entry.type == each.name; });
  if (info == std::end(kTypes))
    return invalid("tensor '", entry.name, "' has the unknown element type '", entry.type,
                   "', expected one of the format such as F32 or BF16");
  bool overflows = false;
  int64_t bits = info->bits;
  for (uint64_t size : entry.shape)
    overflows |=
        size > uint64_t(std::numeric_limits<int64_t>::max()) || __builtin_mul_overflow(bits, size, &bits);
  if (overflows || bits % 8 != 0)
    return invalid("tensor '", entry.name, "' has a shape of ",
                   overflows ? "too many elements" : "no whole bytes");
  uint64_t begin = entry.offsets[0], end = entry.offsets[1];
  if (begin > end || end > data.size())
    return invalid("tensor '", entry.name, "' has bytes ", begin, " to ", end, ", but the file has ",
                   data.size(), " after its header; is it truncated?");
  if (end - begin != uint64_t(bits / 8))
    return invalid("tensor '", entry.name, "' has ", end - begin, " bytes, expected ", bits / 8,
                   " for its shape and ", entry.type);
  tensor = {
      entry.type, info->type, {entry.shape.begin(), entry.shape.end()}, data.subspan(begin, end - begin)};
  return {};
}

/// Each tensor begins where the one before it ends, and the last ends with the file.
Status checkLayout(std::vector<Entry> &entries, uint64_t size) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry &a, const Entry &b) { return a.offsets < b.offsets; });
  uint64_t last = 0;
  for (const Entry &entry : entries) {
    if (entry.offsets[0] != last)
      return invalid("tensor '", entry.name, "' begins at byte ", entry.offsets[0], ", but expected byte ",
                     last, ", where the one before it ends");
    last = entry.offsets[1];
  }
  if (last != size)
    return invalid("its tensors take ", last, " bytes, but the file has ", size, " after its header");
  return {};
}

/// Splits a file into its header's text and its elements.
Result<std::string_view> headerText(std::span<const uint8_t> file, std::span<const uint8_t> &data) {
  uint64_t size = 0;
  if (file.size() < sizeof(size))
    return invalid("it has ", file.size(), " bytes, which is too short for a safetensors file");
  std::memcpy(&size, file.data(), sizeof(size));
  if (size > kMaximumHeader)
    return invalid("its header has ", size, " bytes, but expected at most ", kMaximumHeader,
                   "; it is not a safetensors file");
  if (size > file.size() - sizeof(size))
    return invalid("its header has ", size, " bytes, but the file ends after ", file.size() - sizeof(size));
  data = file.subspan(sizeof(size) + size);
  return std::string_view(reinterpret_cast<const char *>(file.data()) + sizeof(size), size);
}

} // namespace

Result<std::map<std::string, StoredTensor>> parseSafetensors(std::span<const uint8_t> file) {
  std::span<const uint8_t> data;
  auto header = headerText(file, data);
  if (!header.ok())
    return header.status();
  HeaderReader reader;
  if (!nlohmann::json::sax_parse(*header, &reader))
    return reader.status;
  std::map<std::string, StoredTensor> tensors;
  for (const Entry &entry : reader.entries) {
    StoredTensor tensor;
    if (Status status = locate(entry, data, tensor); !status.ok())
      return status;
    if (!tensors.emplace(entry.name, std::move(tensor)).second)
      return invalid("tensor '", entry.name, "' is there twice");
  }
  if (Status status = checkLayout(reader.entries, data.size()); !status.ok())
    return status;
  return tensors;
}

} // namespace winnow::format
