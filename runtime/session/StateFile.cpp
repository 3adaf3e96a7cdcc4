// States as arrays of a .npz file, with the identity of their module beside them.
#include "runtime/session/StateFile.h"

#include "format/AtomicFile.h"
#include "format/numpy/NumpyFile.h"
#include "format/numpy/ZipArchive.h"

#include <cstring>

namespace winnow::runtime {

using format::Array;

namespace {

using Arrays = std::map<std::string, Array>;

/// The member that says which module the states belong to. No symbol has a space.
constexpr const char *kIdentityName = "winnow module";

Array identityOf(const LoadedModule &module) {
  Array array;
  array.type = format::ElementType::I64;
  uint64_t identity = module.identity();
  array.bytes.resize(sizeof(identity));
  std::memcpy(array.bytes.data(), &identity, sizeof(identity));
  return array;
}

std::string describe(const Array &array) {
  return concatenate(format::name(array.type), " ", toString(array.shape));
}

Status checkNames(const LoadedModule &module, const Arrays &arrays) {
  auto identity = arrays.find(kIdentityName);
  if (identity == arrays.end())
    return failure(Code::InvalidArgument, "it does not hold the states of a session");
  if (identity->second.bytes != identityOf(module).bytes)
    return failure(Code::InvalidArgument, "it was saved by a session of another module");
  for (const format::State &state : module.contents().states) {
    if (arrays.find(state.name) == arrays.end())
      return failure(Code::InvalidArgument, "it has no state '", state.name, "'");
  }
  if (arrays.size() != module.contents().states.size() + 1)
    return failure(Code::InvalidArgument, "it has ", arrays.size() - 1, " states, but the module has ",
                   module.contents().states.size());
  return {};
}

Status stage(const LoadedModule &module, const Arrays &arrays, SessionValues &values) {
  const std::vector<format::State> &states = module.contents().states;
  for (uint32_t i = 0; i < states.size(); ++i) {
    const Array &found = arrays.at(states[i].name);
    auto shape = stateShape(states[i], values.parameters());
    if (!shape.ok())
      return shape.status();
    if (found.type != states[i].type || found.shape != *shape)
      return failure(Code::InvalidArgument, "state '", states[i].name, "': expected ", name(states[i].type),
                     " ", toString(*shape), ", found ", describe(found));
    if (Status status = values.writeState(i, found.bytes); !status.ok())
      return status;
  }
  return {};
}

Status load(std::span<const uint8_t> bytes, const LoadedModule &module, SessionValues &values) {
  auto arrays = format::parseNumpyArchive(bytes);
  if (!arrays.ok())
    return arrays.status();
  if (Status status = checkNames(module, *arrays); !status.ok())
    return status;
  if (Status status = stage(module, *arrays, values); !status.ok())
    return status;
  for (uint32_t i = 0; i < module.contents().states.size(); ++i)
    values.advance(i);
  return {};
}

} // namespace

Status saveStates(const std::string &path, const LoadedModule &module, SessionValues &values) {
  const std::vector<format::State> &states = module.contents().states;
  Arrays arrays = {{kIdentityName, identityOf(module)}};
  for (uint32_t i = 0; i < states.size(); ++i) {
    auto shape = stateShape(states[i], values.parameters());
    if (!shape.ok())
      return shape.status();
    auto bytes = values.readState(i);
    if (!bytes.ok())
      return bytes.status();
    arrays[states[i].name] = {states[i].type, *shape, {bytes->begin(), bytes->end()}};
  }
  auto archive = format::serializeNumpyArchive(arrays);
  if (!archive.ok())
    return failure(archive.status().code(), "cannot write '", path, "': ", archive.status().message());
  return format::writeFileAtomically(path, {*archive});
}

Status loadStates(const std::string &path, const LoadedModule &module, SessionValues &values) {
  auto bytes = format::readFile(path);
  if (!bytes.ok())
    return bytes.status();
  Status status = load(*bytes, module, values);
  return status.ok() ? status
                     : failure(status.code(), "cannot load states from '", path, "': ", status.message());
}

} // namespace winnow::runtime
