// What is made of ptxas: its refusal, its warnings, the resources that it reports. Scripts stand in for it.
#include "lib/Target/PTX/EmitPTX.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace winnow;

namespace {

class Assembler : public testing::Test {
protected:
  Assembler()
      : handler(&context, [this](mlir::Diagnostic &diagnostic) { messages.push_back(diagnostic.str()); }) {
    std::string pattern = (std::filesystem::temp_directory_path() / "winnow-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~Assembler() override { std::filesystem::remove_all(folder); }

  /// Runs `body` as the assembler; its arguments are -v -arch=CHIP INPUT -o OUTPUT.
  mlir::FailureOr<AssembledPTX> assembleWith(const std::string &body) {
    std::filesystem::path path = folder / "ptxas";
    std::ofstream(path) << "#!/bin/sh\n" << body;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return assemblePTX(mlir::UnknownLoc::get(&context), "text", PTXTarget(), path.string());
  }

  mlir::MLIRContext context;
  std::vector<std::string> messages;
  mlir::ScopedDiagnosticHandler handler;
  std::filesystem::path folder;
};

TEST_F(Assembler, ReportsItsRefusal) {
  EXPECT_TRUE(failed(assembleWith("echo 'line 3: error : no such thing' >&2; exit 255")));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0], "ptxas refuses the PTX for sm_80: line 3: error : no such thing");
}

TEST_F(Assembler, ReadsResourcesAndReportsWarnings) {
  auto assembled = assembleWith(R"(cat >&2 <<END
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'first' for 'sm_80'
ptxas info    : Function properties for first
    112 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 31 registers, used 0 barriers, 112 bytes cumulative stack size, 392 bytes cmem[0]
ptxas warning : (C7510) Potential Performance Loss
ptxas info    : Compiling entry function 'second' for 'sm_80'
ptxas info    : Used 255 registers
END
[ "$2" = -arch=sm_80 ] && cat "$3" > "$5")");
  ASSERT_TRUE(succeeded(assembled));
  EXPECT_EQ(std::string(assembled->cubin.begin(), assembled->cubin.end()), "text");
  ASSERT_EQ(assembled->kernels.size(), 2u);
  EXPECT_EQ(assembled->kernels[0].symbol, "first");
  EXPECT_EQ(assembled->kernels[0].registers, 31);
  EXPECT_EQ(assembled->kernels[0].stackBytes, 112);
  EXPECT_EQ(assembled->kernels[0].spillBytes, 20);
  EXPECT_EQ(assembled->kernels[1].registers, 255);
  EXPECT_EQ(assembled->kernels[1].spillBytes, 0);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0], "ptxas warning : (C7510) Potential Performance Loss");
}

TEST_F(Assembler, ReportsThatItCannotRun) {
  EXPECT_TRUE(
      failed(assemblePTX(mlir::UnknownLoc::get(&context), "text", PTXTarget(), "/nonexistent/ptxas")));
  EXPECT_EQ(messages.size(), 1u);
}

} // namespace
