// The winnow dialect: what a model means, on tensors.
#ifndef WINNOW_DIALECT_TD
#define WINNOW_DIALECT_TD

include "mlir/IR/OpBase.td"

def Winnow_Dialect : Dialect {
  let name = "winnow";
  let cppNamespace = "::winnow";
  let summary = "dynamic-sparse operations on tensors";
  let description = [{
    What a model means: selections of active entries, and the heavy operations that can take one.
  }];
}

#endif
