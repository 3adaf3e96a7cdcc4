// Chooses the set of lane functions for the machine that this runs on.
#include "runtime/device/ptxsim/lanes/Sets.h"

namespace winnow::ptxsim {
namespace {

LaneTable makeTable() {
  LaneTable table;
  installRounded(table);
  installGeneralConvert(table);
#ifdef WINNOW_LANES_AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2") &&
      __builtin_cpu_supports("f16c")) {
    lanes_avx2::installInteger(table);
    lanes_avx2::installBits(table);
    lanes_avx2::installMoves(table);
    lanes_avx2::installFloat(table);
    lanes_avx2::installHalf(table);
    lanes_avx2::installApproximate(table);
    lanes_avx2::installCompare(table);
    lanes_avx2::installConvert(table);
    lanes_avx2::installMatrices(table);
    lanes_avx2::installMemory(table);
    lanes_avx2::installVideo(table);
    return table;
  }
#endif
  lanes_baseline::installInteger(table);
  lanes_baseline::installBits(table);
  lanes_baseline::installMoves(table);
  lanes_baseline::installFloat(table);
  lanes_baseline::installHalf(table);
  lanes_baseline::installApproximate(table);
  lanes_baseline::installCompare(table);
  lanes_baseline::installConvert(table);
  lanes_baseline::installMatrices(table);
  lanes_baseline::installMemory(table);
  lanes_baseline::installVideo(table);
  return table;
}

} // namespace

const LaneTable &laneTable() {
  static const LaneTable table = makeTable();
  return table;
}

} // namespace winnow::ptxsim
