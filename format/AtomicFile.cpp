// Writes to temporary files beside the targets and renames them.
#include "format/AtomicFile.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace winnow::format {
namespace {

using Parts = std::vector<std::span<const uint8_t>>;

Status systemError(const char *action, const std::string &path) {
  return failure(Code::InputOutput, "cannot ", action, " '", path, "': ", std::strerror(errno));
}

bool writeAll(int file, const Parts &parts) {
  for (std::span<const uint8_t> part : parts) {
    while (!part.empty()) {
      ssize_t written = ::write(file, part.data(), part.size());
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return false;
      part = part.subspan(size_t(written));
    }
  }
  return true;
}

Status writeInPlace(const std::string &path, const Parts &parts) {
  int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0)
    return systemError("open", path);
  bool written = writeAll(file, parts);
  Status status = written ? Status() : systemError("write", path);
  if (::close(file) != 0 && status.ok())
    return systemError("write", path);
  return status;
}

/// The file that `path` names after its symbolic links; `path` itself if there is none yet.
std::string resolve(const std::string &path) {
  char *resolved = ::realpath(path.c_str(), nullptr);
  std::string target = resolved ? resolved : path;
  std::free(resolved);
  return target;
}

/// The mode of a file that open() would create. umask can only be read by setting it.
mode_t newFileMode() {
  mode_t mask = ::umask(022);
  ::umask(mask);
  return 0666 & ~mask;
}

/// A complete file under a temporary name, which goes when it is not renamed.
class TemporaryFile {
public:
  TemporaryFile() = default;
  TemporaryFile(TemporaryFile &&other) noexcept
      : path(std::exchange(other.path, "")), target(std::move(other.target)), asked(std::move(other.asked)) {}
  ~TemporaryFile() {
    if (!path.empty())
      ::unlink(path.c_str());
  }

  /// `info` is of the file that is there, null without one.
  Status write(const FileToWrite &file, const struct stat *info) {
    asked = file.path;
    target = resolve(file.path);
    size_t slash = target.rfind('/');
    std::string name = (slash == std::string::npos ? "" : target.substr(0, slash + 1)) + ".winnow-XXXXXX";
    int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor < 0)
      return systemError("write", asked);
    path = name;
    bool written = writeAll(descriptor, file.parts) &&
                   ::fchmod(descriptor, info ? info->st_mode & 07777 : newFileMode()) == 0;
    Status status = written ? Status() : systemError("write", asked);
    if (::close(descriptor) != 0 && status.ok())
      status = systemError("write", asked);
    return status;
  }

  Status rename() {
    if (::rename(path.c_str(), target.c_str()) != 0)
      return systemError("write", asked);
    path.clear();
    return {};
  }

private:
  std::string path, target, asked;
};

} // namespace

Status writeFileAtomically(const std::string &path, const Parts &parts) {
  return writeFilesAtomically({{path, parts}});
}

Status writeFilesAtomically(const std::vector<FileToWrite> &files) {
  std::vector<TemporaryFile> temporaries;
  std::vector<const FileToWrite *> inPlace;
  for (const FileToWrite &file : files) {
    struct stat info;
    bool exists = ::stat(file.path.c_str(), &info) == 0;
    if (exists && S_ISDIR(info.st_mode))
      return failure(Code::InputOutput, "cannot write '", file.path, "': it is a folder");
    if (exists && !S_ISREG(info.st_mode)) {
      inPlace.push_back(&file);
      continue;
    }
    if (Status status = temporaries.emplace_back().write(file, exists ? &info : nullptr); !status.ok())
      return status;
  }
  for (const FileToWrite *file : inPlace)
    if (Status status = writeInPlace(file->path, file->parts); !status.ok())
      return status;
  for (TemporaryFile &temporary : temporaries)
    if (Status status = temporary.rename(); !status.ok())
      return status;
  return {};
}

} // namespace winnow::format
