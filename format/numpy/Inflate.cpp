// Decompresses with zlib, which the runtime does without.
#include "format/numpy/Inflate.h"

#include <algorithm>
#include <zlib.h>

namespace winnow::format {

/// Grows the result with what really comes out, not with what the directory promises.
Result<std::vector<uint8_t>> inflateMember(std::span<const uint8_t> compressed, size_t size) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return failure(Code::OutOfMemory, "cannot start to decompress it");
  stream.next_in = const_cast<uint8_t *>(compressed.data());
  stream.avail_in = uInt(compressed.size());
  std::vector<uint8_t> result;
  size_t used = 0;
  int code = Z_OK;
  while (code == Z_OK && used <= size) {
    result.resize(std::min(size + 1, std::max<size_t>(used * 2, 65536)));
    stream.next_out = result.data() + used;
    stream.avail_out = uInt(result.size() - used);
    code = ::inflate(&stream, Z_NO_FLUSH);
    used = size_t(stream.next_out - result.data());
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END || used != size)
    return failure(Code::InvalidArgument, "its compressed data is damaged");
  result.resize(size);
  return result;
}

} // namespace winnow::format
