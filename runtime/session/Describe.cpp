// A module's contents as JSON, for people and tools.
#include "runtime/session/Session.h"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

namespace winnow::runtime {
namespace {

using Json = nlohmann::ordered_json;

Json describe(const format::Dimension &dimension) {
  if (dimension.size != format::kDynamic && dimension.name.empty())
    return dimension.size;
  Json json = Json::object();
  if (!dimension.name.empty())
    json["name"] = dimension.name;
  if (dimension.size != format::kDynamic)
    json["size"] = dimension.size;
  else {
    json["minimum"] = dimension.minimum;
    if (dimension.maximum != INT64_MAX)
      json["maximum"] = dimension.maximum;
  }
  return json;
}

Json describe(const std::vector<format::Signature> &signatures) {
  Json json = Json::array();
  for (const format::Signature &signature : signatures) {
    Json shape = Json::array();
    for (const format::Dimension &dimension : signature.shape)
      shape.push_back(describe(dimension));
    json.push_back({{"name", signature.name}, {"type", name(signature.type)}, {"shape", std::move(shape)}});
  }
  return json;
}

Json describe(const format::Function &function) {
  Json json = {{"name", function.name}};
  if (!function.device.empty())
    json["device"] = function.device;
  json["inputs"] = describe(function.inputs);
  json["outputs"] = describe(function.outputs);
  json["dispatches"] = std::count_if(function.body.begin(), function.body.end(), [](const auto &instruction) {
    return instruction.opcode == format::Opcode::Dispatch;
  });
  return json;
}

Json describe(const format::Parameter &parameter) {
  Json json = {{"name", parameter.name}, {"type", name(parameter.type)}};
  if (parameter.type == format::ElementType::I64)
    json["default"] = int64_t(parameter.bits);
  else if (parameter.type == format::ElementType::F32)
    json["default"] = std::bit_cast<float>(uint32_t(parameter.bits));
  else
    json["default"] = std::bit_cast<double>(parameter.bits);
  return json;
}

/// A dimension is a size, or the name of the parameter that has it.
Json describe(const format::State &state, const std::vector<format::Parameter> &parameters) {
  Json shape = Json::array();
  for (const format::StateDimension &dimension : state.shape) {
    if (dimension.size == format::kDynamic)
      shape.push_back(parameters[dimension.parameter].name);
    else
      shape.push_back(dimension.size);
  }
  return {{"name", state.name},
          {"type", name(state.type)},
          {"shape", std::move(shape)},
          {"placement", state.placement == format::Placement::Host ? "host" : "device"}};
}

} // namespace

std::string describe(const LoadedModule &module) {
  const format::Module &contents = module.contents();
  Json json = {{"producer", contents.producer}};
  json["functions"] = Json::array();
  for (const format::Function &function : contents.functions)
    json["functions"].push_back(describe(function));
  json["parameters"] = Json::array();
  for (const format::Parameter &parameter : contents.parameters)
    json["parameters"].push_back(describe(parameter));
  json["states"] = Json::array();
  for (const format::State &state : contents.states)
    json["states"].push_back(describe(state, contents.parameters));
  json["kernels"] = Json::array();
  for (const format::Kernel &kernel : contents.kernels) {
    Json targets = Json::array();
    for (const format::KernelVariant &variant : kernel.variants)
      targets.push_back(contents.images[variant.image].target);
    json["kernels"].push_back(
        {{"name", kernel.name}, {"origin", kernel.origin}, {"targets", std::move(targets)}});
  }
  json["images"] = Json::array();
  for (uint32_t i = 0; i < contents.images.size(); ++i)
    json["images"].push_back({{"target", contents.images[i].target},
                              {"kind", contents.images[i].kind},
                              {"bytes", module.image(i).size()}});
  uint64_t weightBytes = 0;
  for (const format::Weight &weight : contents.weights)
    weightBytes += weight.size;
  json["weights"] = {{"count", contents.weights.size()}, {"bytes", weightBytes}};
  if (!contents.report.empty())
    json["report"] = Json::parse(contents.report);
  return json.dump();
}

} // namespace winnow::runtime
