// Mutations of PTX that keep most of it well-formed: what bytes at random would damage in the lexer gets as
// far as the decoder and the executor.
#pragma once

#include <random>
#include <string>
#include <string_view>

namespace winnow::ptxsim::fuzz {

/// Changes a few lines and words of `text`; `other` is a second text to take lines from, and may be empty.
std::string mutate(std::string text, std::string_view other, std::mt19937 &random);

} // namespace winnow::ptxsim::fuzz
