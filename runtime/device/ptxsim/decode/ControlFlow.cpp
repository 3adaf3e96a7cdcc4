// Immediate post-dominators, by the iterative algorithm of Cooper, Harvey and Kennedy ("A Simple, Fast
// Dominance Algorithm") on the reversed control-flow graph.
#include "runtime/device/ptxsim/decode/ControlFlow.h"

#include <algorithm>

namespace winnow::ptxsim {
namespace {

constexpr uint32_t kNone = ~uint32_t(0);

bool isBranch(const Instruction &in) {
  return in.operation == Operation::Branch || in.operation == Operation::BranchIndexed;
}
bool leaves(const Instruction &in) {
  return in.operation == Operation::Exit || in.operation == Operation::Return ||
         in.operation == Operation::Trap;
}

struct Block {
  uint32_t begin = 0, end = 0;
  std::vector<uint32_t> successors, predecessors; // the virtual exit is block number `blocks.size()`
};

class PostDominators {
public:
  explicit PostDominators(Code &code) : code(code) {}

  void run() {
    findBlocks();
    connect();
    connectEndlessBlocks();
    for (uint32_t b = 0; b < blocks.size(); ++b)
      for (uint32_t successor : blocks[b].successors)
        (successor == exitBlock ? exitPredecessors : blocks[successor].predecessors).push_back(b);
    orderFromExit();
    iterate();
    for (uint32_t b = 0; b < blocks.size(); ++b) {
      Instruction &last = code.instructions[blocks[b].end - 1];
      if (isBranch(last))
        last.reconvergence =
            immediate[b] == exitBlock || immediate[b] == kNone ? Code::kEnd : blocks[immediate[b]].begin;
    }
  }

private:
  void findBlocks() {
    size_t size = code.instructions.size();
    std::vector<bool> leader(size + 1, false);
    leader[0] = true;
    for (size_t i = 0; i < size; ++i) {
      const Instruction &in = code.instructions[i];
      if (in.operation == Operation::Branch)
        leader[in.target] = true;
      if (in.operation == Operation::BranchIndexed)
        for (uint32_t k = 0; k < in.targetCount; ++k)
          leader[code.targets[in.target + k]] = true;
      if (isBranch(in) || leaves(in))
        leader[i + 1] = true;
    }
    blockOf.resize(size);
    for (size_t i = 0; i < size; ++i) {
      if (leader[i]) {
        if (!blocks.empty())
          blocks.back().end = uint32_t(i);
        blocks.push_back({});
        blocks.back().begin = uint32_t(i);
      }
      blockOf[i] = uint32_t(blocks.size() - 1);
    }
    blocks.back().end = uint32_t(size);
    exitBlock = uint32_t(blocks.size());
  }

  void connect() {
    for (Block &block : blocks) {
      const Instruction &last = code.instructions[block.end - 1];
      bool guarded = last.guard != kNoRow;
      if (last.operation == Operation::Branch)
        block.successors.push_back(blockOf[last.target]);
      if (last.operation == Operation::BranchIndexed)
        for (uint32_t k = 0; k < last.targetCount; ++k)
          block.successors.push_back(blockOf[code.targets[last.target + k]]);
      if (leaves(last))
        block.successors.push_back(exitBlock);
      bool falls = guarded || (!isBranch(last) && !leaves(last));
      if (falls)
        block.successors.push_back(block.end < code.instructions.size() ? blockOf[block.end] : exitBlock);
    }
  }

  /// Blocks that reach the exit, found backwards.
  std::vector<bool> reachingExit() const {
    std::vector<std::vector<uint32_t>> predecessors(blocks.size() + 1);
    for (uint32_t b = 0; b < blocks.size(); ++b)
      for (uint32_t successor : blocks[b].successors)
        predecessors[successor].push_back(b);
    std::vector<bool> reaches(blocks.size() + 1, false);
    std::vector<uint32_t> work{exitBlock};
    reaches[exitBlock] = true;
    while (!work.empty()) {
      uint32_t b = work.back();
      work.pop_back();
      for (uint32_t predecessor : predecessors[b])
        if (!reaches[predecessor]) {
          reaches[predecessor] = true;
          work.push_back(predecessor);
        }
    }
    return reaches;
  }

  /// Every block must reach the exit for post-dominators to exist.
  void connectEndlessBlocks() {
    std::vector<bool> reaches = reachingExit();
    for (uint32_t b = 0; b < blocks.size(); ++b)
      if (!reaches[b])
        blocks[b].successors.push_back(exitBlock);
  }

  /// Post-order of the reversed graph from the exit, without recursion.
  void orderFromExit() {
    number.assign(blocks.size() + 1, kNone);
    std::vector<bool> seen(blocks.size() + 1, false);
    std::vector<std::pair<uint32_t, size_t>> stack{{exitBlock, 0}};
    seen[exitBlock] = true;
    while (!stack.empty()) {
      auto &[b, next] = stack.back();
      const std::vector<uint32_t> &sources = b == exitBlock ? exitPredecessors : blocks[b].predecessors;
      if (next == sources.size()) {
        number[b] = uint32_t(order.size());
        order.push_back(b);
        stack.pop_back();
        continue;
      }
      uint32_t source = sources[next++];
      if (!seen[source]) {
        seen[source] = true;
        stack.push_back({source, 0});
      }
    }
  }

  uint32_t meet(uint32_t a, uint32_t b) const {
    while (a != b) {
      while (number[a] < number[b])
        a = immediate[a];
      while (number[b] < number[a])
        b = immediate[b];
    }
    return a;
  }

  void iterate() {
    immediate.assign(blocks.size() + 1, kNone);
    immediate[exitBlock] = exitBlock;
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t i = order.size() - 1; i-- > 0;) { // all but the exit, which is last
        uint32_t b = order[i], found = kNone;
        for (uint32_t successor : blocks[b].successors)
          if (immediate[successor] != kNone)
            found = found == kNone ? successor : meet(found, successor);
        if (found != immediate[b]) {
          immediate[b] = found;
          changed = true;
        }
      }
    }
  }

  Code &code;
  std::vector<Block> blocks;
  std::vector<uint32_t> blockOf; // by instruction
  uint32_t exitBlock = 0;
  std::vector<uint32_t> exitPredecessors;
  std::vector<uint32_t> order, number; // post-order, and each block's place in it
  std::vector<uint32_t> immediate;
};

} // namespace

void computeReconvergence(Code &code) {
  if (!code.instructions.empty())
    PostDominators(code).run();
}

} // namespace winnow::ptxsim
