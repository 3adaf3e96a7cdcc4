// Instructions on matrices (PTX ISA: "ldmatrix", "stmatrix", "movmatrix", "mma", "wmma"). All 32 threads of
// the warp take part.
#include "runtime/device/ptxsim/execute/Matrices.h"

#include "runtime/device/ptxsim/execute/Addresses.h"
#include "runtime/device/ptxsim/figures/Measurement.h"
#include "runtime/device/ptxsim/inspect/Inspection.h"

#include <cstring>

namespace winnow::ptxsim {
namespace {

constexpr unsigned kMatrixRows = 8, kRowBytes = 16;

/// The place of half `i` of a lane's register in an 8 by 8 matrix of 16-bit elements.
unsigned elementOf(unsigned lane, unsigned i, bool isTransposed) {
  unsigned row = lane / 4, column = 2 * (lane % 4) + i;
  return isTransposed ? column * kMatrixRows + row : row * kMatrixRows + column;
}

uint16_t *halves(std::byte *rows, Row row) { return reinterpret_cast<uint16_t *>(rows + row); }

void transposeMatrix(std::byte *rows, const Instruction &in) {
  uint16_t elements[kMatrixRows * kMatrixRows];
  for (unsigned i = 0; i < 2 * kLanes; ++i)
    elements[elementOf(i / 2, i % 2, false)] = halves(rows, in.source[0])[i];
  for (unsigned i = 0; i < 2 * kLanes; ++i)
    halves(rows, in.destination)[i] = elements[elementOf(i / 2, i % 2, true)];
}

} // namespace

bool Matrices::execute(Warp &warp, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  if (mask != kFullMask)
    return fault(warp, pc, ~mask,
                 "warp barrier: all 32 threads must execute this together, and none may have exited");
  switch (in.operation) {
  case Operation::LoadMatrix:
    return loadMatrix(warp, pc);
  case Operation::StoreMatrix:
    return storeMatrix(warp, pc);
  case Operation::TransposeMatrix:
    transposeMatrix(warp.rows, in);
    return true;
  case Operation::MultiplyMatrices:
    return multiply(warp, pc);
  default:
    return accessFragment(warp, pc);
  }
}

/// Thread 8 i + j has the address of row j of matrix i.
bool Matrices::resolveRows(Warp &warp, uint32_t pc, AccessKind kind, uint64_t *addresses) {
  const Instruction &in = code[pc];
  uint32_t used = in.count == 4 ? kFullMask : (1u << kMatrixRows * in.count) - 1;
  lanes.addresses(warp.rows, in, used, addresses);
  const Access access{kind, in.space, kRowBytes};
  if (!resolver.resolve(warp, pc, used, access, addresses) ||
      !inspection.inspect(warp, pc, used, access, addresses))
    return false;
  if (measurement.isOn())
    measurement.measure(pc, used, access, addresses);
  return true;
}

bool Matrices::loadMatrix(Warp &warp, uint32_t pc) {
  const Instruction &in = code[pc];
  uint64_t addresses[kLanes];
  if (!resolveRows(warp, pc, AccessKind::Load, addresses))
    return false;
  const Row *registers = launch.code.rows.data() + in.target;
  for (unsigned m = 0; m < in.count; ++m) {
    uint16_t elements[kMatrixRows * kMatrixRows];
    for (unsigned row = 0; row < kMatrixRows; ++row)
      std::memcpy(elements + row * kMatrixRows,
                  reinterpret_cast<const void *>(addresses[m * kMatrixRows + row]), kRowBytes);
    if (registers[m] == kNoRow)
      continue;
    for (unsigned i = 0; i < 2 * kLanes; ++i)
      halves(warp.rows, registers[m])[i] = elements[elementOf(i / 2, i % 2, in.flags & kTranspose)];
  }
  return true;
}

bool Matrices::storeMatrix(Warp &warp, uint32_t pc) {
  const Instruction &in = code[pc];
  uint64_t addresses[kLanes];
  if (!resolveRows(warp, pc, AccessKind::Store, addresses))
    return false;
  const Row *registers = launch.code.rows.data() + in.target;
  for (unsigned m = 0; m < in.count; ++m) {
    uint16_t elements[kMatrixRows * kMatrixRows];
    for (unsigned i = 0; i < 2 * kLanes; ++i)
      elements[elementOf(i / 2, i % 2, in.flags & kTranspose)] = halves(warp.rows, registers[m])[i];
    for (unsigned row = 0; row < kMatrixRows; ++row)
      std::memcpy(reinterpret_cast<void *>(addresses[m * kMatrixRows + row]), elements + row * kMatrixRows,
                  kRowBytes);
  }
  return true;
}

bool Matrices::multiply(Warp &warp, uint32_t pc) {
  const MatrixProduct &product = launch.code.products[code[pc].target];
  if (product.isSparse) {
    uint8_t places[kMostSparseElements];
    unsigned lane = 0;
    auto *metadata = reinterpret_cast<const uint32_t *>(warp.rows + product.metadata);
    if (!sparsePlaces(product, metadata, places, lane))
      return fault(warp, pc, 1u << lane, "the metadata of a sparse matrix is not legal");
  }
  laneTable().multiplyMatrices(warp.rows, product, launch.code.rows.data());
  return true;
}

/// wmma.load and wmma.store, a register at a time: elements smaller than a byte lie side by side in it, as in
/// memory.
bool Matrices::accessFragment(Warp &warp, uint32_t pc) {
  const Instruction &in = code[pc];
  const MatrixFragment &fragment = launch.code.fragments[in.target];
  AccessKind kind = in.operation == Operation::LoadFragment ? AccessKind::Load : AccessKind::Store;
  unsigned bits = bitWidth(fragment.type), perRegister = fragment.perRegister;
  unsigned perAccess = bits < 8 ? perRegister : 1, bytes = bits * perAccess / 8;
  uint64_t bases[kLanes];
  lanes.addresses(warp.rows, in, kFullMask, bases);
  auto *strides = reinterpret_cast<const uint32_t *>(warp.rows + in.source[1]);
  std::vector<uint64_t> accessed; // for figures
  for (unsigned r = 0; r < fragment.registerCount; ++r) {
    if (launch.code.rows[fragment.firstRegister + r] == kNoRow)
      continue; // "_"
    std::byte *row = warp.rows + launch.code.rows[fragment.firstRegister + r];
    for (unsigned lane = 0; lane < kLanes; ++lane)
      for (unsigned i = 0; i < perRegister; i += perAccess) {
        unsigned position = fragment.positions[(r * kLanes + lane) * perRegister + i];
        uint64_t line = position / fragment.columns, place = position % fragment.columns;
        if (fragment.isColumnMajor)
          std::swap(line, place);
        uint64_t address = bases[lane] + (line * strides[lane] + place) * bits / 8;
        const Access access{kind, in.space, bytes};
        if (!resolver.resolveLane(warp, pc, lane, access, address) ||
            !inspection.inspectLane(warp, pc, lane, access, address))
          return false;
        if (measurement.isOn())
          accessed.push_back(address);
        std::byte *element = row + lane * registerBytes(fragment.type) + i * bits / 8;
        auto *memory = reinterpret_cast<std::byte *>(address);
        std::memcpy(kind == AccessKind::Load ? element : memory, kind == AccessKind::Load ? memory : element,
                    bytes);
      }
  }
  if (measurement.isOn())
    measurement.measureFragment(pc, kind, bytes, accessed);
  return true;
}

} // namespace winnow::ptxsim
