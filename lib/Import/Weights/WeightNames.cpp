// Names are equal, or the map has them, or one prefix makes the difference.
#include "lib/Import/Weights/WeightNames.h"

#include "llvm/ADT/STLExtras.h"

#include <set>

namespace winnow {
namespace {

/// What has to be replaced at the beginning of the model's names, by what.
using Replacement = std::pair<std::string, std::string>;

/// Calls with each prefix of the name that ends with a dot, and the rest.
void forEachPrefix(const std::string &name, llvm::function_ref<void(std::string, std::string)> body) {
  for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    body(name.substr(0, dot + 1), name.substr(dot + 1));
  }
}

std::set<Replacement> findReplacements(llvm::ArrayRef<std::string> model, const WeightFiles &files) {
  std::set<Replacement> found;
  std::set<std::string> names(model.begin(), model.end());
  for (const std::string &name : model) {
    forEachPrefix(name, [&](std::string prefix, const std::string &rest) {
      if (files.find(rest)) {
        found.emplace(std::move(prefix), "");
      }
    });
  }
  for (const auto &[name, tensor] : files.all()) {
    forEachPrefix(name, [&](std::string prefix, const std::string &rest) {
      if (names.count(rest)) {
        found.emplace("", std::move(prefix));
      }
    });
  }
  return found;
}

std::string describe(const Replacement &replacement) {
  const auto &[ofModel, ofFiles] = replacement;
  return ofModel.empty() ? "'" + ofFiles + "' before them" : "no '" + ofModel + "' before them";
}

} // namespace

llvm::Expected<WeightNames> WeightNames::read(const std::string &path) {
  auto entries = readStrings(path);
  if (!entries) {
    return entries.takeError();
  }
  WeightNames names;
  for (const auto &[name, tensor] : *entries) {
    bool isPrefix = llvm::StringRef(name).ends_with("*");
    if (isPrefix != llvm::StringRef(tensor).ends_with("*")) {
      return llvm::createStringError("'" + path + "' maps '" + name + "' to '" + tensor +
                                     "', expected both or none to end with *");
    }
    if (isPrefix) {
      names.prefixes[name.substr(0, name.size() - 1)] = tensor.substr(0, tensor.size() - 1);
    } else {
      names.exact[name] = tensor;
    }
  }
  return names;
}

WeightSource WeightNames::source(const std::string &name) const {
  if (auto found = exact.find(name); found != exact.end()) {
    llvm::StringRef tensor = found->second;
    bool isTransposed = tensor.consume_back("^T");
    return {tensor.str(), isTransposed, /*isDemanded=*/true};
  }
  const std::pair<const std::string, std::string> *longest = nullptr;
  for (const auto &entry : prefixes) { // sorted: of two that fit, the longer one comes later
    if (llvm::StringRef(name).starts_with(entry.first)) {
      longest = &entry;
    }
  }
  return {longest ? longest->second + name.substr(longest->first.size()) : name};
}

std::optional<std::string> WeightNames::firstUnknown(llvm::ArrayRef<std::string> model) const {
  for (const auto &[name, tensor] : exact) {
    if (!llvm::is_contained(model, name)) {
      return name;
    }
  }
  return std::nullopt;
}

std::string WeightNames::findPrefix(llvm::ArrayRef<std::string> model, const WeightFiles &files) {
  bool isEqual =
      llvm::any_of(model, [&](const std::string &name) { return files.find(source(name).tensor); });
  if (isEqual || !prefixes.empty()) {
    return "";
  }
  std::set<Replacement> found = findReplacements(model, files);
  if (found.size() > 1) {
    return "names could be equal with " + describe(*found.begin()) + " or with " +
           describe(*std::next(found.begin())) + " in " + files.text() + "; say which in --weights-map";
  }
  if (found.size() == 1) {
    prefixes.insert(*found.begin());
    return "the model's names have " + describe(*found.begin()) + " in " + files.text();
  }
  return "";
}

} // namespace winnow
