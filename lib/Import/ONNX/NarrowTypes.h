// Elements that programs only store: floats of 8, 6 and 4 bits, integers of 4 and 2 bits. Each is a byte in
// the IR; here are their conversions, and their packing at a module's boundary.
#pragma once

#include "lib/Import/ONNX/Emitter.h"
#include "lib/Import/ONNX/Scalars.h"

namespace winnow::frontend {

/// How Cast makes narrow floats (its attributes of these names).
struct NarrowRounding {
  bool saturate = true;
  enum class Mode { Up, Down, Nearest } mode = Mode::Up; // of float8_e8m0fnu only
};

/// The f32 that a narrow float's code, an i8, stands for.
mlir::Value decodeFloat(const Scalars &s, mlir::Value code, mlir::Type narrow);
/// The code of an f32, rounded to nearest, ties to even.
mlir::Value encodeFloat(const Scalars &s, mlir::Value number, mlir::Type narrow, NarrowRounding rounding);
/// The lowest bits of an i8 as the narrow integer that they are.
mlir::Value wrapInteger(const Scalars &s, mlir::Value value, mlir::Type narrow);

/// Whether several elements share a byte at a module's boundary, where they are a list of uint8.
bool isPacked(mlir::Type type);
/// The list's type, or nothing if its length is beyond what extents express.
std::optional<GraphValue> packedValue(ExtentTable &extents, const GraphValue &value);
/// The elements of the list `packed`, and the list of the elements, in a sequence of bits from the lowest on.
GraphValue unpack(Emitter &emit, mlir::Value packed, mlir::Type type, const Shape &shape);
std::optional<GraphValue> pack(Emitter &emit, const GraphValue &value);

} // namespace winnow::frontend
