// The failure of a CTA, and the words for where it happened.
#pragma once

#include "format/Status.h"
#include "runtime/device/ptxsim/execute/Cta.h"

namespace winnow::ptxsim {

/// "(5,0,0)"
std::string describeIndex(Dimensions index);
/// "0x1f"
std::string hexadecimal(uint64_t value);

class Faults {
public:
  explicit Faults(const Cta &cta) : cta(cta), launch(cta.launch) {}

  /// Whether the CTA may go on.
  bool ok() const { return status.ok(); }
  /// The CTA fails, unless it has already, at the lowest thread of `mask`. Always false.
  bool raise(const Warp &warp, uint32_t pc, uint32_t mask, std::string_view message);
  /// As raise(), for a load of `what`, which nobody has written; but when races are looked for, true, and the
  /// CTA fails at its end.
  bool raiseUnwritten(const Warp &warp, uint32_t pc, unsigned lane, std::string_view what);
  /// A race explains why something was not written.
  void forgetUnwritten() { unwritten = {}; }
  void cancel();
  /// At the CTA's end, which may be an early one.
  format::Status finish();

  /// "ptx:12:3 (bar.sync 0;)", and " from kernel.cu:7:5" where the PTX says so.
  std::string describeInstruction(uint32_t pc) const;
  /// "(5,0,0)"
  std::string describeThread(uint32_t thread) const;
  std::string describeCta(uint64_t number) const;

private:
  std::string where(const Warp &warp, uint32_t pc, unsigned lane) const;

  const Cta &cta;
  const LaunchContext &launch;
  format::Status status;
  format::Status unwritten; // the first load of what nobody has written, not yet reported
};

} // namespace winnow::ptxsim
