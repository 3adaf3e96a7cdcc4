// How a test gets at the fake driver: WINNOW_TEST_CUDA_DRIVER is the path of its library.
#pragma once

#include "FakeDriver.h"

#include <cstdlib>
#include <dlfcn.h>
#include <stdexcept>

namespace winnow::test {

/// Makes the runtime use the fake driver, from now on.
inline FakeDriver &fakeDriver() {
  static FakeDriver &driver = []() -> FakeDriver & {
    ::setenv("WINNOW_CUDA_DRIVER", WINNOW_TEST_CUDA_DRIVER, 1);
    void *library = ::dlopen(WINNOW_TEST_CUDA_DRIVER, RTLD_NOW | RTLD_LOCAL);
    void *found = library ? ::dlsym(library, "winnowFakeDriver") : nullptr;
    if (!found)
      throw std::runtime_error(::dlerror());
    return *reinterpret_cast<FakeDriver *(*)()>(found)();
  }();
  return driver;
}

} // namespace winnow::test
