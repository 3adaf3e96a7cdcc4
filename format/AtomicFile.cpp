// Writes to a temporary file beside the target and renames it.
#include "format/AtomicFile.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

} // namespace

Status writeFileAtomically(const std::string &path, const Parts &parts) {
  struct stat info;
  bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    return failure(Code::InputOutput, "cannot write '", path, "': it is a folder");
  if (exists && !S_ISREG(info.st_mode))
    return writeInPlace(path, parts);

  std::string target = resolve(path);
  size_t slash = target.rfind('/');
  std::string folder = slash == std::string::npos ? "" : target.substr(0, slash + 1);
  std::string temporary = folder + ".winnow-XXXXXX";
  int file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0)
    return systemError("write", path);
  bool written = writeAll(file, parts) && ::fchmod(file, exists ? info.st_mode & 07777 : newFileMode()) == 0;
  Status status = written ? Status() : systemError("write", path);
  if (::close(file) != 0 && status.ok())
    status = systemError("write", path);
  if (status.ok() && ::rename(temporary.c_str(), target.c_str()) != 0)
    status = systemError("write", path);
  if (!status.ok())
    ::unlink(temporary.c_str());
  return status;
}

} // namespace winnow::format
