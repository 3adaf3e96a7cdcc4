// Calls of functions with code of their own. A fragment that calls waits behind the call, like one that
// diverged; what it called runs in child fragments, one for each function, until their lanes return.
#include "runtime/device/ptxsim/execute/Calls.h"

#include "runtime/device/ptxsim/execute/Divergence.h"
#include "runtime/device/ptxsim/inspect/UndefinedValues.h"

#include <algorithm>
#include <cstring>

namespace winnow::ptxsim {
namespace {

constexpr size_t kMostSavedBytes = size_t(1) << 20; // of a thread's registers

} // namespace

void Calls::begin() {
  for (std::array<CallStack, kLanes> &stacksOfWarp : stacks)
    stacksOfWarp.fill({{}, launch.code.localBytes, {}});
}

/// Null when no function of this kernel is there.
const FunctionCode *Calls::functionAt(uint64_t address) const {
  for (const FunctionCode &function : launch.code.functions)
    if (function.address == address)
      return &function;
  return nullptr;
}

void Calls::call(Warp &warp, uint32_t index, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  const CallSite &site = launch.code.calls[in.target];
  Side sides[kLanes];
  unsigned count = 0;
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    const FunctionCode *callee = calledFunction(warp, pc, lane, site);
    if (!callee || !enterFunction(warp, pc, lane, site, *callee))
      return;
    unsigned side = 0;
    while (side < count && sides[side].target != callee->entry)
      ++side;
    if (side == count)
      sides[count++] = {callee->entry, 0};
    sides[side].mask |= 1u << lane;
  }
  divergence.enterFunctions(warp, index, pc + 1, {sides, count});
}

/// Null after a fault.
const FunctionCode *Calls::calledFunction(const Warp &warp, uint32_t pc, unsigned lane,
                                          const CallSite &site) {
  if (site.callee != CallSite::kIndirect)
    return &launch.code.functions[site.callee];
  uint64_t address = reinterpret_cast<const uint64_t *>(warp.rows + code[pc].source[0])[lane];
  const FunctionCode *callee = functionAt(address);
  if (!callee) {
    fault(
        warp, pc, 1u << lane,
        format::concatenate("call of address ", hexadecimal(address), ", where no function with a body is"));
    return nullptr;
  }
  auto sameSizes = [](const std::vector<FrameVariable> &a, const std::vector<FrameVariable> &b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const FrameVariable &x, const FrameVariable &y) { return x.size == y.size; });
  };
  if (sameSizes(site.arguments, callee->parameters) && sameSizes(site.results, callee->results))
    return callee;
  fault(warp, pc, 1u << lane,
        format::concatenate("call of function '", callee->name,
                            "', which has other parameters or results than the prototype"));
  return nullptr;
}

bool Calls::enterFunction(Warp &warp, uint32_t pc, unsigned lane, const CallSite &site,
                          const FunctionCode &callee) {
  CallStack &stack = stacks[warp.index][lane];
  uint64_t begin = alignUp(stack.top, kFrameAlignment), end = begin + callee.frameBytes;
  if (stack.activations.size() == kDeepestStack || end > cta.localStride ||
      stack.saved.size() > kMostSavedBytes)
    return fault(warp, pc, 1u << lane,
                 format::concatenate("stack overflow: ", stack.activations.size(), " nested calls with ",
                                     begin - launch.code.localBytes, " bytes of local memory and ",
                                     stack.saved.size(), " of registers; ", kDeepestStack, " calls, ",
                                     kStackBytes, " and ", kMostSavedBytes, " bytes are possible"));
  std::byte *memory = cta.localMemory(warp, lane), *caller = cta.callerMemory(warp, lane, site);
  std::memset(memory + begin, 0, callee.frameBytes);
  undefined.beginFrame(warp, lane, memory + begin, callee);
  for (size_t i = 0; i < site.arguments.size(); ++i)
    copyLocal(caller + site.arguments[i].offset, memory + begin + callee.parameters[i].offset,
              site.arguments[i].size);
  saveRows(warp, lane, callee);
  stack.activations.push_back({&callee, &site, begin, end, stack.top});
  stack.top = end;
  reinterpret_cast<uint64_t *>(warp.rows + callee.frame)[lane] = begin;
  return true;
}

void Calls::returnLanes(Warp &warp, uint32_t index, uint32_t mask) {
  for (uint32_t left = mask; left; left &= left - 1)
    leaveFunction(warp, unsigned(__builtin_ctz(left)));
  divergence.leaveFunctions(warp, index, mask);
}

void Calls::leaveFunction(Warp &warp, unsigned lane) {
  CallStack &stack = stacks[warp.index][lane];
  CallStack::Activation left = stack.activations.back();
  stack.activations.pop_back();
  stack.top = left.callerTop;
  restoreRows(warp, lane, *left.callee);
  std::byte *memory = cta.localMemory(warp, lane), *caller = cta.callerMemory(warp, lane, *left.site);
  for (size_t i = 0; i < left.site->results.size(); ++i)
    copyLocal(memory + left.begin + left.callee->results[i].offset, caller + left.site->results[i].offset,
              left.site->results[i].size);
}

/// Within a lane's local memory.
void Calls::copyLocal(const std::byte *from, std::byte *to, uint64_t bytes) {
  std::memcpy(to, from, bytes);
  undefined.copyLocal(from, to, bytes);
}

void Calls::saveRows(const Warp &warp, unsigned lane, const FunctionCode &callee) {
  std::vector<std::byte> &saved = stacks[warp.index][lane].saved;
  for (const FunctionCode::SavedRow &row : callee.rows) {
    const std::byte *lanesOfRow = warp.rows + row.row;
    if (row.bytes)
      saved.insert(saved.end(), lanesOfRow + lane * row.bytes, lanesOfRow + (lane + 1) * row.bytes);
    else
      saved.push_back(std::byte(*reinterpret_cast<const uint32_t *>(lanesOfRow) >> lane & 1));
  }
}

void Calls::restoreRows(const Warp &warp, unsigned lane, const FunctionCode &callee) {
  std::vector<std::byte> &saved = stacks[warp.index][lane].saved;
  for (auto row = callee.rows.rbegin(); row != callee.rows.rend(); ++row) {
    undefined.defineRegister(warp, row->row, lane); // that a saved value was undefined is forgotten
    std::byte *lanesOfRow = warp.rows + row->row;
    size_t bytes = std::max<size_t>(row->bytes, 1);
    const std::byte *value = saved.data() + saved.size() - bytes;
    if (row->bytes) {
      std::memcpy(lanesOfRow + lane * bytes, value, bytes);
    } else {
      auto &bits = *reinterpret_cast<uint32_t *>(lanesOfRow);
      bits = (bits & ~(1u << lane)) | uint32_t(*value) << lane;
    }
    saved.resize(saved.size() - bytes);
  }
}

} // namespace winnow::ptxsim
