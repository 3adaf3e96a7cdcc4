// The winnow dialect: what a model means, on tensors.
#ifndef WINNOW_DIALECT_TD
#define WINNOW_DIALECT_TD

include "dialects/Winnow/WinnowInterfaces.td"
include "mlir/IR/OpBase.td"

def Winnow_Dialect : Dialect {
  let name = "winnow";
  let cppNamespace = "::winnow";
  let summary = "dynamic-sparse operations on tensors";
  let description = [{
    What a model means: selections of active entries, and the heavy operations that can take one.

    An operation that takes a selection is compact in the selected dimension: its operand or result holds
    the selected entries only, `K` of them to a row. Compact extents are upper bounds; what lies beyond
    a row's count is unspecified and never influences a result.

    The discardable attribute `winnow.precision` on an operation is the `#winnow.precision` that its
    arithmetic is to have.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"
  ];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    /// The name of the discardable attribute that holds an operation's precision.
    static constexpr llvm::StringLiteral getPrecisionAttrName() { return "winnow.precision"; }

    void registerTypes();
    void registerAttributes();
    void registerOperations();
  }];
}

// Every operation has an executable definition.
class Winnow_Op<string mnemonic, list<Trait> traits = []>
    : Op<Winnow_Dialect, mnemonic, !listconcat(traits, [DeclareOpInterfaceMethods<DefinedOpInterface>])>;

#endif
