// Functions of the CUDA runtime that kernels call, printf, assert, malloc and free, and what is printed.
#pragma once

#include "runtime/device/ptxsim/execute/ExecutionUnit.h"

namespace winnow::ptxsim {

class Addresses;
class Inspection;
class UndefinedValues;

class SystemCalls : private ExecutionUnit {
public:
  SystemCalls(Cta &cta, Faults &faults, Addresses &addresses, Inspection &inspection,
              UndefinedValues &undefined)
      : ExecutionUnit(cta, faults), resolver(addresses), inspection(inspection), undefined(undefined) {}

  /// False after a fault.
  bool execute(const Warp &warp, uint32_t pc, uint32_t mask);
  void handOutPrinted();

private:
  /// printf's arguments that no conversion has taken yet.
  struct PrintArguments {
    uint64_t next = 0; // generic address
    uint32_t count = 0;
  };
  uint64_t argument(const Warp &warp, uint32_t pc, unsigned lane, unsigned number) const;
  bool loadGeneric(const Warp &warp, uint32_t pc, unsigned lane, uint64_t address, unsigned bytes,
                   uint64_t &value);
  bool loadString(const Warp &warp, uint32_t pc, unsigned lane, uint64_t address, std::string &text);
  void setResult(const Warp &warp, uint32_t pc, unsigned lane, uint64_t value);
  bool executeLane(const Warp &warp, uint32_t pc, unsigned lane);
  void allocate(const Warp &warp, uint32_t pc, unsigned lane);
  bool free(const Warp &warp, uint32_t pc, unsigned lane);
  bool failAssertion(const Warp &warp, uint32_t pc, unsigned lane);
  bool print(const Warp &warp, uint32_t pc, unsigned lane);
  bool nextArgument(const Warp &warp, uint32_t pc, unsigned lane, unsigned bytes, PrintArguments &arguments,
                    uint64_t &value);
  bool convert(const Warp &warp, uint32_t pc, unsigned lane, const std::string &format, size_t &at,
               PrintArguments &arguments, std::string &text);

  Addresses &resolver;
  Inspection &inspection;
  UndefinedValues &undefined;
  std::string printed; // by the CTA, not yet handed out
};

} // namespace winnow::ptxsim
