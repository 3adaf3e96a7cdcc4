// Tensors, generics and slices in the IR.
#include "lib/Import/ONNX/Emitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {

using mlir::Value;

void Emitter::defineSymbol(unsigned number, Value value) { symbolValues[number] = value; }

Value Emitter::indexConstant(int64_t value) {
  return mlir::arith::ConstantIndexOp::create(builder, location, value);
}

Value Emitter::symbolValue(unsigned number) {
  if (Value known = symbolValues.lookup(number))
    return known;
  // A copy: making the operands may not grow the table, but nothing here should depend on that.
  ExtentSymbol symbol = extents.symbol(number);
  Value a = index(symbol.a), b = index(symbol.b);
  bool divides = symbol.kind != ExtentSymbol::Kind::Minimum && symbol.kind != ExtentSymbol::Kind::Maximum;
  if (divides && !extents.isAtLeast(symbol.b, 1))
    b = mlir::arith::MaxSIOp::create(builder, location, b, indexConstant(1));
  Value result;
  switch (symbol.kind) {
  case ExtentSymbol::Kind::Input:
  case ExtentSymbol::Kind::Data:
    llvm_unreachable("these symbols are defined before anything that uses them is emitted");
  case ExtentSymbol::Kind::FloorDivide:
    result = mlir::arith::FloorDivSIOp::create(builder, location, a, b);
    break;
  case ExtentSymbol::Kind::CeilDivide:
    result = mlir::arith::CeilDivSIOp::create(builder, location, a, b);
    break;
  case ExtentSymbol::Kind::Remainder:
    result = mlir::arith::RemSIOp::create(builder, location, a, b);
    break;
  case ExtentSymbol::Kind::Minimum:
    result = mlir::arith::MinSIOp::create(builder, location, a, b);
    break;
  case ExtentSymbol::Kind::Maximum:
    result = mlir::arith::MaxSIOp::create(builder, location, a, b);
    break;
  }
  symbolValues[number] = result;
  return result;
}

Extent Emitter::dataExtent(Value value, llvm::StringRef name, std::optional<int64_t> lowerBound) {
  Extent extent = extents.data(name, lowerBound);
  defineSymbol(*extent.asSymbol(), value);
  return extent;
}

llvm::SmallVector<Extent> Emitter::readElements(const GraphValue &value, llvm::StringRef name) {
  Value source = tensor(value);
  auto found = elementsOf.find(source);
  if (found != elementsOf.end())
    return found->second;
  int64_t count = *elementCount(value.shape)->constant();
  llvm::SmallVector<Extent> elements;
  for (int64_t i = 0; i < count; ++i) {
    llvm::SmallVector<Value> place;
    if (value.rank() == 1)
      place.push_back(indexConstant(i));
    Value element = mlir::tensor::ExtractOp::create(builder, location, source, place);
    bool isBool = value.elementType.isInteger(1) || isUnsigned(value.elementType);
    Value number =
        isBool ? mlir::arith::IndexCastUIOp::create(builder, location, builder.getIndexType(), element)
                     .getResult()
               : mlir::arith::IndexCastOp::create(builder, location, builder.getIndexType(), element)
                     .getResult();
    elements.push_back(dataExtent(number, name));
  }
  return elementsOf[source] = elements;
}

void Emitter::require(const Extent &a, const Extent &b, const llvm::Twine &message) {
  builder.getContext()->loadDialect<mlir::cf::ControlFlowDialect>();
  auto named = mlir::dyn_cast<mlir::NameLoc>(location);
  std::string place = named ? (" at node '" + named.getName().getValue() + "'").str() : "";
  Value equal =
      mlir::arith::CmpIOp::create(builder, location, mlir::arith::CmpIPredicate::eq, index(a), index(b));
  mlir::cf::AssertOp::create(builder, location, equal, (message + place).str());
}

Value Emitter::index(const Extent &extent) {
  if (std::optional<int64_t> value = extent.constant())
    return indexConstant(*value);
  Value sum;
  for (const Extent::Term &term : llvm::reverse(extent.terms())) {
    Value product;
    for (unsigned number : term.symbols) {
      Value factor = symbolValue(number);
      product = product ? mlir::arith::MulIOp::create(builder, location, product, factor) : factor;
    }
    if (!product)
      product = indexConstant(term.coefficient);
    else if (term.coefficient != 1)
      product = mlir::arith::MulIOp::create(builder, location, product, indexConstant(term.coefficient));
    sum = sum ? mlir::arith::AddIOp::create(builder, location, sum, product) : product;
  }
  return sum;
}

mlir::OpFoldResult Emitter::size(const Extent &extent) {
  if (std::optional<int64_t> value = extent.constant())
    return builder.getIndexAttr(*value);
  return index(extent);
}

llvm::SmallVector<mlir::OpFoldResult> Emitter::sizes(llvm::ArrayRef<Extent> shape) {
  return llvm::map_to_vector(shape, [&](const Extent &extent) { return size(extent); });
}

mlir::RankedTensorType Emitter::type(mlir::Type elementType, llvm::ArrayRef<Extent> shape) {
  llvm::SmallVector<int64_t> dimensions;
  for (const Extent &extent : shape)
    dimensions.push_back(extent.constant().value_or(mlir::ShapedType::kDynamic));
  return mlir::RankedTensorType::get(dimensions, storageType(elementType));
}

Value Emitter::scalar(mlir::TypedAttr value) {
  return mlir::arith::ConstantOp::create(builder, location, value);
}

Value Emitter::empty(mlir::Type elementType, llvm::ArrayRef<Extent> shape) {
  return mlir::tensor::EmptyOp::create(builder, location, sizes(shape), storageType(elementType));
}

Value Emitter::filled(mlir::TypedAttr value, llvm::ArrayRef<Extent> shape) {
  Value init = empty(value.getType(), shape);
  return mlir::linalg::FillOp::create(builder, location, scalar(value), init).getResult(0);
}

Value Emitter::zeros(mlir::Type elementType, llvm::ArrayRef<Extent> shape) {
  return filled(mlir::cast<mlir::TypedAttr>(builder.getZeroAttr(storageType(elementType))), shape);
}

GraphValue Emitter::wrap(Value tensor, mlir::Type elementType, Shape shape) {
  GraphValue result;
  result.elementType = elementType;
  result.shape = std::move(shape);
  result.tensor = tensor;
  return result;
}

Value Emitter::tensor(const GraphValue &value) {
  if (value.tensor)
    return value.tensor;
  Value made = materialize(value);
  if (regionDepth == 0) // what is made inside a region cannot be used outside
    value.tensor = made;
  return made;
}

Value Emitter::materialize(const GraphValue &value) {
  mlir::RankedTensorType tensorType = type(value.elementType, value.shape);
  if (tensorType.hasStaticShape() && tensorType.getNumElements() == 0)
    return empty(value.elementType, value.shape);
  if (value.constant)
    return tensorType.hasStaticShape() ? scalar(value.constant->dense(tensorType))
                                       : filled(value.constant->attribute(0), value.shape);
  llvm::SmallVector<Value> elements;
  for (const Extent &element : *value.integers)
    elements.push_back(
        mlir::arith::IndexCastOp::create(builder, location, tensorType.getElementType(), index(element)));
  return mlir::tensor::FromElementsOp::create(builder, location, tensorType, elements);
}

Emitter::RegionScope::RegionScope(Emitter &emitter, mlir::Block *block)
    : emitter(emitter), guard(emitter.builder), symbolValues(emitter.symbolValues),
      elementsOf(emitter.elementsOf), origins(emitter.origins) {
  ++emitter.regionDepth;
  emitter.builder.setInsertionPointToStart(block);
}

Emitter::RegionScope::~RegionScope() {
  --emitter.regionDepth;
  emitter.symbolValues = std::move(symbolValues);
  emitter.elementsOf = std::move(elementsOf);
  emitter.origins = std::move(origins);
}

bool Emitter::isDefined(const Extent &extent) const {
  return llvm::all_of(extent.terms(), [&](const Extent::Term &term) {
    return llvm::all_of(term.symbols, [&](unsigned number) {
      const ExtentSymbol &symbol = extents.symbol(number);
      bool isMade = symbol.kind == ExtentSymbol::Kind::Input || symbol.kind == ExtentSymbol::Kind::Data;
      return symbolValues.contains(number) || (!isMade && isDefined(symbol.a) && isDefined(symbol.b));
    });
  });
}

llvm::SmallVector<Value> Emitter::generic(int64_t loops, llvm::ArrayRef<int64_t> reductions,
                                          llvm::ArrayRef<Access> inputs, llvm::ArrayRef<Access> outputs,
                                          Body body) {
  llvm::SmallVector<Value> inputTensors, outputTensors;
  llvm::SmallVector<mlir::Type> types;
  llvm::SmallVector<mlir::AffineMap> maps;
  auto addMap = [&](const Access &access) {
    if (access.map) {
      maps.push_back(access.map);
      return;
    }
    llvm::SmallVector<mlir::AffineExpr> results;
    for (int64_t loop : access.loops)
      results.push_back(builder.getAffineDimExpr(loop));
    maps.push_back(mlir::AffineMap::get(loops, 0, results, builder.getContext()));
  };
  for (const Access &access : inputs) {
    inputTensors.push_back(access.tensor);
    addMap(access);
  }
  for (const Access &access : outputs) {
    outputTensors.push_back(access.tensor);
    types.push_back(access.tensor.getType());
    addMap(access);
  }
  llvm::SmallVector<mlir::utils::IteratorType> iterators(loops, mlir::utils::IteratorType::parallel);
  for (int64_t loop : reductions)
    iterators[loop] = mlir::utils::IteratorType::reduction;
  auto operation = mlir::linalg::GenericOp::create(
      builder, location, types, inputTensors, outputTensors, maps, iterators,
      [&](mlir::OpBuilder &nested, mlir::Location where, mlir::ValueRange arguments) {
        mlir::linalg::YieldOp::create(nested, where, body(nested, where, arguments));
      });
  return llvm::SmallVector<Value>(operation->getResults());
}

GraphValue Emitter::dropBroadcast(const GraphValue &value, const Shape &shape,
                                  llvm::SmallVector<int64_t> &loops) {
  Shape kept;
  int64_t missing = static_cast<int64_t>(shape.size()) - value.rank();
  for (int64_t i = 0; i < value.rank(); ++i)
    if (!value.shape[i].is(1) || shape[missing + i].is(1)) {
      kept.push_back(value.shape[i]);
      loops.push_back(missing + i);
    }
  return reshape(value, kept);
}

GraphValue Emitter::elementwise(mlir::Type elementType, const Shape &shape,
                                llvm::ArrayRef<const GraphValue *> operands, ScalarBody body) {
  llvm::SmallVector<Access> inputs;
  llvm::SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, shape.size()));
  for (const GraphValue *operand : operands) {
    if (operand->isUniform())
      continue;
    Access access;
    access.tensor = tensor(dropBroadcast(*operand, shape, access.loops));
    inputs.push_back(std::move(access));
  }
  Access output{empty(elementType, shape), all};
  auto nestedBody = [&](mlir::OpBuilder &nested, mlir::Location where, mlir::ValueRange arguments) {
    llvm::SmallVector<Value> scalars;
    for (const GraphValue *operand : operands) {
      if (operand->isUniform()) {
        scalars.push_back(mlir::arith::ConstantOp::create(nested, where, operand->constant->attribute(0)));
      } else {
        scalars.push_back(arguments.front());
        arguments = arguments.drop_front();
      }
    }
    return llvm::SmallVector<Value>{body(nested, where, scalars)};
  };
  Value result = generic(shape.size(), {}, inputs, output, nestedBody)[0];
  return wrap(result, elementType, shape);
}

GraphValue Emitter::reduce(const GraphValue &value, llvm::ArrayRef<int64_t> axes, mlir::TypedAttr identity,
                           ScalarBody body) {
  Access input{tensor(value), llvm::to_vector(llvm::seq<int64_t>(0, value.rank()))}, output;
  Shape shape;
  for (int64_t i = 0; i < value.rank(); ++i)
    if (!llvm::is_contained(axes, i)) {
      shape.push_back(value.shape[i]);
      output.loops.push_back(i);
    }
  output.tensor = filled(identity, shape);
  auto nestedBody = [&](mlir::OpBuilder &nested, mlir::Location where, mlir::ValueRange arguments) {
    return llvm::SmallVector<Value>{body(nested, where, arguments)};
  };
  Value result = generic(value.rank(), axes, input, output, nestedBody)[0];
  return wrap(result, value.elementType, std::move(shape));
}

GraphValue Emitter::pad(const GraphValue &value, llvm::ArrayRef<Extent> low, llvm::ArrayRef<Extent> high,
                        mlir::TypedAttr attribute) {
  auto isZero = [](const Extent &extent) { return extent.is(0); };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return value;
  Shape shape;
  for (auto [extent, before, after] : llvm::zip_equal(value.shape, low, high))
    shape.push_back(*add(*add(extent, before), after));
  Value source = tensor(value), padding = scalar(attribute);
  Value result = mlir::tensor::PadOp::create(builder, location, type(value.elementType, shape), source,
                                             sizes(low), sizes(high), padding);
  return wrap(result, value.elementType, std::move(shape));
}

/// The slice, if it is known to have no elements: there is no place in the tensor then that it could begin
/// at. One that begins at the end has none either, whatever its size depends on.
std::optional<GraphValue> Emitter::emptySlice(const GraphValue &value, llvm::ArrayRef<Extent> offsets,
                                              Shape shape) {
  for (auto [size, offset, whole] : llvm::zip_equal(shape, offsets, value.shape)) {
    std::optional<int64_t> begin = offset.constant(), end = whole.constant();
    if (!begin || !end || *begin < *end || size.is(0))
      continue;
    require(size, 0, "a slice goes beyond the end");
    size = 0;
  }
  if (llvm::none_of(shape, [](const Extent &size) { return size.is(0); }))
    return std::nullopt;
  return wrap(empty(value.elementType, shape), value.elementType, shape);
}

GraphValue Emitter::slice(const GraphValue &value, llvm::ArrayRef<Extent> offsets, const Shape &shape,
                          llvm::ArrayRef<int64_t> steps) {
  if (std::optional<GraphValue> nothing = emptySlice(value, offsets, shape))
    return *nothing;
  llvm::SmallVector<mlir::OpFoldResult> strides = llvm::map_to_vector(
      steps, [&](int64_t step) -> mlir::OpFoldResult { return builder.getIndexAttr(step); });
  Value source = tensor(value);
  Value result = mlir::tensor::ExtractSliceOp::create(builder, location, type(value.elementType, shape),
                                                      source, sizes(offsets), sizes(shape), strides);
  return wrap(result, value.elementType, shape);
}

GraphValue Emitter::insert(const GraphValue &part, const GraphValue &value, llvm::ArrayRef<Extent> offsets) {
  // A part without elements may lie behind the last element, where no slice may.
  if (llvm::any_of(part.shape, [](const Extent &size) { return size.is(0); }))
    return value;
  llvm::SmallVector<mlir::OpFoldResult> strides(value.rank(), builder.getIndexAttr(1));
  Value source = tensor(part), destination = tensor(value);
  Value result = mlir::tensor::InsertSliceOp::create(builder, location, source, destination, sizes(offsets),
                                                     sizes(part.shape), strides);
  return wrap(result, value.elementType, value.shape);
}

} // namespace winnow::frontend
