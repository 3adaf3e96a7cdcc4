// A memory becomes states with its name before theirs, and what is done with it reads and writes them in the order of
// the program.
// RUN: %winnow-opt %s --winnow-expand-memories | FileCheck %s

winnow.parameter @recent = 4 : i64
winnow.parameter @older = 9 : i64
// CHECK-NOT: winnow.memory
// CHECK-DAG: winnow.state @history.working.keys : tensor<2x?x3xf16> sizes [@older] in host = 0.000000e+00 : f16
// CHECK-DAG: winnow.state @history.working.values : tensor<2x?x3xf16> sizes [@older] in host = 0.000000e+00 : f16
// CHECK-DAG: winnow.state @history.working.position : tensor<?xi64> sizes [@older] in host = -1 : i64
// CHECK-DAG: winnow.state @history.working.mass : tensor<?xf32> sizes [@older] in host = 0.000000e+00 : f32
// CHECK-DAG: winnow.state @history.working.anchored : tensor<?xi1> sizes [@older] in host = false
// CHECK-DAG: winnow.state @history.working.count : tensor<i64> = 0 : i64
// CHECK-DAG: winnow.state @history.instant.keys : tensor<2x?x3xf16> sizes [@recent] = 0.000000e+00 : f16
// CHECK-DAG: winnow.state @history.instant.count : tensor<i64> = 0 : i64
// CHECK-DAG: winnow.state @history.seen : tensor<i64> = 0 : i64
winnow.memory @history : !winnow.memory<2x3xf16, instant @recent, working @older, page 4>

// A token of the list is one of the working tier, of the instant tier, or a new one; the least useful ones are below
// the key that just stays.
// CHECK-LABEL: func.func @append
// CHECK-SAME: (%[[K:.*]]: tensor<2x?x3xf16>, %[[V:.*]]: tensor<2x?x3xf16>)
// CHECK: %[[N:.*]] = tensor.dim %[[K]], %{{.*}}
// CHECK: %[[M:.*]] = tensor.dim %[[V]], %{{.*}}
// CHECK: plan.check %[[M]], %[[N]], "winnow.memory.append: the number of values is not that of the keys"
// CHECK: %[[FIRST:.*]] = winnow.state.read @history.seen : tensor<i64>
// CHECK: winnow.order_statistic %{{.*}}, %{{.*}} : tensor<?xi64>
// CHECK: winnow.selection.from_mask
// CHECK: winnow.state.write @history.working.keys
// CHECK: winnow.state.write @history.working.count
// CHECK: winnow.state.write @history.instant.keys
// CHECK: winnow.state.write @history.seen
// CHECK: return %[[FIRST]]
func.func @append(%keys: tensor<2x?x3xf16>, %values: tensor<2x?x3xf16>) -> tensor<i64> {
  %first = winnow.memory.append @history, %keys, %values : tensor<2x?x3xf16>, tensor<2x?x3xf16> -> tensor<i64>
  return %first : tensor<i64>
}

// The instant tier stays as it is.
// CHECK-LABEL: func.func @compact
// CHECK: winnow.order_statistic
// CHECK: winnow.state.write @history.working.keys
// CHECK-NOT: winnow.state.write @history.instant
// CHECK-NOT: winnow.state.write @history.seen
// CHECK: return
func.func @compact(%target: tensor<i64>) {
  winnow.memory.compact @history to %target : tensor<i64>
  return
}

// Only the marks are written.
// CHECK-LABEL: func.func @anchor
// CHECK: winnow.state.write @history.working.anchored
// CHECK: winnow.state.write @history.instant.anchored
// CHECK-NOT: winnow.state.write
// CHECK: return
func.func @anchor(%positions: tensor<?xi64>) {
  winnow.memory.anchor @history, %positions : tensor<?xi64>
  return
}

// The pages of the selection are the key blocks of the attention, for each query by itself.
// CHECK-LABEL: func.func @recall
// CHECK: %[[S:.*]] = winnow.select.topk %{{.*}}, k = 2 : tensor<?x?xf32> -> !winnow.selection<?x?, 2>
// CHECK: %[[P:.*]] = tensor.concat dim(0)
// CHECK: winnow.attention %{{.*}}, scale 5.000000e-01 active(%[[S]] : !winnow.selection<?x?, 2>) captures(%[[P]] : tensor<?xi64>)
// CHECK-SAME: key_block = 4 : i64, query_block = 1 : i64
// CHECK: winnow.selection.to_mask %[[S]]
// CHECK: winnow.state.write @history.working.mass
// CHECK: winnow.state.write @history.instant.mass
// CHECK-NOT: winnow.state.write
// CHECK: return
func.func @recall(%q: tensor<4x?x3xf16>) -> tensor<4x?x3xf16> {
  %pages = winnow.memory.select @history, %q, k = 2 : tensor<4x?x3xf16> -> !winnow.selection<?x?, 2>
  %y = winnow.memory.attend @history, %q scale 0.5 active(%pages : !winnow.selection<?x?, 2>) : tensor<4x?x3xf16>
  return %y : tensor<4x?x3xf16>
}

// Heads and widths that the types leave open are those of the memory.
// CHECK-LABEL: func.func @append_open
// CHECK-SAME: (%[[K:.*]]: tensor<?x?x?xf16>, %[[V:.*]]: tensor<2x?x?xf16>)
// CHECK: plan.check %{{.*}}, %c2{{.*}}, "winnow.memory.append: the number of heads of the keys is not that of the memory"
// CHECK: plan.check %{{.*}}, %c3{{.*}}, "winnow.memory.append: the width of the keys is not that of the memory"
// CHECK-NOT: number of heads of the values
// CHECK: plan.check %{{.*}}, %c3{{.*}}, "winnow.memory.append: the width of the values is not that of the memory"
func.func @append_open(%keys: tensor<?x?x?xf16>, %values: tensor<2x?x?xf16>) {
  %first = winnow.memory.append @history, %keys, %values : tensor<?x?x?xf16>, tensor<2x?x?xf16> -> tensor<i64>
  return
}
