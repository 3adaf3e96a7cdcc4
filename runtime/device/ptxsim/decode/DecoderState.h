// The decoder behind Decoder.h: rows and symbols of one kernel, and one member function for each family of
// instructions. A member function returns false after a failure.
#pragma once

#include "runtime/device/ptxsim/decode/Decoder.h"
#include "runtime/device/ptxsim/lanes/Lanes.h"

#include <initializer_list>
#include <map>
#include <optional>

namespace winnow::ptxsim {

/// The modifiers of an instruction; what nobody takes is an error.
class Modifiers {
public:
  explicit Modifiers(const std::vector<std::string_view> &all) : left(all) {}
  bool take(std::string_view modifier);
  bool takeAny(std::initializer_list<std::string_view> modifiers);
  /// The first that names a type or a space; None or nothing without one.
  ScalarType takeType();
  std::optional<StateSpace> takeSpace();
  std::optional<Rounding> takeRounding();
  const std::vector<std::string_view> &remaining() const { return left; }

private:
  std::vector<std::string_view> left;
};

class Decoder {
public:
  Decoder(const syntax::Function &function, const ModuleSymbols &module, Kernel &kernel, Code &code);
  format::Status run();

  using Family = bool (Decoder::*)();
  /// A mnemonic's decoder, and the operation that families with several mnemonics are called for.
  struct Mnemonic {
    Family decode;
    Operation operation;
  };

private:
  // Declarations (Decoder.cpp).
  void declareParameters();
  bool declareRegisters(const syntax::RegisterDeclaration &declared);
  bool placeLocal(uint64_t size, uint64_t alignment, Location location, uint64_t &address);
  bool declareVariable(const syntax::VariableDeclaration &variable);
  bool declare(std::string_view name, Location location, const Symbol &symbol);
  void placeShared(const syntax::VariableDeclaration &variable);
  bool placeReferencedShared();
  bool tooMuchShared();
  std::optional<Symbol> find(std::string_view name);
  bool closeScope();
  bool statements(const std::vector<syntax::Statement> &body);
  void emitEnd(Operation end, Location location, std::string_view text);
  bool instruction(const syntax::Instruction &instruction);

  // Of Code::functions, or the kernel.
  static constexpr uint32_t kKernel = ~uint32_t(0);

  // Rows (DecodeOperands.cpp). Until layOut() a row is a number in `rowInfos`.
  struct RowInfo {
    enum class Kind : uint8_t { Constant, Special, Register, Predicate };
    Kind kind = Kind::Register;
    uint8_t bytes = 4; // of a lane
    uint64_t bits = 0; // Constant
    SpecialRegister special = SpecialRegister::ThreadX;
    uint32_t owner = kKernel; // Register, Predicate: the function in whose code it was made
  };
  Row newRow(RowInfo info);
  Row constant(unsigned bytes, uint64_t bits);
  Row specialRow(SpecialRegister special, unsigned bytes);
  Row temporary(ScalarType type);
  unsigned rowBytes(Row row) const { return rowInfos[row].bytes; }
  void layOut();

  // Operands (DecodeOperands.cpp). The type decides the width that a register must have; `allowWider` is
  // for ld, st and cvt.
  bool expectOperands(size_t count);
  bool operandError(const syntax::Operand &operand, std::string_view expected);
  bool literalBits(const syntax::Operand &operand, ScalarType type, uint64_t &bits);
  bool source(const syntax::Operand &operand, ScalarType type, Row &row, bool allowWider = false);
  bool source(size_t index, ScalarType type, Row &row, bool allowWider = false) {
    return source(current->operands[index], type, row, allowWider);
  }
  bool destination(const syntax::Operand &operand, ScalarType type, Row &row, bool allowWider = false);
  bool destination(size_t index, ScalarType type, Row &row, bool allowWider = false) {
    return destination(current->operands[index], type, row, allowWider);
  }
  bool predicateNamed(std::string_view name, Location location, Row &row);
  bool predicateSource(size_t index, Row &row, bool &negated);
  bool predicateDestinations(size_t index);
  bool address(const syntax::Operand &operand, StateSpace space);
  std::optional<uint64_t> integerLiteral(size_t index) const;

  // Emission.
  bool fail(Location location, std::string_view message);
  bool unsupported(std::string_view what);
  bool chooseLanes(Operation operation, ScalarType type);
  bool laneOperation(Operation operation, ScalarType type, ScalarType destinationType,
                     std::initializer_list<ScalarType> sourceTypes);
  void emit();
  bool finishModifiers();

  // Families (DecodeArithmetic.cpp, DecodeBits.cpp, DecodeData.cpp, DecodeMemory.cpp, DecodeControl.cpp).
  bool addition();
  bool multiplication();
  bool multiplyAdd();
  bool carryMultiplyAdd(bool isHigh);
  bool fusedMultiplyAdd();
  bool division();
  bool remainder();
  bool unaryArithmetic();
  bool shortMultiplication();
  bool minimumMaximum();
  bool reciprocalOrRoot();
  bool reciprocalSquareRoot();
  bool transcendental();
  bool testProperty();
  bool copySign();
  bool sumAbsoluteDifference();
  bool floatModes(ScalarType type, Operation nearest, std::optional<Operation> rounded, Operation &operation);
  bool logic();
  bool shift();
  bool funnelShift();
  bool fieldExtract();
  bool fieldInsert();
  bool wrapOrClamp();
  bool countBits();
  bool findLeadingBit();
  bool permute();
  bool logicTable();
  bool testLogicTable(std::string_view predicate, BooleanOperation combine);
  bool findNthSet();
  bool dotProduct();
  bool video();
  bool videoOperation(std::string_view name);
  bool videoTypes();
  bool videoSource(size_t index, unsigned elements, uint8_t &bytes);
  bool videoResult(unsigned elements);
  bool videoMultiplyAdd();
  bool move();
  bool readClock(SpecialRegister clock, ScalarType type);
  bool pack(ScalarType type);
  bool unpack(ScalarType type);
  bool select();
  bool selectBySign();
  bool comparison(Operation &operation, uint16_t &invert, ScalarType &type, bool isSet);
  bool setPredicate();
  bool setPredicatePair(ScalarType half);
  bool set();
  bool setPair(Operation compare, ScalarType result, ScalarType type);
  bool selectOfSet(Row holds, ScalarType bits, ScalarType result);
  bool convert();
  bool convertPair(ScalarType type, Rounding rounding);
  bool convertTf32(std::optional<Rounding> rounding);
  bool convertPacked();
  bool convertByteFloats(ByteFloat format, std::optional<Rounding> rounding, bool isSource);
  bool convertAddress();
  void emitIsWithin(Row address, uint64_t begin, uint64_t bytes, Row predicate);
  bool isInSpace();
  bool load();
  bool store();
  bool prefetch();
  bool cacheLine();
  bool createPolicy();
  bool takeMemoryOrder();
  void emitFence();
  void emitAccess();
  bool takeCacheHint() { return modifiers.take("L2::cache_hint"); }
  bool atomic();
  bool vectorRows(const syntax::Operand &operand, ScalarType type, bool isDestination);
  bool branch();
  bool branchIndexed();
  bool leave();
  bool performanceEvent();
  bool barrier();
  bool fence();
  bool shuffle();
  bool vote();
  bool activeMask();
  bool match();
  bool warpReduce();
  bool elect();

  // DecodeAsync.cpp
  bool asynchronous();
  bool copyControl(Operation control, size_t operandCount);
  bool copyAsync();
  bool copySource(const syntax::Operand &operand);
  bool memoryBarrier();
  bool memoryBarrierOperands(ScalarType result, ScalarType operand, bool isOptional);
  bool pendingCount();

  // DecodeMatrix.cpp
  bool isWarpWide();
  bool fragmentRegisters(size_t index, MatrixFragment &fragment, bool isDestination);
  bool loadStoreMatrix();
  bool transposeMatrix();
  bool multiplyMatrices();
  bool multiplyOfQuadPairs(const std::vector<MatrixElement> &types);
  bool sparseOperands(MatrixProduct &product);
  bool emitProduct(MatrixProduct &product, size_t operandCount);
  bool warpMatrix();
  bool loadStoreFragment(bool isLoad);

  // DecodeCalls.cpp
  bool call();
  bool expandCall(const syntax::Function &callee, const std::vector<syntax::Operand> &results,
                  const std::vector<syntax::Operand> &arguments);
  struct Scope;
  bool bindArgument(const syntax::VariableDeclaration &formal, const syntax::Operand &actual, Scope &inner);
  bool bindResult(const syntax::VariableDeclaration &formal, const syntax::Operand &actual, Scope &inner,
                  std::vector<std::pair<Row, Row>> &registerResults);
  bool bindVariable(const syntax::VariableDeclaration &formal, const syntax::Operand &actual, Scope &inner);
  bool copyRegister(Row from, Row to, ScalarType type);
  std::vector<const syntax::Function *> reachableFunctions() const;

  // DecodeStack.cpp
  bool stackAllocate();
  bool stackSaveRestore();
  void saveStack(Row row);
  void restoreStack(Row row);

  // DecodeFunctions.cpp: calls of functions with code of their own.
  using Variables = std::vector<syntax::VariableDeclaration>;
  bool passVariables(const std::vector<syntax::Operand> &actuals, const Variables &formals,
                     std::vector<FrameVariable> &passed);
  /// The operands of a call and what they are passed as.
  struct Passed {
    const std::vector<syntax::Operand> &actuals;
    const Variables &formals;
  };
  /// A parameter or result of a function with code of its own that is in a register.
  struct RegisterFormal {
    Row row = kNoRow;
    FrameVariable place;
  };
  bool placeRegister(const syntax::VariableDeclaration &formal, FrameVariable &place);
  bool moveRegister(Operation move, Row row, const FrameVariable &place);
  bool emitCall(CallSite site, const Passed &results, const Passed &arguments);
  bool callFunction(const syntax::Function &callee, const std::vector<syntax::Operand> &results,
                    const std::vector<syntax::Operand> &arguments);
  bool callSystem(const syntax::Function &callee, const std::vector<syntax::Operand> &results,
                  const std::vector<syntax::Operand> &arguments);
  bool callThrough(const syntax::Operand &pointer, const std::vector<syntax::Operand> &results,
                   const std::vector<syntax::Operand> &arguments, const syntax::Operand &targets);
  bool requireFunction(const syntax::Function &callee, uint32_t &index);
  bool requireAddressed(std::string_view name);
  bool functionBodies();
  bool functionBody(uint32_t index);
  bool declareFormals(const Variables &formals, std::vector<FrameVariable> &places,
                      std::vector<RegisterFormal> &registers);
  void storeResults();
  Row frameAddress(uint64_t offset);

  static const std::unordered_map<std::string_view, Mnemonic> &mnemonics();

  const syntax::Function &function;
  const ModuleSymbols &module;
  Kernel &kernel;
  Code &code;
  const LaneTable &table;
  format::Status status;

  struct PendingBranch {
    size_t index; // in code.instructions, or in code.targets
    bool isTable;
    std::string_view label;
    Location location;
  };
  /// `.reg .b32 %r<9>`
  struct RegisterRange {
    ScalarType type;
    std::vector<Row> rows;
  };
  struct Scope {
    std::unordered_map<std::string_view, Symbol> symbols;
    std::unordered_map<std::string_view, RegisterRange> ranges; // by prefix
    std::unordered_map<std::string_view, uint32_t> labels;
    std::vector<PendingBranch> pending;
  };
  std::optional<Symbol> findInRange(Scope &scope, std::string_view name);
  std::vector<Scope> scopes;
  uint64_t registerCount = 0;
  std::vector<RowInfo> rowInfos;
  std::map<std::pair<unsigned, uint64_t>, Row> constants;
  std::map<std::pair<SpecialRegister, unsigned>, Row> specials;
  Row carryRow = kNoRow;
  uint64_t localBytes = 0;
  std::unordered_map<std::string_view, Symbol> sharedSymbols; // of the module, placed in this kernel
  std::unordered_map<const syntax::VariableDeclaration *, uint64_t> sharedOffsets; // of functions' variables
  std::vector<const syntax::Function *> callees;  // whose bodies are being decoded, the innermost last
  std::vector<size_t> returns;                    // of the innermost: branches to its end
  std::vector<const syntax::Function *> required; // of code.functions
  uint32_t owner = kKernel;                       // whose code is being decoded
  std::vector<RegisterFormal> registerResults;    // the owner's

  // The instruction being decoded.
  const syntax::Instruction *current = nullptr;
  Modifiers modifiers{{}};
  Operation operation = Operation::Move;
  Instruction out;
  bool acquires = false; // a load or an atomic operation
};

/// The untyped type of the same width: B32 for F32.
ScalarType bitsOf(ScalarType type);

} // namespace winnow::ptxsim
