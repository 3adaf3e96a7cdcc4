# Subgraphs that run only under a condition: chains, several results, values from outside, conditions inside
# conditions, and conditions that the device computes.
import numpy as np

from case import Case, Expected

MATMUL = """linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>,
      affine_map<(i, j, k) -> (i, j)>], iterator_types = ["parallel", "parallel", "reduction"]}"""
ADD = """linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>,
      affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}"""
X = "tensor<?x?xf32>"


def add(result, a, b):
    """Text that adds two matrices of the shape of %zeros."""
    return f"""  {result} = {ADD} ins({a}, {b} : {X}, {X}) outs(%e : {X}) {{
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }} -> {X}
"""


SHAPE = f"""  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : {X}
  %n = tensor.dim %x, %c1 : {X}
  %e = tensor.empty(%m, %n) : {X}
  %zeros = linalg.fill ins(%zero : f32) outs(%e : {X}) -> {X}
"""


def coin(sampler):
    return np.array(sampler.random.random() < 0.5)


def matrices(count):
    def sample(sampler):
        shape = sampler.size(0, 20), sampler.size(0, 20)
        return [coin(sampler), *(sampler.tensor("f32", *shape) for _ in range(count))]
    return sample


def chain():
    """Two kernels in a row, the first of which leaves a buffer that lives in the branch only."""
    text = f"""func.func @chain(%c: tensor<i1>, %x: {X}, %w: tensor<?x?xf32>) -> {X} {{
{SHAPE}  %0 = winnow.when %c otherwise(%zeros : {X}) {{
    %p = {MATMUL} ins(%x, %w : {X}, {X}) outs(%zeros : {X}) {{
    ^bb0(%a: f32, %b: f32, %o: f32):
      %ab = arith.mulf %a, %b : f32
      %s = arith.addf %o, %ab : f32
      linalg.yield %s : f32
    }} -> {X}
    %q = {MATMUL} ins(%p, %w : {X}, {X}) outs(%zeros : {X}) {{
    ^bb0(%a: f32, %b: f32, %o: f32):
      %ab = arith.mulf %a, %b : f32
      %s = arith.addf %o, %ab : f32
      linalg.yield %s : f32
    }} -> {X}
    winnow.yield %q : {X}
  }}
  return %0 : {X}
}}
"""

    def sample(sampler):
        rows, width = sampler.size(0, 9), sampler.size(1, 9)
        return [coin(sampler), sampler.tensor("f32", rows, width), sampler.tensor("f32", width, width)]

    def expect(condition, x, w):
        if not condition:
            return [Expected(np.zeros_like(x), tolerance=0)]
        magnitude = np.abs(x) @ np.abs(w) @ np.abs(w)
        return [Expected(x.astype(np.float64) @ w @ w, magnitude=magnitude)]

    return Case("chain", text, sample, expect)


def several():
    """One result is computed, one is from outside, one is an input otherwise; what follows reads them."""
    text = f"""func.func @several(%c: tensor<i1>, %x: {X}, %y: {X}) -> ({X}, {X}, {X}) {{
{SHAPE}{add("%before", "%x", "%y")}
  %r:3 = winnow.when %c otherwise(%zeros, %x, %before : {X}, {X}, {X}) {{
{add("%sum", "%before", "%y")}
    winnow.yield %sum, %y, %sum : {X}, {X}, {X}
  }}
{add("%after", "%r#0", "%r#1")}
  return %after, %r#1, %r#2 : {X}, {X}, {X}
}}
"""

    def expect(condition, x, y):
        first, second = (x + y + y, y) if condition else (np.zeros_like(x), x)
        return [Expected(first + second), Expected(second, tolerance=0), Expected(x + y + y if condition else x + y)]

    return Case("several", text, matrices(2), expect)


def nested():
    text = f"""func.func @nested(%c: tensor<i1>, %x: {X}, %d: tensor<i1>) -> {X} {{
{SHAPE}  %0 = winnow.when %c otherwise(%x : {X}) {{
{add("%twice", "%x", "%x")}
    %inner = winnow.when %d otherwise(%zeros : {X}) {{
{add("%thrice", "%twice", "%x")}
      winnow.yield %thrice : {X}
    }}
    winnow.yield %inner : {X}
  }}
  return %0 : {X}
}}
"""

    def sample(sampler):
        return [coin(sampler), sampler.tensor("f32", sampler.size(0, 20), sampler.size(0, 20)), coin(sampler)]

    def expect(outer, x, inner):
        return [Expected((x + x + x if inner else np.zeros_like(x)) if outer else x)]

    return Case("nested", text, sample, expect)


def reshaped():
    """What is yielded is a reshape of what a kernel writes, and what is returned a reshape of the result."""
    text = f"""func.func @reshaped(%c: tensor<i1>, %x: tensor<?x6xf32>) -> tensor<?xf32> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x6xf32>
  %e = tensor.empty(%m) : tensor<?x6xf32>
  %e3 = tensor.empty(%m) : tensor<?x2x3xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e3 : tensor<?x2x3xf32>) -> tensor<?x2x3xf32>
  %0 = winnow.when %c otherwise(%zeros : tensor<?x2x3xf32>) {{
    %twice = {ADD} ins(%x, %x : tensor<?x6xf32>, tensor<?x6xf32>) outs(%e : tensor<?x6xf32>) {{
    ^bb0(%p: f32, %q: f32, %o: f32):
      %s = arith.addf %p, %q : f32
      linalg.yield %s : f32
    }} -> tensor<?x6xf32>
    %wide = tensor.expand_shape %twice [[0], [1, 2]] output_shape [%m, 2, 3] : tensor<?x6xf32> into tensor<?x2x3xf32>
    winnow.yield %wide : tensor<?x2x3xf32>
  }}
  %flat = tensor.collapse_shape %0 [[0, 1, 2]] : tensor<?x2x3xf32> into tensor<?xf32>
  return %flat : tensor<?xf32>
}}
"""

    def sample(sampler):
        return [coin(sampler), sampler.tensor("f32", sampler.size(0, 20), 6)]

    return Case("reshaped", text, sample, lambda condition, x: [Expected((x + x if condition else 0 * x).reshape(-1))])


def selected():
    """The condition is that a selection chooses anything: known on the device only."""
    text = f"""func.func @selected(%scores: tensor<?x?xf32>, %x: {X}) -> ({X}, tensor<i1>) {{
{SHAPE}  %false = arith.constant false
  %none = arith.constant 0 : i32
  %chosen = winnow.select.threshold %scores, gt 0.9 : tensor<?x?xf32> -> !winnow.selection<?x?, ?>
  %counts = winnow.selection.counts %chosen : !winnow.selection<?x?, ?> -> tensor<?xi32>
  %b = tensor.empty() : tensor<i1>
  %start = linalg.fill ins(%false : i1) outs(%b : tensor<i1>) -> tensor<i1>
  %any = linalg.generic {{indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>],
      iterator_types = ["reduction"]}} ins(%counts : tensor<?xi32>) outs(%start : tensor<i1>) {{
  ^bb0(%count: i32, %o: i1):
    %p = arith.cmpi sgt, %count, %none : i32
    %r = arith.ori %p, %o : i1
    linalg.yield %r : i1
  }} -> tensor<i1>
  %0 = winnow.when %any otherwise(%zeros : {X}) {{
{add("%twice", "%x", "%x")}
    winnow.yield %twice : {X}
  }}
  return %0, %any : {X}, tensor<i1>
}}
"""

    def sample(sampler):
        scores = sampler.random.random((sampler.size(0, 4), sampler.size(0, 4))).astype(np.float32)
        return [scores, sampler.tensor("f32", sampler.size(0, 20), sampler.size(0, 20))]

    def expect(scores, x):
        holds = bool((scores > 0.9).any())
        return [Expected(x + x if holds else 0 * x), Expected(np.array(holds))]

    return Case("selected", text, sample, expect)


def typed(kind):
    """Doubled values of one type, or what another subgraph has made."""
    x, operation = f"tensor<?x?x{kind}>", "arith.addi" if kind.startswith("i") else "arith.addf"
    text = f"""func.func @typed_{kind}(%c: tensor<i1>, %x: {x}, %y: {x}) -> {x} {{
  %0 = winnow.when %c otherwise(%y : {x}) {{
    %sum = {operation} %x, %x : {x}
    winnow.yield %sum : {x}
  }}
  return %0 : {x}
}}
"""

    def sample(sampler):
        shape = sampler.size(0, 20), sampler.size(0, 20)
        return [coin(sampler), *(sampler.tensor(kind, *shape) for _ in range(2))]

    return Case(f"typed_{kind}", text, sample,
                lambda condition, x, y: [Expected(x + x if condition else y, tolerance=0)])


def condition_cases():
    return [chain(), several(), nested(), reshaped(), selected(),
            *(typed(kind) for kind in ("f16", "bf16", "i8", "i32", "i64"))]
