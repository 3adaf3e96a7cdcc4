// Every operation of the winnow dialect; one file per concern is included here.
#ifndef WINNOW_OPS_TD
#define WINNOW_OPS_TD

include "dialects/Winnow/SelectionOps.td"
include "dialects/Winnow/SelectionFormOps.td"
include "dialects/Winnow/OrderOps.td"
include "dialects/Winnow/GatherOps.td"
include "dialects/Winnow/ContractionOps.td"
include "dialects/Winnow/FeedForwardOps.td"
include "dialects/Winnow/GateOps.td"
include "dialects/Winnow/QuantizeOps.td"
include "dialects/Winnow/ConditionOps.td"
include "dialects/Winnow/AttentionOps.td"
include "dialects/Winnow/NormalizationOps.td"
include "dialects/Winnow/ParameterOps.td"
include "dialects/Winnow/StateOps.td"
include "dialects/Winnow/MemoryOps.td"
include "dialects/Winnow/PackedOps.td"
include "dialects/Winnow/ModalityOps.td"
include "dialects/Winnow/SparseCodeOps.td"
include "dialects/Winnow/HostOps.td"
include "dialects/Winnow/LoopOps.td"

#endif
