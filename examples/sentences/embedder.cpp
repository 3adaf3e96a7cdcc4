// Batches, padding and the calls of the model.
#include "embedder.h"

#include "sentences_model.h"

#include <algorithm>
#include <numeric>

namespace sentences {
namespace {

DLTensor view(std::vector<int64_t> &numbers, std::vector<int64_t> &shape) {
  return {numbers.data(), {kDLCPU, 0}, int32_t(shape.size()), {kDLInt, 64, 1}, shape.data(), nullptr, 0};
}

wn_session_options optionsFor(int threads) {
  wn_session_options options;
  wn_session_options_init(&options);
  options.threads = threads;
  return options;
}

wn::Session open(const wn::Module &module, const std::string &device, int threads) {
  wn_session_options options = optionsFor(threads);
  return wn::Session(module, device, &options);
}

} // namespace

Embedder::Embedder(const std::string &device, int threads)
    : module(wn::Module::fromMemory(sentences_model_data, sentences_model_size)),
      session(open(module, device, threads)) {}

std::vector<Embedding> Embedder::embed(const std::vector<std::vector<int64_t>> &sentences, size_t batch) {
  // Neighbours of like length need little padding.
  std::vector<size_t> order(sentences.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](size_t left, size_t right) {
    return sentences[left].size() < sentences[right].size();
  });
  std::vector<Embedding> embeddings(sentences.size());
  for (size_t begin = 0; begin < order.size(); begin += batch)
    embedBatch(sentences, &order[begin], std::min(batch, order.size() - begin), embeddings);
  return embeddings;
}

/// Fills in the embeddings of the sentences `members[0..count)`, of which the last is the longest.
void Embedder::embedBatch(const std::vector<std::vector<int64_t>> &sentences, const size_t *members,
                          size_t count, std::vector<Embedding> &embeddings) {
  size_t length = sentences[members[count - 1]].size();
  std::vector<int64_t> shape = {int64_t(count), int64_t(length)};
  // The attention mask is 1 where there is a token. What lies elsewhere, [PAD], does not count.
  std::vector<int64_t> ids(count * length), mask(count * length);
  for (size_t i = 0; i < count; ++i) {
    const std::vector<int64_t> &tokens = sentences[members[i]];
    std::copy(tokens.begin(), tokens.end(), ids.begin() + i * length);
    std::fill_n(mask.begin() + i * length, tokens.size(), 1);
  }
  std::vector<wn::Tensor> outputs = session.invoke("main", {view(ids, shape), view(mask, shape)}, 1);
  const float *rows = outputs[0].data<float>();
  int64_t width = outputs[0].shape()[1];
  for (size_t i = 0; i < count; ++i)
    embeddings[members[i]].assign(rows + i * width, rows + (i + 1) * width);
}

double similarity(const Embedding &left, const Embedding &right) {
  return std::inner_product(left.begin(), left.end(), right.begin(), 0.0);
}

} // namespace sentences
