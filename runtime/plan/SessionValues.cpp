// Parameters as cells of one block, states as pairs of blocks that are made when they are first used.
#include "runtime/plan/SessionValues.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <optional>

namespace winnow::runtime {

using format::ElementType;

namespace {

/// So that each parameter begins where buffers must.
constexpr int64_t kCellBytes = kBufferAlignment;

/// The bits of `value` as a value of `type`, or nothing if the type cannot hold it.
std::optional<int64_t> toBits(double value, ElementType type) {
  int64_t bits = 0;
  if (type == ElementType::I64) {
    // Beyond 2^53, neighbours of a whole number are lost.
    if (value != std::nearbyint(value) || std::fabs(value) > 9007199254740992.0)
      return std::nullopt;
    return int64_t(value);
  }
  if (type == ElementType::F32) {
    float narrow = float(value);
    if (!std::isfinite(narrow))
      return std::nullopt;
    std::memcpy(&bits, &narrow, sizeof(narrow));
    return bits;
  }
  if (!std::isfinite(value))
    return std::nullopt;
  std::memcpy(&bits, &value, sizeof(value));
  return bits;
}

std::string toText(double value) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.17g", value);
  return text;
}

std::string listNames(const std::vector<format::Parameter> &parameters) {
  std::string names;
  for (const format::Parameter &parameter : parameters)
    names += concatenate(names.empty() ? "" : ", ", parameter.name);
  return names.empty() ? "none" : names;
}

} // namespace

SessionValues::SessionValues(const format::Module &module, MemorySpace &space, DeviceMemory *deviceMemory)
    : module(module), space(space), deviceMemory(deviceMemory), states(module.states.size()) {
  for (const format::Parameter &parameter : module.parameters)
    values.push_back(int64_t(parameter.bits));
}

Status SessionValues::setParameter(std::string_view name, double value) {
  const std::vector<format::Parameter> &known = module.parameters;
  auto found = std::find_if(known.begin(), known.end(),
                            [&](const format::Parameter &parameter) { return parameter.name == name; });
  if (found == known.end())
    return failure(Code::NotFound, "the module has no parameter '", name, "', it has ", listNames(known));
  auto bits = toBits(value, found->type);
  if (!bits)
    return failure(Code::InvalidArgument, "parameter '", name, "': expected a value of ",
                   format::name(found->type), ", found ", toText(value));
  uint32_t index = uint32_t(found - known.begin());
  if (values[index] == *bits)
    return {};
  for (size_t i = 0; i < states.size(); ++i) {
    const std::vector<format::StateDimension> &shape = module.states[i].shape;
    bool isSize = std::any_of(shape.begin(), shape.end(), [&](const format::StateDimension &dimension) {
      return dimension.size == format::kDynamic && dimension.parameter == index;
    });
    if (isSize && states[i].current.data())
      return failure(Code::InvalidArgument, "parameter '", name, "' is the size of state '",
                     module.states[i].name, "', which has contents already");
  }
  values[index] = *bits;
  parametersChanged = true;
  return {};
}

bool SessionValues::isApart(uint32_t state) const {
  return deviceMemory && module.states[state].placement == format::Placement::Device;
}

Status SessionValues::upload(bool isApart, void *destination, const void *source, int64_t bytes) {
  if (isApart)
    return deviceMemory->copyToDevice(destination, source, bytes);
  if (bytes > 0)
    std::memcpy(destination, source, size_t(bytes));
  return {};
}

Result<void *> SessionValues::parameterAddress(uint32_t parameter) {
  if (parametersChanged) {
    std::vector<uint8_t> cells(values.size() * kCellBytes);
    for (size_t i = 0; i < values.size(); ++i)
      std::memcpy(cells.data() + i * kCellBytes, &values[i], sizeof(values[i]));
    if (!parameterBlock.data()) {
      auto block = Block::make(space, int64_t(cells.size()));
      if (!block.ok())
        return block.status();
      parameterBlock = std::move(*block);
    }
    if (Status status = upload(deviceMemory, parameterBlock.data(), cells.data(), int64_t(cells.size()));
        !status.ok())
      return status;
    parametersChanged = false;
  }
  return static_cast<char *>(parameterBlock.data()) + parameter * kCellBytes;
}

Status SessionValues::prepare(uint32_t state) {
  State &kept = states[state];
  if (kept.current.data())
    return {};
  auto shape = stateShape(module.states[state], values);
  if (!shape.ok())
    return shape.status();
  auto bytes = byteSize(*shape, module.states[state].type);
  if (!bytes.ok())
    return bytes.status();
  MemorySpace &home = deviceMemory && !isApart(state) ? deviceMemory->sharedHostMemory() : space;
  auto next = Block::make(home, *bytes), current = Block::make(home, *bytes);
  if (!next.ok() || !current.ok())
    return next.ok() ? current.status() : next.status();
  kept = {*bytes, std::move(*current), std::move(*next)};
  Status status = fill(state);
  if (!status.ok())
    kept = {};
  return status;
}

Status SessionValues::fill(uint32_t state) {
  const format::State &declared = module.states[state];
  size_t width = size_t(format::byteWidth(declared.type));
  std::vector<uint8_t> contents(size_t(states[state].bytes));
  for (size_t offset = 0; offset < contents.size() && declared.bits; offset += width)
    std::memcpy(contents.data() + offset, &declared.bits, width);
  return upload(isApart(state), states[state].current.data(), contents.data(), states[state].bytes);
}

Result<void *> SessionValues::currentState(uint32_t state) {
  if (Status status = prepare(state); !status.ok())
    return status;
  return states[state].current.data();
}

Result<void *> SessionValues::nextState(uint32_t state) {
  if (Status status = prepare(state); !status.ok())
    return status;
  return states[state].next.data();
}

Result<std::vector<uint8_t>> SessionValues::readState(uint32_t state) {
  if (Status status = prepare(state); !status.ok())
    return status;
  const State &kept = states[state];
  std::vector<uint8_t> bytes(size_t(kept.bytes));
  if (isApart(state)) {
    if (Status status = deviceMemory->copyFromDevice(bytes.data(), kept.current.data(), kept.bytes);
        !status.ok())
      return status;
  } else if (kept.bytes > 0) {
    std::memcpy(bytes.data(), kept.current.data(), size_t(kept.bytes));
  }
  return bytes;
}

Status SessionValues::writeState(uint32_t state, std::span<const uint8_t> bytes) {
  if (Status status = prepare(state); !status.ok())
    return status;
  return upload(isApart(state), states[state].next.data(), bytes.data(), int64_t(bytes.size()));
}

} // namespace winnow::runtime
