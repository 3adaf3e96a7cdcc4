// Matrices that are spread over the registers of a warp (PTX ISA: "Warp Level Matrix Multiply-Accumulate
// Instructions").
#pragma once

#include "runtime/device/ptxsim/code/Instruction.h"

#include <optional>
#include <string_view>
#include <vector>

namespace winnow::ptxsim {

enum class MatrixElement : uint8_t { F16, BF16, TF32, F32, F64, S8, U8, S4, U4, B1, S32, E4M3, E5M2 };

unsigned bitWidth(MatrixElement type);
std::optional<MatrixElement> parseMatrixElement(std::string_view text);
/// Bytes of a lane of the registers that hold elements: 8 for f64, else 4.
unsigned registerBytes(MatrixElement type);

struct MatrixShape {
  unsigned m = 0, n = 0, k = 0;
  bool operator==(const MatrixShape &) const = default;
};
/// "m16n8k16"
std::optional<MatrixShape> parseMatrixShape(std::string_view text);

/// A matrix in `registerCount` registers of every lane. positions[(r * 32 + lane) * perRegister + i] is the
/// place in the row-major matrix of the element at bits i * bitWidth of register r. Several may share one
/// place.
struct MatrixFragment {
  MatrixElement type = MatrixElement::F32;
  unsigned rows = 0, columns = 0;
  unsigned registerCount = 0, perRegister = 0; // elements of a lane in a register
  uint32_t firstRegister = 0;                  // in Code::rows
  std::vector<uint16_t> positions;
  /// Where the elements of a group of four lanes lie in the matrix, when that is the same for all of them.
  enum class Layout : uint8_t {
    Any,
    Rows,     // side by side
    RowPairs, // side by side, alternating with those of the next register; the next group is below
    Columns,  // one below the other; the next group is to the right
  };
  Layout layout = Layout::Any;
  bool isColumnMajor = false; // wmma.load, wmma.store: in memory
};

/// D = A * B + C. For a sparse product A holds only half of the columns, and the metadata says which. Several
/// products of one shape lie below each other in the fragments.
struct MatrixProduct {
  MatrixShape shape;
  unsigned count = 1;
  MatrixFragment a, b, c, d;
  bool saturates = false, isXor = false; // of integers; of bits: xor instead of and
  bool isSparse = false, isOrdered = false;
  Row metadata = kNoRow;
  unsigned selector = 0;
};

/// The fragments of mma: the lane's place in a group of four lanes says which columns it has of a row (A, C,
/// D) or which rows of a column (B); registers alternate between rows r and r + 8.
MatrixFragment fragmentOfA(MatrixElement type, unsigned m, unsigned k);
MatrixFragment fragmentOfB(MatrixElement type, unsigned k, unsigned n);
MatrixFragment accumulatorFragment(MatrixElement type, unsigned m, unsigned n);
/// The fragments of m8n8k4 of f16: a product for each quad pair, the lanes 4 q to 4 q + 3 and those 16
/// further.
constexpr unsigned kQuadPairs = 4;
MatrixFragment quadPairFragmentOfA(bool isRowMajor);
MatrixFragment quadPairFragmentOfB(bool isRowMajor);
MatrixFragment quadPairAccumulatorFragment(MatrixElement type);
/// The fragments of wmma, whose layout PTX leaves open: elements in the order of the lanes, again from the
/// beginning where there are more places than elements.
MatrixFragment openFragment(MatrixElement type, unsigned rows, unsigned columns, unsigned registerCount);

/// Where the stored elements of a sparse A belong: places[row * k / 2 + j] is the column of the row's element
/// j. False when the metadata is not legal, with the lane that holds it.
constexpr unsigned kMostSparseElements = 16 * 64;
bool sparsePlaces(const MatrixProduct &product, const uint32_t *metadata,
                  uint8_t (&places)[kMostSparseElements], unsigned &lane);

} // namespace winnow::ptxsim
