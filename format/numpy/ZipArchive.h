// Reads and writes numpy's .npz format: a zip archive of .npy files.
#pragma once

#include "format/Status.h"
#include "format/numpy/Array.h"

#include <map>
#include <span>
#include <string>

namespace winnow::format {

/// Decompresses a deflated member to `size` bytes (Inflate.h).
using Inflate = Result<std::vector<uint8_t>> (*)(std::span<const uint8_t> compressed, size_t size);

/// The arrays of a .npz file by their names (without ".npy"). Members may be stored, or deflated where
/// `inflate` is given. Fails with InvalidArgument, naming the member, for a damaged archive, a member that is
/// not a .npy file or does not match its checksum, encryption, other compressions, or 4 GiB and more.
Result<std::map<std::string, Array>> parseNumpyArchive(std::span<const uint8_t> bytes,
                                                       Inflate inflate = nullptr);

/// The bytes of a .npz file with stored members. Fails with InvalidArgument beyond 4 GiB.
Result<std::vector<uint8_t>> serializeNumpyArchive(const std::map<std::string, Array> &arrays);

} // namespace winnow::format
