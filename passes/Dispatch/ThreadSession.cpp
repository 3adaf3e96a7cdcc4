// Turns what a session keeps, parameters and states, into arguments and results of the functions that use it.
#include "passes/Dispatch/Passes.h"

#include "dialects/Winnow/WinnowOps.h"

#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"

namespace winnow {
#define GEN_PASS_DEF_THREADSESSION
#include "passes/Dispatch/Passes.h.inc"

using namespace mlir;

namespace {

/// Rewrites one function. Arguments and results are appended in the order of their first use.
class Threader {
public:
  explicit Threader(func::FuncOp function) : function(function), builder(function.getContext()) {}

  LogicalResult run();

private:
  LogicalResult thread(Operation *op);
  void replaceGet(ParameterGetOp op);
  void replaceRead(StateReadOp op);
  LogicalResult replaceWrite(StateWriteOp op);
  Value argumentFor(FlatSymbolRefAttr symbol, StringRef attribute, Type type, Location location);
  Value buildSize(FlatSymbolRefAttr parameter, Location location);
  void appendResults();

  func::FuncOp function;
  OpBuilder builder;
  DenseMap<Attribute, Value> arguments, sizes; // by symbol
  DenseMap<Attribute, Value> current;          // what a state holds after the last write
  SetVector<Attribute> written;
};

Value Threader::argumentFor(FlatSymbolRefAttr symbol, StringRef attribute, Type type, Location location) {
  Value &argument = arguments[symbol];
  if (!argument) {
    unsigned index = function.getNumArguments();
    NamedAttribute mark(builder.getStringAttr(attribute), symbol);
    (void)function.insertArgument(index, type, builder.getDictionaryAttr(mark), location);
    argument = function.getArgument(index);
  }
  return argument;
}

/// The value of an i64 parameter as an index, computed once for the function.
Value Threader::buildSize(FlatSymbolRefAttr parameter, Location location) {
  Value &size = sizes[parameter];
  if (!size) {
    Value scalar = argumentFor(parameter, kParameterAttribute,
                               RankedTensorType::get({}, builder.getI64Type()), location);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&function.front());
    Value number = tensor::ExtractOp::create(builder, location, scalar, ValueRange());
    size = arith::IndexCastOp::create(builder, location, builder.getIndexType(), number);
  }
  return size;
}

void Threader::replaceGet(ParameterGetOp op) {
  Type type = op.getValue().getType();
  op.replaceAllUsesWith(type.isIndex()
                            ? buildSize(op.getParameterAttr(), op.getLoc())
                            : argumentFor(op.getParameterAttr(), kParameterAttribute, type, op.getLoc()));
  op.erase();
}

void Threader::replaceRead(StateReadOp op) {
  Value value = current.lookup(op.getStateAttr());
  if (!value) {
    value = argumentFor(op.getStateAttr(), kStateAttribute, op.getValue().getType(), op.getLoc());
  }
  op.replaceAllUsesWith(value);
  op.erase();
}

LogicalResult Threader::replaceWrite(StateWriteOp op) {
  if (op->getParentOp() != function) {
    return op.emitError()
           << "writes state " << op.getStateAttr() << " inside '" << op->getParentOp()->getName()
           << "', but a state is written at the function's top level only: write what the region "
           << "yields";
  }
  current[op.getStateAttr()] = op.getValue();
  written.insert(op.getStateAttr());
  op.erase();
  return success();
}

LogicalResult Threader::thread(Operation *op) {
  if (auto get = dyn_cast<ParameterGetOp>(op)) {
    replaceGet(get);
  } else if (auto read = dyn_cast<StateReadOp>(op)) {
    replaceRead(read);
  } else if (auto write = dyn_cast<StateWriteOp>(op)) {
    return replaceWrite(write);
  }
  return success();
}

void Threader::appendResults() {
  Operation *terminator = function.front().getTerminator();
  for (Attribute state : written) {
    NamedAttribute mark(builder.getStringAttr(kStateAttribute), state);
    Value value = current.lookup(state);
    (void)function.insertResult(function.getNumResults(), value.getType(), builder.getDictionaryAttr(mark));
    terminator->insertOperands(terminator->getNumOperands(), value);
  }
}

LogicalResult Threader::run() {
  SmallVector<Operation *> uses;
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<ParameterGetOp, StateReadOp, StateWriteOp>(op)) {
      uses.push_back(op);
    }
  });
  if (uses.empty()) {
    return success();
  }
  if (!SymbolTable::symbolKnownUseEmpty(function, function->getParentOfType<ModuleOp>())) {
    return function.emitError() << "function " << function.getName()
                                << " uses what a session keeps, and so cannot be called by another";
  }
  if (!llvm::all_of(uses, [&](Operation *op) { return succeeded(thread(op)); })) {
    return failure();
  }
  appendResults();
  return success();
}

struct ThreadSession : impl::ThreadSessionBase<ThreadSession> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (!function.isExternal() && failed(Threader(function).run())) {
        return signalPassFailure();
      }
    }
  }
};

} // namespace
} // namespace winnow
