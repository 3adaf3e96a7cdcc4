// Functions of the CUDA runtime that kernels call: vprintf, __assertfail, malloc and free (CUDA C++
// Programming Guide: "Formatted Output", "Assertion", "Dynamic Global Memory Allocation and Operations").
#include "runtime/device/ptxsim/execute/SystemCalls.h"

#include "runtime/device/ptxsim/execute/Addresses.h"
#include "runtime/device/ptxsim/inspect/Inspection.h"
#include "runtime/device/ptxsim/inspect/UndefinedValues.h"

#include <algorithm>
#include <cstring>

namespace winnow::ptxsim {
namespace {

constexpr size_t kLongestText = size_t(1) << 16; // of a string, and of what one conversion makes
constexpr size_t kMostPending = size_t(1) << 20; // of printed text; as long as CUDA's buffer

/// A conversion of a format: "%", flags, width, precision, the size of the argument, and its letter.
struct Conversion {
  std::string specification; // without the size
  std::string size;          // "", "hh", "h", "l", "ll", "z", "j", "t"
  char letter = 0;

  bool isSigned() const { return letter == 'd' || letter == 'i'; }
  bool isInteger() const { return isSigned() || (letter && std::strchr("ouxX", letter)); }
  bool isFloat() const { return letter && std::strchr("fFeEgGaA", letter); }
  /// Of a long, a pointer or a double; else 4, to which everything is promoted.
  unsigned argumentBytes() const {
    bool isWide = size == "l" || size == "ll" || size == "z" || size == "j" || size == "t";
    return isFloat() || letter == 'p' || letter == 's' || (isInteger() && isWide) ? 8 : 4;
  }
};

/// `value` as the C type that the size names, in 64 bits.
uint64_t narrow(const Conversion &conversion, uint64_t value) {
  bool isSigned = conversion.isSigned();
  if (conversion.size == "hh")
    return isSigned ? uint64_t(int64_t(int8_t(value))) : uint8_t(value);
  if (conversion.size == "h")
    return isSigned ? uint64_t(int64_t(int16_t(value))) : uint16_t(value);
  if (conversion.argumentBytes() == 4)
    return isSigned ? uint64_t(int64_t(int32_t(value))) : uint32_t(value);
  return value;
}

/// Whether a width or a precision is larger than `limit`.
bool hasNumberAbove(std::string_view specification, uint64_t limit) {
  uint64_t number = 0;
  for (char c : specification) {
    bool isDigit = c >= '0' && c <= '9';
    number = isDigit ? std::min(number * 10 + uint64_t(c - '0'), limit + 1) : 0;
    if (number > limit)
      return true;
  }
  return false;
}

template <typename T> std::string formatAs(const std::string &specification, T value) {
  std::string text(kLongestText, '\0');
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  int length = std::snprintf(text.data(), text.size(), specification.c_str(), value);
#pragma GCC diagnostic pop
  text.resize(length < 0 ? 0 : std::min(size_t(length), text.size() - 1));
  return text;
}

} // namespace

/// The value of the system call's argument in a lane.
uint64_t SystemCalls::argument(const Warp &warp, uint32_t pc, unsigned lane, unsigned number) const {
  const CallSite &site = launch.code.calls[code[pc].target];
  const FrameVariable &variable = site.arguments[number];
  uint64_t value = 0;
  std::memcpy(&value, cta.callerMemory(warp, lane, site) + variable.offset, variable.size);
  return value;
}

bool SystemCalls::loadGeneric(const Warp &warp, uint32_t pc, unsigned lane, uint64_t address, unsigned bytes,
                              uint64_t &value) {
  const Access access{AccessKind::Load, StateSpace::Generic, bytes};
  value = 0;
  if (!resolver.resolveLane(warp, pc, lane, access, address) ||
      !inspection.inspectLane(warp, pc, lane, access, address))
    return false;
  auto *memory = reinterpret_cast<const std::byte *>(address);
  std::memcpy(&value, memory, bytes);
  return undefined.checkPrinted(warp, pc, lane, memory, bytes);
}

bool SystemCalls::loadString(const Warp &warp, uint32_t pc, unsigned lane, uint64_t address,
                             std::string &text) {
  for (uint64_t character = 0;; text.push_back(char(character))) {
    if (!loadGeneric(warp, pc, lane, address + text.size(), 1, character))
      return false;
    if (character == 0)
      return true;
    if (text.size() == kLongestText)
      return fault(warp, pc, 1u << lane,
                   format::concatenate("a string has no end within ", kLongestText, " bytes"));
  }
}

void SystemCalls::setResult(const Warp &warp, uint32_t pc, unsigned lane, uint64_t value) {
  const CallSite &site = launch.code.calls[code[pc].target];
  const FrameVariable &result = site.results[0];
  std::byte *destination = cta.callerMemory(warp, lane, site) + result.offset;
  std::memcpy(destination, &value, result.size);
  undefined.defineLocal(destination, result.size);
}

bool SystemCalls::execute(const Warp &warp, uint32_t pc, uint32_t mask) {
  for (uint32_t left = mask; left; left &= left - 1)
    if (!executeLane(warp, pc, unsigned(__builtin_ctz(left))))
      return false;
  return true;
}

bool SystemCalls::executeLane(const Warp &warp, uint32_t pc, unsigned lane) {
  switch (SystemCall(code[pc].mode)) {
  case SystemCall::Print:
    return print(warp, pc, lane);
  case SystemCall::FailAssertion:
    return failAssertion(warp, pc, lane);
  case SystemCall::Allocate:
    allocate(warp, pc, lane);
    return true;
  case SystemCall::Free:
    return free(warp, pc, lane);
  }
  return true;
}

void SystemCalls::allocate(const Warp &warp, uint32_t pc, unsigned lane) {
  const uint64_t bytes = argument(warp, pc, lane, 0), address = launch.heap.allocate(bytes);
  if (address)
    inspection.beginBlock(address, bytes);
  setResult(warp, pc, lane, address);
}

bool SystemCalls::free(const Warp &warp, uint32_t pc, unsigned lane) {
  const uint64_t address = argument(warp, pc, lane, 0);
  if (address == 0)
    return true;
  if (!inspection.endBlock(warp, pc, lane, address))
    return false;
  if (launch.heap.free(address))
    return true;
  const std::string place = launch.heap.describe(address);
  return fault(warp, pc, 1u << lane,
               format::concatenate("out-of-bounds free of ", hexadecimal(address),
                                   ", where no block of the heap begins", place.empty() ? "" : ", ", place));
}

/// __assertfail(message, file, line, function, sizeof(char)).
bool SystemCalls::failAssertion(const Warp &warp, uint32_t pc, unsigned lane) {
  std::string message, file, function;
  if (!loadString(warp, pc, lane, argument(warp, pc, lane, 0), message) ||
      !loadString(warp, pc, lane, argument(warp, pc, lane, 1), file) ||
      !loadString(warp, pc, lane, argument(warp, pc, lane, 3), function))
    return false;
  return fault(warp, pc, 1u << lane,
               format::concatenate("assertion '", message, "' failed at ", file, ":",
                                   argument(warp, pc, lane, 2), ", function '", function, "'"));
}

/// int vprintf(format, arguments): the arguments lie one behind the other, each at its alignment. The result
/// is their number.
bool SystemCalls::print(const Warp &warp, uint32_t pc, unsigned lane) {
  std::string format, text;
  if (!loadString(warp, pc, lane, argument(warp, pc, lane, 0), format))
    return false;
  PrintArguments arguments{argument(warp, pc, lane, 1), 0};
  for (size_t at = 0; at < format.size();) {
    size_t percent = std::min(format.find('%', at), format.size());
    text.append(format, at, percent - at);
    at = percent;
    if (at < format.size() && !convert(warp, pc, lane, format, at, arguments, text))
      return false;
  }
  setResult(warp, pc, lane, arguments.count);
  if (launch.options.print)
    printed += text;
  if (printed.size() > kMostPending)
    handOutPrinted();
  return true;
}

void SystemCalls::handOutPrinted() {
  if (printed.empty())
    return;
  std::lock_guard guard(launch.printing);
  launch.options.print(printed);
  printed.clear();
}

bool SystemCalls::nextArgument(const Warp &warp, uint32_t pc, unsigned lane, unsigned bytes,
                               PrintArguments &arguments, uint64_t &value) {
  uint64_t address = (arguments.next + bytes - 1) / bytes * bytes;
  arguments.next = address + bytes;
  ++arguments.count;
  return loadGeneric(warp, pc, lane, address, bytes, value);
}

/// The conversion at `at`, which moves behind it.
bool SystemCalls::convert(const Warp &warp, uint32_t pc, unsigned lane, const std::string &format, size_t &at,
                          PrintArguments &arguments, std::string &text) {
  size_t begin = at++;
  Conversion conversion;
  conversion.specification = "%";
  for (; at < format.size() && std::strchr("-+ #0123456789.*", format[at]); ++at) {
    uint64_t number = 0;
    if (format[at] != '*')
      conversion.specification += format[at];
    else if (nextArgument(warp, pc, lane, 4, arguments, number))
      conversion.specification += std::to_string(int32_t(number));
    else
      return false;
  }
  for (; at < format.size() && std::strchr("hlzjt", format[at]); ++at)
    conversion.size += format[at];
  conversion.letter = at < format.size() ? format[at++] : '\0';
  if (hasNumberAbove(conversion.specification, kLongestText))
    return fault(warp, pc, 1u << lane,
                 winnow::format::concatenate("printf's width or precision in '", conversion.specification,
                                             conversion.letter, "' is above ", kLongestText));
  if (conversion.letter == '%') {
    text += '%';
    return true;
  }
  bool isKnown = conversion.isInteger() || conversion.isFloat() ||
                 (conversion.letter && std::strchr("csp", conversion.letter));
  if (!isKnown)
    return fault(warp, pc, 1u << lane,
                 format::concatenate("printf has no conversion '", format.substr(begin, at - begin), "'"));
  uint64_t value = 0;
  if (!nextArgument(warp, pc, lane, conversion.argumentBytes(), arguments, value))
    return false;
  std::string specification = conversion.specification;
  if (conversion.isInteger()) {
    text += formatAs(specification + "ll" + conversion.letter, (long long)narrow(conversion, value));
  } else if (conversion.isFloat()) {
    double number = 0;
    std::memcpy(&number, &value, sizeof number);
    text += formatAs(specification + conversion.letter, number);
  } else if (conversion.letter == 's') {
    std::string argument;
    if (!loadString(warp, pc, lane, value, argument))
      return false;
    text += formatAs(specification + 's', argument.c_str());
  } else if (conversion.letter == 'c') {
    text += formatAs(specification + 'c', int(value));
  } else {
    text += formatAs(specification + 'p', reinterpret_cast<const void *>(value));
  }
  return true;
}

} // namespace winnow::ptxsim
