// The failure of a CTA, and the words for where it happened.
#include "runtime/device/ptxsim/execute/Faults.h"

namespace winnow::ptxsim {
namespace {

/// nvcc writes a call on many lines.
std::string onOneLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    bool isSpace = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!isSpace)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  return line;
}

} // namespace

std::string describeIndex(Dimensions index) {
  return format::concatenate("(", index[0], ",", index[1], ",", index[2], ")");
}

std::string hexadecimal(uint64_t value) {
  std::string text;
  do {
    text.insert(text.begin(), "0123456789abcdef"[value & 15]);
    value >>= 4;
  } while (value);
  return "0x" + text;
}

bool Faults::raise(const Warp &warp, uint32_t pc, uint32_t mask, std::string_view message) {
  if (status.ok())
    status = unwritten.ok() ? format::failure(format::Code::DeviceFault, message, ": ",
                                              where(warp, pc, unsigned(__builtin_ctz(mask))))
                            : unwritten; // which may well be why
  return false;
}

/// Who reads what another thread is about to write lacks a barrier: that would be the better report. So when
/// races are looked for, this one waits for the end of the CTA, or for another fault.
bool Faults::raiseUnwritten(const Warp &warp, uint32_t pc, unsigned lane, std::string_view what) {
  if (unwritten.ok())
    unwritten = format::failure(format::Code::DeviceFault, "uninitialized: ", what,
                                ", which nobody has written: ", where(warp, pc, lane));
  if (launch.options.checkRaces)
    return true;
  status = unwritten;
  return false;
}

void Faults::cancel() {
  status = format::failure(format::Code::Cancelled, "kernel '", launch.code.kernel, "' was cancelled");
}

format::Status Faults::finish() {
  if (status.ok())
    status = unwritten;
  return status;
}

/// "kernel 'k', ptx:12:3 (bar.sync 0;), CTA (0,0,0), thread (5,0,0)"
std::string Faults::where(const Warp &warp, uint32_t pc, unsigned lane) const {
  return format::concatenate("kernel '", launch.code.kernel, "', ", describeInstruction(pc), ", CTA ",
                             describeIndex(cta.index), ", thread ",
                             describeThread(warp.index * kLanes + lane));
}

std::string Faults::describeInstruction(uint32_t pc) const {
  const Location &location = launch.code.instructions[pc].location;
  std::string text = format::concatenate(launch.program, ":", location.line, ":", location.column, " (",
                                         onOneLine(launch.code.texts[pc]), ")");
  const SourceLine &source = launch.code.sources[pc];
  auto file = launch.code.files.find(source.file);
  if (source.line && file != launch.code.files.end())
    text += format::concatenate(" from ", file->second, ":", source.line, ":", source.column);
  return text;
}

std::string Faults::describeThread(uint32_t thread) const {
  return describeIndex(indexInGrid(launch.block, thread));
}

std::string Faults::describeCta(uint64_t number) const {
  return describeIndex(indexInGrid(launch.grid, number));
}

} // namespace winnow::ptxsim
