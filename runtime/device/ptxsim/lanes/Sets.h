// The sets of lane functions: every source here is compiled once for each level of the host's instruction
// set, with WINNOW_LANE_SET naming the namespace. LaneTable.cpp chooses a set when the program starts.
#pragma once

#include "runtime/device/ptxsim/lanes/Lanes.h"

namespace winnow::ptxsim {

#define WINNOW_DECLARE_LANE_SET(set)                                                                         \
  namespace set {                                                                                            \
  void installInteger(LaneTable &table);                                                                     \
  void installBits(LaneTable &table);                                                                        \
  void installMoves(LaneTable &table);                                                                       \
  void installFloat(LaneTable &table);                                                                       \
  void installHalf(LaneTable &table);                                                                        \
  void installApproximate(LaneTable &table);                                                                 \
  void installCompare(LaneTable &table);                                                                     \
  void installConvert(LaneTable &table);                                                                     \
  void installMatrices(LaneTable &table);                                                                    \
  void installMemory(LaneTable &table);                                                                      \
  void installVideo(LaneTable &table);                                                                       \
  }
WINNOW_DECLARE_LANE_SET(lanes_baseline)
WINNOW_DECLARE_LANE_SET(lanes_avx2)
#undef WINNOW_DECLARE_LANE_SET

/// Operations with directed rounding and general conversions; one build serves all sets.
void installRounded(LaneTable &table);
void installGeneralConvert(LaneTable &table);

} // namespace winnow::ptxsim
