// Runs the compiled model, which is part of the program.
#pragma once

#include <winnow/runtime.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sentences {

/// The model was trained on sentences of so many tokens, [CLS] and [SEP] included.
constexpr size_t kMostTokens = 256;

using Embedding = std::vector<float>; // of length 1

class Embedder {
public:
  /// `threads` is 0 for one for each processor. Throws wn::Error.
  Embedder(const std::string &device, int threads);

  /// An embedding for each sentence, which is its tokens' numbers. Executes `batch` sentences in a call, the
  /// shorter ones padded to the longest. Throws wn::Error.
  std::vector<Embedding> embed(const std::vector<std::vector<int64_t>> &sentences, size_t batch);

private:
  void embedBatch(const std::vector<std::vector<int64_t>> &sentences, const size_t *members, size_t count,
                  std::vector<Embedding> &embeddings);

  wn::Module module;
  wn::Session session;
};

/// The cosine of two embeddings' angle.
double similarity(const Embedding &left, const Embedding &right);

} // namespace sentences
