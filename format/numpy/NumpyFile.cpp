// The .npy format: a magic, a header that is a Python dictionary, and the elements.
#include "format/numpy/NumpyFile.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace winnow::format {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaximumRank = 32;

struct TypeName {
  const char *descr;
  ElementType type;
};
constexpr TypeName kTypes[] = {
    {"|b1", ElementType::Bool},
    {"|i1", ElementType::I8},
    {"|u1", ElementType::U8},
    {"<i2", ElementType::I16},
    {"<i4", ElementType::I32},
    {"<i8", ElementType::I64},
    {"<u2", ElementType::U16},
    {"<u4", ElementType::U32},
    {"<u8", ElementType::U64},
    {"<f2", ElementType::F16},
    {"<V2", ElementType::BF16},
    {"|V2", ElementType::BF16},
    {"<f4", ElementType::F32},
    {"<f8", ElementType::F64},
    // As ml_dtypes writes 8-bit floats: the bytes alone.
    {"|V1", ElementType::U8},
    {"<V1", ElementType::U8},
    {"<f1", ElementType::U8},
};

template <typename... Parts> Status invalid(const Parts &...parts) {
  return failure(Code::InvalidArgument, parts...);
}

struct Header {
  std::string descr;
  bool columnMajor = false;
  std::vector<int64_t> shape;
};

/// Reads the dictionary, of which numpy always writes the same three entries.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text(text) {}

  Result<Header> run() {
    bool hasDescr = false, hasOrder = false, hasShape = false;
    bool ok = take('{');
    while (ok && !take('}')) {
      std::string key;
      ok = readString(key) && take(':');
      if (ok && key == "descr" && !hasDescr)
        hasDescr = ok = readString(header.descr);
      else if (ok && key == "fortran_order" && !hasOrder)
        hasOrder = ok = readBool(header.columnMajor);
      else if (ok && key == "shape" && !hasShape)
        hasShape = ok = readShape();
      else
        ok = false;
      ok = ok && (take(',') || peek('}'));
    }
    skipSpace();
    if (!ok || !text.empty() || !hasDescr || !hasOrder || !hasShape)
      return invalid("its header is not a dictionary of descr, fortran_order and shape");
    return std::move(header);
  }

private:
  void skipSpace() {
    while (!text.empty() && (text[0] == ' ' || text[0] == '\n' || text[0] == '\t'))
      text.remove_prefix(1);
  }
  bool peek(char c) {
    skipSpace();
    return !text.empty() && text[0] == c;
  }
  bool take(char c) {
    bool found = peek(c);
    if (found)
      text.remove_prefix(1);
    return found;
  }
  bool takeWord(std::string_view word) {
    skipSpace();
    bool found = text.substr(0, word.size()) == word;
    if (found)
      text.remove_prefix(word.size());
    return found;
  }
  bool readString(std::string &value) {
    char quote = peek('\'') ? '\'' : '"';
    if (!take(quote))
      return false;
    size_t end = text.find(quote);
    if (end == std::string_view::npos)
      return false;
    value = text.substr(0, end);
    text.remove_prefix(end + 1);
    return true;
  }
  bool readBool(bool &value) {
    value = takeWord("True");
    return value || takeWord("False");
  }
  bool readShape() {
    if (!take('('))
      return false;
    while (!take(')')) {
      int64_t size = 0;
      if (header.shape.size() == kMaximumRank || !readSize(size))
        return false;
      header.shape.push_back(size);
      if (!take(',') && !peek(')'))
        return false;
    }
    return true;
  }
  bool readSize(int64_t &value) {
    skipSpace();
    size_t digits = 0;
    bool overflow = false;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
      overflow |= __builtin_mul_overflow(value, 10, &value);
      overflow |= __builtin_add_overflow(value, text[digits] - '0', &value);
    }
    text.remove_prefix(digits);
    takeWord("L"); // Python 2 wrote it
    return digits > 0 && !overflow;
  }

  std::string_view text;
  Header header;
};

Result<ElementType> parseType(const std::string &descr) {
  for (const TypeName &each : kTypes) {
    // One-byte types may carry any byte order.
    bool same = descr == each.descr || (byteWidth(each.type) == 1 && descr.size() == 3 && descr[0] != '>' &&
                                        descr.compare(1, 2, each.descr + 1) == 0);
    if (same)
      return each.type;
  }
  if (!descr.empty() && descr[0] == '>')
    return invalid("its elements are big-endian ('", descr, "'), expected little-endian");
  return invalid(
      "element type '", descr,
      "' is not supported, expected bool, an integer of 8 to 64 bits, float16, bfloat16, float32 or "
      "float64");
}

/// Bytes of an element of a type such as "<u2": booleans, integers, floats and complex numbers of this byte
/// order.
Result<size_t> numberWidth(const std::string &descr) {
  std::string_view text = descr;
  bool isNumber = text.size() >= 3 && text.size() <= 4 &&
                  (text[0] == '<' || text[0] == '|' || text[0] == '=') &&
                  std::string_view("biufcV").find(text[1]) != std::string_view::npos;
  size_t width = 0;
  for (char c : isNumber ? text.substr(2) : "") {
    isNumber &= c >= '0' && c <= '9';
    width = width * 10 + size_t(c - '0');
  }
  if (!isNumber || width == 0 || width > 16)
    return invalid("element type '", descr, "' is not a little-endian number");
  return width;
}

/// Reorders column-major elements of `width` bytes.
void toRowMajor(NumpyArray &array, size_t width) {
  size_t rank = array.shape.size(), count = array.bytes.size() / width;
  auto columnMajor = array.bytes;
  std::vector<int64_t> index(rank, 0), strides(rank, 1);
  for (size_t d = 1; d < rank; ++d)
    strides[d] = strides[d - 1] * array.shape[d - 1];
  for (size_t i = 0; i < count; ++i) {
    int64_t source = 0;
    for (size_t d = 0; d < rank; ++d)
      source += index[d] * strides[d];
    std::memcpy(&array.bytes[i * width], &columnMajor[size_t(source) * width], width);
    for (size_t d = rank; d-- > 0 && ++index[d] == array.shape[d];)
      index[d] = 0;
  }
}

/// Splits a file into its header's text and its elements.
Result<std::string_view> headerText(std::span<const uint8_t> bytes, std::span<const uint8_t> &elements) {
  std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  if (text.substr(0, kMagic.size()) != kMagic || bytes.size() < 10)
    return invalid("it is not a .npy file");
  if (bytes[6] < 1 || bytes[6] > 3)
    return invalid("it has .npy version ", bytes[6], ", expected 1 to 3");
  size_t start = bytes[6] == 1 ? 10 : 12;
  if (bytes.size() < start)
    return invalid("it ends within its header");
  uint32_t size = uint32_t(bytes[8]) | uint32_t(bytes[9]) << 8;
  if (bytes[6] > 1)
    size |= uint32_t(bytes[10]) << 16 | uint32_t(bytes[11]) << 24;
  if (size > bytes.size() - start)
    return invalid("it ends within its header");
  elements = bytes.subspan(start + size);
  return text.substr(start, size);
}

} // namespace

namespace {

/// The array of a header and its elements of `width` bytes.
Result<NumpyArray> readElements(Header &header, std::span<const uint8_t> elements, size_t width) {
  NumpyArray array;
  array.type = std::move(header.descr);
  array.shape = std::move(header.shape);
  bool overflow = false;
  int64_t expected = int64_t(width);
  for (int64_t size : array.shape)
    overflow |= __builtin_mul_overflow(expected, size, &expected);
  bool empty = std::find(array.shape.begin(), array.shape.end(), 0) != array.shape.end();
  if ((overflow && !empty) || elements.size() != uint64_t(empty ? 0 : expected))
    return invalid("it has ", elements.size(),
                   " bytes of elements, which is not what its shape and type take");
  array.bytes.assign(elements.begin(), elements.end());
  if (header.columnMajor && !empty)
    toRowMajor(array, width);
  return array;
}

Result<Header> readHeader(std::span<const uint8_t> bytes, std::span<const uint8_t> &elements) {
  auto text = headerText(bytes, elements);
  if (!text.ok())
    return text.status();
  return HeaderParser(*text).run();
}

} // namespace

Result<Array> parseNumpy(std::span<const uint8_t> bytes) {
  std::span<const uint8_t> elements;
  auto header = readHeader(bytes, elements);
  if (!header.ok())
    return header.status();
  auto type = parseType(header->descr);
  if (!type.ok())
    return type.status();
  auto read = readElements(*header, elements, size_t(byteWidth(*type)));
  if (!read.ok())
    return read.status();
  return Array{*type, std::move(read->shape), std::move(read->bytes)};
}

Result<NumpyArray> parseNumpyNumbers(std::span<const uint8_t> bytes) {
  std::span<const uint8_t> elements;
  auto header = readHeader(bytes, elements);
  if (!header.ok())
    return header.status();
  auto width = numberWidth(header->descr);
  if (!width.ok())
    return width.status();
  return readElements(*header, elements, *width);
}

std::vector<uint8_t> serializeNumpyHeader(std::string_view type, const std::vector<int64_t> &shape) {
  std::string header = concatenate("{'descr': '", type, "', 'fortran_order': False, 'shape': (");
  for (size_t i = 0; i < shape.size(); ++i)
    header += concatenate(i ? ", " : "", shape[i]);
  header += shape.size() == 1 ? ",), }" : "), }";
  // Spaces to a multiple of 64 with the final line feed, as numpy does.
  constexpr size_t prefix = 10;
  header.append(63 - (prefix + header.size()) % 64, ' ');
  header += '\n';
  std::string start(kMagic.begin(), kMagic.end());
  start += {'\1', '\0', char(header.size()), char(header.size() >> 8)};
  start += header;
  return {start.begin(), start.end()};
}

std::vector<uint8_t> serializeNumpy(std::string_view type, const std::vector<int64_t> &shape,
                                    std::span<const uint8_t> elements) {
  std::vector<uint8_t> bytes = serializeNumpyHeader(type, shape);
  bytes.insert(bytes.end(), elements.begin(), elements.end());
  return bytes;
}

std::vector<uint8_t> serializeNumpy(const Array &array) {
  // numpy has no 8-bit floats: their files hold bytes.
  ElementType stored = isEightBitFloat(array.type) ? ElementType::U8 : array.type;
  const TypeName *type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                      [&](const TypeName &each) { return each.type == stored; });
  return serializeNumpy(type->descr, array.shape, array.bytes);
}

Result<std::vector<uint8_t>> readFile(const std::string &path, uint64_t mostBytes) {
  auto error = [&](int number) {
    return failure(number == ENOENT ? Code::NotFound : Code::InputOutput, "cannot read '", path,
                   "': ", std::strerror(number));
  };
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return error(errno);
  auto refuse = [&](const std::string &reason) {
    ::close(file);
    return failure(Code::InputOutput, "cannot read '", path, "': ", reason);
  };
  std::vector<uint8_t> bytes;
  struct stat info;
  bool isKnown = ::fstat(file, &info) == 0;
  if (isKnown && S_ISCHR(info.st_mode))
    return refuse("it is a device, not a file");
  if (isKnown && S_ISREG(info.st_mode))
    bytes.reserve(size_t(std::min(uint64_t(info.st_size), mostBytes)) + 1);
  for (size_t used = 0;;) {
    bytes.resize(std::max(bytes.capacity(), used + (size_t(1) << 16)));
    ssize_t count = ::read(file, bytes.data() + used, bytes.size() - used);
    if (count < 0 && errno == EINTR)
      continue;
    int number = errno;
    if (count > 0) {
      used += size_t(count);
      if (used > mostBytes)
        return refuse(concatenate("it has more than ", mostBytes, " bytes"));
      continue;
    }
    ::close(file);
    bytes.resize(used);
    return count < 0 ? Result<std::vector<uint8_t>>(error(number)) : std::move(bytes);
  }
}

} // namespace winnow::format
