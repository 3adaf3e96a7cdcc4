// The C++ form of winnow/runtime.h: the same functions with owners for what they make and exceptions for
// failures.
//
//   wn::Module module = wn::Module::fromFile("model.wnm");
//   wn::Session session(module);
//   std::vector<wn::Tensor> outputs = session.invoke("main", {x}, 1);
#pragma once

#include <winnow/runtime.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace wn {

/// A failed call: a code, and what() is the message.
class Error : public std::runtime_error {
public:
  Error(wn_code code, const char *message) : std::runtime_error(message), failureCode(code) {}
  wn_code code() const { return failureCode; }

private:
  wn_code failureCode;
};

/// Throws Error unless `status` is a success. Takes ownership of it.
inline void check(wn_status status) {
  if (!status)
    return;
  std::unique_ptr<wn_failure, decltype(&wn_status_free)> owner(status, wn_status_free);
  throw Error(wn_status_code(status), wn_status_message(status));
}

/// A tensor that the runtime made.
class Tensor {
public:
  Tensor() = default;
  explicit Tensor(const DLTensor &made) : tensor(made) {}
  Tensor(Tensor &&other) noexcept : tensor(std::exchange(other.tensor, DLTensor())) {}
  Tensor &operator=(Tensor &&other) noexcept {
    std::swap(tensor, other.tensor);
    return *this;
  }
  ~Tensor() { wn_tensor_free(&tensor); }

  const DLTensor &get() const { return tensor; }
  std::vector<int64_t> shape() const { return {tensor.shape, tensor.shape + tensor.ndim}; }
  /// The elements, compact and row-major; T must be the element type.
  template <typename T> T *data() const { return static_cast<T *>(tensor.data); }

private:
  DLTensor tensor = DLTensor();
};

class Module {
public:
  static Module fromFile(const std::string &path) {
    wn_module *module = nullptr;
    check(wn_module_load_file(path.c_str(), &module));
    return Module(module);
  }
  /// `data` must outlive the module and its sessions.
  static Module fromMemory(const void *data, size_t size) {
    wn_module *module = nullptr;
    check(wn_module_load_memory(data, size, &module));
    return Module(module);
  }

  std::vector<std::string> functions() const {
    std::vector<std::string> names;
    for (size_t i = 0; i < wn_module_function_count(get()); ++i)
      names.emplace_back(wn_module_function_name(get(), i));
    return names;
  }
  /// The inputs or outputs of a function; what they point to lives as long as the module.
  std::vector<wn_tensor_info> tensors(const std::string &function, wn_tensor_role role) const {
    size_t count = 0;
    check(wn_module_tensor_count(get(), function.c_str(), role, &count));
    std::vector<wn_tensor_info> infos(count);
    for (size_t i = 0; i < count; ++i)
      check(wn_module_tensor_info(get(), function.c_str(), role, i, &infos[i]));
    return infos;
  }
  std::string describe() const {
    const char *json = nullptr;
    check(wn_module_describe(get(), &json));
    return json;
  }

  wn_module *get() const { return owner.get(); }

private:
  explicit Module(wn_module *module) : owner(module, wn_module_free) {}
  std::unique_ptr<wn_module, decltype(&wn_module_free)> owner;
};

class Session {
public:
  explicit Session(const Module &module, const std::string &device = "auto",
                   const wn_session_options *options = nullptr)
      : owner(nullptr, wn_session_free) {
    wn_session *session = nullptr;
    check(wn_session_create(module.get(), device.c_str(), options, &session));
    owner.reset(session);
  }

  std::string device() const { return wn_session_device(get()); }
  std::string target() const { return wn_session_target(get()); }

  /// Executes a function with outputs that the runtime makes.
  std::vector<Tensor> invoke(const std::string &function, const std::vector<DLTensor> &inputs,
                             size_t outputCount) {
    std::vector<DLTensor> made(outputCount, DLTensor());
    invoke(function, inputs, made);
    std::vector<Tensor> outputs;
    outputs.reserve(made.size());
    for (const DLTensor &tensor : made)
      outputs.emplace_back(tensor);
    return outputs;
  }
  /// Executes a function with the caller's outputs, as wn_session_invoke.
  void invoke(const std::string &function, const std::vector<DLTensor> &inputs,
              std::vector<DLTensor> &outputs) {
    check(wn_session_invoke(get(), function.c_str(), inputs.data(), inputs.size(), outputs.data(),
                            outputs.size()));
  }

  void setParameter(const std::string &parameter, double value) {
    check(wn_session_set_parameter(get(), parameter.c_str(), value));
  }
  void saveState(const std::string &path) { check(wn_session_save_state(get(), path.c_str())); }
  void loadState(const std::string &path) { check(wn_session_load_state(get(), path.c_str())); }

  void cancel() { wn_session_cancel(get()); }
  std::string profile() const {
    char *json = nullptr;
    check(wn_session_profile(get(), &json));
    std::unique_ptr<char, decltype(&wn_string_free)> text(json, wn_string_free);
    return text.get();
  }

  wn_session *get() const { return owner.get(); }

private:
  std::unique_ptr<wn_session, decltype(&wn_session_free)> owner;
};

} // namespace wn
