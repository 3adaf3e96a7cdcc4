// Embeds sentences with a model that is part of the program, and says which are alike:
//
//   sentences search --corpus examples/sentences/data/corpus.txt "How do I cook rice?"
//
// What a sentence means is a direction of 384 dimensions; the cosine between two of them is their similarity.
#include "embedder.h"
#include "input.h"
#include "tokenizer.h"
#include "vocabulary.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <numeric>
#include <stdexcept>

namespace sentences {
namespace {

struct Options {
  std::vector<std::string> sentences;
  std::string file, corpus, device = "auto";
  int threads = 0;
  size_t batch = 32, top = 3;
};

using Tokens = std::vector<int64_t>;

/// The sentence's tokens, of which some were left out if they are too many for the model.
Tokens tokenize(const Tokenizer &tokenizer, const Sentence &sentence) try {
  Tokens tokens = tokenizer.encode(sentence.text);
  if (tokens.size() == 2)
    throw std::runtime_error("there are no words");
  if (tokens.size() > kMostTokens) {
    std::fprintf(stderr, "sentences: note: %s has %zu tokens; what is after the first %zu is ignored\n",
                 sentence.place.c_str(), tokens.size(), kMostTokens);
    tokens[kMostTokens - 1] = tokens.back(); // [SEP]
    tokens.resize(kMostTokens);
  }
  return tokens;
} catch (const std::runtime_error &error) {
  throw std::runtime_error(sentence.place + ": " + error.what());
}

std::vector<Tokens> tokenize(const std::vector<Sentence> &sentences) {
  Tokenizer tokenizer(kVocabulary);
  std::vector<Tokens> tokens;
  for (const Sentence &sentence : sentences)
    tokens.push_back(tokenize(tokenizer, sentence));
  return tokens;
}

void printTokens(const Options &options) {
  for (const Tokens &tokens : tokenize(readSentences(options.sentences, options.file)))
    for (size_t i = 0; i < tokens.size(); ++i)
      std::printf("%lld%c", static_cast<long long>(tokens[i]), i + 1 < tokens.size() ? ' ' : '\n');
}

std::vector<Embedding> embed(const std::vector<Sentence> &sentences, const Options &options) {
  std::vector<Tokens> tokens = tokenize(sentences);
  return Embedder(options.device, options.threads).embed(tokens, options.batch);
}

void printEmbeddings(const Options &options) {
  for (const Embedding &embedding : embed(readSentences(options.sentences, options.file), options))
    for (size_t i = 0; i < embedding.size(); ++i)
      std::printf("%.9g%c", embedding[i], i + 1 < embedding.size() ? ' ' : '\n');
}

void printSimilarities(const Options &options) {
  std::vector<Embedding> embeddings = embed(readSentences(options.sentences, options.file), options);
  for (const Embedding &row : embeddings) {
    for (const Embedding &column : embeddings)
      std::printf("%10.6f", similarity(row, column));
    std::printf("\n");
  }
}

/// The sentences of the corpus that are most like the query, best first.
void printNearest(const Embedding &query, const std::vector<Sentence> &corpus,
                  const std::vector<Embedding> &embeddings, size_t top) {
  std::vector<double> similarities;
  for (const Embedding &embedding : embeddings)
    similarities.push_back(similarity(query, embedding));
  std::vector<size_t> order(corpus.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t left, size_t right) { return similarities[left] > similarities[right]; });
  order.resize(std::min(top, order.size()));
  for (size_t index : order)
    std::printf("%9.6f  %s\n", similarities[index], corpus[index].text.c_str());
}

void search(const Options &options) {
  std::vector<Sentence> queries = readSentences(options.sentences, options.file);
  std::vector<Sentence> corpus = readSentences({}, options.corpus);
  std::vector<Sentence> all = queries;
  all.insert(all.end(), corpus.begin(), corpus.end());
  std::vector<Embedding> embeddings = embed(all, options);
  std::vector<Embedding> found(embeddings.begin() + queries.size(), embeddings.end());
  for (size_t i = 0; i < queries.size(); ++i) {
    std::printf("> %s\n", queries[i].text.c_str());
    printNearest(embeddings[i], corpus, found, options.top);
  }
}

using Action = void (*)(const Options &);

CLI::App *addCommand(CLI::App &app, const char *name, const char *what, Options &options) {
  CLI::App *command = app.add_subcommand(name, what)->fallthrough();
  command->add_option("sentence", options.sentences, "sentences, an argument each")->type_name("TEXT");
  command->add_option("--file", options.file, "more sentences, a line each; - is standard input")
      ->type_name("FILE");
  return command;
}

int run(int argc, char **argv) {
  Options options;
  CLI::App app("Embeds English sentences with a model that is part of this program.", "sentences");
  app.option_defaults()->always_capture_default(false);
  app.require_subcommand(1);
  app.add_option("--device", options.device, "auto, host, cuda, ptxsim or reference (auto)");
  app.add_option("--threads", options.threads, "at most so many threads (0: one for each processor)")
      ->check(CLI::Range(0, 65536));
  app.add_option("--batch", options.batch, "how many sentences one call of the model takes (32)")
      ->check(CLI::Range(1, 65536));
  std::pair<CLI::App *, Action> commands[] = {
      {addCommand(app, "embed", "print each sentence's embedding, a line of 384 numbers", options),
       printEmbeddings},
      {addCommand(app, "compare", "print the similarity of each sentence with each", options),
       printSimilarities},
      {addCommand(app, "search", "print what in a corpus is most like each sentence", options), search},
      {addCommand(app, "tokens", "print the numbers of each sentence's tokens", options), printTokens}};
  CLI::App *searching = commands[2].first;
  searching->add_option("--corpus", options.corpus, "what is searched, a sentence a line")
      ->required()
      ->type_name("FILE");
  searching->add_option("--top", options.top, "how many sentences of the corpus to print (3)")
      ->check(CLI::Range(1, 1000000));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success &request) {
    return app.exit(request); // --help
  } catch (const CLI::Error &error) {
    throw std::runtime_error(std::string(error.what()) + " (see sentences --help)");
  }
  for (auto [command, action] : commands)
    if (command->parsed())
      action(options);
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    throw std::runtime_error("cannot write to standard output");
  return 0;
}

} // namespace
} // namespace sentences

int main(int argc, char **argv) try {
  return sentences::run(argc, argv);
} catch (const std::exception &error) {
  std::fprintf(stderr, "sentences: error: %s\n", error.what());
  return 1;
}
