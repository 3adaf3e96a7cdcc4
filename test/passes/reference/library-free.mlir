// The code of every math function that models use links without a library.
// RUN: %winnow-opt %s --winnow-reference -o %t.mlir
// RUN: sed -i "s/ {fastmath = #arith.fastmath<contract>}//" %t.mlir
// RUN: mlir-translate --mlir-to-llvmir %t.mlir | llc --mcpu=x86-64-v3 -O1 --filetype=obj --relocation-model=pic -o %t.o
// RUN: cc -shared -nostdlib -Wl,--no-undefined %t.o -o %t.so

func.func @functions(%x: tensor<?x4xf32>, %h: tensor<?x4xf16>, %b: tensor<?x4xbf16>, %i: tensor<?x4xi64>)
    -> (tensor<?x8xf32>, tensor<?x4xf16>, tensor<?x4xbf16>, tensor<?x4xi64>) {
  %0 = math.exp %x : tensor<?x4xf32>
  %1 = math.log %0 : tensor<?x4xf32>
  %2 = math.tanh %1 : tensor<?x4xf32>
  %3 = math.erf %2 : tensor<?x4xf32>
  %4 = math.sin %3 : tensor<?x4xf32>
  %5 = math.cos %4 : tensor<?x4xf32>
  %6 = math.exp2 %5 : tensor<?x4xf32>
  %7 = math.rsqrt %6 : tensor<?x4xf32>
  %8 = math.log2 %7 : tensor<?x4xf32>
  %9 = math.log1p %8 : tensor<?x4xf32>
  %10 = math.expm1 %9 : tensor<?x4xf32>
  %11 = math.floor %10 : tensor<?x4xf32>
  %12 = math.ceil %11 : tensor<?x4xf32>
  %13 = math.round %12 : tensor<?x4xf32>
  %14 = math.roundeven %13 : tensor<?x4xf32>
  %15 = math.atan %14 : tensor<?x4xf32>
  %16 = math.asin %15 : tensor<?x4xf32>
  %17 = math.acos %16 : tensor<?x4xf32>
  %18 = math.sinh %17 : tensor<?x4xf32>
  %19 = math.cosh %18 : tensor<?x4xf32>
  %20 = math.asinh %19 : tensor<?x4xf32>
  %21 = math.acosh %20 : tensor<?x4xf32>
  %22 = math.atanh %21 : tensor<?x4xf32>
  %23 = math.tan %22 : tensor<?x4xf32>
  %24 = math.trunc %23 : tensor<?x4xf32>
  %25 = math.cbrt %24 : tensor<?x4xf32>
  %26 = math.erfc %25 : tensor<?x4xf32>
  %27 = math.log10 %26 : tensor<?x4xf32>
  %28 = math.absf %27 : tensor<?x4xf32>
  %29 = math.sqrt %28 : tensor<?x4xf32>
  %power = math.powf %29, %x : tensor<?x4xf32>
  %angle = math.atan2 %power, %x : tensor<?x4xf32>
  %rest = arith.remf %angle, %x : tensor<?x4xf32>
  %sign = math.copysign %rest, %x : tensor<?x4xf32>
  %largest = arith.maximumf %sign, %x : tensor<?x4xf32>
  %both = tensor.concat dim(1) %largest, %x : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  %half = math.exp %h : tensor<?x4xf16>
  %brain = math.tanh %b : tensor<?x4xbf16>
  %quotient = arith.floordivsi %i, %i : tensor<?x4xi64>
  %integer = math.ipowi %quotient, %i : tensor<?x4xi64>
  return %both, %half, %brain, %integer : tensor<?x8xf32>, tensor<?x4xf16>, tensor<?x4xbf16>, tensor<?x4xi64>
}
