// Sorts nodes topologically.
#include "lib/Import/ONNX/NodeOrder.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <queue>

namespace winnow::frontend {

namespace {

using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

/// All names that the node reads, those in its subgraphs included.
void collectReads(const onnx::NodeProto &node, llvm::StringSet<> &names) {
  for (const std::string &name : node.input())
    names.insert(name);
  for (const onnx::AttributeProto &attribute : node.attribute())
    if (attribute.has_g()) {
      for (const onnx::NodeProto &inner : attribute.g().node())
        collectReads(inner, names);
      for (const onnx::ValueInfoProto &output : attribute.g().output())
        names.insert(output.name());
    }
}

/// The numbers of the nodes in an order that makes everything before it is read, otherwise as they were; not
/// all of them if there is a cycle.
std::vector<int> orderOf(const Nodes &nodes) {
  llvm::StringMap<int> makers;
  for (int i = 0; i < nodes.size(); ++i)
    for (const std::string &name : nodes[i].output())
      makers.try_emplace(name, i);
  std::vector<std::vector<int>> readers(nodes.size());
  std::vector<int> waitsFor(nodes.size(), 0);
  for (int i = 0; i < nodes.size(); ++i) {
    llvm::StringSet<> reads;
    collectReads(nodes[i], reads);
    for (const auto &name : reads)
      if (auto maker = makers.find(name.getKey()); maker != makers.end()) {
        readers[maker->second].push_back(i);
        ++waitsFor[i];
      }
  }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < nodes.size(); ++i)
    if (waitsFor[i] == 0)
      ready.push(i);
  std::vector<int> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (int reader : readers[order.back()])
      if (--waitsFor[reader] == 0)
        ready.push(reader);
  }
  return order;
}

} // namespace

void sortNodes(Nodes &nodes) {
  for (onnx::NodeProto &node : nodes)
    for (onnx::AttributeProto &attribute : *node.mutable_attribute())
      if (attribute.has_g())
        sortNodes(*attribute.mutable_g()->mutable_node());
  std::vector<int> order = orderOf(nodes);
  if (static_cast<int>(order.size()) != nodes.size() || llvm::is_sorted(order))
    return;
  Nodes sorted;
  for (int number : order)
    sorted.Add()->Swap(&nodes[number]);
  nodes.Swap(&sorted);
}

} // namespace winnow::frontend
