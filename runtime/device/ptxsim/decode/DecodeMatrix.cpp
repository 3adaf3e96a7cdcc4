// Instructions on matrices (PTX ISA: "Warp Level Matrix Multiply-Accumulate Instructions"). They name all 32
// lanes as their members, as warp-wide instructions with a mask do.
#include "runtime/device/ptxsim/decode/DecoderState.h"

#include <algorithm>

namespace winnow::ptxsim {

namespace {

bool isInteger(MatrixElement type) { return type >= MatrixElement::S8 && type <= MatrixElement::B1; }

bool isByteFloat(MatrixElement type) { return type == MatrixElement::E4M3 || type == MatrixElement::E5M2; }

/// What differs only in sign may be mixed, and so may floats of 8 bits.
bool belongTogether(MatrixElement a, MatrixElement b) {
  return a == b || (isByteFloat(a) && isByteFloat(b)) ||
         (isInteger(a) && isInteger(b) && bitWidth(a) == bitWidth(b));
}

/// PTX ISA: the tables of data types of mma and wmma.
bool accumulates(MatrixElement a, MatrixElement accumulator) {
  if (isInteger(a))
    return accumulator == MatrixElement::S32;
  if (a == MatrixElement::F64)
    return accumulator == MatrixElement::F64;
  return accumulator == MatrixElement::F32 ||
         ((a == MatrixElement::F16 || isByteFloat(a)) && accumulator == MatrixElement::F16);
}

/// The shapes of mma have rows of 128 or 256 bits in A, and of f64 also longer ones; sparse ones twice that.
bool hasProduct(MatrixElement type, const MatrixShape &shape, bool isSparse) {
  unsigned bits = bitWidth(type), rowBits = shape.k * bits;
  if (shape.n != 8 || (shape.m != 8 && shape.m != 16) || type == MatrixElement::F32 ||
      type == MatrixElement::S32)
    return false;
  if (isByteFloat(type))
    return isSparse ? shape == MatrixShape{16, 8, 64}
                    : shape == MatrixShape{16, 8, 16} || shape == MatrixShape{16, 8, 32};
  if (isSparse)
    return shape.m == 16 && bits >= 4 && bits <= 32 && (rowBits == 256 || rowBits == 512);
  if (type == MatrixElement::F64)
    return shape.k == 4 || (shape.m == 16 && (shape.k == 8 || shape.k == 16));
  return shape.m == 8 ? bits <= 8 && rowBits == 128 : rowBits == 128 || rowBits == 256;
}

bool hasFragmentShape(MatrixElement type, const MatrixShape &shape) {
  switch (type) {
  case MatrixElement::TF32:
    return shape == MatrixShape{16, 16, 8};
  case MatrixElement::F64:
    return shape == MatrixShape{8, 8, 4};
  case MatrixElement::S4:
  case MatrixElement::U4:
    return shape == MatrixShape{8, 8, 32};
  case MatrixElement::B1:
    return shape == MatrixShape{8, 8, 128};
  case MatrixElement::F32:
  case MatrixElement::S32:
  case MatrixElement::E4M3:
  case MatrixElement::E5M2:
    return false;
  default:
    return shape == MatrixShape{16, 16, 16} || shape == MatrixShape{8, 32, 16} ||
           shape == MatrixShape{32, 8, 16};
  }
}

/// A matrix of wmma: `role` is 'a', 'b', or 'c' for both accumulators.
MatrixFragment wmmaFragment(char role, MatrixElement type, const MatrixShape &shape) {
  unsigned rows = role == 'b' ? shape.k : shape.m, columns = role == 'a' ? shape.k : shape.n;
  if (bitWidth(type) < 8)
    return role == 'a' ? fragmentOfA(type, rows, columns) : fragmentOfB(type, rows, columns);
  unsigned natural = rows * columns * bitWidth(type) / (kLanes * 8 * registerBytes(type));
  constexpr unsigned kHalfRegisters = 8; // of A and B in f16, whatever their size
  return openFragment(type, rows, columns,
                      type == MatrixElement::F16 && role != 'c' ? kHalfRegisters : natural);
}

std::optional<MatrixShape> takeShape(Modifiers &modifiers) {
  for (std::string_view modifier : modifiers.remaining())
    if (auto shape = parseMatrixShape(modifier)) {
      modifiers.take(modifier);
      return shape;
    }
  return std::nullopt;
}

std::vector<MatrixElement> takeElements(Modifiers &modifiers) {
  std::vector<MatrixElement> types;
  for (bool found = true; found;) {
    found = false;
    for (std::string_view modifier : modifiers.remaining())
      if (auto type = parseMatrixElement(modifier)) {
        types.push_back(*type);
        modifiers.take(modifier);
        found = true;
        break;
      }
  }
  return types;
}

} // namespace

/// All lanes take part; the members are where other warp-wide instructions have them.
bool Decoder::isWarpWide() {
  if (!modifiers.take("sync") || !modifiers.take("aligned"))
    return unsupported("form");
  out.source[3] = constant(4, kFullMask);
  return true;
}

/// The registers of a fragment: "{a, b}", or one register.
bool Decoder::fragmentRegisters(size_t index, MatrixFragment &fragment, bool isDestination) {
  ScalarType type = registerBytes(fragment.type) == 8 ? ScalarType::B64 : ScalarType::B32;
  out.count = uint8_t(fragment.registerCount);
  uint32_t saved = out.target;
  bool ok = vectorRows(current->operands[index], type, isDestination);
  if (ok && out.registerBytes != registerBytes(fragment.type))
    ok = operandError(current->operands[index],
                      format::concatenate("registers of ", 8 * registerBytes(fragment.type), " bits"));
  fragment.firstRegister = out.target;
  out.target = saved;
  return ok;
}

/// ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {r, ...}, [p] and stmatrix ... [p], {r, ...}.
bool Decoder::loadStoreMatrix() {
  bool isLoad = operation == Operation::LoadMatrix;
  if (!isWarpWide())
    return false;
  out.count = modifiers.take("x1") ? 1 : modifiers.take("x2") ? 2 : modifiers.take("x4") ? 4 : 0;
  out.flags |= modifiers.take("trans") ? kTranspose : 0;
  StateSpace space = modifiers.takeSpace().value_or(StateSpace::Generic);
  bool isSharedSpace = space == StateSpace::Shared || space == StateSpace::Generic;
  if (!out.count || !isSharedSpace || !modifiers.take("m8n8") || !modifiers.take("b16"))
    return unsupported("form");
  if (!finishModifiers() || !expectOperands(2) || !address(current->operands[isLoad ? 1 : 0], space) ||
      !vectorRows(current->operands[isLoad ? 0 : 1], ScalarType::B32, isLoad))
    return false;
  if (out.registerBytes != 4)
    return operandError(current->operands[isLoad ? 0 : 1], "registers of 32 bits");
  out.operation = operation;
  out.type = ScalarType::B32;
  emit();
  return true;
}

bool Decoder::transposeMatrix() {
  if (!isWarpWide())
    return false;
  if (!modifiers.take("m8n8") || !modifiers.take("trans") || !modifiers.take("b16"))
    return unsupported("form");
  if (!finishModifiers() || !expectOperands(2) || !destination(0, ScalarType::B32, out.destination) ||
      !source(1, ScalarType::B32, out.source[0]))
    return false;
  out.operation = Operation::TransposeMatrix;
  emit();
  return true;
}

/// mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 d, a, b, c; mma.sp... d, a, b, c, metadata, selector.
bool Decoder::multiplyMatrices() {
  MatrixProduct product;
  product.isOrdered = modifiers.take("sp::ordered_metadata");
  product.isSparse = product.isOrdered || modifiers.take("sp");
  if (!isWarpWide())
    return false;
  auto shape = takeShape(modifiers);
  std::vector<MatrixElement> types = takeElements(modifiers);
  if (shape == MatrixShape{8, 8, 4} && types.size() == 4 && types[1] == MatrixElement::F16)
    return multiplyOfQuadPairs(types);
  if (!shape || !modifiers.take("row") || !modifiers.take("col"))
    return unsupported("form");
  product.shape = *shape;
  if (types.size() != 4 || !hasProduct(types[1], *shape, product.isSparse) || types[0] != types[3])
    return unsupported("shape or types");
  if (product.isSparse && isByteFloat(types[1]) && types[0] != MatrixElement::F32)
    return unsupported("types"); // they came after sm_90
  product.a = fragmentOfA(types[1], shape->m, product.isSparse ? shape->k / 2 : shape->k);
  product.b = fragmentOfB(types[2], shape->k, shape->n);
  product.c = product.d = accumulatorFragment(types[0], shape->m, shape->n);
  if (product.isSparse && !sparseOperands(product))
    return false;
  return emitProduct(product, product.isSparse ? 6 : 4);
}

/// mma.sync.aligned.m8n8k4.alayout.blayout.dtype.f16.f16.ctype, both layouts either row or col: of each quad
/// pair.
bool Decoder::multiplyOfQuadPairs(const std::vector<MatrixElement> &types) {
  std::vector<bool> isRowMajor; // A, B
  for (std::string_view modifier : modifiers.remaining())
    if (modifier == "row" || modifier == "col")
      isRowMajor.push_back(modifier == "row");
  if (isRowMajor.size() != 2)
    return unsupported("form");
  while (modifiers.takeAny({"row", "col"})) {
  }
  // With sums in f32 C is f32, too.
  if (types[2] != MatrixElement::F16 || (types[0] == MatrixElement::F32 && types[3] != MatrixElement::F32))
    return unsupported("types");
  MatrixProduct product;
  product.shape = {8, 8, 4};
  product.count = kQuadPairs;
  product.a = quadPairFragmentOfA(isRowMajor[0]);
  product.b = quadPairFragmentOfB(isRowMajor[1]);
  product.c = quadPairAccumulatorFragment(types[3]);
  product.d = quadPairAccumulatorFragment(types[0]);
  return emitProduct(product, 4);
}

/// The metadata and the selector, which says in which lanes of a group of four they are.
bool Decoder::sparseOperands(MatrixProduct &product) {
  if (!expectOperands(6) || !source(4, ScalarType::B32, product.metadata))
    return false;
  unsigned rowBits = product.shape.k * bitWidth(product.a.type), bits = bitWidth(product.a.type);
  unsigned lanesPerGroup = (rowBits == 512 ? 2 : 1) * (bits >= 16 ? 1 : 2);
  auto selector = integerLiteral(5);
  if (!selector || *selector >= 4 / lanesPerGroup)
    return operandError(current->operands[5], format::concatenate("a selector below ", 4 / lanesPerGroup));
  product.selector = unsigned(*selector);
  return true;
}

/// What mma and wmma.mma have in common: checks of types, the modifiers of integers, and the operands d, a,
/// b, c.
bool Decoder::emitProduct(MatrixProduct &product, size_t operandCount) {
  MatrixElement type = product.a.type;
  if (!belongTogether(type, product.b.type) || !accumulates(type, product.c.type) ||
      !accumulates(type, product.d.type))
    return unsupported("types");
  product.saturates = modifiers.take("satfinite");
  if (product.saturates && (!isInteger(type) || type == MatrixElement::B1))
    return unsupported("modifier '.satfinite'");
  if (type == MatrixElement::B1) {
    product.isXor = modifiers.take("xor");
    if ((!product.isXor && !modifiers.take("and")) || !modifiers.take("popc"))
      return unsupported("form");
  }
  if (type == MatrixElement::F64 &&
      modifiers.takeRounding().value_or(Rounding::NearestEven) != Rounding::NearestEven)
    return unsupported("rounding");
  if (!finishModifiers() || !expectOperands(operandCount) || !fragmentRegisters(0, product.d, true) ||
      !fragmentRegisters(1, product.a, false) || !fragmentRegisters(2, product.b, false) ||
      !fragmentRegisters(3, product.c, false))
    return false;
  out.operation = Operation::MultiplyMatrices;
  out.target = uint32_t(code.products.size());
  code.products.push_back(std::move(product));
  emit();
  return true;
}

/// wmma.load, wmma.store and wmma.mma.
bool Decoder::warpMatrix() {
  bool isLoad = modifiers.take("load"), isStore = !isLoad && modifiers.take("store");
  if (isLoad || isStore)
    return loadStoreFragment(isLoad);
  if (!modifiers.take("mma"))
    return unsupported("form");
  if (!isWarpWide())
    return false;
  auto shape = takeShape(modifiers);
  std::vector<MatrixElement> types = takeElements(modifiers);
  if (types.size() == 2) // of D and C; A and B are f16
    types = {types[0], MatrixElement::F16, MatrixElement::F16, types[1]};
  for (int matrix = 0; matrix < 2; ++matrix) // the layouts of A and B in memory, which registers do not have
    if (!modifiers.takeAny({"row", "col"}))
      return unsupported("form");
  if (!shape || types.size() != 4 || !hasFragmentShape(types[1], *shape) ||
      bitWidth(types[1]) != bitWidth(types[2]) || bitWidth(types[0]) < 16 || bitWidth(types[3]) < 16)
    return unsupported("shape or types");
  MatrixProduct product;
  product.shape = *shape;
  product.a = wmmaFragment('a', types[1], *shape);
  product.b = wmmaFragment('b', types[2], *shape);
  product.c = wmmaFragment('c', types[3], *shape);
  product.d = wmmaFragment('c', types[0], *shape);
  return emitProduct(product, 4);
}

/// wmma.load.a.sync.aligned.row.m16n16k16.shared.f16 {r, ...}, [p], stride; wmma.store.d ... [p], {r, ...},
/// stride.
bool Decoder::loadStoreFragment(bool isLoad) {
  if (!isWarpWide())
    return false;
  char role = !isLoad               ? (modifiers.take("d") ? 'c' : '\0')
              : modifiers.take("a") ? 'a'
              : modifiers.take("b") ? 'b'
              : modifiers.take("c") ? 'c'
                                    : '\0';
  bool isRowMajor = modifiers.take("row"), isColumnMajor = !isRowMajor && modifiers.take("col");
  auto shape = takeShape(modifiers);
  StateSpace space = modifiers.takeSpace().value_or(StateSpace::Generic);
  std::vector<MatrixElement> types = takeElements(modifiers);
  if (!role || (!isRowMajor && !isColumnMajor) || !shape || types.size() != 1)
    return unsupported("form");
  MatrixElement type = types[0];
  bool isAccumulator = type == MatrixElement::F32 || type == MatrixElement::S32 ||
                       type == MatrixElement::F16 || type == MatrixElement::F64;
  bool isSmallShape = *shape == MatrixShape{16, 16, 8} || hasFragmentShape(MatrixElement::S8, *shape) ||
                      hasFragmentShape(MatrixElement::F64, *shape) ||
                      hasFragmentShape(MatrixElement::S4, *shape) ||
                      hasFragmentShape(MatrixElement::B1, *shape);
  bool isLegal = role == 'c' ? isAccumulator && isSmallShape : hasFragmentShape(type, *shape);
  // Elements below a byte lie side by side along k.
  isLegal &= bitWidth(type) >= 8 || isRowMajor == (role == 'a');
  if (!isLegal)
    return unsupported("shape or types");
  MatrixFragment fragment = wmmaFragment(role, type, *shape);
  fragment.isColumnMajor = isColumnMajor;
  size_t registersAt = isLoad ? 0 : 1, count = current->operands.size();
  if (!finishModifiers() || (count != 2 && !expectOperands(3)) ||
      !fragmentRegisters(registersAt, fragment, isLoad) ||
      !address(current->operands[1 - registersAt], space))
    return false;
  out.source[1] = constant(4, isRowMajor ? fragment.columns : fragment.rows);
  if (count == 3 && !source(2, ScalarType::U32, out.source[1]))
    return false;
  out.operation = isLoad ? Operation::LoadFragment : Operation::StoreFragment;
  out.target = uint32_t(code.fragments.size());
  code.fragments.push_back(std::move(fragment));
  emit();
  return true;
}

} // namespace winnow::ptxsim
