// Builds linalg.generic operations whose first loops are the dimensions of their one result.
#include "dialects/Winnow/GenericInto.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace winnow;
using utils::IteratorType;

Value winnow::createGenericInto(OpBuilder &builder, Location loc, Value init, ValueRange inputs,
                                ArrayRef<AffineMap> maps, unsigned reductions, GenericBody body) {
  unsigned rank = cast<RankedTensorType>(init.getType()).getRank();
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(mapOf(builder, rank + reductions, llvm::to_vector(llvm::seq(rank))));
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  iterators.append(reductions, IteratorType::reduction);
  return linalg::GenericOp::create(builder, loc, init.getType(), inputs, init, allMaps, iterators,
                                   [&](OpBuilder &nested, Location at, ValueRange arguments) {
                                     linalg::YieldOp::create(nested, at, body(nested, at, arguments));
                                   })
      .getResult(0);
}

AffineMap winnow::mapOf(OpBuilder &builder, unsigned loops, ArrayRef<unsigned> dimensions) {
  return AffineMap::getMultiDimMapWithTargets(loops, dimensions, builder.getContext());
}
