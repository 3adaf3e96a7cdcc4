// The C API: checks its pointers, catches what the C++ library throws, and hands over.
#include "runtime/plan/OutputTensor.h"
#include "runtime/session/Session.h"
#include "winnow/runtime.h"

#include <algorithm>
#include <cstring>
#include <new>

using namespace winnow;
using namespace winnow::runtime;

struct wn_failure {
  wn_code code;
  std::string message;
};

struct wn_module {
  std::shared_ptr<const LoadedModule> module;
  std::vector<std::string> functionNames; // each once, in the order of the module
  std::string description;                // empty until it is asked for
  std::once_flag described;

  struct Tensors {
    std::vector<std::vector<wn_dimension>> dimensions; // what `infos` point to
    std::vector<wn_tensor_info> infos;
  };
  std::vector<Tensors> tensors; // for each function its inputs, then its outputs
};

struct wn_session {
  std::unique_ptr<Session> session;
};

namespace {

static_assert(int(Code::DeviceFault) == WN_DEVICE_FAULT && int(Code::OutOfMemory) == WN_OUT_OF_MEMORY &&
                  int(Code::DamagedModule) == WN_DAMAGED_MODULE,
              "the codes are passed on as they are");

/// Given when there is no memory for anything else; wn_status_free knows it.
wn_failure outOfMemory = {WN_OUT_OF_MEMORY, "out of memory"};

wn_status toStatus(const Status &status) {
  if (status.ok())
    return nullptr;
  return new wn_failure{wn_code(status.code()), status.message()};
}

/// Nothing that C++ throws reaches the caller.
template <typename Body> wn_status guarded(Body body) {
  try {
    return toStatus(body());
  } catch (const std::bad_alloc &) {
    return &outOfMemory;
  } catch (const std::exception &error) {
    try {
      return toStatus(Status(Code::DeviceFault, error.what()));
    } catch (...) {
      return &outOfMemory;
    }
  }
}

Status nullPointer(const char *name) {
  return failure(Code::InvalidArgument, "argument '", name, "' is a null pointer");
}

wn_module::Tensors describeTensors(const std::vector<format::Signature> &signatures) {
  wn_module::Tensors tensors;
  for (const format::Signature &signature : signatures) {
    std::vector<wn_dimension> &dimensions = tensors.dimensions.emplace_back();
    for (const format::Dimension &each : signature.shape)
      dimensions.push_back({each.size, each.minimum, each.maximum, each.name.c_str()});
    tensors.infos.push_back({signature.name.c_str(), format::toDLPack(signature.type),
                             int32_t(dimensions.size()), dimensions.data()});
  }
  return tensors;
}

/// The program that describes the function to callers: that of the compiled devices where there is one.
const format::Function *signatureOf(const LoadedModule &module, std::string_view name) {
  const format::Function *function = module.findFunction(name, "");
  return function ? function : module.findFunction(name, "reference");
}

wn_module *makeModule(std::shared_ptr<const LoadedModule> loaded) {
  auto result = std::make_unique<wn_module>();
  result->module = std::move(loaded);
  for (const format::Function &function : result->module->contents().functions) {
    std::vector<std::string> &names = result->functionNames;
    if (std::find(names.begin(), names.end(), function.name) != names.end())
      continue;
    names.push_back(function.name);
    const format::Function &described = *signatureOf(*result->module, function.name);
    result->tensors.push_back(describeTensors(described.inputs));
    result->tensors.push_back(describeTensors(described.outputs));
  }
  return result.release();
}

Status load(Result<std::shared_ptr<const LoadedModule>> loaded, wn_module **module) {
  if (!loaded.ok())
    return loaded.status();
  *module = makeModule(std::move(*loaded));
  return {};
}

Result<const wn_module::Tensors *> findTensors(const wn_module *module, const char *function,
                                               wn_tensor_role role) {
  if (role != WN_INPUT && role != WN_OUTPUT)
    return failure(Code::InvalidArgument, "role ", int(role), " is neither WN_INPUT nor WN_OUTPUT");
  const std::vector<std::string> &names = module->functionNames;
  auto found = std::find(names.begin(), names.end(), function);
  if (found == names.end())
    return failure(Code::NotFound, "the module has no function '", function, "'");
  return &module->tensors[size_t(found - names.begin()) * 2 + size_t(role)];
}

Result<SessionOptions> readOptions(const wn_session_options *given) {
  SessionOptions options;
  if (!given)
    return options;
  if (given->struct_size != sizeof(wn_session_options))
    return failure(Code::InvalidArgument, "wn_session_options has size ", given->struct_size, ", expected ",
                   sizeof(wn_session_options), " (call wn_session_options_init)");
  if (given->threads < 0 || given->memory_limit < 0)
    return failure(Code::InvalidArgument, given->threads < 0 ? "threads" : "memory_limit", " is negative");
  if (!given->allocate != !given->free)
    return failure(Code::InvalidArgument, "allocate and free must be given together");
  options.threads = given->threads;
  options.timing = given->timing != 0;
  options.parallelFor = given->parallel_for;
  options.parallelForContext = given->parallel_for_context;
  options.allocator = {given->allocate, given->free, given->allocator_context};
  options.memoryLimit = given->memory_limit;
  options.checks = given->checks ? given->checks : "";
  return options;
}

} // namespace

wn_code wn_status_code(wn_status status) { return status ? status->code : WN_OK; }
const char *wn_status_message(wn_status status) { return status ? status->message.c_str() : ""; }
void wn_status_free(wn_status status) {
  if (status != &outOfMemory)
    delete status;
}
const char *wn_version(void) { return WINNOW_VERSION; }

wn_status wn_module_load_file(const char *path, wn_module **module) {
  return guarded([&] {
    if (!module)
      return nullPointer("module");
    *module = nullptr;
    return path ? load(LoadedModule::fromFile(path), module) : nullPointer("path");
  });
}

wn_status wn_module_load_memory(const void *data, size_t size, wn_module **module) {
  return guarded([&] {
    if (!module)
      return nullPointer("module");
    *module = nullptr;
    if (!data)
      return nullPointer("data");
    return load(LoadedModule::fromMemory({static_cast<const uint8_t *>(data), size}), module);
  });
}

void wn_module_free(wn_module *module) { delete module; }

size_t wn_module_function_count(const wn_module *module) { return module->functionNames.size(); }

const char *wn_module_function_name(const wn_module *module, size_t index) {
  return index < module->functionNames.size() ? module->functionNames[index].c_str() : nullptr;
}

wn_status wn_module_tensor_count(const wn_module *module, const char *function, wn_tensor_role role,
                                 size_t *count) {
  return guarded([&]() -> Status {
    if (!module || !function || !count)
      return nullPointer(!module ? "module" : !function ? "function" : "count");
    *count = 0;
    auto tensors = findTensors(module, function, role);
    if (tensors.ok())
      *count = (*tensors)->infos.size();
    return tensors.status();
  });
}

wn_status wn_module_tensor_info(const wn_module *module, const char *function, wn_tensor_role role,
                                size_t index, wn_tensor_info *info) {
  return guarded([&]() -> Status {
    if (!module || !function || !info)
      return nullPointer(!module ? "module" : !function ? "function" : "info");
    *info = {};
    auto tensors = findTensors(module, function, role);
    if (!tensors.ok())
      return tensors.status();
    if (index >= (*tensors)->infos.size())
      return failure(Code::InvalidArgument, "index ", index, " is out of range, function '", function,
                     "' has ", (*tensors)->infos.size(), role == WN_INPUT ? " inputs" : " outputs");
    *info = (*tensors)->infos[index];
    return {};
  });
}

wn_status wn_module_describe(const wn_module *module, const char **json) {
  return guarded([&]() -> Status {
    if (!module || !json)
      return nullPointer(!module ? "module" : "json");
    *json = nullptr;
    auto *cached = const_cast<wn_module *>(module);
    std::call_once(cached->described, [&] { cached->description = describe(*cached->module); });
    *json = module->description.c_str();
    return {};
  });
}

void wn_session_options_init(wn_session_options *options) {
  *options = {};
  options->struct_size = sizeof(*options);
}

wn_status wn_session_create(const wn_module *module, const char *device, const wn_session_options *options,
                            wn_session **session) {
  return guarded([&]() -> Status {
    if (!session)
      return nullPointer("session");
    *session = nullptr;
    if (!module || !device)
      return nullPointer(!module ? "module" : "device");
    auto read = readOptions(options);
    if (!read.ok())
      return read.status();
    auto created = Session::create(module->module, device, *read);
    if (!created.ok())
      return created.status();
    *session = new wn_session{std::move(*created)};
    return {};
  });
}

void wn_session_free(wn_session *session) { delete session; }
const char *wn_session_device(const wn_session *session) { return session->session->deviceName().c_str(); }
const char *wn_session_target(const wn_session *session) { return session->session->targetName().c_str(); }

wn_status wn_session_invoke(wn_session *session, const char *function, const DLTensor *inputs,
                            size_t input_count, DLTensor *outputs, size_t output_count) {
  return guarded([&]() -> Status {
    if (!session || !function)
      return nullPointer(!session ? "session" : "function");
    if ((!inputs && input_count) || (!outputs && output_count))
      return nullPointer(!inputs && input_count ? "inputs" : "outputs");
    return session->session->invoke(function, {inputs, input_count}, {outputs, output_count});
  });
}

wn_status wn_session_set_parameter(wn_session *session, const char *parameter, double value) {
  return guarded([&]() -> Status {
    if (!session || !parameter)
      return nullPointer(!session ? "session" : "parameter");
    return session->session->setParameter(parameter, value);
  });
}

wn_status wn_session_save_state(wn_session *session, const char *path) {
  return guarded([&]() -> Status {
    if (!session || !path)
      return nullPointer(!session ? "session" : "path");
    return session->session->saveState(path);
  });
}

wn_status wn_session_load_state(wn_session *session, const char *path) {
  return guarded([&]() -> Status {
    if (!session || !path)
      return nullPointer(!session ? "session" : "path");
    return session->session->loadState(path);
  });
}

void wn_session_cancel(wn_session *session) { session->session->cancel(); }

wn_status wn_session_profile(wn_session *session, char **json) {
  return guarded([&]() -> Status {
    if (!session || !json)
      return nullPointer(!session ? "session" : "json");
    *json = nullptr;
    std::string text = session->session->profile();
    *json = new char[text.size() + 1];
    std::memcpy(*json, text.c_str(), text.size() + 1);
    return {};
  });
}

void wn_tensor_free(DLTensor *tensor) { freeOutputTensor(*tensor); }
void wn_string_free(char *string) { delete[] string; }
