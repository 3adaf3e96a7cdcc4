// Options that say nothing sensible, and a budget that cannot be met.
// RUN: not %winnow-opt %s --winnow-assign-precision="budget-bytes=-1" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not %winnow-opt %s --winnow-assign-precision="budget=1.5" 2>&1 | FileCheck %s --check-prefix=FRACTION
// RUN: not %winnow-opt %s --winnow-assign-precision="budget=0.5 budget-bytes=9" 2>&1 | FileCheck %s --check-prefix=BOTH
// RUN: not %winnow-opt %s --winnow-assign-precision="max-error=nan" 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not %winnow-opt %s --winnow-assign-precision="all=i4" 2>&1 | FileCheck %s --check-prefix=ALL
// RUN: %winnow-opt %s --winnow-assign-precision="budget-bytes=31" 2>&1 | FileCheck %s --check-prefix=UNREACHABLE
// RUN: %winnow-opt %s --winnow-assign-precision="budget-bytes=32" 2>&1 | FileCheck %s --check-prefix=REACHED

// NEGATIVE: error: option budget-bytes is -1, but must be at least 0
// FRACTION: error: option budget is {{.*}}, but must be a fraction between 0 and 1
// BOTH: error: options budget and budget-bytes are both given, but one was expected
// ERROR: error: option max-error is nan, but must be at least 0
// ALL: i4
// UNREACHABLE: warning: the weights of the contractions take at least 32 bytes, but the budget is 31 bytes
// UNREACHABLE: winnow.matmul {{.*}}precision<i8>
// REACHED-NOT: warning
func.func @one(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4x4xf32>
  %0 = winnow.matmul %x, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
