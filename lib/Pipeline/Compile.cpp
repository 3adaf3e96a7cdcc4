// The compiler as a library: runs the phases and packs what they make.
#include "lib/Pipeline/Compile.h"

#include "dialects/Plan/PlanDialect.h"
#include "lib/Pipeline/CheckModel.h"
#include "lib/Pipeline/ReferenceProgram.h"
#include "lib/Pipeline/SparseConstants.h"
#include "lib/Target/Host/EmitImage.h"
#include "lib/Target/Module/ModuleBuilder.h"
#include "lib/Target/PTX/EmitPTX.h"
#include "passes/Dispatch/Passes.h"
#include "passes/LowerToHost/Passes.h"
#include "passes/LowerToPTX/Passes.h"
#include "passes/Precision/Passes.h"
#include "passes/Raise/Passes.h"
#include "passes/Reference/Passes.h"
#include "passes/Structure/Passes.h"
#include "passes/Tile/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/JSON.h"

using namespace mlir;

namespace winnow {

namespace {

constexpr StringRef kPhaseNames[] = {"import", "structure", "precision", "dispatch", "tile", "lower", "emit"};
constexpr int64_t kThreadsPerBlock = 128;
// More than this is asked for when it is needed: what a splat takes is not what it seems to.
constexpr uint64_t kMaximumReserve = uint64_t(1) << 34;

/// The kernels of one target, on their way down.
struct TargetCode {
  std::string target; // "host:x86-64-v4", "cuda:sm_80"
  std::optional<HostTarget> host;
  PTXTarget ptx;
  OwningOpRef<ModuleOp> kernels;

  bool isHost() const { return host.has_value(); }
};

/// A whole function as the reference computes it.
struct ReferenceCode {
  HostTarget host;
  OwningOpRef<ModuleOp> module;
};

class Compiler {
public:
  Compiler(ModuleOp module, const CompileOptions &options)
      : module(module), options(options), context(module.getContext()) {}

  FailureOr<std::optional<format::Module>> run();

private:
  LogicalResult parseTargets();
  LogicalResult runPhase(Phase phase);
  LogicalResult runPasses(ModuleOp on, llvm::function_ref<void(OpPassManager &)> build);
  LogicalResult checkDimensions();
  LogicalResult runStructure(const StructureOptions &structure);
  LogicalResult runPrecision();
  LogicalResult prepareReference();
  LogicalResult splitTargets();
  LogicalResult lower();
  LogicalResult emit();
  void declareKernels(ModuleBuilder &builder);
  LogicalResult emitTarget(ModuleBuilder &builder, TargetCode &code);
  LogicalResult emitPTXImages(ModuleBuilder &builder, TargetCode &code);
  FailureOr<ReferenceKernel> addReferenceWeights(ModuleBuilder &builder, Operation *function,
                                                 StringRef kernel);
  FailureOr<plan::FuncOp> addReferenceProgram(ModuleBuilder &builder, plan::FuncOp compiled,
                                              llvm::StringMap<std::string> &symbols);
  LogicalResult emitReference(ModuleBuilder &builder);
  uint64_t countWeightBytes();
  void addVariants(ModuleBuilder &builder, const TargetCode &code, uint32_t image, int64_t threads);
  void applyRanges();
  void print();

  ModuleOp module;
  const CompileOptions &options;
  MLIRContext *context;
  std::vector<TargetCode> targets;
  std::optional<ReferenceCode> reference;
  llvm::json::Object report;
  std::optional<format::Module> result;
  // Kernel symbol to tile, for each target: the attributes do not survive lowering.
  std::vector<llvm::StringMap<SmallVector<int64_t>>> tiles;
};

LogicalResult Compiler::parseTargets() {
  for (const std::string &name : options.targets) {
    TargetCode code;
    auto [kind, detail] = StringRef(name).split(':');
    if (kind == "host") {
      llvm::Expected<HostTarget> host = HostTarget::parse(detail.empty() ? "native" : detail);
      if (!host) {
        return module.emitError() << llvm::toString(host.takeError());
      }
      code.target = "host:" + host->name;
      code.host = *host;
    } else if (kind == "cuda" && detail.starts_with("sm_")) {
      code.target = name;
      code.ptx = PTXTarget::forChip(detail);
      if (failed(checkPTXTarget(module.getLoc(), code.ptx))) {
        return failure();
      }
    } else {
      return module.emitError() << "unknown target '" << name
                                << "', expected host[:x86-64-v2|v3|v4|aarch64|native] or cuda:sm_NN";
    }
    if (llvm::any_of(targets, [&](const TargetCode &other) { return other.target == code.target; })) {
      return module.emitError() << "target '" << code.target << "' is given twice";
    }
    targets.push_back(std::move(code));
  }
  return success();
}

LogicalResult Compiler::checkDimensions() {
  return success(llvm::all_of(options.dimensions, [&](const auto &dimension) {
    return succeeded(checkDimension(module, dimension.first));
  }));
}

LogicalResult Compiler::runPasses(ModuleOp on, llvm::function_ref<void(OpPassManager &)> build) {
  PassManager manager(context, ModuleOp::getOperationName());
  build(manager);
  return manager.run(on);
}

LogicalResult Compiler::runStructure(const StructureOptions &structure) {
  if (failed(
          runPasses(module, [&](OpPassManager &manager) { buildStructurePipeline(manager, structure); }))) {
    return failure();
  }
  report["pruning"] = collectPruningReport(module);
  return success();
}

LogicalResult Compiler::runPrecision() {
  PrecisionOptions precision;
  precision.budgetBytes = options.budgetBytes;
  precision.budget = options.budget;
  precision.maxError = options.maximumWeightError;
  precision.all = llvm::StringSwitch<UniformPrecision>(options.precision)
                      .Case("f32", UniformPrecision::F32)
                      .Case("i8", UniformPrecision::I8)
                      .Case("f16", UniformPrecision::F16)
                      .Case("bf16", UniformPrecision::BF16)
                      .Default(UniformPrecision::None);
  if (failed(
          runPasses(module, [&](OpPassManager &manager) { buildPrecisionPipeline(manager, precision); }))) {
    return failure();
  }
  report["precision"] = collectPrecisionReport(module);
  return success();
}

LogicalResult Compiler::prepareReference() {
  auto first = llvm::find_if(targets, [](const TargetCode &code) { return code.isHost(); });
  if (first == targets.end()) {
    return module.emitError() << "the reference device runs on the host, but no host target is given";
  }
  reference = ReferenceCode{*first->host, module.clone()};
  // What sessions keep are arguments and results by now.
  for (Operation &op : llvm::make_early_inc_range(*reference->module->getBody())) {
    if (isa<ParameterOp, StateOp>(op)) {
      op.erase();
    }
  }
  // Its program has the checks of the compiled one.
  reference->module->walk([](Operation *op) {
    if (isa<plan::CheckOp, cf::AssertOp>(op)) {
      op->erase();
    }
  });
  for (auto function : llvm::to_vector(reference->module->getOps<func::FuncOp>())) {
    addHostValuesFunction(function);
  }
  return runPasses(*reference->module,
                   [&](OpPassManager &manager) { buildReferencePipeline(manager, reference->host.hasFma); });
}

LogicalResult Compiler::splitTargets() {
  auto kernels = module.lookupSymbol<ModuleOp>(kKernelsModule);
  for (TargetCode &code : targets) {
    code.kernels = kernels.clone();
    code.kernels->setSymName(std::nullopt);
    code.kernels.get()->setAttr(kTargetAttribute, StringAttr::get(context, code.target));
    if (failed(runPasses(*code.kernels, buildTilePipeline))) {
      return failure();
    }
    llvm::StringMap<SmallVector<int64_t>> &tile = tiles.emplace_back();
    for (auto kernel : code.kernels->getOps<func::FuncOp>()) {
      tile[kernel.getName()] =
          llvm::to_vector(kernel->getAttrOfType<DenseI64ArrayAttr>(kTileAttribute).asArrayRef());
    }
  }
  return success();
}

LogicalResult Compiler::lower() {
  for (TargetCode &code : targets) {
    LogicalResult lowered = runPasses(*code.kernels, [&](OpPassManager &manager) {
      if (code.isHost()) {
        buildHostLoweringPipeline(manager, *code.host);
        return;
      }
      PTXLoweringOptions ptx;
      ptx.threads = kThreadsPerBlock;
      buildPTXLoweringPipeline(manager, ptx);
    });
    if (failed(lowered)) {
      return failure();
    }
    if (!code.isHost() && code.kernels->getOps<gpu::GPUModuleOp>().empty()) {
      // A model that only passes values through has no kernel; its PTX is a header.
      OpBuilder builder = OpBuilder::atBlockEnd(code.kernels->getBody());
      gpu::GPUModuleOp::create(builder, module.getLoc(), kKernelsModule);
    }
  }
  return success();
}

void Compiler::declareKernels(ModuleBuilder &builder) {
  auto kernels = module.lookupSymbol<ModuleOp>(kKernelsModule);
  module.walk([&](plan::DispatchOp dispatch) {
    StringRef symbol = dispatch.getKernel().getLeafReference();
    if (!builder.hasKernel(symbol)) {
      Operation *kernel = kernels.lookupSymbol(symbol);
      builder.addKernel(symbol, describeOrigin(kernel ? kernel->getLoc() : dispatch.getLoc()),
                        dispatch.getWritten(), dispatch.getSizes().size());
    }
  });
}

void Compiler::addVariants(ModuleBuilder &builder, const TargetCode &code, uint32_t image, int64_t threads) {
  for (const auto &tile : tiles[&code - targets.data()]) {
    if (builder.hasKernel(tile.first())) {
      builder.addVariant(tile.first(), image, tile.first(), tile.second, threads);
    }
  }
}

LogicalResult Compiler::emitPTXImages(ModuleBuilder &builder, TargetCode &code) {
  if (code.kernels->getOps<gpu::GPUModuleOp>().empty()) {
    // A model that only passes its inputs on needs no kernel; its image is empty.
    OpBuilder atModule = OpBuilder::atBlockEnd(code.kernels->getBody());
    gpu::GPUModuleOp::create(atModule, module.getLoc(), kKernelsModule);
  }
  FailureOr<std::string> text = emitPTX(*code.kernels, code.ptx);
  if (failed(text)) {
    return failure();
  }
  uint32_t image = builder.addImage(code.target, "ptx", std::vector<uint8_t>(text->begin(), text->end()));
  addVariants(builder, code, image, kThreadsPerBlock);
  std::optional<std::string> assembler = options.assemblePTX ? findPTXAssembler() : std::nullopt;
  if (!assembler) {
    return success();
  }
  FailureOr<AssembledPTX> assembled = assemblePTX(module.getLoc(), *text, code.ptx, *assembler);
  if (failed(assembled)) {
    return failure();
  }
  image = builder.addImage(code.target, "cubin", std::move(assembled->cubin));
  addVariants(builder, code, image, kThreadsPerBlock);
  llvm::json::Array resources;
  for (const PTXResources &kernel : assembled->kernels) {
    resources.push_back(llvm::json::Object{{"kernel", kernel.symbol},
                                           {"registers", kernel.registers},
                                           {"stack_bytes", kernel.stackBytes},
                                           {"spill_bytes", kernel.spillBytes}});
  }
  report[code.target] = std::move(resources);
  return success();
}

LogicalResult Compiler::emitTarget(ModuleBuilder &builder, TargetCode &code) {
  if (!code.isHost()) {
    return emitPTXImages(builder, code);
  }
  FailureOr<std::vector<uint8_t>> image = emitHostImage(*code.kernels, *code.host);
  if (failed(image)) {
    return failure();
  }
  addVariants(builder, code, builder.addImage(code.target, "elf", std::move(*image)), 1);
  return success();
}

/// Adds the weights of a function of the reference; its kernel is `kernel`.
FailureOr<ReferenceKernel> Compiler::addReferenceWeights(ModuleBuilder &builder, Operation *function,
                                                         StringRef kernel) {
  ReferenceKernel result;
  result.symbol = kernel.str();
  for (Attribute value : function->getAttrOfType<ArrayAttr>("winnow.weights")) {
    result.weights.push_back(result.symbol + "_weight_" + std::to_string(result.weights.size()));
    if (failed(builder.addWeight(result.weights.back(), cast<ElementsAttr>(value), function->getLoc()))) {
      return failure();
    }
  }
  return result;
}

/// Makes the reference program of a compiled one, and declares its kernels.
FailureOr<plan::FuncOp> Compiler::addReferenceProgram(ModuleBuilder &builder, plan::FuncOp compiled,
                                                      llvm::StringMap<std::string> &symbols) {
  std::string symbol = compiled.getSymName().str();
  FailureOr<ReferenceKernel> kernel =
      addReferenceWeights(builder, reference->module->lookupSymbol(symbol), symbol + ".reference");
  std::optional<ReferenceKernel> hostValues;
  if (Operation *function = reference->module->lookupSymbol(symbol + ".host_values")) {
    FailureOr<ReferenceKernel> added =
        addReferenceWeights(builder, function, symbol + ".reference.host_values");
    if (failed(added)) {
      return failure();
    }
    hostValues = *added;
    hostValues->hostValues = function->getAttrOfType<IntegerAttr>(kHostValuesAttribute).getInt();
    symbols[hostValues->symbol] = symbol + ".host_values";
  }
  if (failed(kernel)) {
    return failure();
  }
  symbols[kernel->symbol] = symbol;
  plan::FuncOp program = createReferenceProgram(compiled, *kernel, hostValues);
  for (auto dispatch : program.getBody().front().getOps<plan::DispatchOp>()) {
    builder.addKernel(dispatch.getKernel().getLeafReference(), "", dispatch.getWritten(),
                      dispatch.getSizes().size());
  }
  return program;
}

/// Adds the programs, weights and code of the reference device.
LogicalResult Compiler::emitReference(ModuleBuilder &builder) {
  std::vector<plan::FuncOp> programs;
  llvm::StringMap<std::string> symbols; // of the image, by kernel
  for (auto compiled : llvm::to_vector(module.getOps<plan::FuncOp>())) {
    FailureOr<plan::FuncOp> program = addReferenceProgram(builder, compiled, symbols);
    if (failed(program)) {
      return failure();
    }
    programs.push_back(*program);
  }
  FailureOr<std::vector<uint8_t>> image = emitHostImage(*reference->module, reference->host, Effort::Quick);
  if (failed(image)) {
    return failure();
  }
  uint32_t position = builder.addImage("reference:" + reference->host.name, "elf", std::move(*image));
  for (plan::FuncOp program : programs) {
    for (auto dispatch : program.getBody().front().getOps<plan::DispatchOp>()) {
      StringRef kernel = dispatch.getKernel().getLeafReference();
      builder.addVariant(kernel, position, symbols[kernel], {}, 1);
    }
    if (failed(builder.addFunction(program))) {
      return failure();
    }
  }
  return success();
}

/// The bytes of the weights, each counted as often as it is used.
uint64_t Compiler::countWeightBytes() {
  uint64_t bytes = 0;
  auto add = [&](Attribute value) {
    ShapedType type = cast<ElementsAttr>(value).getShapedType();
    bytes += type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  };
  for (auto weight : module.getOps<plan::WeightOp>()) {
    add(weight.getValue());
  }
  if (reference) {
    for (Operation &function : *reference->module->getBody()) {
      if (auto weights = function.getAttrOfType<ArrayAttr>("winnow.weights")) {
        llvm::for_each(weights, add);
      }
    }
  }
  return bytes;
}

LogicalResult Compiler::emit() {
  ModuleBuilder builder;
  builder.reserveWeights(std::min(countWeightBytes(), kMaximumReserve));
  for (auto weight : module.getOps<plan::WeightOp>()) {
    if (failed(builder.addWeight(weight.getSymName(), weight.getValue(), weight.getLoc()))) {
      return failure();
    }
  }
  // States refer to parameters.
  for (auto parameter : module.getOps<ParameterOp>()) {
    if (failed(builder.addParameter(parameter))) {
      return failure();
    }
  }
  for (auto state : module.getOps<StateOp>()) {
    if (failed(builder.addState(state))) {
      return failure();
    }
  }
  declareKernels(builder);
  for (TargetCode &code : targets) {
    if (failed(emitTarget(builder, code))) {
      return failure();
    }
  }
  for (auto function : llvm::to_vector(module.getOps<plan::FuncOp>())) {
    if (failed(builder.addFunction(function))) {
      return failure();
    }
  }
  if (reference && failed(emitReference(builder))) {
    return failure();
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(report));
  builder.setReport(std::move(text));
  result = builder.take();
  applyRanges();
  return success();
}

/// Declares the ranges of named dimensions on every input that has them.
void Compiler::applyRanges() {
  for (format::Function &function : result->functions) {
    for (format::Signature &input : function.inputs) {
      for (format::Dimension &dimension : input.shape) {
        auto range = options.dimensions.find(dimension.name);
        if (range != options.dimensions.end() && dimension.size == format::kDynamic) {
          dimension.minimum = range->second.minimum;
          dimension.maximum = range->second.maximum;
        }
      }
    }
  }
}

void Compiler::print() {
  if (!targets.front().kernels) {
    *options.text << module << "\n";
    return;
  }
  for (TargetCode &code : targets) {
    *options.text << *code.kernels << "\n";
  }
}

LogicalResult Compiler::runPhase(Phase phase) {
  switch (phase) {
  case Phase::Import:
    if (failed(parseTargets()) || failed(checkSoftGates(module, options.softGates)) ||
        failed(checkPruning(module, options.prune)) || failed(checkModel(module)) ||
        failed(checkDimensions())) {
      return failure();
    }
    densifyConstants(module);
    return runPasses(module, buildRaisePipeline);
  case Phase::Structure: {
    StructureOptions structure;
    structure.softGates = options.softGates;
    structure.prune = options.prune;
    structure.maxPruningError = options.maximumPruningError;
    return runStructure(structure);
  }
  case Phase::Precision:
    return runPrecision();
  case Phase::Dispatch:
    // Before the reference goes its own way, so that both agree on the order of what a session keeps.
    if (failed(runPasses(module, buildSessionPipeline)) ||
        (options.withReference && failed(prepareReference()))) {
      return failure();
    }
    return runPasses(module, buildDispatchPipeline);
  case Phase::Tile:
    return splitTargets();
  case Phase::Lower:
    return lower();
  case Phase::Emit:
    return emit();
  }
  llvm_unreachable("a phase of the enumeration");
}

FailureOr<std::optional<format::Module>> Compiler::run() {
  for (size_t index = 0; index < std::size(kPhaseNames); ++index) {
    auto phase = static_cast<Phase>(index);
    if (options.onPhase) {
      options.onPhase(phase);
    }
    if (failed(runPhase(phase))) {
      return failure();
    }
    bool isLast = options.stopAfter == phase;
    if (options.text && phase != Phase::Emit && (isLast || options.dumpAfter.count(phase))) {
      print();
    }
    if (isLast) {
      break;
    }
  }
  return std::move(result);
}

} // namespace

std::optional<Phase> parsePhase(StringRef name) {
  const StringRef *found = llvm::find(kPhaseNames, name);
  if (found == std::end(kPhaseNames)) {
    return std::nullopt;
  }
  return static_cast<Phase>(found - std::begin(kPhaseNames));
}

ArrayRef<StringRef> phaseNames() { return kPhaseNames; }

FailureOr<std::optional<format::Module>> compile(ModuleOp module, const CompileOptions &options) {
  return Compiler(module, options).run();
}

} // namespace winnow
