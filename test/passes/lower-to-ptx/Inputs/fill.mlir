func.func private @fill(%x: memref<?xf32>, %n: index) attributes {winnow.kernel} {
  %one = arith.constant 1.0 : f32
  scf.forall (%i) in (%n) {
    memref.store %one, %x[%i] : memref<?xf32>
  }
  return
}
