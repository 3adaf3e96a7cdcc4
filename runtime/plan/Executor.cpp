// One call from the caller's tensors to the device's launches and back.
#include "runtime/plan/Executor.h"
#include "runtime/plan/Interpreter.h"
#include "runtime/plan/OutputTensor.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace winnow::runtime {

using format::Function;

namespace {

/// Bindings that are kept for each function; a service sees few shapes again and again.
constexpr size_t kKeptBindings = 16;

bool isAligned(const void *address) { return reinterpret_cast<uintptr_t>(address) % kBufferAlignment == 0; }

Status checkCount(const Function &function, const char *what, size_t expected, size_t found) {
  if (expected == found)
    return {};
  return failure(Code::InvalidArgument, "function '", function.name, "' has ", expected, " ", what,
                 "s, found ", found);
}

} // namespace

/// What one call needs besides the executor; gone when it ends.
class Executor::Call : private ProgramHost {
public:
  Call(Executor &executor, const Function &function, std::span<const DLTensor> inputs,
       std::span<DLTensor> outputs, const std::atomic<bool> &cancelled)
      : executor(executor), function(function), inputs(inputs), outputs(outputs), cancelled(cancelled),
        made(outputs.size()), inputAddresses(inputs.size()), outputAddresses(outputs.size()),
        staged(outputs.size()) {}

  ~Call() override {
    for (DLTensor &tensor : made)
      freeOutputTensor(tensor);
  }

  Status run() {
    for (auto step : {&Call::checkInputs, &Call::checkOutputs, &Call::prepareInputs, &Call::placeBound}) {
      if (Status status = (this->*step)(); !status.ok())
        return status;
    }
    beginStatistics();
    // Also after a failure: what a call used may be used again when it returns.
    Status executed = binding ? execute()
                              : interpret(executor.module.contents(), function, inputShapes,
                                          executor.values.parameters(), *this);
    Status finished = executor.device.finish();
    if (!executed.ok() || !finished.ok())
      return executed.ok() ? finished : executed;
    if (Status status = deliver(); !status.ok())
      return status;
    for (uint32_t state : nextStates)
      executor.values.advance(state);
    return {};
  }

private:
  Status checkInputs() {
    if (Status status = checkCount(function, "input", function.inputs.size(), inputs.size()); !status.ok())
      return status;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (Status status = checkTensor("input", function.inputs[i], inputs[i]); !status.ok())
        return status;
      inputShapes.emplace_back(inputs[i].shape, inputs[i].shape + inputs[i].ndim);
    }
    auto found = executor.bindingFor(function, inputShapes);
    if (!found.ok())
      return found.status();
    binding = *found;
    return {};
  }

  /// What can be said of the caller's outputs before their shapes are known.
  Status checkOutputs() {
    if (Status status = checkCount(function, "output", function.outputs.size(), outputs.size()); !status.ok())
      return status;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].data)
        continue;
      if (Status status = checkOutput(i); !status.ok())
        return status;
    }
    return {};
  }

  /// Makes the outputs and places the buffers of a call that is bound.
  Status placeBound() {
    if (!binding)
      return {};
    for (uint32_t i = 0; i < outputs.size(); ++i) {
      if (auto address = outputAddress(i, binding->outputShapes[i]); !address.ok())
        return address.status();
    }
    return placeBuffers();
  }

  // What both the steps of a binding and the interpreter need.

  Result<void *> inputAddress(uint32_t input) override { return inputAddresses[input]; }

  /// Afterwards the output has an address that kernels write to: the caller's, a new tensor's or a staged
  /// one's.
  Result<void *> outputAddress(uint32_t i, const Shape &shape) override {
    if (Status status = outputs[i].data ? checkOutputShape(i, shape) : makeOutput(i, shape); !status.ok())
      return status;
    const DLTensor &target = outputs[i].data ? outputs[i] : made[i];
    outputAddresses[i] = dataOf(target);
    if (!executor.deviceMemory && isCompact(target) && isAligned(outputAddresses[i]))
      return outputAddresses[i];
    auto bytes = byteSize(shape, function.outputs[i].type);
    if (!bytes.ok())
      return bytes.status();
    if (Status status = stage(*bytes, staged[i]); !status.ok())
      return status;
    return outputAddresses[i] = staged[i].data();
  }

  Result<void *> weightAddress(uint32_t weight) override { return executor.weightAddress(weight); }
  Result<void *> parameterAddress(uint32_t parameter) override {
    return executor.values.parameterAddress(parameter);
  }

  Result<void *> stateAddress(uint32_t state, bool isNext) override {
    if (!isNext)
      return executor.values.currentState(state);
    nextStates.push_back(state);
    return executor.values.nextState(state);
  }

  MemorySpace &transientSpace() override { return executor.space(); }
  bool isCancelled() const override { return cancelled.load(std::memory_order_relaxed); }
  void branchSkipped() override { ++executor.stats.skippedBranches; }
  void transientsInUse(int64_t bytes) override {
    Statistics &stats = executor.stats;
    stats.transientBytes = stats.transientLowerBound = std::max(stats.transientBytes, bytes);
  }

  Status read(void *destination, const void *source, int64_t bytes) override {
    if (executor.deviceMemory)
      return executor.deviceMemory->copyFromDevice(destination, source, bytes);
    std::memcpy(destination, source, size_t(bytes));
    return {};
  }

  Status checkOutput(size_t i) {
    const format::Signature &signature = function.outputs[i];
    if (Status status = checkTensor("output", signature, outputs[i]); !status.ok())
      return status;
    AddressRange range = addressRange(outputs[i], byteWidth(signature.type));
    for (size_t other = 0; other < i; ++other) {
      bool given = outputs[other].data != nullptr;
      if (given && range.overlaps(addressRange(outputs[other], byteWidth(function.outputs[other].type))))
        return failure(Code::InvalidArgument, "output '", signature.name, "' overlaps output '",
                       function.outputs[other].name, "'");
    }
    return {};
  }

  Status checkOutputShape(size_t i, const Shape &expected) const {
    std::span<const int64_t> shape(outputs[i].shape, size_t(outputs[i].ndim));
    if (std::equal(shape.begin(), shape.end(), expected.begin(), expected.end()))
      return {};
    return failure(Code::InvalidArgument, "output '", function.outputs[i].name, "': expected shape ",
                   toString(expected), ", found ", toString(shape));
  }

  Status makeOutput(size_t i, const Shape &shape) {
    auto tensor = makeOutputTensor(executor.memory, shape, function.outputs[i].type);
    if (!tensor.ok())
      return tensor.status();
    made[i] = *tensor;
    return {};
  }

  /// Kernels get compact, aligned inputs that no output overlaps.
  Status prepareInputs() {
    for (size_t i = 0; i < inputs.size(); ++i) {
      const DLTensor &input = inputs[i];
      int64_t elementBytes = byteWidth(function.inputs[i].type);
      auto size = byteSize(inputShapes[i], function.inputs[i].type);
      if (!size.ok())
        return size.status();
      int64_t bytes = *size;
      inputAddresses[i] = input.data ? dataOf(input) : nullptr;
      bool usable = isCompact(input) && isAligned(inputAddresses[i]) && !overlapsOutput(input, elementBytes);
      if (usable && !executor.deviceMemory)
        continue;
      if (Status status = executor.deviceMemory ? upload(input, elementBytes, bytes, inputAddresses[i])
                                                : compact(input, elementBytes, bytes, inputAddresses[i]);
          !status.ok())
        return status;
    }
    return {};
  }

  bool overlapsOutput(const DLTensor &input, int64_t elementBytes) const {
    AddressRange range = addressRange(input, elementBytes);
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].data && range.overlaps(addressRange(outputs[i], byteWidth(function.outputs[i].type))))
        return true;
    }
    return false;
  }

  Status compact(const DLTensor &input, int64_t elementBytes, int64_t bytes, void *&address) {
    auto block = Block::make(*executor.memory, bytes);
    if (!block.ok())
      return block.status();
    gatherElements(block->data(), input, elementBytes);
    address = block->data();
    inputCopies.push_back(std::move(*block));
    ++executor.stats.stagedTensors;
    return {};
  }

  Status upload(const DLTensor &input, int64_t elementBytes, int64_t bytes, void *&address) {
    if (!isCompact(input)) {
      if (Status status = compact(input, elementBytes, bytes, address); !status.ok())
        return status;
    }
    auto block = Block::make(*executor.deviceMemory, bytes);
    if (!block.ok())
      return block.status();
    if (Status status = executor.deviceMemory->copyToDevice(block->data(), address, bytes); !status.ok())
      return status;
    address = block->data();
    inputCopies.push_back(std::move(*block));
    return {};
  }

  Status stage(int64_t bytes, Block &block) {
    auto allocated = Block::make(executor.space(), bytes);
    if (!allocated.ok())
      return allocated.status();
    block = std::move(*allocated);
    ++executor.stats.stagedTensors;
    return {};
  }

  /// The address of every buffer register but the weights', which are looked up when a step reads them.
  Status placeBuffers() {
    int64_t arenaBytes = binding->arena.arenaBytes;
    if (executor.arena.size() < arenaBytes) {
      executor.arena.reset(); // first, so that the two are never held at once
      auto block = Block::make(executor.space(), arenaBytes);
      if (!block.ok())
        return block.status();
      executor.arena = std::move(*block);
    }
    addresses.resize(binding->buffers.size());
    for (size_t i = 0; i < addresses.size(); ++i) {
      const BoundBuffer &buffer = binding->buffers[i];
      if (buffer.origin == BoundBuffer::Origin::Weight)
        continue;
      auto start = startOf(buffer);
      if (!start.ok())
        return start.status();
      addresses[i] = static_cast<char *>(*start) + buffer.offset;
    }
    return {};
  }

  Result<void *> startOf(const BoundBuffer &buffer) {
    switch (buffer.origin) {
    case BoundBuffer::Origin::Input:
      return inputAddresses[buffer.index];
    case BoundBuffer::Origin::Output:
      return outputAddresses[buffer.index];
    case BoundBuffer::Origin::Weight:
      return weightAddress(buffer.index);
    case BoundBuffer::Origin::Parameter:
      return parameterAddress(buffer.index);
    case BoundBuffer::Origin::State:
    case BoundBuffer::Origin::NextState:
      return stateAddress(buffer.index, buffer.origin == BoundBuffer::Origin::NextState);
    case BoundBuffer::Origin::Arena:
      break;
    }
    return executor.arena.data();
  }

  Result<void *> addressOf(uint32_t number) {
    const BoundBuffer &buffer = binding->buffers[number];
    if (addresses[number] || buffer.origin != BoundBuffer::Origin::Weight)
      return addresses[number];
    auto start = startOf(buffer);
    if (!start.ok())
      return start.status();
    return addresses[number] = static_cast<char *>(*start) + buffer.offset;
  }

  void beginStatistics() {
    Statistics &stats = executor.stats;
    stats.transientBytes = binding ? binding->arena.arenaBytes : 0;
    stats.transientLowerBound = binding ? binding->arena.lowerBound : 0;
    stats.lastCall.clear();
    ++stats.calls;
  }

  Status execute() {
    for (size_t next = 0; next < binding->steps.size();) {
      if (isCancelled())
        return Status(Code::Cancelled, "the call was cancelled");
      const BoundStep &step = binding->steps[next++];
      if (Status status = execute(step, next); !status.ok())
        return status;
    }
    // A device may have left its last launch early.
    return cancelled.load() ? Status(Code::Cancelled, "the call was cancelled") : Status();
  }

  /// `next` is the step that follows unless this one jumps.
  Status execute(const BoundStep &step, size_t &next) {
    stepAddresses.clear();
    for (uint32_t i = 0; i < step.bufferCount; ++i) {
      auto address = addressOf(binding->stepBuffers[step.firstBuffer + i]);
      if (!address.ok())
        return address.status();
      stepAddresses.push_back(*address);
    }
    switch (step.kind) {
    case BoundStep::Kind::Dispatch:
      return launch(step.kernel, {binding->numbers.data() + step.firstExtent, step.extentCount},
                    stepAddresses, {binding->stepBufferBytes.data() + step.firstBuffer, step.bufferCount},
                    {binding->numbers.data() + step.firstSize, step.sizeCount});
    case BoundStep::Kind::Copy:
      return copy(stepAddresses[0], stepAddresses[1], binding->stepBufferBytes[step.firstBuffer]);
    case BoundStep::Kind::JumpIfZero:
      return jumpIfZero(step, next);
    case BoundStep::Kind::Jump:
      next = step.target;
    }
    return {};
  }

  Status jumpIfZero(const BoundStep &step, size_t &next) {
    uint8_t holds = 0;
    if (Status status = read(&holds, stepAddresses[0], 1); !status.ok())
      return status;
    if (holds == 0) {
      next = step.target;
      branchSkipped();
    }
    return {};
  }

  Status copy(void *destination, const void *source, int64_t bytes) override {
    ++executor.stats.copies;
    if (executor.deviceMemory)
      return executor.deviceMemory->copyOnDevice(destination, source, bytes);
    if (bytes > 0)
      std::memmove(destination, source, size_t(bytes));
    return {};
  }

  Status launch(uint32_t kernel, std::span<const int64_t> extents, std::span<void *const> buffers,
                std::span<const int64_t> bufferBytes, std::span<const int64_t> sizes) override {
    Launch launch{kernel, extents, buffers, bufferBytes, sizes, &cancelled};
    Statistics &stats = executor.stats;
    ++stats.dispatches;
    ++stats.kernels[kernel].launches;
    if (!executor.timed)
      return executor.device.launch(launch);
    auto start = std::chrono::steady_clock::now();
    Status status = executor.device.launch(launch);
    if (status.ok())
      status = executor.device.finish();
    auto elapsed =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start);
    stats.kernels[kernel].nanoseconds += uint64_t(elapsed.count());
    stats.lastCall.push_back({kernel, uint64_t(elapsed.count())});
    return status;
  }

  /// Copies staged outputs to where they belong and hands over the new ones.
  Status deliver() {
    for (size_t i = 0; i < outputs.size(); ++i) {
      const DLTensor &target = outputs[i].data ? outputs[i] : made[i];
      if (staged[i].data()) {
        if (Status status = unstage(i, target); !status.ok())
          return status;
      }
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].data)
        outputs[i] = std::exchange(made[i], DLTensor());
    }
    return {};
  }

  Status unstage(size_t i, const DLTensor &target) {
    int64_t elementBytes = byteWidth(function.outputs[i].type), bytes = staged[i].size();
    if (!executor.deviceMemory) {
      scatterElements(target, staged[i].data(), elementBytes);
      return {};
    }
    if (isCompact(target))
      return executor.deviceMemory->copyFromDevice(dataOf(target), staged[i].data(), bytes);
    auto block = Block::make(*executor.memory, bytes);
    if (!block.ok())
      return block.status();
    if (Status status = executor.deviceMemory->copyFromDevice(block->data(), staged[i].data(), bytes);
        !status.ok())
      return status;
    scatterElements(target, block->data(), elementBytes);
    return {};
  }

  Executor &executor;
  const Function &function;
  std::span<const DLTensor> inputs;
  std::span<DLTensor> outputs;
  const std::atomic<bool> &cancelled;
  std::vector<Shape> inputShapes;
  const Binding *binding = nullptr; // null if the interpreter runs the program
  std::vector<DLTensor> made;       // where the caller gave no output, until they are handed over
  std::vector<void *> inputAddresses, outputAddresses;
  std::vector<Block> inputCopies, staged;
  std::vector<void *> addresses, stepAddresses;
  std::vector<uint32_t> nextStates;
};

Executor::Executor(const LoadedModule &module, Device &device, std::shared_ptr<Memory> memory, bool timed)
    : module(module), device(device), deviceMemory(device.separateMemory()), memory(std::move(memory)),
      timed(timed), weights(module.contents().weights.size()),
      values(module.contents(), space(), deviceMemory) {
  stats.kernels.resize(module.contents().kernels.size());
}

Status Executor::invoke(const Function &function, std::span<const DLTensor> inputs,
                        std::span<DLTensor> outputs, const std::atomic<bool> &cancelled) {
  return Call(*this, function, inputs, outputs, cancelled).run();
}

Status Executor::setParameter(std::string_view name, double value) {
  bindings.clear(); // they may depend on it
  return values.setParameter(name, value);
}

Result<const Binding *> Executor::bindingFor(const Function &function, const std::vector<Shape> &shapes) {
  auto [known, isNew] = bindings.try_emplace(&function);
  if (isNew)
    known->second.isBindable = isBindable(function);
  std::list<Binding> &kept = known->second.kept;
  auto found =
      std::find_if(kept.begin(), kept.end(), [&](const Binding &each) { return each.inputShapes == shapes; });
  if (found != kept.end()) {
    kept.splice(kept.begin(), kept, found);
    return &kept.front();
  }
  if (Status status = checkShapes("input", function.inputs, shapes); !status.ok())
    return status;
  if (!known->second.isBindable)
    return nullptr;
  auto binding = bindProgram(module.contents(), function, shapes, values.parameters());
  if (!binding.ok())
    return binding.status();
  if (kept.size() == kKeptBindings)
    kept.pop_back();
  kept.push_front(std::move(*binding));
  return &kept.front();
}

Result<void *> Executor::weightAddress(uint32_t weight) {
  if (weights[weight])
    return weights[weight];
  auto bytes = module.weight(weight);
  if (!bytes.ok())
    return bytes.status();
  // No verified program writes a weight.
  void *address = const_cast<uint8_t *>(bytes->data());
  if (deviceMemory) {
    auto block = Block::make(*deviceMemory, int64_t(bytes->size()));
    if (!block.ok())
      return block.status();
    if (Status status = deviceMemory->copyToDevice(block->data(), address, int64_t(bytes->size()));
        !status.ok())
      return status;
    address = block->data();
    weightCopies.push_back(std::move(*block));
  }
  ++stats.usedWeights;
  stats.usedWeightBytes += bytes->size();
  return weights[weight] = address;
}

} // namespace winnow::runtime
