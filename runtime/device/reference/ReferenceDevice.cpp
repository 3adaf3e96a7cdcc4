// Calls whole functions that were compiled from the reference pipeline.
#include "runtime/device/reference/ReferenceDevice.h"
#include "runtime/device/host/NativeCode.h"
#include "runtime/memory/Memory.h"

#include <csetjmp>

namespace winnow::runtime {
namespace {

/// The reference's calling convention (docs/rfcs/2026-11-23-first-slice.md).
using Allocate = void *(*)(void *context, int64_t bytes);
using ReferenceFunction = void (*)(void *const *buffers, const int64_t *sizes, Allocate allocate,
                                   void *context);

/// The memory that one call asks for, freed after it.
struct CallMemory {
  Memory &memory;
  std::vector<Block> blocks;
  Status failure;
  std::jmp_buf outOfMemory;
};

void *allocate(void *context, int64_t bytes) {
  auto &call = *static_cast<CallMemory *>(context);
  auto block = bytes < 0 ? Result<Block>(failure(Code::InvalidArgument, "cannot allocate ", bytes, " bytes"))
                         : Block::make(call.memory, bytes);
  if (block.ok()) {
    call.blocks.push_back(std::move(*block));
    return call.blocks.back().data();
  }
  call.failure = block.status();
  return nullptr;
}

/// The code cannot be told of a failure, so it is left: it has nothing to unwind.
void *allocateOrLeave(void *context, int64_t bytes) {
  if (void *address = allocate(context, bytes))
    return address;
  std::longjmp(static_cast<CallMemory *>(context)->outOfMemory, 1);
}

/// In a function of its own, so that no object of the caller lives across the jump.
[[gnu::noinline]] void callFunction(ReferenceFunction function, const Launch &launch, CallMemory &memory) {
  if (setjmp(memory.outOfMemory) == 0)
    function(launch.buffers.data(), launch.sizes.data(), allocateOrLeave, &memory);
}

class ReferenceDevice : public Device {
public:
  ReferenceDevice(NativeCode code, Memory &memory) : code(std::move(code)), memory(memory) {}

  std::string_view name() const override { return "reference"; }
  std::string_view target() const override { return code.target(); }

  Status launch(const Launch &launch) override {
    CallMemory call{memory, {}, {}, {}};
    callFunction(reinterpret_cast<ReferenceFunction>(code.kernel(launch.kernel).function), launch, call);
    return call.failure;
  }

private:
  NativeCode code;
  Memory &memory;
};

} // namespace

Result<std::unique_ptr<Device>> createReferenceDevice(const LoadedModule &module,
                                                      const DeviceOptions &options) {
  if (Status status = requireNoChecks("reference", options); !status.ok())
    return status;
  bool embedded = false;
  for (const format::Function &function : module.contents().functions)
    embedded |= function.device == "reference";
  if (!embedded)
    return failure(Code::Unsupported,
                   "the module holds no reference code (winnow-compile --with-reference adds it)");
  auto code = NativeCode::load(module, "reference", "reference");
  if (!code.ok())
    return code.status();
  return std::unique_ptr<Device>(std::make_unique<ReferenceDevice>(std::move(*code), options.memory));
}

} // namespace winnow::runtime
