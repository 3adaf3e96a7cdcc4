// How products and convolutions on selections are split into tiles.
#pragma once

namespace mlir {
class DialectRegistry;
}

namespace winnow {

/// Gives `winnow.matmul` and `winnow.conv2d` the TilingInterface. A tile computes the active inputs of its
/// rows only, and nothing where it begins behind the active outputs; its entries behind them are zero. With
/// a selection, a tile has one row.
void registerTilingInterfaceModels(mlir::DialectRegistry &registry);

/// Gives `winnow.grouped_matmul` of rows that are grouped already the TilingInterface. A tile multiplies its
/// rows group by group, and nothing for rows beyond the members.
void registerGroupedTilingModels(mlir::DialectRegistry &registry);

} // namespace winnow
