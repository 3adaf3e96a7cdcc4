// One call from the caller's tensors to the device's launches and back.
#include "runtime/plan/Executor.h"
#include "runtime/plan/OutputTensor.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>

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
class Executor::Call {
public:
  Call(Executor &executor, const Function &function, std::span<const DLTensor> inputs,
       std::span<DLTensor> outputs)
      : executor(executor), function(function), inputs(inputs), outputs(outputs), made(outputs.size()),
        inputAddresses(inputs.size()), outputAddresses(outputs.size()), staged(outputs.size()),
        registers(function.bufferCount), addresses(function.bufferCount) {}

  ~Call() {
    for (DLTensor &tensor : made)
      freeOutputTensor(tensor);
  }

  Status run(const std::atomic<bool> &cancelled) {
    for (auto step : {&Call::checkInputs, &Call::checkOutputs, &Call::prepareInputs}) {
      if (Status status = (this->*step)(); !status.ok())
        return status;
    }
    // Also after a failure: what a call used may be used again when it returns.
    Status executed = runPieces(cancelled), finished = executor.device.finish();
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
    std::vector<Shape> shapes;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (Status status = checkTensor("input", function.inputs[i], inputs[i]); !status.ok())
        return status;
      shapes.emplace_back(inputs[i].shape, inputs[i].shape + inputs[i].ndim);
    }
    auto found = executor.bindingFor(function, shapes);
    if (!found.ok())
      return found.status();
    binding = *found;
    if (binding->read)
      binder.emplace(executor.module.contents(), function, std::move(shapes), executor.values.parameters());
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

  /// Executes the program's pieces, each bound with what the one before has found.
  Status runPieces(const std::atomic<bool> &cancelled) {
    beginCall();
    for (;;) {
      if (Status status = runPiece(cancelled); !status.ok() || !binding->read)
        return status;
      auto found = read(*binding->read);
      if (!found.ok())
        return found.status();
      auto piece = nextPiece(*found);
      if (!piece.ok())
        return piece.status();
      binding = &pieces.emplace_back(std::move(*piece));
    }
  }

  /// The first piece is bound by `executor` for all calls of these shapes, and here again to go on from it.
  Result<Binding> nextPiece(int64_t found) {
    if (pieces.empty()) {
      if (auto first = binder->next(); !first.ok())
        return first.status();
    }
    return binder->next(found);
  }

  Status runPiece(const std::atomic<bool> &cancelled) {
    for (auto step : {&Call::prepareOutputs, &Call::placeBuffers}) {
      if (Status status = (this->*step)(); !status.ok())
        return status;
    }
    nextStates.insert(nextStates.end(), binding->nextStates.begin(), binding->nextStates.end());
    return execute(cancelled);
  }

  /// Waits for the element and reads it.
  Result<int64_t> read(const BoundRead &read) {
    auto address = addressOf(read.buffer);
    if (!address.ok())
      return address.status();
    const char *source = static_cast<const char *>(*address) + read.offset;
    int64_t bytes = byteWidth(read.type);
    char element[8];
    if (!executor.deviceMemory)
      std::memcpy(element, source, size_t(bytes));
    else if (Status status = executor.deviceMemory->copyFromDevice(element, source, bytes); !status.ok())
      return status;
    return integerOf(read.type, element);
  }

  static int64_t integerOf(format::ElementType type, const char *element) {
    auto as = [&](auto value) {
      std::memcpy(&value, element, sizeof(value));
      return int64_t(value);
    };
    switch (type) {
    case format::ElementType::I32:
      return as(int32_t());
    case format::ElementType::I64:
      return as(int64_t());
    case format::ElementType::Bool:
      return as(uint8_t()) != 0;
    default:
      return as(int8_t());
    }
  }

  /// Afterwards each output of the piece has an address that kernels write to: the caller's, a new tensor's
  /// or a staged one's.
  Status prepareOutputs() {
    for (uint32_t i : binding->outputs) {
      if (Status status = outputs[i].data ? checkOutputShape(i) : makeOutput(i); !status.ok())
        return status;
      const DLTensor &target = outputs[i].data ? outputs[i] : made[i];
      outputAddresses[i] = dataOf(target);
      if (!executor.deviceMemory && isCompact(target) && isAligned(outputAddresses[i]))
        continue;
      if (Status status = stage(binding->outputBytes[i], staged[i]); !status.ok())
        return status;
      outputAddresses[i] = staged[i].data();
    }
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

  Status checkOutputShape(size_t i) {
    std::span<const int64_t> shape(outputs[i].shape, size_t(outputs[i].ndim)),
        expected = binding -> outputShapes[i];
    if (std::equal(shape.begin(), shape.end(), expected.begin(), expected.end()))
      return {};
    return failure(Code::InvalidArgument, "output '", function.outputs[i].name, "': expected shape ",
                   toString(expected), ", found ", toString(shape));
  }

  Status makeOutput(size_t i) {
    auto tensor = makeOutputTensor(executor.memory, binding->outputShapes[i], function.outputs[i].type);
    if (!tensor.ok())
      return tensor.status();
    made[i] = *tensor;
    return {};
  }

  /// Kernels get compact, aligned inputs that no output overlaps.
  Status prepareInputs() {
    for (size_t i = 0; i < inputs.size(); ++i) {
      const DLTensor &input = inputs[i];
      int64_t elementBytes = byteWidth(function.inputs[i].type), bytes = binding->inputBytes[i];
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

  /// The address of every buffer register of the piece but the weights', which are looked up when a step
  /// reads them.
  Status placeBuffers() {
    if (Status status = prepareArena(); !status.ok())
      return status;
    for (const auto &[number, buffer] : binding->buffers) {
      registers[number] = &buffer;
      if (buffer.origin == BoundBuffer::Origin::Weight)
        continue;
      auto start = startOf(buffer);
      if (!start.ok())
        return start.status();
      addresses[number] = static_cast<char *>(*start) + buffer.offset;
    }
    return {};
  }

  /// That of the first piece is kept for the next call.
  Status prepareArena() {
    int64_t bytes = binding->arena.arenaBytes;
    Block &arena = pieces.empty() ? executor.arena : arenas.emplace_back();
    if (arena.size() >= bytes)
      return {};
    arena.reset(); // first, so that the two are never held at once
    auto block = Block::make(executor.space(), bytes);
    if (!block.ok())
      return block.status();
    arena = std::move(*block);
    return {};
  }

  Result<void *> startOf(const BoundBuffer &buffer) {
    switch (buffer.origin) {
    case BoundBuffer::Origin::Input:
      return inputAddresses[buffer.index];
    case BoundBuffer::Origin::Output:
      return outputAddresses[buffer.index];
    case BoundBuffer::Origin::Weight:
      return executor.weightAddress(buffer.index);
    case BoundBuffer::Origin::Parameter:
      return executor.values.parameterAddress(buffer.index);
    case BoundBuffer::Origin::State:
      return executor.values.currentState(buffer.index);
    case BoundBuffer::Origin::NextState:
      return executor.values.nextState(buffer.index);
    case BoundBuffer::Origin::Arena:
      break;
    }
    return buffer.index == 0 ? executor.arena.data() : arenas[buffer.index - 1].data();
  }

  Result<void *> addressOf(uint32_t number) {
    const BoundBuffer &buffer = *registers[number];
    if (addresses[number] || buffer.origin != BoundBuffer::Origin::Weight)
      return addresses[number];
    auto start = startOf(buffer);
    if (!start.ok())
      return start.status();
    return addresses[number] = static_cast<char *>(*start) + buffer.offset;
  }

  void beginCall() {
    Statistics &stats = executor.stats;
    stats.transientBytes = stats.transientLowerBound = 0;
    stats.lastCall.clear();
    ++stats.calls;
  }

  Status execute(const std::atomic<bool> &cancelled) {
    executor.stats.transientBytes += binding->arena.arenaBytes;
    executor.stats.transientLowerBound += binding->arena.lowerBound;
    for (size_t next = 0; next < binding->steps.size();) {
      if (cancelled.load(std::memory_order_relaxed))
        return Status(Code::Cancelled, "the call was cancelled");
      const BoundStep &step = binding->steps[next++];
      if (Status status = execute(step, next, cancelled); !status.ok())
        return status;
    }
    // A device may have left its last launch early.
    return cancelled.load() ? Status(Code::Cancelled, "the call was cancelled") : Status();
  }

  /// `next` is the step that follows unless this one jumps.
  Status execute(const BoundStep &step, size_t &next, const std::atomic<bool> &cancelled) {
    stepAddresses.clear();
    for (uint32_t i = 0; i < step.bufferCount; ++i) {
      auto address = addressOf(binding->stepBuffers[step.firstBuffer + i]);
      if (!address.ok())
        return address.status();
      stepAddresses.push_back(*address);
    }
    switch (step.kind) {
    case BoundStep::Kind::Dispatch:
      return dispatch(step, cancelled);
    case BoundStep::Kind::Copy:
      return copy(step);
    case BoundStep::Kind::JumpIfZero:
      return jumpIfZero(step, next);
    case BoundStep::Kind::Jump:
      next = step.target;
    }
    return {};
  }

  Status jumpIfZero(const BoundStep &step, size_t &next) {
    uint8_t holds = 0;
    if (!executor.deviceMemory)
      std::memcpy(&holds, stepAddresses[0], 1);
    else if (Status status = executor.deviceMemory->copyFromDevice(&holds, stepAddresses[0], 1); !status.ok())
      return status;
    if (holds == 0) {
      next = step.target;
      ++executor.stats.skippedBranches;
    }
    return {};
  }

  Status copy(const BoundStep &step) {
    ++executor.stats.copies;
    int64_t bytes = binding->stepBufferBytes[step.firstBuffer];
    if (executor.deviceMemory)
      return executor.deviceMemory->copyOnDevice(stepAddresses[0], stepAddresses[1], bytes);
    if (bytes > 0)
      std::memmove(stepAddresses[0], stepAddresses[1], size_t(bytes));
    return {};
  }

  Status dispatch(const BoundStep &step, const std::atomic<bool> &cancelled) {
    Launch launch;
    launch.kernel = step.kernel;
    launch.extents = {binding->numbers.data() + step.firstExtent, step.extentCount};
    launch.buffers = stepAddresses;
    launch.bufferBytes = {binding->stepBufferBytes.data() + step.firstBuffer, step.bufferCount};
    launch.sizes = {binding->numbers.data() + step.firstSize, step.sizeCount};
    launch.cancelled = &cancelled;
    Statistics &stats = executor.stats;
    ++stats.dispatches;
    ++stats.kernels[step.kernel].launches;
    if (!executor.timed)
      return executor.device.launch(launch);
    auto start = std::chrono::steady_clock::now();
    Status status = executor.device.launch(launch);
    if (status.ok())
      status = executor.device.finish();
    auto elapsed =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start);
    stats.kernels[step.kernel].nanoseconds += uint64_t(elapsed.count());
    stats.lastCall.push_back({step.kernel, uint64_t(elapsed.count())});
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
    int64_t elementBytes = byteWidth(function.outputs[i].type), bytes = binding->outputBytes[i];
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
  const Binding *binding = nullptr; // of the current piece
  std::optional<Binder> binder;     // where there is more than one
  std::deque<Binding> pieces;       // those after the first
  std::vector<DLTensor> made;       // where the caller gave no output, until they are handed over
  std::vector<void *> inputAddresses, outputAddresses;
  std::vector<Block> inputCopies, staged;
  std::vector<Block> arenas;                  // of the pieces after the first
  std::vector<const BoundBuffer *> registers; // one for each buffer register, like `addresses`
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
  return Call(*this, function, inputs, outputs).run(cancelled);
}

Status Executor::setParameter(std::string_view name, double value) {
  bindings.clear(); // they may depend on it
  return values.setParameter(name, value);
}

Result<const Binding *> Executor::bindingFor(const Function &function, const std::vector<Shape> &shapes) {
  std::list<Binding> &kept = bindings[&function];
  auto found =
      std::find_if(kept.begin(), kept.end(), [&](const Binding &each) { return each.inputShapes == shapes; });
  if (found != kept.end()) {
    kept.splice(kept.begin(), kept, found);
    return &kept.front();
  }
  if (Status status = checkShapes("input", function.inputs, shapes); !status.ok())
    return status;
  auto binding = Binder(module.contents(), function, shapes, values.parameters()).next();
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
