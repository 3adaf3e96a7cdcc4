// The order of a graph's nodes.
#pragma once

#include "lib/Import/ONNX/onnx.pb.h"

namespace winnow::frontend {

/// Puts each node of a graph, and of the graphs in its nodes, behind those that make what it reads. ONNX
/// demands that order, but some converters do not keep it, and ONNX Runtime does not mind. Nodes that are in
/// order stay as they are; so do those of a cycle.
void sortNodes(google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes);

} // namespace winnow::frontend
