// From text to a program: global variables get memory and their initial values, kernels are decoded.
#include "runtime/device/ptxsim/Program.h"

#include "runtime/device/ptxsim/decode/Decoder.h"
#include "runtime/device/ptxsim/syntax/Parser.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

namespace winnow::ptxsim {
namespace {

using format::Code;
using format::Status;

constexpr uint64_t kMostConstantBytes = uint64_t(1) << 16; // PTX ISA: "Constant State Space"

class ProgramBuilder {
public:
  ProgramBuilder(ProgramStorage &storage, std::string_view entry) : storage(storage), entry(entry) {}

  Status run() {
    auto parsed = parseSyntax(storage.text);
    if (!parsed.ok())
      return parsed.status();
    symbols.files = parsed->files;
    storage.target = parsed->target;
    reserveConstants(parsed->variables);
    for (const syntax::VariableDeclaration &variable : parsed->variables)
      if (Status status = declare(variable); !status.ok())
        return status;
    for (const syntax::Function &function : parsed->functions)
      if (Status status = declare(function); !status.ok())
        return status;
    for (const syntax::VariableDeclaration &variable : parsed->variables)
      if (Status status = initialize(variable); !status.ok())
        return status;
    symbols.calls = analyzeCalls(*parsed);
    for (const syntax::Function &function : parsed->functions)
      if (Status status = decode(function); !status.ok())
        return status;
    return {};
  }

private:
  static constexpr uint64_t kMostBytes = uint64_t(1) << 30;

  static uint64_t sizeOf(const syntax::VariableDeclaration &variable) {
    uint64_t elements = variable.elements ? variable.elements : variable.initializer.size();
    return elements * variable.vectorWidth * byteWidth(variable.type);
  }
  static uint64_t alignmentOf(const syntax::VariableDeclaration &variable) {
    return std::max<uint64_t>(variableAlignment(variable), 64);
  }

  /// Zeros, or 0 when there is no memory.
  uint64_t allocate(uint64_t bytes, uint64_t alignment) {
    const uint64_t allocated = alignUp(std::max<uint64_t>(bytes, 1), alignment);
    auto *begin = static_cast<std::byte *>(std::aligned_alloc(alignment, allocated));
    if (!begin)
      return 0;
    std::memset(begin, 0, allocated);
    storage.variables.emplace_back(begin);
    return reinterpret_cast<uint64_t>(begin);
  }

  /// All constants lie together, so that isspacep can tell their addresses from others.
  void reserveConstants(const std::vector<syntax::VariableDeclaration> &variables) {
    uint64_t bytes = 0, alignment = 64;
    for (const syntax::VariableDeclaration &variable : variables)
      if (variable.space == StateSpace::Constant && bytes <= kMostBytes) {
        alignment = std::max(alignment, alignmentOf(variable));
        bytes = alignUp(bytes, alignmentOf(variable)) + std::min(sizeOf(variable), kMostBytes);
      }
    if (bytes && bytes <= kMostBytes)
      symbols.constantsBegin = symbols.constantsEnd = allocate(bytes, alignment);
  }

  /// Where the variable is; 0 when there is no memory.
  uint64_t place(const syntax::VariableDeclaration &variable) {
    if (variable.space != StateSpace::Constant)
      return allocate(sizeOf(variable), alignmentOf(variable));
    if (!symbols.constantsBegin)
      return 0;
    const uint64_t address = alignUp(symbols.constantsEnd, alignmentOf(variable));
    symbols.constantsEnd = address + sizeOf(variable);
    return address;
  }

  Status declare(const syntax::VariableDeclaration &variable) {
    if (variable.space == StateSpace::Shared) {
      if (!symbols.shared.emplace(variable.name, &variable).second)
        return errorAt(variable.location, format::concatenate("'", variable.name, "' is declared twice"));
      return {};
    }
    if (variable.isExternal)
      return {}; // another declaration may define it; else its use is an error
    if (variable.elements == 0 && variable.initializer.empty())
      return errorAt(variable.location, format::concatenate("'", variable.name, "' has no size"));
    const uint64_t size = sizeOf(variable);
    if (size > kMostBytes - totalBytes)
      return errorAt(variable.location, format::concatenate("more than ", kMostBytes, " bytes of variables"));
    totalBytes += size;
    if (variable.space == StateSpace::Constant) {
      constantBytes = alignUp(constantBytes, variableAlignment(variable)) + size;
      if (constantBytes > kMostConstantBytes)
        return errorAt(variable.location,
                       format::concatenate("more than ", kMostConstantBytes, " bytes of constant memory"));
    }
    Symbol symbol;
    symbol.space = variable.space;
    symbol.type = variable.type;
    symbol.size = size;
    symbol.address = place(variable);
    if (!symbol.address)
      return format::failure(Code::OutOfMemory, "no memory for the ", size, " bytes of '", variable.name,
                             "'");
    if (!symbols.memory.emplace(variable.name, symbol).second)
      return errorAt(variable.location, format::concatenate("'", variable.name, "' is declared twice"));
    storage.ranges.push_back(
        {symbol.address, size, std::string(variable.name), variable.space == StateSpace::Global});
    return {};
  }

  /// A function may be declared any number of times, and defined once.
  Status declare(const syntax::Function &function) {
    if (function.isEntry)
      return {};
    const syntax::Function *&known = symbols.functions[function.name];
    if (known && known->hasBody && function.hasBody)
      return errorAt(function.location,
                     format::concatenate("function '", function.name, "' is defined twice"));
    if (!known || function.hasBody)
      known = &function;
    uint64_t address = kFunctionWindow + (symbols.functionAddresses.size() + 1) * kFunctionSpacing;
    symbols.functionAddresses.emplace(function.name, address);
    return {};
  }

  Status initialize(const syntax::VariableDeclaration &variable) {
    if (variable.initializer.empty())
      return {};
    auto found = symbols.memory.find(variable.name);
    if (found == symbols.memory.end())
      return errorAt(variable.location,
                     format::concatenate("'", variable.name, "' may not have an initializer"));
    unsigned bytes = byteWidth(variable.type);
    if (variable.initializer.size() * bytes > found->second.size)
      return errorAt(variable.location,
                     format::concatenate("'", variable.name, "' has more initial values than elements"));
    auto *destination = reinterpret_cast<std::byte *>(found->second.address);
    for (const syntax::Initializer &element : variable.initializer) {
      uint64_t bits = 0;
      if (Status status = value(element, variable.type, bits); !status.ok())
        return status;
      std::memcpy(destination, &bits, std::min(bytes, 8u));
      destination += bytes;
    }
    return {};
  }

  Status value(const syntax::Initializer &element, ScalarType type, uint64_t &bits) const {
    if (!element.symbol.empty()) {
      auto variable = symbols.memory.find(element.symbol);
      auto function = symbols.functionAddresses.find(element.symbol);
      if (variable == symbols.memory.end() && function == symbols.functionAddresses.end())
        return errorAt(element.location, format::concatenate("'", element.symbol, "' is not declared"));
      if (byteWidth(type) != 8)
        return errorAt(element.location, "an address needs a 64-bit element");
      bits = variable != symbols.memory.end() ? variable->second.address : function->second;
      bits += uint64_t(element.offset);
      return {};
    }
    const syntax::Literal &literal = element.literal;
    bits = literal.bits;
    bool wantsFloat = type == ScalarType::F32 || type == ScalarType::F64;
    bool isBits = type == ScalarType::B32 || type == ScalarType::B64;
    if (literal.isFloat && !wantsFloat && !isBits)
      return errorAt(element.location, "expected an integer constant");
    if (!literal.isFloat && isFloat(type) && wantsFloat && bits != 0)
      return errorAt(element.location, "expected a floating-point constant");
    if (literal.isFloat && byteWidth(type) == 4 && !literal.isSinglePrecision)
      bits = std::bit_cast<uint32_t>(float(std::bit_cast<double>(literal.bits)));
    if (literal.isFloat && byteWidth(type) == 8 && literal.isSinglePrecision)
      bits = std::bit_cast<uint64_t>(double(std::bit_cast<float>(uint32_t(literal.bits))));
    return {};
  }

  Status decode(const syntax::Function &function) {
    if (!function.isEntry || !function.hasBody)
      return {};
    for (const Kernel &kernel : storage.kernels)
      if (kernel.name == function.name)
        return errorAt(function.location,
                       format::concatenate("kernel '", function.name, "' is defined twice"));
    if (!entry.empty() && function.name != entry) {
      storage.kernels.emplace_back().name = function.name;
      return {};
    }
    auto kernel = decodeKernel(function, symbols);
    if (!kernel.ok())
      return kernel.status();
    storage.kernels.push_back(std::move(*kernel));
    return {};
  }

  ProgramStorage &storage;
  std::string_view entry;
  ModuleSymbols symbols;
  uint64_t totalBytes = 0, constantBytes = 0;
};

} // namespace

format::Result<Program> Program::parse(std::string_view text, std::string_view name, std::string_view entry) {
  Program program;
  program.storage = std::make_shared<ProgramStorage>();
  program.storage->text = text;
  program.storage->name = name;
  Status status = ProgramBuilder(*program.storage, entry).run();
  if (!status.ok())
    return format::failure(status.code(), name, ":", status.message());
  return program;
}

const std::vector<Kernel> &Program::kernels() const { return storage->kernels; }

const Kernel *Program::find(std::string_view kernel) const {
  for (const Kernel &candidate : storage->kernels)
    if (candidate.name == kernel)
      return &candidate;
  return nullptr;
}

} // namespace winnow::ptxsim
