// Writes the module of TestModule.h to the file that is its argument, for tests of the tools.
#include "TestModule.h"

#include "format/Writer.h"
#include "runtime/device/host/NativeCode.h"

#include <iostream>

int main(int argc, char **argv) {
  if (argc != 2) {
    std::cerr << "usage: winnow-test-module FILE\n";
    return 1;
  }
  std::vector<uint8_t> image = winnow::runtime::readBytes(WINNOW_TEST_IMAGES "/kernels.so");
  std::string cpu(winnow::runtime::hostCpu());
  winnow::format::Status status =
      winnow::format::writeModule(winnow::runtime::testModule(image, cpu), argv[1]);
  if (!status.ok())
    std::cerr << status.message() << '\n';
  return status.ok() ? 0 : 1;
}
