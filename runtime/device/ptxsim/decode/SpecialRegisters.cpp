// Names and widths of special registers. What PTX leaves to the driver or the GPU is zero here.
#include "runtime/device/ptxsim/decode/SpecialRegisters.h"

#include <utility>

namespace winnow::ptxsim {
namespace {

/// "%pm7": the prefix and a number below `count`.
bool isNumbered(std::string_view name, std::string_view prefix, unsigned count) {
  if (!name.starts_with(prefix))
    return false;
  std::string_view digits = name.substr(prefix.size());
  bool hasLeadingZero = digits.size() > 1 && digits[0] == '0';
  if (digits.empty() || digits.size() > 2 || hasLeadingZero)
    return false;
  unsigned number = 0;
  for (char digit : digits) {
    if (digit < '0' || digit > '9')
      return false;
    number = 10 * number + unsigned(digit - '0');
  }
  return number < count;
}

} // namespace

std::optional<SpecialRegister> parseSpecial(std::string_view name) {
  constexpr std::pair<std::string_view, SpecialRegister> kSpecials[] = {
      {"%tid.x", SpecialRegister::ThreadX},
      {"%tid.y", SpecialRegister::ThreadY},
      {"%tid.z", SpecialRegister::ThreadZ},
      {"%ntid.x", SpecialRegister::ThreadCountX},
      {"%ntid.y", SpecialRegister::ThreadCountY},
      {"%ntid.z", SpecialRegister::ThreadCountZ},
      {"%ctaid.x", SpecialRegister::CtaX},
      {"%ctaid.y", SpecialRegister::CtaY},
      {"%ctaid.z", SpecialRegister::CtaZ},
      {"%nctaid.x", SpecialRegister::CtaCountX},
      {"%nctaid.y", SpecialRegister::CtaCountY},
      {"%nctaid.z", SpecialRegister::CtaCountZ},
      {"%laneid", SpecialRegister::Lane},
      {"%warpid", SpecialRegister::Warp},
      {"%nwarpid", SpecialRegister::WarpCount},
      {"%gridid", SpecialRegister::Grid},
      {"%smid", SpecialRegister::Multiprocessor},
      {"%nsmid", SpecialRegister::MultiprocessorCount},
      {"%lanemask_eq", SpecialRegister::LaneMaskEqual},
      {"%lanemask_lt", SpecialRegister::LaneMaskLess},
      {"%lanemask_le", SpecialRegister::LaneMaskLessEqual},
      {"%lanemask_gt", SpecialRegister::LaneMaskGreater},
      {"%lanemask_ge", SpecialRegister::LaneMaskGreaterEqual},
      {"%dynamic_smem_size", SpecialRegister::DynamicSharedBytes},
      {"%total_smem_size", SpecialRegister::TotalSharedBytes},
      // No shared memory is reserved for the system, and no graph launches kernels.
      {"%aggr_smem_size", SpecialRegister::TotalSharedBytes},
      {"%reserved_smem_offset_begin", SpecialRegister::Unspecified},
      {"%reserved_smem_offset_end", SpecialRegister::Unspecified},
      {"%reserved_smem_offset_cap", SpecialRegister::Unspecified},
      {"%reserved_smem_offset_0", SpecialRegister::Unspecified},
      {"%reserved_smem_offset_1", SpecialRegister::Unspecified},
      {"%current_graph_exec", SpecialRegister::Unspecified64},
      {"%clock", SpecialRegister::Clock},
      {"%clock_hi", SpecialRegister::ClockHigh},
      {"%clock64", SpecialRegister::Clock64},
      {"%globaltimer", SpecialRegister::GlobalTimer},
      {"%globaltimer_lo", SpecialRegister::GlobalTimerLow},
      {"%globaltimer_hi", SpecialRegister::GlobalTimerHigh}};
  for (auto [spelling, special] : kSpecials)
    if (name == spelling)
      return special;
  if (isNumbered(name, "%envreg", 32) || isNumbered(name, "%pm", 8))
    return SpecialRegister::Unspecified;
  if (name.ends_with("_64") && isNumbered(name.substr(0, name.size() - 3), "%pm", 8))
    return SpecialRegister::Unspecified64;
  return std::nullopt;
}

unsigned specialBytes(SpecialRegister special) {
  return special == SpecialRegister::Grid || special == SpecialRegister::Unspecified64 ||
                 special == SpecialRegister::Clock64 || special == SpecialRegister::GlobalTimer
             ? 8
             : 4;
}

bool isClock(SpecialRegister special) { return special >= SpecialRegister::Clock; }

} // namespace winnow::ptxsim
