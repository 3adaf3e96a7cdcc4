// Reads inputs, makes random ones, and writes outputs.
#include "tools/winnow-run/Arrays.h"
#include "format/AtomicFile.h"
#include "format/DLPack.h"
#include "format/numpy/Inflate.h"
#include "format/numpy/NumpyFile.h"
#include "format/numpy/ZipArchive.h"
#include "tools/winnow-run/Numbers.h"

#include <algorithm>

namespace winnow::run {

using format::ElementType;

namespace {

template <typename T> T orThrow(format::Result<T> result, const std::string &where) {
  if (!result.ok())
    throw UserError(where + result.status().message());
  return std::move(*result);
}

std::string listOf(const std::vector<std::string> &names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

size_t indexOf(const std::vector<std::string> &names, const std::string &name, const std::string &option,
               const char *what) {
  auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    throw UserError(option + ": the function has no " + what + " '" + name + "', it has " + listOf(names));
  return size_t(found - names.begin());
}

ElementType elementType(const wn_tensor_info &info) {
  auto type = format::fromDLPack(info.dtype);
  if (!type)
    throw UserError("tensor '" + std::string(info.name) + "' has a type that this winnow-run does not know");
  return *type;
}

Array randomArray(const wn_tensor_info &info, std::vector<int64_t> shape, Random &random) {
  Array array;
  array.type = elementType(info);
  array.shape = std::move(shape);
  int64_t bytes = format::byteWidth(array.type);
  bool overflow = false;
  for (int64_t size : array.shape)
    overflow |= __builtin_mul_overflow(bytes, size, &bytes);
  if (overflow || bytes > int64_t(1) << 40)
    throw UserError("a random input '" + std::string(info.name) + "' of shape " + shapeText(array.shape) +
                    " is too large");
  array.bytes.resize(size_t(bytes));
  for (int64_t i = 0; i < array.elementCount(); ++i)
    store(array, i, random.next(array.type));
  return array;
}

/// The shape of a random input: as given, else static sizes, named ones and the least legal ones, but not 0.
std::vector<int64_t> randomShape(const wn_tensor_info &info, const Options &options,
                                 const std::map<std::string, int64_t> &dimensions) {
  if (auto given = options.shapes.find(info.name); given != options.shapes.end())
    return given->second;
  std::vector<int64_t> shape;
  for (int32_t d = 0; d < info.rank; ++d) {
    const wn_dimension &dimension = info.dimensions[d];
    auto named = dimensions.find(dimension.name);
    if (dimension.size >= 0)
      shape.push_back(dimension.size);
    else
      shape.push_back(named != dimensions.end() ? named->second : std::max<int64_t>(1, dimension.minimum));
  }
  return shape;
}

/// The named dimensions of all inputs: those given, then those of inputs from files.
std::map<std::string, int64_t> knownDimensions(const Options &options,
                                               const std::vector<wn_tensor_info> &infos,
                                               const std::vector<Array> &arrays,
                                               const std::vector<bool> &present) {
  std::map<std::string, int64_t> dimensions = options.dimensions;
  std::vector<std::string> names;
  for (size_t i = 0; i < infos.size(); ++i) {
    for (int32_t d = 0; d < infos[i].rank; ++d) {
      std::string name = infos[i].dimensions[d].name;
      if (name.empty())
        continue;
      names.push_back(name);
      if (present[i] && size_t(d) < arrays[i].shape.size())
        dimensions.try_emplace(name, arrays[i].shape[size_t(d)]);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const auto &[name, size] : options.dimensions)
    indexOf(names, name, "--dim=" + name, "dimension");
  return dimensions;
}

/// Throws UserError where --shape or --dim asks for what the file of an input contradicts.
void refuseOtherSizes(const Options &options, const wn_tensor_info &info, const Array &array) {
  std::string name = info.name, found = "', which comes from a file, has ";
  if (auto given = options.shapes.find(name); given != options.shapes.end() && given->second != array.shape)
    throw UserError("--shape=" + name + "=" + shapeText(given->second) + ": input '" + name + found +
                    "shape " + shapeText(array.shape));
  for (int32_t d = 0; d < info.rank && size_t(d) < array.shape.size(); ++d) {
    auto given = options.dimensions.find(info.dimensions[d].name);
    if (given != options.dimensions.end() && given->second != array.shape[size_t(d)])
      throw UserError("--dim=" + given->first + "=" + std::to_string(given->second) + ": input '" + name +
                      found + std::to_string(array.shape[size_t(d)]) + " there");
  }
}

} // namespace

std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return text.empty() ? "scalar" : text;
}

void nameEightBits(Array &array, ElementType type) {
  if (array.type == ElementType::U8 && format::isEightBitFloat(type))
    array.type = type;
}

bool isArchive(const std::string &path) { return path.size() > 4 && path.substr(path.size() - 4) == ".npz"; }

std::map<std::string, Array> readArchive(const std::string &path) {
  auto bytes = orThrow(format::readFile(path), "");
  return orThrow(format::parseNumpyArchive(bytes, format::inflateMember), "cannot read '" + path + "': ");
}

Array readArray(const std::string &name, const std::string &path) {
  if (!isArchive(path)) {
    auto bytes = orThrow(format::readFile(path), "");
    return orThrow(format::parseNumpy(bytes), "cannot read '" + path + "': ");
  }
  std::map<std::string, Array> members = readArchive(path);
  auto found = members.find(name);
  if (found == members.end() && members.size() == 1)
    found = members.begin();
  if (found != members.end())
    return std::move(found->second);
  std::vector<std::string> names;
  for (const auto &[member, array] : members)
    names.push_back(member);
  throw UserError("'" + path + "' has no member '" + name + "', it has " + listOf(names));
}

std::vector<Array> makeInputs(const Options &options, const wn::Module &module) {
  std::vector<wn_tensor_info> infos = module.tensors(options.function, WN_INPUT);
  std::vector<std::string> names;
  for (const wn_tensor_info &info : infos)
    names.push_back(info.name);
  std::vector<Array> arrays(infos.size());
  std::vector<bool> present(infos.size());
  auto place = [&](const std::string &name, Array array) {
    size_t index = indexOf(names, name, "--input=" + name, "input");
    if (present[index])
      throw UserError("--input=" + name + ": the input is given twice");
    nameEightBits(array, elementType(infos[index]));
    arrays[index] = std::move(array);
    present[index] = true;
  };
  for (const NamedFile &file : options.inputs) {
    if (!file.name.empty()) {
      indexOf(names, file.name, "--input=" + file.name, "input"); // before its file is read
      place(file.name, readArray(file.name, file.path));
    } else if (isArchive(file.path)) {
      for (auto &[name, array] : readArchive(file.path))
        place(name, std::move(array));
    } else {
      throw UserError("--input=@" + file.path +
                      ": expected NAME=@FILE, or @FILE for a .npz file with the names");
    }
  }
  for (const auto &[name, shape] : options.shapes)
    indexOf(names, name, "--shape=" + name, "input");
  std::map<std::string, int64_t> dimensions = knownDimensions(options, infos, arrays, present);
  Random random(options.randomSeed.value_or(0));
  for (size_t i = 0; i < infos.size(); ++i) {
    if (present[i]) {
      refuseOtherSizes(options, infos[i], arrays[i]);
      continue;
    }
    if (!options.randomSeed)
      throw UserError("input '" + names[i] + "' has no value (give --input=" + names[i] +
                      "=@FILE.npy or --random-inputs)");
    arrays[i] = randomArray(infos[i], randomShape(infos[i], options, dimensions), random);
  }
  return arrays;
}

DLTensor viewArray(Array &array) {
  DLTensor tensor = {};
  tensor.data = array.bytes.data();
  tensor.device = {kDLCPU, 0};
  tensor.ndim = int(array.shape.size());
  tensor.dtype = format::toDLPack(array.type);
  tensor.shape = array.shape.data();
  return tensor;
}

Array copyTensor(const wn::Tensor &tensor, const wn_tensor_info &info) {
  Array array;
  array.type = elementType(info);
  array.shape = tensor.shape();
  int64_t bytes = format::byteWidth(array.type);
  for (int64_t size : array.shape)
    bytes *= size;
  array.bytes.assign(tensor.data<uint8_t>(), tensor.data<uint8_t>() + bytes);
  return array;
}

std::vector<std::pair<size_t, std::string>> matchOutputs(const std::vector<NamedFile> &files,
                                                         const std::vector<std::string> &names,
                                                         const std::string &option) {
  std::vector<std::pair<size_t, std::string>> matched;
  for (const NamedFile &file : files) {
    if (!file.name.empty())
      matched.emplace_back(indexOf(names, file.name, option + "=" + file.name, "output"), file.path);
    else if (!isArchive(file.path))
      throw UserError(option + "=@" + file.path +
                      ": expected NAME=@FILE, or @FILE for a .npz file with the names");
    else
      for (size_t i = 0; i < names.size(); ++i)
        matched.emplace_back(i, file.path);
  }
  return matched;
}

static void writeFile(const std::string &path, const std::vector<uint8_t> &bytes) {
  format::Status status = format::writeFileAtomically(path, {bytes});
  if (!status.ok())
    throw UserError(status.message());
}

void writeArchive(const std::string &path, const std::map<std::string, Array> &arrays) {
  writeFile(path, orThrow(format::serializeNumpyArchive(arrays), "cannot write '" + path + "': "));
}

void writeOutputs(const Options &options, const std::vector<std::string> &names,
                  const std::vector<Array> &outputs) {
  std::map<std::string, std::map<std::string, Array>> archives;
  for (const auto &[index, path] : matchOutputs(options.outputs, names, "--output")) {
    if (isArchive(path))
      archives[path][names[index]] = outputs[index];
    else
      writeFile(path, format::serializeNumpy(outputs[index]));
  }
  for (const auto &[path, arrays] : archives)
    writeArchive(path, arrays);
}

} // namespace winnow::run
