// TfIdfVectorizer on words that are numbers: how often each n-gram of a pool appears in a text.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

struct Vectorizer {
  std::string mode;
  int64_t shortest, longest, skips;
  llvm::SmallVector<int64_t> starts;  // where the n-grams of each length start in the pool
  llvm::SmallVector<int64_t> columns; // of the result, one for each n-gram of the pool
  llvm::SmallVector<int64_t> pool;
  std::optional<llvm::SmallVector<double>> weights;

  /// The n-grams of that length, one after the other.
  llvm::ArrayRef<int64_t> grams(int64_t length) const {
    size_t from = starts[length - 1];
    size_t to = length < static_cast<int64_t>(starts.size()) ? starts[length] : pool.size();
    return llvm::ArrayRef<int64_t>(pool).slice(from, to - from);
  }
};

mlir::FailureOr<Vectorizer> readVectorizer(Node &node) {
  Vectorizer v;
  v.mode = node.string("mode", "");
  v.shortest = node.integer("min_gram_length", 0);
  v.longest = node.integer("max_gram_length", 0);
  v.skips = node.integer("max_skip_count", 0);
  v.starts = node.integers("ngram_counts").value_or(llvm::SmallVector<int64_t>());
  v.columns = node.integers("ngram_indexes").value_or(llvm::SmallVector<int64_t>());
  v.weights = node.reals("weights");
  if (node.hasAttribute("pool_strings"))
    return node.error("its words are strings, but expected numbers (pool_int64s)");
  v.pool = node.integers("pool_int64s").value_or(llvm::SmallVector<int64_t>());
  if (v.mode != "TF" && v.mode != "IDF" && v.mode != "TFIDF")
    return node.error("mode is '" + v.mode + "', but expected TF, IDF or TFIDF");
  if (v.shortest < 1 || v.longest < v.shortest || v.skips < 0 || v.skips > 64 || v.longest > 64)
    return node.error("the lengths or skips of its n-grams are not from 1 to 64");
  int64_t count = 0;
  for (auto [index, start] : llvm::enumerate(v.starts)) {
    int64_t length = static_cast<int64_t>(index) + 1;
    int64_t end = length < static_cast<int64_t>(v.starts.size()) ? v.starts[length]
                                                                 : static_cast<int64_t>(v.pool.size());
    if (start < 0 || end < start || end > static_cast<int64_t>(v.pool.size()) || (end - start) % length != 0)
      return node.error("ngram_counts do not divide the pool into n-grams");
    count += (end - start) / length;
  }
  llvm::SmallVector<int64_t> sorted(v.columns);
  llvm::sort(sorted);
  if (sorted.empty() || count != static_cast<int64_t>(sorted.size()) || sorted.front() < 0 ||
      sorted.back() > 1 << 20 || std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    return node.error("expected one column for each of its " + llvm::Twine(count) +
                      " n-grams in ngram_indexes, each its own");
  if (v.weights && v.weights->size() < sorted.size())
    return node.error("has fewer weights than n-grams");
  return v;
}

/// [texts, n-grams]: how often the n-grams of a length appear with words `distance` apart.
GraphValue countGrams(Node &node, Composition &c, const Vectorizer &v, const GraphValue &texts,
                      int64_t length, int64_t distance, mlir::Type type) {
  llvm::ArrayRef<int64_t> grams = v.grams(length);
  std::optional<Extent> rest = subtract(texts.shape[1], (length - 1) * distance);
  mlir::FailureOr<Extent> places = node.require(rest ? node.extents.maximum(*rest, 0) : std::nullopt);
  GraphValue matches;
  if (failed(places)) {
    matches.isFaulty = true;
    return matches;
  }
  for (int64_t word = 0; word < length; ++word) {
    GraphValue words = places->is(0)
                           ? c.op("Slice", {texts, c.integers({0}), c.integers({0}), c.integers({1})})
                           : node.emit.slice(texts, {0, word * distance}, {texts.shape[0], *places}, {1, 1});
    llvm::SmallVector<int64_t> wanted;
    for (size_t i = word; i < grams.size(); i += length)
      wanted.push_back(grams[i]);
    GraphValue list = c.cast(c.op("Unsqueeze", {c.integers(wanted), c.integers({1})}), texts.elementType);
    GraphValue equal = c.op("Equal", {c.op("Unsqueeze", {words, c.integers({1})}), list});
    matches = word == 0 ? equal : c.op("And", {matches, equal});
  }
  return c.op("ReduceSum", {c.cast(matches, type), c.integers({2})}, {{"keepdims", int64_t{0}}});
}

/// [texts, n-grams of the pool]
GraphValue countAll(Node &node, Composition &c, const Vectorizer &v, const GraphValue &texts,
                    mlir::Type type) {
  llvm::SmallVector<GraphValue> parts;
  for (int64_t length = 1; length <= static_cast<int64_t>(v.starts.size()); ++length) {
    if (v.grams(length).empty())
      continue;
    GraphValue counts;
    if (length < v.shortest || length > v.longest) {
      counts = c.op("ConstantOfShape",
                    {c.extents({texts.shape[0], static_cast<int64_t>(v.grams(length).size()) / length})});
    }
    // A single word has nothing to skip.
    int64_t distances = length == 1 ? 1 : v.skips + 1;
    for (int64_t distance = 1; length >= v.shortest && length <= v.longest && distance <= distances;
         ++distance) {
      GraphValue more = countGrams(node, c, v, texts, length, distance, type);
      counts = distance == 1 ? more : c.add(counts, more);
    }
    parts.push_back(counts);
  }
  return c.op("Concat", parts, {{"axis", int64_t{1}}});
}

} // namespace

static mlir::LogicalResult importTfIdf(Node &node) {
  mlir::FailureOr<Vectorizer> v = readVectorizer(node);
  if (failed(v) || failed(node.requireRank(0, 1, 2)))
    return mlir::failure();
  const GraphValue &input = node.input(0);
  mlir::Type type = node.builder.getF32Type();
  Composition c(node);
  GraphValue texts = input.rank() == 2 ? input : c.reshape(input, {1, input.shape[0]});
  if (c.hasFailed())
    return mlir::failure();
  GraphValue counts = countAll(node, c, *v, texts, type);
  // Column by column; a column without an n-gram reads the zero behind the counts.
  int64_t size = *llvm::max_element(v->columns) + 1, none = static_cast<int64_t>(v->columns.size());
  llvm::SmallVector<int64_t> sources(size, none);
  for (auto [gram, column] : llvm::enumerate(v->columns))
    sources[column] = static_cast<int64_t>(gram);
  GraphValue behind = c.op("ConstantOfShape", {c.extents({texts.shape[0], 1})});
  GraphValue padded = c.op("Concat", {counts, behind}, {{"axis", int64_t{1}}});
  GraphValue result = c.op("Gather", {padded, c.integers(sources)}, {{"axis", int64_t{1}}});
  if (v->mode == "IDF")
    result = c.cast(c.op("Greater", {result, c.real(type, 0)}), type);
  if (v->mode != "TF" && v->weights) {
    GraphValue weights;
    weights.elementType = type;
    weights.shape = {size};
    llvm::SmallVector<double> values(*v->weights);
    values.resize(size, 0); // a weight belongs to a column
    weights.constant = Constant::reals(type, values);
    result = c.multiply(result, weights);
  }
  if (input.rank() == 1)
    result = c.reshape(result, {size});
  return c.finish({result});
}

Family textOperators() {
  static constexpr Operator kOperators[] = {
      {"TfIdfVectorizer", 9, "i", importTfIdf},
  };
  return kOperators;
}

} // namespace winnow::frontend
