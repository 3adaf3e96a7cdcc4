// Encodes and decodes the manifest section.
#include "format/ManifestEncoding.h"

#include <nlohmann/json.hpp>

namespace winnow::format {
namespace {

using Json = nlohmann::ordered_json;

/// Printing JSON takes stack for each level.
constexpr int kMaximumDepth = 64;

/// Fails with what is wrong with `text`: a phrase to follow "the report" or "its manifest".
template <typename Text> Result<Json> parse(const Text &text) {
  bool tooDeep = false;
  auto observe = [&](int depth, Json::parse_event_t event, Json &) {
    bool opens = event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    tooDeep |= opens && depth >= kMaximumDepth;
    return !tooDeep;
  };
  Json json = Json::parse(text.begin(), text.end(), observe, /*allow_exceptions=*/false);
  if (tooDeep)
    return failure(Code::DamagedModule, "nests deeper than ", kMaximumDepth, " levels");
  if (json.is_discarded())
    return failure(Code::DamagedModule, "is not JSON");
  return json;
}

} // namespace

Result<std::vector<uint8_t>> encodeManifest(const Module &module) {
  Json json;
  json["format"] = "winnow module";
  json["producer"] = module.producer;
  if (!module.report.empty()) {
    auto report = parse(module.report);
    if (!report.ok())
      return failure(Code::DamagedModule, "the report ", report.status().message());
    json["report"] = std::move(*report);
  }
  std::string text = json.dump();
  // The report is one level deeper here.
  if (auto whole = parse(text); !whole.ok())
    return failure(Code::DamagedModule, "the report ", whole.status().message());
  return std::vector<uint8_t>(text.begin(), text.end());
}

Status decodeManifest(std::span<const uint8_t> bytes, Module &module) {
  auto json = parse(bytes);
  if (!json.ok())
    return failure(Code::DamagedModule, "its manifest ", json.status().message());
  if (!json->is_object() || !json->contains("producer") || !(*json)["producer"].is_string())
    return failure(Code::DamagedModule, "its manifest does not name a producer");
  module.producer = (*json)["producer"].get<std::string>();
  if (json->contains("report"))
    module.report = (*json)["report"].dump();
  return {};
}

} // namespace winnow::format
