// The one error type of the format and the runtime: a code for programs and a message for people.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace winnow::format {

/// The values are those of `wn_code` in include/winnow/runtime.h.
enum class Code : int32_t {
  Ok = 0,
  InvalidArgument = 1, // the caller's request is wrong: a name, a shape, a type, an option
  NotFound = 2,        // no such file, function, device or member
  DamagedModule = 3,   // the bytes are not a valid module
  Unsupported = 4,     // valid, but this build or this machine has no way to do it
  InputOutput = 5,     // the operating system refused to read or write
  OutOfMemory = 6,
  Cancelled = 7,
  DeviceFault = 8, // a device stopped a kernel, or one of its checks found a fault
};

class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Code code, std::string message) : errorCode(code), text(std::move(message)) {}

  bool ok() const { return errorCode == Code::Ok; }
  Code code() const { return errorCode; }
  const std::string &message() const { return text; }

private:
  Code errorCode = Code::Ok;
  std::string text;
};

/// A value, or the status that says why there is none.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : content(std::move(value)) {}
  Result(Status error) : failure(std::move(error)) {}

  bool ok() const { return content.has_value(); }
  const Status &status() const { return failure; }
  T &operator*() { return *content; }
  const T &operator*() const { return *content; }
  T *operator->() { return &*content; }
  const T *operator->() const { return &*content; }

private:
  std::optional<T> content;
  Status failure;
};

/// What a message is made of: strings, characters and integers. How a floating-point number should look, only
/// the caller knows.
template <typename T>
concept MessagePart = std::convertible_to<const T &, std::string_view> || std::integral<T>;

namespace detail {
inline void append(std::string &text, std::string_view part) { text += part; }
template <std::same_as<char> T> void append(std::string &text, T part) { text += part; }
template <std::integral T>
  requires(!std::same_as<T, char>)
void append(std::string &text, T part) {
  text += std::to_string(part);
}
} // namespace detail

/// The concatenation of strings and integers.
template <MessagePart... Parts> std::string concatenate(const Parts &...parts) {
  std::string text;
  (detail::append(text, parts), ...);
  return text;
}

/// A failed status whose message is the concatenation of `parts`.
template <MessagePart... Parts> Status failure(Code code, const Parts &...parts) {
  return Status(code, concatenate(parts...));
}

} // namespace winnow::format
