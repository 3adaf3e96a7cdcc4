// The decoded form of a PTX instruction: what the executor runs, without strings or look-ups.
#pragma once

#include "runtime/device/ptxsim/Types.h"

#include <cstddef>
#include <cstdint>

namespace winnow::ptxsim {

constexpr unsigned kLanes = 32;
constexpr uint32_t kFullMask = 0xffffffffu;
/// What discard and applypriority are for.
constexpr unsigned kCacheLineBytes = 128;

/// What an instruction does. Those up to LastLaneOperation read and write registers only, lane by lane, and
/// are executed by a function for their operation and type (lanes/Lanes.h); the executor does the others.
enum class Operation : uint8_t {
  Move,
  Select,
  SelectBySign, // mov, selp, slct
  Add,
  Subtract,
  Multiply,
  MultiplyHigh,
  MultiplyWide,
  MultiplyAdd,
  MultiplyAddHigh,
  MultiplyAddWide,
  AddSaturated,
  SubtractSaturated,
  MultiplyAddHighSaturated,
  AddCarry,
  SubtractCarry,
  MultiplyAddCarry,
  MultiplyAddHighCarry,
  Multiply24,
  MultiplyAdd24,
  SumAbsoluteDifference,
  Divide,
  Remainder,
  Negate,
  Absolute,
  Minimum,
  Maximum,
  MinimumNan,
  MaximumNan,
  And,
  Or,
  Xor,
  Not,
  ConditionalNot,
  ShiftLeft,
  ShiftRight,
  FunnelLeft,
  FunnelRight,
  FieldExtract,
  FieldInsert,
  FieldMask,
  SignExtend,
  PopulationCount,
  LeadingZeros,
  ReverseBits,
  FindLeadingBit,
  Permute,
  LogicTable,
  FindNthSet,
  DotProduct4,
  DotProduct2,
  Video,            // vadd to vset4: `mode` is a VideoOperation
  VideoMultiplyAdd, // vmad: `mode` is by how many bits the result is shifted
  FusedMultiplyAdd,
  CopySign,
  TestProperty,
  AddRounded,
  SubtractRounded,
  MultiplyRounded,
  FusedMultiplyAddRounded,
  DivideRounded,
  ReciprocalRounded,
  SquareRootRounded,
  DivideApproximate,
  Reciprocal,
  ReciprocalApproximate,
  SquareRoot,
  SquareRootApproximate,
  ReciprocalSquareRoot,
  ReciprocalSquareRootApproximate,
  Exp2,
  Log2,
  Sine,
  Cosine,
  Tanh,
  CompareEqual,
  CompareNotEqual,
  CompareLess,
  CompareLessEqual,
  CompareGreater,
  CompareGreaterEqual,
  CompareNumbers,
  Pack,
  Unpack,                // mov between a register and the elements of a vector
  Convert,               // any cvt; `mode` is a Rounding, `convertFrom` the source's type
  Extend,                // cvt between integers whose result is the low bits, extended as `type` says
  ConvertFloat,          // cvt.rn from `convertFrom` to `type`, the common pairs
  ConvertPair,           // cvt of two floats to a packed f16x2 or bf16x2
  ConvertTf32,           // cvt.rna.tf32.f32
  ConvertPacked,         // cvt.pack: `mode` is the bits of an element, kSignedA its sign
  ConvertToByteFloats,   // cvt of two f32 or an f16x2, which `type` says; `mode` is a ByteFloat
  ConvertFromByteFloats, // to f16x2
  LastLaneOperation = ConvertFromByteFloats,

  Branch,
  BranchIndexed,
  Call,
  CallSystem,    // mode is a SystemCall
  Return,        // of a function that was called, not expanded
  StackAllocate, // alloca; mode is the alignment's logarithm
  StackSave,
  StackRestore,
  Exit,
  Trap,
  Barrier,
  BarrierArrive,
  BarrierReduce,
  WarpBarrier,
  Fence, // mode: 0 for the CTA, 1 for the device
  Load,
  LoadParameter,
  Store,
  Prefetch,
  Discard,
  Atomic,
  Reduce,
  Shuffle,
  Vote,
  Match,
  WarpReduce,
  ActiveMask,
  ReadClock,
  Elect,
  CopyAsync,
  CommitCopies,
  WaitCopies, // source[0]: how many groups may be left; without, none, and no copy outside groups either
  MemoryBarrier,
  LoadMatrix,
  StoreMatrix,
  TransposeMatrix,
  MultiplyMatrices,
  LoadFragment,
  StoreFragment,
};
constexpr unsigned kLaneOperationCount = unsigned(Operation::LastLaneOperation) + 1;

enum class Rounding : uint8_t {
  NearestEven,
  Zero,
  Down,
  Up,
  NearestAway,
  IntegerNearestEven,
  IntegerZero,
  IntegerDown,
  IntegerUp
};
/// The formats of 8 bits, e4m3x2 and e5m2x2 in a register.
enum class ByteFloat : uint8_t { E4M3, E5M2 };
enum class BooleanOperation : uint8_t { None, And, Or, Xor };
enum class AtomicOperation : uint8_t {
  Add,
  Minimum,
  Maximum,
  And,
  Or,
  Xor,
  Exchange,
  CompareAndSwap,
  Increment,
  Decrement
};
/// The forms of mbarrier, and of cp.async.mbarrier.arrive.
enum class MemoryBarrierMode : uint8_t {
  Initialize,
  Invalidate,
  Arrive,
  ArriveNoComplete,
  ArriveExpectTransactions,
  ArriveDrop,
  ArriveDropNoComplete,
  ArriveDropExpectTransactions,
  ExpectTransactions,
  CompleteTransactions,
  TestState,
  TestParity,
  PendingCount,
  ArriveAfterCopies,
  ArriveAfterCopiesNoIncrement
};
enum class ShuffleMode : uint8_t { Up, Down, Butterfly, Index };
enum class VoteMode : uint8_t { All, Any, Uniform, Ballot };
enum class VideoOperation : uint8_t {
  Add,
  Subtract,
  AbsoluteDifference,
  Minimum,
  Maximum,
  Average,
  ShiftLeft,
  ShiftRight,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual
};
/// What a video instruction does with its results and its operand c.
enum class VideoCombination : uint8_t { Merge, Add, Minimum, Maximum };
enum class PermuteMode : uint8_t {
  Index,
  ForwardExtract,
  BackwardExtract,
  Replicate8,
  EdgeClampLeft,
  EdgeClampRight,
  Replicate16
};

// Instruction::flags.
constexpr uint16_t kFlushToZero = 1;     // .ftz
constexpr uint16_t kSaturate = 2;        // .sat
constexpr uint16_t kRelu = 4;            // .relu
constexpr uint16_t kInvert = 8;          // compare: the negated comparison; vote: the negated predicate
constexpr uint16_t kNegateProduct = 8;   // vmad: -(a * b)
constexpr uint16_t kNegateThird = 16;    // setp, selp, vmad: the third operand is negated
constexpr uint16_t kGuardNegated = 32;   // @!p
constexpr uint16_t kContinuation = 64;   // a further step of the PTX instruction before: not counted
constexpr uint16_t kUniform = 128;       // bra.uni
constexpr uint16_t kWrap = 256;          // shf.wrap, bmsk.wrap, vshl.wrap; brev has none
constexpr uint16_t kPlusOne = 256;       // vmad.po
constexpr uint16_t kTranspose = 256;     // ldmatrix, stmatrix: .trans
constexpr uint16_t kIgnoreSource = 256;  // cp.async: source[3] is a predicate, by which zeros are written
constexpr uint16_t kSignedA = 512;       // dp4a, dp2a, video, Load: the first operand (the value) is signed
constexpr uint16_t kSignedB = 1024;      // dp4a, dp2a, video: the second is
constexpr uint16_t kSignedResult = 2048; // video
constexpr uint16_t kHigh = 2048;         // dp2a.hi, mul24.hi, mad24.hi
constexpr uint16_t kFinite = 2048;       // cvt: .satfinite
constexpr uint16_t kAligned = 4096;      // bar.sync, barrier.sync.aligned
constexpr uint16_t kCarryIn = 8192;      // addc, subc, madc
constexpr uint16_t kXorSign = 8192;      // min, max: .xorsign.abs
constexpr uint16_t kStrong = 32768;      // ld, st: volatile, relaxed, acquire, release
constexpr uint16_t kCarryOut = 16384;    // .cc

/// Rows of the register file are addressed by their byte offset from the warp's first row.
using Row = uint32_t;
constexpr Row kNoRow = ~Row(0);

/// Of a lane mask; the baseline of x86-64 has no instruction for it.
inline uint32_t countLanes(uint32_t mask) {
  mask -= mask >> 1 & 0x55555555;
  mask = (mask & 0x33333333) + (mask >> 2 & 0x33333333);
  mask = (mask + (mask >> 4)) & 0x0f0f0f0f;
  return mask * 0x01010101 >> 24;
}

struct Instruction;
/// Executes `instruction` for the lanes of `mask`; `rows` is the warp's register file.
using LaneFunction = void (*)(std::byte *rows, const Instruction &instruction, uint32_t mask);

struct Instruction {
  LaneFunction lanes = nullptr;
  Row guard = kNoRow;                              // a predicate
  Row destination = kNoRow, destination2 = kNoRow; // the second: q of setp p|q, the predicate of shfl
  Row source[4] = {kNoRow, kNoRow, kNoRow, kNoRow};
  Operation operation = Operation::Move;
  ScalarType type = ScalarType::None;
  ScalarType convertFrom = ScalarType::None;
  StateSpace space = StateSpace::Generic;
  uint16_t flags = 0;
  uint8_t mode = 0;          // the operation's own enumeration, or lop3's table
  uint8_t count = 1;         // elements of a vector
  uint8_t elementBytes = 4;  // Load, Store, Atomic: of one element in memory; video: of the result
  uint8_t registerBytes = 4; // Load, Convert, Extend: of a lane of the destination; Store: of the source
  uint8_t sourceBytes = 4;   // Convert, Extend: of a lane of the source; memory: of the address
  BooleanOperation combine = BooleanOperation::None; // setp
  // Branch: an instruction; vectors, brx.idx: first entry of Code::rows or ::targets; mma: entry of
  // ::products; wmma.load, wmma.store: entry of ::fragments; calls: entry of ::calls; video: which elements
  // of b:a are operated on, four bits for each of a's, then for each of b's, with registerBytes and
  // sourceBytes.
  uint32_t target = 0;
  uint32_t targetCount = 0;   // BranchIndexed; video: the elements of the result, a bit for each
  uint32_t reconvergence = 0; // branches: where the lanes meet again; Code::kEnd: nowhere
  VideoCombination videoCombination = VideoCombination::Merge;
  int64_t offset = 0;       // memory: added to the address
  int64_t sourceOffset = 0; // cp.async: added to the address that is read
  Location location;
};

} // namespace winnow::ptxsim
