// Everything that winnow's compiler tools register: dialects, passes, pipelines.
#pragma once

namespace mlir {
class DialectRegistry;
}

namespace winnow {

/// The dialects that winnow's IR may contain, with the interface implementations that its passes need.
void registerDialects(mlir::DialectRegistry &registry);

/// winnow's passes and phase pipelines, and the upstream passes that tests combine them with.
void registerPasses();

} // namespace winnow
