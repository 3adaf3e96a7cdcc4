// Opens the driver's library, finds its functions, and puts its errors into words.
#include "runtime/device/cuda/Driver.h"

#include <cstdlib>
#include <dlfcn.h>

namespace winnow::runtime::cuda {

using format::Code;
using format::failure;
using format::Result;
using format::Status;

namespace {

constexpr const char *kLibrary = "libcuda.so.1";

/// 11020 is version 11.2.
std::string versionText(int version) { return format::concatenate(version / 1000, '.', version % 1000 / 10); }

} // namespace

bool Outcome::isKernelFault() const {
  switch (code) {
  case kIllegalAddress:
  case kLaunchTimeout:
  case kAssert:
  case kHardwareStackError:
  case kIllegalInstruction:
  case kMisalignedAddress:
  case kInvalidAddressSpace:
  case kInvalidProgramCounter:
  case kLaunchFailed:
  case kTensorMemoryLeak:
    return true;
  default:
    return false;
  }
}

/// An unknown error counts as one that stays: what follows it would be as unknown.
bool Outcome::losesContext() const {
  switch (code) {
  case kUncorrectableMemory:
  case kUncorrectableLink:
  case kContained:
  case kContextIsDestroyed:
  case kServerTerminated:
  case kUnknown:
    return true;
  default:
    return isKernelFault();
  }
}

Result<std::shared_ptr<const Driver>> Driver::open() {
  const char *given = ::secure_getenv(kPathVariable);
  std::shared_ptr<Driver> driver(new Driver());
  if (Status status = driver->load(given && *given ? given : kLibrary); !status.ok())
    return status;
  if (Outcome outcome = driver->initialize(0); !outcome.ok())
    return failure(Code::Unsupported, "cannot initialize the CUDA driver: ", driver->describe(outcome));
  return std::shared_ptr<const Driver>(std::move(driver));
}

std::shared_ptr<const Driver> Driver::declared() { return std::shared_ptr<const Driver>(new Driver()); }

Status Driver::load(const char *path) {
  void *library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return failure(Code::Unsupported, "cannot open the CUDA driver: ", ::dlerror());
  for (DriverSymbol *symbol : symbols)
    symbol->address = ::dlsym(library, symbol->name);
  // First the version: an old driver lacks functions, and its age is what the user has to know.
  if (Status status = checkVersion(path); !status.ok())
    return status;
  for (const DriverSymbol *symbol : symbols)
    if (!symbol->address)
      return failure(Code::Unsupported, "the CUDA driver '", path, "' has no function ", symbol->name);
  return {};
}

Status Driver::checkVersion(const char *path) const {
  int version = 0;
  if (driverGetVersion.address && driverGetVersion(&version).ok() && version < kLeastVersion)
    return failure(Code::Unsupported, "the CUDA driver '", path, "' is of version ", versionText(version),
                   ", expected ", versionText(kLeastVersion), " or later");
  return {};
}

std::string Driver::describe(const Outcome &outcome) const {
  const char *name = nullptr, *text = nullptr;
  if (!getErrorName(outcome.code, &name).ok() || !name)
    return format::concatenate(outcome.function, ": unknown error ", outcome.code);
  if (!getErrorString(outcome.code, &text).ok() || !text)
    text = "no description";
  return format::concatenate(outcome.function, ": ", name, " (", text, ")");
}

Code Driver::codeOf(const Outcome &outcome) {
  switch (outcome.code) {
  case kOutOfMemory:
    return Code::OutOfMemory;
  case kInvalidImage:
  case kInvalidPtx:
  case kNotFound:
    return Code::DamagedModule;
  case kNoDevice:
  case kInvalidDevice:
  case kNoBinaryForGpu:
  case kUnsupportedPtxVersion:
  case kLaunchOutOfResources:
    return Code::Unsupported;
  default:
    return Code::DeviceFault;
  }
}

} // namespace winnow::runtime::cuda
