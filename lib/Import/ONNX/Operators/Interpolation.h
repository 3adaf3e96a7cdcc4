// Coordinates and kernels of interpolation, in the body of a linalg.generic.
#pragma once

#include "lib/Import/ONNX/Scalars.h"

namespace winnow::frontend {

mlir::Value floorOf(const Scalars &s, mlir::Value a);
mlir::Value ceilOf(const Scalars &s, mlir::Value a);
/// An index as a float.
mlir::Value toReal(const Scalars &s, mlir::Value index, mlir::Type type);
/// x in [low, high]; NaN becomes low.
mlir::Value bounded(const Scalars &s, mlir::Value x, mlir::Value low, mlir::Value high);
/// A float as an index; it must be small enough.
mlir::Value truncateToIndex(const Scalars &s, mlir::Value real);

/// The weight at a distance: of linear interpolation, and of Keys' cubic convolution.
mlir::Value triangleKernel(const Scalars &s, mlir::Value distance);
mlir::Value cubicKernel(const Scalars &s, mlir::Value distance, double coefficient);

} // namespace winnow::frontend
