// Opens safetensors files and lists of them.
#include "lib/Import/Weights/WeightFiles.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <nlohmann/json.hpp>
#include <set>

namespace winnow {
namespace {

template <typename... Parts> llvm::Error fail(const Parts &...parts) {
  return llvm::createStringError(format::concatenate(parts...));
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> openFile(const std::string &path) {
  llvm::sys::fs::file_status status;
  std::error_code code = llvm::sys::fs::status(path, status);
  // A device such as /dev/zero has no end.
  if (!code && !llvm::sys::fs::is_regular_file(status)) {
    return fail("'", path, "' is not a file");
  }
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer) {
    return fail("cannot read '", path, "': ", buffer.getError().message());
  }
  return std::move(*buffer);
}

/// The path of a part of a checkpoint, which lies in the folder of its index.
llvm::Expected<std::string> partPath(const std::string &index, const std::string &part) {
  if (part.empty() || llvm::sys::path::filename(part) != part || part == "..") {
    return fail("'", index, "' lists the file '", part, "', expected one in its folder");
  }
  llvm::SmallString<256> path(llvm::sys::path::parent_path(index));
  llvm::sys::path::append(path, part);
  return std::string(path);
}

} // namespace

llvm::Expected<std::map<std::string, std::string>> readStrings(const std::string &path,
                                                               llvm::StringRef member) {
  auto buffer = openFile(path);
  if (!buffer) {
    return buffer.takeError();
  }
  std::set<std::string> keys;
  std::string twice;
  int depth = member.empty() ? 1 : 2;
  auto observe = [&](int level, nlohmann::json::parse_event_t event, nlohmann::json &value) {
    bool isKey = event == nlohmann::json::parse_event_t::key && level == depth;
    if (isKey && !keys.insert(value.get<std::string>()).second) {
      twice = value.get<std::string>();
    }
    return true;
  };
  llvm::StringRef text = (*buffer)->getBuffer();
  nlohmann::json json = nlohmann::json::parse(text.begin(), text.end(), observe, /*allow_exceptions=*/false);
  if (json.is_object() && !member.empty()) {
    json = json.value(member.str(), nlohmann::json());
  }
  bool isValid = json.is_object() && llvm::all_of(json, [](const auto &value) { return value.is_string(); });
  if (!isValid) {
    return fail("'", path, "' is not JSON with an object of names", member.empty() ? "" : " as its '",
                member.str(), member.empty() ? "" : "'");
  }
  if (!twice.empty()) {
    return fail("'", path, "' has the name '", twice, "' twice");
  }
  return json.get<std::map<std::string, std::string>>();
}

llvm::Expected<WeightFiles> WeightFiles::open(llvm::ArrayRef<std::string> paths) {
  WeightFiles files;
  for (const std::string &path : paths) {
    bool isIndex = llvm::sys::path::extension(path) == ".json";
    if (llvm::Error error = isIndex ? files.addIndex(path) : files.addFile(path)) {
      return std::move(error);
    }
  }
  return files;
}

const FileTensor *WeightFiles::find(const std::string &name) const {
  auto found = tensors.find(name);
  return found == tensors.end() ? nullptr : &found->second;
}

std::string WeightFiles::text() const {
  return files.size() == 1 ? "'" + files.front() + "'"
                           : "the " + std::to_string(files.size()) + " files of --weights";
}

llvm::Error WeightFiles::addFile(const std::string &path) {
  auto buffer = openFile(path);
  if (!buffer) {
    return buffer.takeError();
  }
  llvm::StringRef content = (*buffer)->getBuffer();
  auto parsed = format::parseSafetensors({content.bytes_begin(), content.bytes_end()});
  if (!parsed.ok()) {
    return fail("'", path, "' cannot be read as safetensors: ", parsed.status().message());
  }
  for (auto &[name, tensor] : *parsed) {
    auto [known, isNew] = tensors.try_emplace(name, FileTensor{std::move(tensor), path});
    if (!isNew) {
      return fail("tensor '", name, "' is in both '", known->second.file, "' and '", path, "'");
    }
  }
  files.push_back(path);
  buffers.push_back(std::move(*buffer));
  return llvm::Error::success();
}

llvm::Error WeightFiles::addIndex(const std::string &path) {
  auto fileOf = readStrings(path, "weight_map");
  if (!fileOf) {
    return fileOf.takeError();
  }
  std::set<std::string> parts;
  for (const auto &[name, part] : *fileOf) {
    if (!parts.insert(part).second) {
      continue;
    }
    auto partFile = partPath(path, part);
    if (llvm::Error error = partFile ? addFile(*partFile) : partFile.takeError()) {
      return error;
    }
  }
  for (const auto &[name, part] : *fileOf) {
    const FileTensor *tensor = find(name);
    if (!tensor || llvm::sys::path::filename(tensor->file) != part) {
      return fail("'", path, "' says that tensor '", name, "' is in '", part,
                  "', which has none of that name");
    }
  }
  return llvm::Error::success();
}

} // namespace winnow
