// Keeps the fake driver's objects, and executes its work in the simulator.
#include "FakeGpu.h"

#include <algorithm>
#include <cstring>

namespace winnow::test {

char *Allocations::add(size_t bytes) {
  size_t rounded = (bytes + 255) / 256 * 256;
  char *memory = static_cast<char *>(std::aligned_alloc(256, rounded));
  std::memset(memory, 0xff, rounded);
  blocks[memory] = {std::unique_ptr<char, Free>(memory), bytes};
  total += int64_t(bytes);
  return memory;
}

bool Allocations::remove(const char *address) {
  auto found = blocks.find(address);
  if (found == blocks.end())
    return false;
  total -= int64_t(found->second.bytes);
  blocks.erase(found);
  return true;
}

bool Allocations::holds(const char *address, size_t bytes) const {
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin())
    return false;
  const auto &[begin, block] = *std::prev(after);
  size_t offset = size_t(address - begin);
  return offset <= block.bytes && bytes <= block.bytes - offset;
}

void Allocations::addTo(ptxsim::MemoryMap &map) const {
  for (const auto &[address, block] : blocks)
    (void)map.add(address, block.bytes, name);
}

FakeGpu &fakeGpu() {
  // Never destroyed: sessions may live longer than a library's objects.
  static FakeGpu &gpu = *new FakeGpu();
  return gpu;
}

void FakeGpu::reset(const FakeMachine &given) {
  std::lock_guard lock(mutex);
  machine = given;
  deviceMemory.clear();
  pinnedMemory.clear();
  streams.clear();
  events.clear();
  modules.clear();
  pools.clear();
  retains = stickyError = 0;
  failures.clear();
  called.clear();
  misuses.clear();
  faultText.clear();
}

void FakeGpu::fail(const std::string &function, int code, int later) {
  std::lock_guard lock(mutex);
  failures.push_back({function, code, later});
}

std::vector<std::string> FakeGpu::calls() const {
  std::lock_guard lock(mutex);
  return called;
}

std::vector<std::string> FakeGpu::problems() const {
  std::lock_guard lock(mutex);
  return misuses;
}

std::string FakeGpu::leftovers() const {
  std::lock_guard lock(mutex);
  return leftoversNow();
}

std::string FakeGpu::leftoversNow() const {
  const std::pair<size_t, const char *> kinds[] = {{deviceMemory.count(), "blocks of device memory"},
                                                   {pinnedMemory.count(), "blocks of pinned memory"},
                                                   {streams.size(), "streams"},
                                                   {events.size(), "events"},
                                                   {modules.size(), "modules"},
                                                   {pools.size(), "pools"},
                                                   {size_t(retains), "retained contexts"}};
  std::string text;
  for (auto [count, kind] : kinds)
    if (count)
      text += format::concatenate(text.empty() ? "" : ", ", count, ' ', kind);
  return text.empty() ? "nothing" : text;
}

int64_t FakeGpu::deviceBytes() const {
  std::lock_guard lock(mutex);
  return deviceMemory.bytes();
}

std::string FakeGpu::fault() const {
  std::lock_guard lock(mutex);
  return faultText;
}

int FakeGpu::enter(const std::string &function, const std::string &arguments) {
  called.push_back(function + "(" + arguments + ")");
  for (auto failure = failures.begin(); failure != failures.end(); ++failure) {
    if (failure->function != function || failure->later-- > 0)
      continue;
    int code = failure->code;
    failures.erase(failure);
    // Nothing that is under way happens any more (CUDA driver API: CUresult).
    constexpr int kFatal[] = {214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 810, 999};
    if (std::find(std::begin(kFatal), std::end(kFatal), code) != std::end(kFatal))
      stickyError = code;
    return code;
  }
  return CUDA_SUCCESS;
}

int FakeGpu::problem(const std::string &text) {
  misuses.push_back(text);
  return CUDA_ERROR_INVALID_VALUE;
}

int FakeGpu::allocate(size_t bytes, uint64_t &address) {
  if (bytes == 0)
    return problem("an allocation of 0 bytes");
  if (int64_t(bytes) > machine.memoryBytes - deviceMemory.bytes())
    return CUDA_ERROR_OUT_OF_MEMORY;
  address = reinterpret_cast<uint64_t>(deviceMemory.add(bytes)) | kDeviceBit;
  return CUDA_SUCCESS;
}

int FakeGpu::free(uint64_t address) {
  bool isFreed = address & kDeviceBit && deviceMemory.remove(reinterpret_cast<char *>(address & ~kDeviceBit));
  return isFreed ? int(CUDA_SUCCESS) : problem("an address is freed that was not allocated");
}

char *FakeGpu::resolve(uint64_t address, size_t bytes) const {
  char *host = reinterpret_cast<char *>(address & ~kDeviceBit);
  const Allocations &home = address & kDeviceBit ? deviceMemory : pinnedMemory;
  return home.holds(host, bytes) ? host : nullptr;
}

void FakeGpu::ask(Stream &stream, bool usesMemory, std::function<void()> body) {
  stream.work.push_back({std::move(body), usesMemory});
  ++stream.asked;
}

void FakeGpu::requireIdle(const char *released) {
  if (streams.size() != 1) // whose it is, nobody knows
    return;
  for (const Stream::Work &work : streams.begin()->second->work) {
    if (work.usesMemory && !stickyError) {
      problem(format::concatenate(released, " is released while work waits that may need it"));
      return;
    }
  }
}

void FakeGpu::run(Stream &stream, uint64_t position) {
  while (!stream.work.empty() && stream.done < position) {
    Stream::Work work = std::move(stream.work.front());
    stream.work.pop_front();
    ++stream.done;
    if (!work.usesMemory || !stickyError)
      work.body();
  }
}

void FakeGpu::runAll() {
  for (auto &[handle, stream] : streams)
    run(*stream);
}

void FakeGpu::execute(const Function &function, ptxsim::Dimensions grid, ptxsim::Dimensions block,
                      uint64_t sharedBytes, std::vector<uint64_t> parameters) {
  ptxsim::MemoryMap memory;
  deviceMemory.addTo(memory);
  pinnedMemory.addTo(memory);
  for (uint64_t &each : parameters)
    if (each & kDeviceBit && resolve(each, 0))
      each &= ~kDeviceBit;
  auto status = ptxsim::launch(*function.program, *function.kernel, grid, block, sharedBytes,
                               std::as_bytes(std::span(parameters)), memory);
  if (status.ok())
    return;
  stickyError = CUDA_ERROR_ILLEGAL_ADDRESS;
  faultText = status.message();
}

} // namespace winnow::test
