// Messages: what they are made of, and what is refused when a program is compiled.
#include "format/Status.h"

#include <gtest/gtest.h>

using namespace winnow::format;

namespace {

template <typename T>
concept IsTaken = requires(const T &part) {
  concatenate("found ", part);
  failure(Code::InvalidArgument, "found ", part);
};

// A number with a fraction would become the character of its whole part.
static_assert(!IsTaken<double> && !IsTaken<float>);
static_assert(!IsTaken<Code> && !IsTaken<void *>);
static_assert(IsTaken<char> && IsTaken<unsigned char> && IsTaken<bool> && IsTaken<uint64_t>);
static_assert(IsTaken<std::string> && IsTaken<std::string_view> && IsTaken<const char *>);

TEST(Status, ConcatenatesStringsCharactersAndIntegers) {
  std::string text = "x";
  EXPECT_EQ(concatenate("a", 'b', text, std::string_view("y"), -3, uint8_t(65), uint64_t(1) << 63),
            "abxy-3659223372036854775808");
  EXPECT_EQ(concatenate(), "");
}

TEST(Status, FailuresHaveACodeAndAMessage) {
  Status status = failure(Code::NotFound, "no file ", 7);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::NotFound);
  EXPECT_EQ(status.message(), "no file 7");
  EXPECT_TRUE(Status().ok());
}

} // namespace
