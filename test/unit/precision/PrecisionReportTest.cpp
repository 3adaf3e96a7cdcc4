// The report of the precision phase is complete JSON and outlives the phase.
#include "dialects/Winnow/WinnowDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Precision/Passes.h"

#include "gtest/gtest.h"

using namespace mlir;

namespace {

constexpr llvm::StringLiteral kModel = R"(
func.func @main(%x: tensor<?x4xf32>, %v: tensor<4x4xf32>) -> tensor<?x4xf32> {
  %w = arith.constant dense<127.0> : tensor<4x4xf32>
  %0 = winnow.matmul %x, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32> loc("first \"layer\"")
  %1 = winnow.matmul %0, %v : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
})";

struct PrecisionReportTest : testing::Test {
  PrecisionReportTest() {
    DialectRegistry registry;
    registry.insert<winnow::WinnowDialect, arith::ArithDialect, func::FuncDialect>();
    context.appendDialectRegistry(registry);
    module = parseSourceString<ModuleOp>(kModel, &context);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_F(PrecisionReportTest, NullBeforeThePhase) {
  ASSERT_TRUE(module);
  EXPECT_EQ(winnow::collectPrecisionReport(*module), llvm::json::Value(nullptr));
}

TEST_F(PrecisionReportTest, EveryChoiceWithItsReason) {
  ASSERT_TRUE(module);
  PassManager manager(&context);
  winnow::PrecisionOptions options;
  options.budgetBytes = 40;
  winnow::buildPrecisionPipeline(manager, options);
  ASSERT_TRUE(succeeded(manager.run(*module)));

  llvm::Expected<llvm::json::Value> expected = llvm::json::parse(R"({
    "f32_bytes": 64, "bytes": 32, "budget_bytes": 40,
    "operations": [
      {"name": "first \"layer\"", "operation": "winnow.matmul", "precision": "i8", "error": 0.0, "bytes": 64,
       "quantized_bytes": 32, "reason": "it saves bytes at the least error"},
      {"name": "winnow.matmul", "operation": "winnow.matmul", "precision": "f32", "error": 0.0, "bytes": 0,
       "quantized_bytes": 0, "reason": "its weights are not constant"}
    ]})");
  ASSERT_TRUE(static_cast<bool>(expected));
  EXPECT_EQ(winnow::collectPrecisionReport(*module), *expected);
}

} // namespace
