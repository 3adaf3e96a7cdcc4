// Runs ptxas and reads its report.
#include "tools/winnow-ptxsim/Registers.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace winnow::ptxsim::tool {
namespace {

using format::Code;
using format::failure;
using format::Result;

/// The output and errors of ptxas, which writes no file.
struct Report {
  int exitCode = 0;
  std::string text;
};

std::string readAll(int descriptor) {
  std::string text;
  char buffer[4096];
  for (;;) {
    ssize_t count = read(descriptor, buffer, sizeof(buffer));
    if (count > 0)
      text.append(buffer, size_t(count));
    else if (count == 0 || errno != EINTR)
      return text;
  }
}

Result<Report> runAssembler(const std::string &file, std::string_view target) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return failure(Code::Unsupported, "cannot run ptxas: ", std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  std::string words[] = {"ptxas", "-v", "-arch=" + std::string(target), "-o", "/dev/null", file};
  char *arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(),
                       words[4].data(), words[5].data(), nullptr};
  pid_t process = 0;
  int error = posix_spawnp(&process, "ptxas", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  Report report;
  if (error == 0)
    report.text = readAll(ends[0]);
  close(ends[0]);
  if (error != 0)
    return failure(Code::Unsupported,
                   error == ENOENT ? "there is no ptxas on the PATH" : std::strerror(error));
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  report.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  return report;
}

std::string_view firstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

} // namespace

/// "Compiling entry function 'k' for 'sm_80'", and some lines further "Used 18 registers, ...".
Result<unsigned> countRegisters(const std::string &file, std::string_view kernel, std::string_view target) {
  auto report = runAssembler(file, target);
  if (!report.ok())
    return report.status();
  if (report->exitCode != 0)
    return failure(Code::Unsupported, "ptxas refuses the PTX for ", target, ": ", firstLine(report->text));
  std::string_view text = report->text, entry = "Compiling entry function '", used = "Used ";
  size_t begin = text.find(format::concatenate(entry, kernel, "'"));
  std::string_view section =
      begin == std::string_view::npos ? "" : text.substr(begin, text.find(entry, begin + 1) - begin);
  size_t number = section.find(used);
  unsigned registers = 0;
  if (number != std::string_view::npos) {
    std::string_view digits = section.substr(number + used.size());
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), registers);
    digits.remove_prefix(size_t(end - digits.data()));
    if (error == std::errc() && digits.starts_with(" registers"))
      return registers;
  }
  return failure(Code::Unsupported, "ptxas does not say how many registers kernel '", kernel, "' uses for ",
                 target);
}

} // namespace winnow::ptxsim::tool
