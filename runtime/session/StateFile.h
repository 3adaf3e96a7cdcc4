// The file that the states of a session are saved to: a .npz archive with an array for each state.
#pragma once

#include "runtime/module/LoadedModule.h"
#include "runtime/plan/SessionValues.h"

namespace winnow::runtime {

/// Writes every state, and which module they belong to; the file appears only when it is complete. Fails with
/// InputOutput, and with InvalidArgument for more than 4 GiB.
Status saveStates(const std::string &path, const LoadedModule &module, SessionValues &values);

/// Makes what was saved the contents of all states, or changes none. Fails with NotFound or InputOutput if
/// the file cannot be read, and with InvalidArgument if it is damaged, was saved by a session of another
/// module, or holds other names, types or shapes; the message names the file.
Status loadStates(const std::string &path, const LoadedModule &module, SessionValues &values);

} // namespace winnow::runtime
