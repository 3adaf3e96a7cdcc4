// Which tensor of a checkpoint has the value of a tensor of the model, by their names.
#pragma once

#include "lib/Import/Weights/WeightFiles.h"

#include "llvm/ADT/ArrayRef.h"

#include <map>
#include <optional>
#include <string>

namespace winnow {

struct WeightSource {
  std::string tensor;
  bool isTransposed = false;
  /// The user said so, in the map.
  bool isDemanded = false;
};

class WeightNames {
public:
  /// The file of --weights-map: {"name in the model": "name in the checkpoint"}. A value that ends with ^T
  /// stands for the transposed tensor. Names that end with * stand for all that begin so: {"model.*": "*"}.
  static llvm::Expected<WeightNames> read(const std::string &path);

  WeightSource source(const std::string &name) const;
  /// Whether an entry for one name has no such name among the model's.
  std::optional<std::string> firstUnknown(llvm::ArrayRef<std::string> model) const;

  /// If no name is equal: looks for a prefix that the model's names have and the checkpoint's have not, or
  /// the other way round. A sentence about it, to be a remark where one was found, and else a note.
  std::string findPrefix(llvm::ArrayRef<std::string> model, const WeightFiles &files);

private:
  std::map<std::string, std::string> exact, prefixes;
};

} // namespace winnow
