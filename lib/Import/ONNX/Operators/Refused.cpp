// The operators of ONNX that winnow will not import, with the reason.
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/StringSwitch.h"

namespace winnow::frontend {

const char *refusalReason(llvm::StringRef name) {
  return llvm::StringSwitch<const char *>(name)
      .Cases({"ConcatFromSequence", "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase",
              "SequenceInsert", "SequenceLength", "SequenceMap", "SplitToSequence"},
             "it works on a sequence of tensors, but winnow's values are dense tensors")
      .Case("Optional", "it makes an optional value, but winnow's values are dense tensors")
      .Cases({"RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit"},
             "it works on strings, but winnow's tensors hold numbers and bools")
      .Case("ImageDecoder", "it decodes an image file, but winnow's models begin with the decoded tensor")
      .Default(nullptr);
}

} // namespace winnow::frontend
