// A transient buffer lives from its first use to its last one, slices included; one that is not used is none.
// RUN: %winnow-opt %s --pass-pipeline="builtin.module(plan.func(winnow-plan-buffers))" | FileCheck %s

// CHECK-LABEL: plan.func @main
// CHECK-NOT: plan.alloc
// CHECK: %[[A:.*]] = plan.alloc
// CHECK-NEXT: plan.dispatch @first {{.*}} buffers(%[[A]])
// CHECK: %[[B:.*]] = plan.alloc
// CHECK-NEXT: %[[PART:.*]] = plan.slice %[[B]]
// CHECK-NEXT: plan.dispatch @second {{.*}} buffers(%[[A]], %[[PART]])
// CHECK-NEXT: plan.release %[[A]]
// CHECK: plan.dispatch @third {{.*}} buffers(%[[PART]], %{{.*}})
// CHECK-NEXT: plan.release %[[B]]
// CHECK-NOT: plan.{{alloc|release}}
plan.func @main inputs [] outputs [#plan.signature<"y", tensor<4xf32>, "">] {
  %c4 = arith.constant 4 : index
  %c16 = arith.constant 16 : index
  %b = plan.alloc %c16
  %a = plan.alloc %c16
  %unused = plan.alloc %c16
  %y = plan.output 0(%c4)
  plan.dispatch @first extents(%c4) buffers(%a) sizes() written [true]
  %part = plan.slice %b, %c4, %c4
  plan.dispatch @second extents(%c4) buffers(%a, %part) sizes() written [false, true]
  plan.dispatch @third extents(%c4) buffers(%part, %y) sizes() written [false, true]
}

// A buffer that a branch uses lives until the whole plan.if is over; one that a branch makes ends in it.
// CHECK-LABEL: plan.func @branches
// CHECK: %[[A:.*]] = plan.alloc
// CHECK-NEXT: plan.if
// CHECK-NEXT: %[[B:.*]] = plan.alloc
// CHECK-NEXT: plan.dispatch @first {{.*}} buffers(%[[A]], %[[B]])
// CHECK-NEXT: plan.release %[[B]]
// CHECK-NEXT: } else {
// CHECK-NEXT: plan.copy
// CHECK-NEXT: }
// CHECK-NEXT: plan.release %[[A]]
// CHECK-NEXT: plan.dispatch @second
plan.func @branches inputs [#plan.signature<"c", tensor<i1>>] outputs [#plan.signature<"y", tensor<4xf32>, "">] {
  %c4 = arith.constant 4 : index
  %c16 = arith.constant 16 : index
  %c = plan.input 0
  %y = plan.output 0(%c4)
  %a = plan.alloc %c16
  plan.if %c {
    %unused = plan.alloc %c16
    %b = plan.alloc %c16
    plan.dispatch @first extents(%c4) buffers(%a, %b) sizes() written [true, true]
  } else {
    plan.copy %y, %a
  }
  plan.dispatch @second extents(%c4) buffers(%y) sizes() written [true]
}
