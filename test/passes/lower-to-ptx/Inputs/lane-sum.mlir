func.func private @lane_sum(%x: memref<?xf32>, %n: index) attributes {winnow.kernel} {
  scf.forall (%i) in (%n) {
    %0 = memref.load %x[%i] : memref<?xf32>
    %1 = gpu.subgroup_reduce add %0 uniform : (f32) -> f32
    memref.store %1, %x[%i] : memref<?xf32>
  }
  return
}
