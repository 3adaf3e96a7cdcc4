// Gives tensors of a model the values that safetensors files have for them.
#pragma once

#include "lib/Import/Weights/WeightNames.h"

#include "mlir/IR/Location.h"
#include "mlir/Support/LogicalResult.h"
#include "llvm/ADT/SmallVector.h"

#include <string_view>

namespace winnow {

/// What --weights and --weights-map give.
struct WeightOptions {
  std::vector<std::string> files;
  std::string map;
};

/// A tensor of the model that may get its value from a file.
struct WeightTarget {
  std::string name;
  const char *kind = "initializer"; // what messages call it
  /// Nothing: a type that no file can have. Of a signless type, integers with and without a sign are values.
  std::optional<format::ElementType> type;
  bool isSignless = false;
  std::string typeText;
  /// -1 for a dynamic size.
  llvm::SmallVector<int64_t> shape;
  /// Whether the model itself has a value for it or does without.
  bool hasValue = false;
  /// One expects to find it in a checkpoint: a float of more than one element that is no input.
  bool isWeight = false;
};

class ModelWeights {
public:
  /// Opens the files. Null, and an error was emitted, if they cannot be read.
  static std::unique_ptr<ModelWeights> open(const WeightOptions &options, mlir::Location location);

  /// Decides which tensor has which target's value. What does not fit or is missing is one error, with a note
  /// for each problem if there are several; what is left over on either side is a warning.
  mlir::LogicalResult assign(llvm::ArrayRef<WeightTarget> targets);

  /// Whether the tensor of that name gets its value from a file, and what it is then.
  bool has(std::string_view name) const { return assigned.contains(name); }
  llvm::SmallVector<int64_t> shape(std::string_view name) const;
  /// The elements, compact and row-major.
  std::vector<char> read(std::string_view name) const;

private:
  struct Assigned {
    const FileTensor *tensor;
    bool isTransposed;
    format::ElementType type;
  };
  explicit ModelWeights(mlir::Location location, WeightFiles files, WeightNames names)
      : location(location), files(std::move(files)), names(std::move(names)) {}
  std::string assignOne(const WeightTarget &target);
  std::string checkFit(const WeightTarget &target, const FileTensor &tensor,
                       const WeightSource &source) const;
  void warnOfRest(llvm::ArrayRef<WeightTarget> targets) const;
  void reportConversions() const;

  mlir::Location location;
  WeightFiles files;
  WeightNames names;
  std::map<std::string, Assigned, std::less<>> assigned;
};

/// The element type with that name (format::name).
std::optional<format::ElementType> findElementType(llvm::StringRef name);
/// "[2, ?]" for {2, -1}
std::string shapeText(llvm::ArrayRef<int64_t> shape);
/// Whether a tensor that is declared with those sizes, -1 where they are dynamic, can have that shape.
bool canHaveShape(llvm::ArrayRef<int64_t> declared, llvm::ArrayRef<int64_t> shape);

} // namespace winnow
