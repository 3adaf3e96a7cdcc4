// What an executor tells the collector of figures, if figures are asked for.
#pragma once

#include "runtime/device/ptxsim/execute/Access.h"
#include "runtime/device/ptxsim/execute/Cta.h"

#include <memory>

namespace winnow::ptxsim {

class Measurement {
public:
  explicit Measurement(const Cta &cta);

  /// Where false, nothing else may be called but takeFigures().
  bool isOn() const { return figures != nullptr; }
  std::unique_ptr<FigureCollector> takeFigures() { return std::move(figures); }

  void countDivergence(uint32_t pc) { figures->countDivergence(pc); }
  /// A fragment of a warp begins to run: the lanes that wait for it are lost until charge().
  void findLostLanes(const Warp &warp, uint32_t index);
  void charge(uint64_t executed) { figures->charge(executed); }
  /// `addresses` are the host's.
  void measure(uint32_t pc, uint32_t mask, const Access &access, const uint64_t *addresses);
  void measureCopy(const PendingCopy &copy);
  void measureFragment(uint32_t pc, AccessKind kind, unsigned bytes, const std::vector<uint64_t> &addresses);

private:
  const Cta &cta;
  std::unique_ptr<FigureCollector> figures;
};

} // namespace winnow::ptxsim
