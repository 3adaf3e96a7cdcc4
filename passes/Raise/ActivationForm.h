// The forms that activation functions have after import.
#pragma once

#include "mlir/IR/Value.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace winnow {

enum class ActivationKind { Relu, Gelu, GeluTanh, GeluSigmoid, Silu };

/// What users call it.
llvm::StringRef nameOf(ActivationKind kind);

/// `scalar` as an activation function of `input`, both in bodies of element-wise operations.
struct ActivationForm {
  ActivationKind kind;
  mlir::Value input;
};

/// ReLU; GELU by the error function, x / 2 * (1 + erf(x / sqrt 2)), by tanh,
/// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), and by a sigmoid, x * sigmoid(1.702 x); and SiLU,
/// x * sigmoid(x). Factors may come in any order, and cubes as products or powers.
std::optional<ActivationForm> findActivation(mlir::Value scalar);

} // namespace winnow
