// Gives the precompiled headers of MLIR (WinnowLLVM.cmake) a target to belong to.
