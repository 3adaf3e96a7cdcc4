// Writes files so that they appear only when complete.
#pragma once

#include "format/Status.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace winnow::format {

/// Writes the concatenation of `parts` to a temporary file in the folder of `path` and renames it to `path`;
/// on failure nothing is left behind and an old file stays as it was. A symbolic link is followed. What is
/// not a regular file (a pipe, /dev/null) is written in place. Fails with InputOutput, naming `path`.
Status writeFileAtomically(const std::string &path, const std::vector<std::span<const uint8_t>> &parts);

struct FileToWrite {
  std::string path;
  std::vector<std::span<const uint8_t>> parts;
};
/// Writes several files as writeFileAtomically does, and renames none before all are written: there are all
/// of them or none, unless a folder changes meanwhile. What is not a regular file is written before.
Status writeFilesAtomically(const std::vector<FileToWrite> &files);

} // namespace winnow::format
