// The contents of a .wnm module as plain structures: what the compiler writes and the runtime executes.
// format/README.md specifies their bytes; Reader.h and Writer.h convert between the two.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace winnow::format {

/// The numbers are those of the file. 8-bit floats are for storage: programs only move and convert them.
enum class ElementType : uint8_t {
  Bool,
  I8,
  U8,
  I32,
  I64,
  F16,
  BF16,
  F32,
  F64,
  I16,
  U16,
  U32,
  U64,
  F8E4M3FN,
  F8E4M3FNUZ,
  F8E5M2,
  F8E5M2FNUZ,
  F8E8M0FNU,
};
constexpr int kElementTypeCount = int(ElementType::F8E8M0FNU) + 1;

/// Whether a program can make a scalar of an element: integers with a sign, and bool.
bool isReadable(ElementType type);
/// Bytes of one element.
int64_t byteWidth(ElementType type);
/// The name users see, in the spelling of numpy and ml_dtypes: "float32", "int64", "bool", "float8_e5m2".
const char *name(ElementType type);
constexpr bool isEightBitFloat(ElementType type) { return type >= ElementType::F8E4M3FN; }

constexpr int64_t kDynamic = -1;

/// One dimension of an argument. `size` is kDynamic or the only legal size. Equal non-empty names within
/// a function stand for equal sizes.
struct Dimension {
  int64_t size = kDynamic;
  std::string name;
  int64_t minimum = 0;
  int64_t maximum = std::numeric_limits<int64_t>::max();
};

struct Signature {
  std::string name;
  ElementType type = ElementType::F32;
  std::vector<Dimension> shape;
};

/// Operations of the host's program. It works on two register files: 64-bit integers ("scalars") and
/// buffers. Every register is written once, before what needs it. What is launched may depend on the contents
/// of a buffer: between If and EndIf lie one or two branches, which nest. So may sizes: Read makes a scalar
/// of an element. What lies between For and EndFor is repeated; what it makes ends with each round.
enum class Opcode : uint16_t {
  // scalar `result` = ...
  Constant,       // immediate
  InputDimension, // operands: input, dimension
  ParameterValue, // operands: a parameter of type int64
  Add,            // operands, here and up to Less: a, b. Overflow fails
  Subtract,
  Multiply,
  FloorDivide, // b = 0 fails, for the next two as well
  CeilDivide,
  Remainder, // a - b * FloorDivide(a, b)
  Minimum,
  Maximum,
  Equal,  // 1 or 0
  Less,   // 1 or 0
  Select, // operands: condition, a, b
  // fails with the string `immediate` unless scalars a == b. operands: a, b
  Check,
  // buffer `result` = ...
  Input,     // operands: input
  Output,    // operands: output, then one scalar for each dimension: the caller's buffer or a new one
  Weight,    // operands: weight
  Parameter, // operands: parameter. Its value, as an element of its type
  State,     // operands: state. What it holds when the call begins
  NextState, // operands: state. What it holds when the call has succeeded; each at most once
  Allocate,  // operands: scalar bytes. A transient buffer, unspecified contents, 64-byte aligned
  Slice,     // operands: buffer, scalar byte offset, scalar bytes
  // buffers are dead after this. operands: buffers that Allocate made
  Release,
  Copy, // operands: destination buffer, source buffer (equal sizes)
  // operands: kernel, number of extents, extents..., number of buffers, buffers..., sizes...
  Dispatch,
  If,    // operands: a buffer; the first branch follows, which runs unless the buffer's first byte is 0
  Else,  // the second branch follows, which runs instead of the first
  EndIf, // ends the innermost If
  // scalar `result` = an element of a buffer, when all that writes it is done. immediate: its ElementType,
  // which isReadable. operands: buffer, scalar index of the element. Not between If and EndIf
  Read,
  // what follows up to EndFor runs once for each value of scalar `result` from 0 to below the count.
  // operands: scalar count, then maybe a buffer: no further round begins when its first byte is 0. Not
  // between If and EndIf
  For,
  EndFor, // ends the innermost For
  Return,
};

/// The name for messages: "add", "dispatch".
const char *name(Opcode opcode);

struct Instruction {
  Opcode opcode = Opcode::Return;
  uint32_t result = 0;
  int64_t immediate = 0;
  std::vector<uint32_t> operands;
};

/// A program for one entry point. `device` is empty for the program of every compiled target, or
/// "reference" for the program that the reference device executes instead.
struct Function {
  std::string name;
  std::string device;
  std::vector<Signature> inputs, outputs;
  uint32_t scalarCount = 0, bufferCount = 0;
  std::vector<std::string> strings;
  std::vector<Instruction> body;
};

/// One compiled form of a kernel. A launch covers the product over the dispatch's extents of
/// ceil(extent / tile) items. Host code runs ranges of items; PTX has `threads` items to a block.
struct KernelVariant {
  uint32_t image = 0; // index into Module::images
  std::string symbol;
  std::vector<int64_t> tile;
  int64_t threads = 1;
  int64_t sharedBytes = 0;
};

struct Kernel {
  std::string name;
  std::string origin; // the model's nodes that it computes, for people
  uint32_t bufferCount = 0, sizeCount = 0;
  std::vector<uint8_t> bufferIsWritten; // one for each buffer
  std::vector<KernelVariant> variants;
};

/// Code for one target: an ELF image for "host:x86-64-v3", "host:x86-64-v4", ... and "reference", PTX
/// text for "cuda:sm_80" and "cubin" beside it.
struct Image {
  std::string target; // "host:x86-64-v4", "reference:x86-64-v3", "cuda:sm_80"
  std::string kind;   // "elf", "ptx" or "cubin"
  std::vector<uint8_t> bytes;
};

/// Constant data. `offset` counts from the start of the weights section and is a multiple of 64.
struct Weight {
  std::string name;
  uint64_t offset = 0, size = 0;
};

/// A scalar that each session may set: float32, float64 or int64. The low bytes of `bits` are its default, as
/// it lies in memory.
struct Parameter {
  std::string name;
  ElementType type = ElementType::F32;
  uint64_t bits = 0;
};

/// `size`, or kDynamic for the value of an int64 parameter.
struct StateDimension {
  int64_t size = kDynamic;
  uint32_t parameter = 0;
};

/// Whose memory a state lies in: the device's, or the host's, which the device can address.
enum class Placement : uint8_t { Device, Host };

/// A tensor that lives across the calls of a session. Each element begins with the low bytes of `bits`.
struct State {
  std::string name;
  ElementType type = ElementType::F32;
  std::vector<StateDimension> shape;
  uint64_t bits = 0;
  Placement placement = Placement::Device;
};

struct Module {
  std::string producer; // "winnow 0.1.0"
  std::vector<Function> functions;
  std::vector<Kernel> kernels;
  std::vector<Image> images;
  std::vector<Weight> weights;
  std::vector<Parameter> parameters;
  std::vector<State> states;
  std::vector<uint8_t> weightData; // empty in a module that was read: the reader maps it instead
  std::string report;              // JSON: what the compiler decided and why
};

} // namespace winnow::format
