// Prunes constant matrices by magnitude.
#include "lib/Analysis/WeightPruning.h"

#include "dialects/Winnow/BlockGrid.h"
#include "dialects/Winnow/PackedConstants.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace winnow;

namespace {

std::optional<double> parseDensity(StringRef text) {
  double density;
  if (text.getAsDouble(density) || !(density > 0 && density <= 1))
    return std::nullopt;
  return density;
}

double valueOf(uint32_t bits, Type element) {
  if (element.isInteger())
    return static_cast<int8_t>(bits);
  const llvm::fltSemantics &semantics = cast<FloatType>(element).getFloatSemantics();
  APFloat value(semantics, APInt(element.getIntOrFloatBitWidth(), bits));
  bool losesInformation;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInformation);
  return value.convertToDouble();
}

SmallVector<double> valuesOf(ArrayRef<uint32_t> bits, Type element) {
  return llvm::map_to_vector(bits, [&](uint32_t each) { return valueOf(each, element); });
}

/// The units that are kept or go as a whole: blocks of the matrix, in row-major order.
struct Units : BlockGrid {
  explicit Units(PackedType type) : BlockGrid(type), count(type.getPlaces()) {}

  int64_t count;

  int64_t unitOf(int64_t position) const {
    int64_t row = position / type.getColumns(), column = position % type.getColumns();
    return row / blockRows * columns + column / blockColumns;
  }
};

/// The units with the largest norms, `kept` of them.
llvm::BitVector chooseUnits(ArrayRef<double> values, const Units &units, int64_t kept) {
  SmallVector<double> squares(units.count, 0);
  for (auto [position, value] : llvm::enumerate(values))
    squares[units.unitOf(position)] += value * value;
  SmallVector<int64_t> order(units.count);
  std::iota(order.begin(), order.end(), 0);
  llvm::stable_sort(order, [&](int64_t a, int64_t b) { return squares[a] > squares[b]; });
  llvm::BitVector chosen(units.count);
  for (int64_t unit : ArrayRef(order).take_front(kept))
    chosen.set(unit);
  return chosen;
}

SmallVector<uint32_t> pruneUnits(ArrayRef<uint32_t> bits, ArrayRef<double> values, PackedType type,
                                 double density) {
  Units units(type);
  int64_t kept = std::max<int64_t>(1, std::llround(density * static_cast<double>(units.count)));
  llvm::BitVector chosen = chooseUnits(values, units, kept);
  SmallVector<uint32_t> pruned(bits);
  for (auto [position, element] : llvm::enumerate(pruned))
    if (!chosen.test(units.unitOf(position)))
      element = 0;
  return pruned;
}

/// What compression keeps; it chooses by magnitude itself.
SmallVector<uint32_t> pruneGroups(ArrayRef<uint32_t> bits, PackedType type) {
  SmallVector<ElementsAttr> parts;
  llvm::append_range(parts, packConstant(bits, type));
  return *unpackConstant(parts, type);
}

double relativeError(ArrayRef<double> values, ArrayRef<uint32_t> pruned) {
  double lost = 0, all = 0;
  for (auto [value, bits] : llvm::zip_equal(values, pruned)) {
    all += value * value;
    if (bits == 0)
      lost += value * value;
  }
  return all > 0 ? std::sqrt(lost / all) : 0;
}

/// The structure with room for what is stored.
Attribute withCapacity(Attribute structure, int64_t capacity) {
  if (auto blocks = dyn_cast<BlocksAttr>(structure))
    return BlocksAttr::get(structure.getContext(), blocks.getRows(), blocks.getColumns(), capacity);
  if (isa<COOAttr>(structure))
    return COOAttr::get(structure.getContext(), capacity);
  return structure;
}

/// The packed type of a dense one, or null with what is wrong with it.
PackedType packedTypeOf(ShapedType dense, Attribute structure, std::string &obstacle) {
  MLIRContext *context = structure.getContext();
  ScopedDiagnosticHandler collect(context, [&](Diagnostic &diagnostic) { obstacle = diagnostic.str(); });
  return PackedType::getChecked([&] { return emitError(UnknownLoc::get(context)); }, context,
                                dense.getDimSize(0), dense.getDimSize(1), dense.getElementType(), structure);
}

} // namespace

std::optional<PruningTarget> winnow::parsePruningTarget(MLIRContext *context, StringRef text) {
  if (text == "2:4")
    return PruningTarget{NMAttr::get(context, 2, 4), 0.5};
  auto [form, rest] = text.split(':');
  if (form == "coo") {
    std::optional<double> density = parseDensity(rest);
    return density ? std::optional(PruningTarget{COOAttr::get(context, std::nullopt), *density})
                   : std::nullopt;
  }
  auto [extents, share] = rest.split(':');
  auto [rows, columns] = extents.split('x');
  int64_t blockRows, blockColumns;
  std::optional<double> density = parseDensity(share);
  if (form != "blocks" || rows.getAsInteger(10, blockRows) || columns.getAsInteger(10, blockColumns) ||
      blockRows < 1 || blockColumns < 1 || !density)
    return std::nullopt;
  return PruningTarget{BlocksAttr::get(context, blockRows, blockColumns, std::nullopt), *density};
}

std::optional<PrunedWeights> winnow::pruneWeights(ElementsAttr weights, const PruningTarget &target,
                                                  std::string &obstacle) {
  ShapedType dense = weights.getShapedType();
  PackedType room = packedTypeOf(dense, target.structure, obstacle);
  if (!room)
    return std::nullopt;
  std::optional<SmallVector<uint32_t>> bits = readBits(weights);
  if (!bits) {
    obstacle = "the values of its weights are not there";
    return std::nullopt;
  }
  SmallVector<double> values = valuesOf(*bits, dense.getElementType());
  if (!llvm::all_of(values, [](double value) { return std::isfinite(value); })) {
    obstacle = "its weights are not finite";
    return std::nullopt;
  }
  bool isGrouped = isa<NMAttr>(target.structure);
  SmallVector<uint32_t> pruned =
      isGrouped ? pruneGroups(*bits, room) : pruneUnits(*bits, values, room, target.density);
  int64_t stored = isGrouped ? room.getCapacity() : std::max<int64_t>(1, countStored(pruned, room));
  PrunedWeights result;
  result.type = packedTypeOf(dense, withCapacity(target.structure, stored), obstacle);
  result.error = relativeError(values, pruned);
  result.weights = writeBits(room.getDenseType(), pruned);
  return result;
}
