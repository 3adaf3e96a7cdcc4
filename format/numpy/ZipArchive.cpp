// The parts of the zip format that .npz files use: no encryption, no splitting, no 64-bit sizes.
#include "format/numpy/ZipArchive.h"
#include "format/numpy/NumpyFile.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace winnow::format {
namespace {

constexpr uint32_t kLocalSignature = 0x04034b50, kCentralSignature = 0x02014b50, kEndSignature = 0x06054b50;
constexpr size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22, kMaximumComment = 65535;
constexpr uint16_t kStored = 0, kDeflated = 8;
/// 1980-01-01, so that equal arrays give equal files.
constexpr uint16_t kDate = 1 << 5 | 1;

template <typename... Parts> Status invalid(const Parts &...parts) {
  return failure(Code::InvalidArgument, parts...);
}

template <typename T> T read(std::span<const uint8_t> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

struct Member {
  std::string name;
  uint16_t flags, method;
  uint32_t checksum, compressedSize, size, localOffset;
};

std::optional<size_t> findEnd(std::span<const uint8_t> bytes) {
  if (bytes.size() < kEndSize)
    return std::nullopt;
  size_t last = bytes.size() - kEndSize, first = last > kMaximumComment ? last - kMaximumComment : 0;
  for (size_t offset = last + 1; offset-- > first;) {
    if (read<uint32_t>(bytes, offset) == kEndSignature &&
        offset + kEndSize + read<uint16_t>(bytes, offset + 20) == bytes.size())
      return offset;
  }
  return std::nullopt;
}

Result<std::vector<Member>> readDirectory(std::span<const uint8_t> bytes) {
  auto end = findEnd(bytes);
  if (!end)
    return invalid("it is not a .npz file, or it is truncated");
  uint16_t count = read<uint16_t>(bytes, *end + 10);
  size_t offset = read<uint32_t>(bytes, *end + 16);
  std::vector<Member> members;
  for (uint16_t i = 0; i < count; ++i) {
    if (offset > *end || *end - offset < kCentralSize || read<uint32_t>(bytes, offset) != kCentralSignature)
      return invalid("its directory is damaged");
    size_t nameSize = read<uint16_t>(bytes, offset + 28);
    size_t following = read<uint16_t>(bytes, offset + 30) + size_t(read<uint16_t>(bytes, offset + 32));
    if (*end - offset - kCentralSize < nameSize + following)
      return invalid("its directory is damaged");
    Member member;
    member.name.assign(reinterpret_cast<const char *>(bytes.data()) + offset + kCentralSize, nameSize);
    member.flags = read<uint16_t>(bytes, offset + 8);
    member.method = read<uint16_t>(bytes, offset + 10);
    member.checksum = read<uint32_t>(bytes, offset + 16);
    member.compressedSize = read<uint32_t>(bytes, offset + 20);
    member.size = read<uint32_t>(bytes, offset + 24);
    member.localOffset = read<uint32_t>(bytes, offset + 42);
    members.push_back(std::move(member));
    offset += kCentralSize + nameSize + following;
  }
  return members;
}

/// The member's bytes as they are in the archive.
Result<std::span<const uint8_t>> locate(std::span<const uint8_t> bytes, const Member &member) {
  constexpr uint32_t in64Bits = 0xFFFFFFFF;
  if (member.size == in64Bits || member.compressedSize == in64Bits || member.localOffset == in64Bits)
    return invalid("it has 4 GiB or more, which is not supported");
  if (member.flags & 1)
    return invalid("it is encrypted");
  size_t offset = member.localOffset;
  if (offset > bytes.size() || bytes.size() - offset < kLocalSize ||
      read<uint32_t>(bytes, offset) != kLocalSignature)
    return invalid("its local header is damaged");
  size_t start =
      offset + kLocalSize + read<uint16_t>(bytes, offset + 26) + read<uint16_t>(bytes, offset + 28);
  if (start > bytes.size() || bytes.size() - start < member.compressedSize)
    return invalid("it exceeds the file");
  return bytes.subspan(start, member.compressedSize);
}

/// The CRC-32 of the zip format, with the polynomial in its reflected form.
uint32_t checksum(std::span<const uint8_t> bytes) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> made;
    for (uint32_t i = 0; i < made.size(); ++i) {
      made[i] = i;
      for (int bit = 0; bit < 8; ++bit)
        made[i] = made[i] & 1 ? made[i] >> 1 ^ 0xEDB88320 : made[i] >> 1;
    }
    return made;
  }();
  uint32_t sum = ~0u;
  for (uint8_t byte : bytes)
    sum = table[(sum ^ byte) & 0xFF] ^ sum >> 8;
  return ~sum;
}

Result<Array> readMember(std::span<const uint8_t> bytes, const Member &member, Inflate inflate) {
  auto raw = locate(bytes, member);
  if (!raw.ok())
    return raw.status();
  std::span<const uint8_t> content = *raw;
  std::vector<uint8_t> inflated;
  if (member.method == kDeflated && inflate) {
    auto result = inflate(content, member.size);
    if (!result.ok())
      return result.status();
    inflated = std::move(*result);
    content = inflated;
  } else if (member.method != kStored) {
    return invalid("it uses compression method ", member.method, ", expected 0", inflate ? " or 8" : "");
  }
  if (content.size() != member.size || checksum(content) != member.checksum)
    return invalid("it does not match its checksum");
  return parseNumpy(content);
}

class Writer {
public:
  void add(const std::string &name, const std::vector<uint8_t> &content) {
    uint32_t sum = checksum(content), size = uint32_t(content.size()), offset = uint32_t(bytes.size());
    put(bytes, kLocalSignature, uint16_t(20), uint16_t(0), kStored, uint16_t(0), kDate, sum, size, size,
        uint16_t(name.size()), uint16_t(0));
    bytes.insert(bytes.end(), name.begin(), name.end());
    bytes.insert(bytes.end(), content.begin(), content.end());
    put(directory, kCentralSignature, uint16_t(20), uint16_t(20), uint16_t(0), kStored, uint16_t(0), kDate,
        sum, size, size, uint16_t(name.size()), uint16_t(0), uint16_t(0), uint16_t(0), uint16_t(0),
        uint32_t(0), offset);
    directory.insert(directory.end(), name.begin(), name.end());
    ++count;
  }

  std::vector<uint8_t> finish() {
    uint32_t start = uint32_t(bytes.size());
    bytes.insert(bytes.end(), directory.begin(), directory.end());
    put(bytes, kEndSignature, uint16_t(0), uint16_t(0), count, count, uint32_t(directory.size()), start,
        uint16_t(0));
    return std::move(bytes);
  }

private:
  template <typename... Fields> static void put(std::vector<uint8_t> &to, Fields... fields) {
    auto putOne = [&](auto field) {
      const uint8_t *raw = reinterpret_cast<const uint8_t *>(&field);
      to.insert(to.end(), raw, raw + sizeof(field));
    };
    (putOne(fields), ...);
  }

  std::vector<uint8_t> bytes, directory;
  uint16_t count = 0;
};

} // namespace

Result<std::map<std::string, Array>> parseNumpyArchive(std::span<const uint8_t> bytes, Inflate inflate) {
  auto members = readDirectory(bytes);
  if (!members.ok())
    return members.status();
  std::map<std::string, Array> arrays;
  for (const Member &member : *members) {
    std::string_view name = member.name;
    if (name.size() < 4 || name.substr(name.size() - 4) != ".npy")
      return invalid("member '", name, "' is not a .npy file");
    auto array = readMember(bytes, member, inflate);
    if (!array.ok())
      return failure(array.status().code(), "member '", name, "': ", array.status().message());
    if (!arrays.emplace(name.substr(0, name.size() - 4), std::move(*array)).second)
      return invalid("member '", name, "' is there twice");
  }
  return arrays;
}

Result<std::vector<uint8_t>> serializeNumpyArchive(const std::map<std::string, Array> &arrays) {
  uint64_t total = 0;
  for (const auto &[name, array] : arrays)
    total += array.bytes.size() + 2 * name.size() + 4096;
  if (total >= UINT32_MAX || arrays.size() >= UINT16_MAX)
    return invalid("the arrays have 4 GiB or more, which .npz files here cannot hold");
  Writer writer;
  for (const auto &[name, array] : arrays)
    writer.add(name + ".npy", serializeNumpy(array));
  return writer.finish();
}

} // namespace winnow::format
