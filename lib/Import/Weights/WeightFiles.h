// The tensors of the safetensors files that a user names.
#pragma once

#include "format/safetensors/SafetensorsFile.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace winnow {

struct FileTensor {
  format::StoredTensor stored;
  std::string file;
};

/// Maps the files: a tensor costs memory when it is read.
class WeightFiles {
public:
  /// `paths` are safetensors files, or the .json files that list the parts of a checkpoint as Hugging Face
  /// writes them. Fails, naming the file, for what cannot be read and for a tensor that two files have.
  static llvm::Expected<WeightFiles> open(llvm::ArrayRef<std::string> paths);

  const FileTensor *find(const std::string &name) const;
  const std::map<std::string, FileTensor> &all() const { return tensors; }
  /// "'model.safetensors'", or "the 3 files of --weights".
  std::string text() const;

private:
  llvm::Error addFile(const std::string &path);
  llvm::Error addIndex(const std::string &path);

  std::vector<std::string> files;
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> buffers;
  std::map<std::string, FileTensor> tensors;
};

/// The entries of a JSON object of strings, which is the file or, with `member`, that member of it. Fails,
/// naming the file, for anything else and for names that are there twice.
llvm::Expected<std::map<std::string, std::string>> readStrings(const std::string &path,
                                                               llvm::StringRef member = "");

} // namespace winnow
