// How attention is split into tiles.
#pragma once

namespace mlir {
class DialectRegistry;
}

namespace winnow {

/// Gives `winnow.attention` the TilingInterface. A tile is some queries of one batch and head, by some
/// columns of the values; it goes through the key blocks one by one, with the softmax kept up to date, and
/// never has more than one block of scores. With active blocks, its queries are of one query block.
void registerAttentionTiling(mlir::DialectRegistry &registry);

} // namespace winnow
