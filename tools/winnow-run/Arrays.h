// The arrays of one execution: inputs from files or made up, outputs to files, comparisons.
#pragma once

#include "format/numpy/Array.h"
#include "tools/winnow-run/Options.h"
#include "winnow/runtime.hpp"

namespace winnow::run {

using format::Array;

/// The inputs of a function in its order, each from its file or random. Throws UserError for files that
/// cannot be read, names that the function does not have, inputs without a source, and sizes that are asked
/// for but are not those of a file.
std::vector<Array> makeInputs(const Options &options, const wn::Module &module);

/// The tensor that `array` holds. `array` must outlive it.
DLTensor viewArray(Array &array);

/// A copy of a tensor that the runtime made.
Array copyTensor(const wn::Tensor &tensor, const wn_tensor_info &info);

/// Finds each output that `files` name among `names`: its index, and the file. Throws UserError for others.
std::vector<std::pair<size_t, std::string>> matchOutputs(const std::vector<NamedFile> &files,
                                                         const std::vector<std::string> &names,
                                                         const std::string &option);

/// Writes outputs to their files, each complete or not at all; outputs of one .npz file become its members.
void writeOutputs(const Options &options, const std::vector<std::string> &names,
                  const std::vector<Array> &outputs);

/// Writes a .npz file, complete or not at all.
void writeArchive(const std::string &path, const std::map<std::string, Array> &arrays);

/// The array for `name` from a .npy file or a .npz file, which needs a member of that name unless it has but
/// one.
Array readArray(const std::string &name, const std::string &path);

/// Bytes from a file become the 8-bit floats that the module's tensor has, for which numpy has no type.
void nameEightBits(Array &array, format::ElementType type);

/// All members of a .npz file.
std::map<std::string, Array> readArchive(const std::string &path);
bool isArchive(const std::string &path);

/// "2x3"; "scalar" for rank 0.
std::string shapeText(const std::vector<int64_t> &shape);

} // namespace winnow::run
