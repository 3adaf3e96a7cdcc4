// Checks the shapes of a call against a function's signature and computes the program's scalars from them.
#pragma once

#include "format/Module.h"
#include "format/Status.h"

#include <span>
#include <string>
#include <vector>

namespace winnow::runtime {

using Shape = std::vector<int64_t>;

/// "2x64x8"; "scalar" for rank 0.
std::string toString(std::span<const int64_t> shape);

/// Whether `shapes`, one for each signature, have the right ranks, sizes in range, and equal sizes where
/// names are equal. `what` is "input" or "output" for the message. Fails with InvalidArgument.
format::Status checkShapes(const char *what, std::span<const format::Signature> signatures,
                           std::span<const Shape> shapes);

/// The bytes of a tensor. Fails with InvalidArgument if they exceed 2^62.
format::Result<int64_t> byteSize(std::span<const int64_t> shape, format::ElementType type);

/// The extents of a state, given the values of all parameters. Fails with InvalidArgument if one is negative.
format::Result<Shape> stateShape(const format::State &state, std::span<const int64_t> parameters);

/// Computes the scalar that instruction `index` of a verified function makes, if it makes one and does not
/// read it from a buffer, and checks what it checks. `scalars` holds those before it; `parameters` the values
/// of all parameters. Fails with InvalidArgument for a check that fails (with its string), an overflow or a
/// division by zero; the message names function and instruction.
format::Status evaluateScalar(const format::Function &function, size_t index,
                              std::span<const Shape> inputShapes, std::span<const int64_t> parameters,
                              std::vector<int64_t> &scalars);

} // namespace winnow::runtime
