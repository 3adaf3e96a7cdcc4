// What a session keeps between calls: the values of parameters, and states.
#pragma once

#include "format/Module.h"
#include "runtime/device/Device.h"
#include "runtime/plan/Shapes.h"

namespace winnow::runtime {

/// For one session, in the memory that its device uses. A state is two buffers: a call reads the current one
/// and writes the next one, and they change places only when the call has succeeded.
class SessionValues {
public:
  /// Both references outlive the values. `deviceMemory` is null if the device works in the host's memory.
  SessionValues(const format::Module &module, MemorySpace &space, DeviceMemory *deviceMemory);

  /// Takes effect with the next call. Fails with NotFound for an unknown name, and with InvalidArgument for a
  /// value that the parameter's type cannot hold, or for the size of a state that has contents already.
  Status setParameter(std::string_view name, double value);

  /// The values of all parameters; an i64 as it is, a float as the bits of its type.
  std::span<const int64_t> parameters() const { return values; }
  /// The address of a parameter's value for kernels.
  Result<void *> parameterAddress(uint32_t parameter);

  /// The addresses of the buffers of a state, which begins with its initial value.
  Result<void *> currentState(uint32_t state);
  Result<void *> nextState(uint32_t state);
  /// Makes what was written the current state.
  void advance(uint32_t state) { std::swap(states[state].current, states[state].next); }

  /// The compact elements of a state, copied from the device, or to its next contents.
  Result<std::vector<uint8_t>> readState(uint32_t state);
  Status writeState(uint32_t state, std::span<const uint8_t> bytes);

private:
  struct State {
    int64_t bytes = 0;
    Block current, next; // empty until first used
  };

  /// Whether a state is where the host cannot address it.
  bool isApart(uint32_t state) const;
  /// Makes a state's buffers, if that has not been done.
  Status prepare(uint32_t state);
  Status fill(uint32_t state);
  Status upload(bool isApart, void *destination, const void *source, int64_t bytes);

  const format::Module &module;
  MemorySpace &space;
  DeviceMemory *deviceMemory;
  std::vector<int64_t> values;
  Block parameterBlock; // one cell of 64 bytes for each parameter
  bool parametersChanged = true;
  std::vector<State> states;
};

} // namespace winnow::runtime
