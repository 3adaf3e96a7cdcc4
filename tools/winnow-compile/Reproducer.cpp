// Turns crashes into a file that shows them and one sentence.
#include "tools/winnow-compile/Reproducer.h"

#include "format/AtomicFile.h"
#include "lib/Pipeline/SparseConstants.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Compiler.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <new>
#include <unistd.h>

using namespace mlir;

namespace winnow {

namespace {

constexpr int64_t kLongestConstant = 64, kKeptElements = 8;
constexpr unsigned kSecondsToWrite = 20;

/// What the handlers, which the process has one set of, report to.
Reproducer *watching = nullptr;

/// Says a sentence and ends the process; may be called in any state of it.
template <size_t N> [[noreturn]] void end(const char (&sentence)[N], int exitCode) {
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, sentence, N - 1);
  _exit(exitCode);
}

/// The thread that crashed first.
std::atomic<pid_t> writer = 0;

[[noreturn]] void onSecondCrash(int signal) {
  // Other threads may crash of the same: they wait for what the first one has to say.
  while (signal != SIGALRM && gettid() != writer)
    pause();
  end("winnow-compile: error: the compiler crashed, and could not write what would show how\n",
      kCompilerFailure);
}

[[noreturn]] void onOutOfMemory() { end("winnow-compile: error: out of memory\n", 1); }

[[noreturn]] void reportAndEnd(llvm::StringRef what) {
  writer = gettid();
  for (int signal : {SIGALRM, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP}) {
    struct sigaction action = {};
    action.sa_handler = onSecondCrash;
    action.sa_flags = SA_NODEFER | SA_ONSTACK;
    sigaction(signal, &action, nullptr);
  }
  // Whatever the crash left locked cannot hold us up for ever.
  alarm(kSecondsToWrite);
  if (watching)
    watching->reportCrash(what);
  _exit(kCompilerFailure);
}

void watchProcess() {
  std::set_new_handler(onOutOfMemory);
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { onOutOfMemory(); });
  llvm::install_fatal_error_handler([](void *, const char *reason, bool) {
    reportAndEnd(("failed (" + llvm::StringRef(reason).split('\n').first + ")").str());
  });
  // A sanitizer has a report of its own to make.
  if (!LLVM_ADDRESS_SANITIZER_BUILD)
    llvm::sys::AddSignalHandler([](void *) { reportAndEnd("crashed"); }, nullptr);
}

std::string stackTrace() {
  // Symbols are enough; lines would take a program and a minute.
  setenv("LLVM_DISABLE_SYMBOLIZATION", "1", 1);
  std::string trace;
  llvm::raw_string_ostream stream(trace);
  llvm::sys::PrintStackTrace(stream);
  return trace;
}

void writeComment(llvm::raw_ostream &stream, llvm::StringRef text) {
  if (!text.empty())
    for (llvm::StringRef line : llvm::split(text.rtrim(), "\n"))
      stream << "// " << line << "\n";
}

} // namespace

Reproducer::Reproducer(const CommandLine &line, llvm::ArrayRef<const char *> arguments, ProgressBar &progress)
    : line(line), arguments(arguments), progress(progress) {
  watchProcess();
  watching = this;
}

Reproducer::~Reproducer() { watching = nullptr; }

int Reproducer::reportFailure() {
  bool isMLIR = !llvm::StringRef(line.input).ends_with(".onnx");
  if (phase == Phase::Import || isMLIR)
    return 1;
  report(where() + " cannot compile what the import accepted", "");
  return kCompilerFailure;
}

void Reproducer::reportCrash(llvm::StringRef what) {
  report(("the compiler " + what + " in " + where()).str(), stackTrace());
}

std::string Reproducer::where() const {
  return phase ? ("the phase '" + phaseNames()[static_cast<size_t>(*phase)] + "'").str()
               : "reading the model";
}

/// Beside the output, or in the current folder if there is none.
std::string Reproducer::path() const {
  llvm::SmallString<128> path(line.output.empty() ? llvm::sys::path::filename(line.input)
                                                  : llvm::StringRef(line.output));
  llvm::sys::path::replace_extension(path, "reproducer.mlir");
  return std::string(path);
}

/// The command line on the reproducer: without what the import has taken in.
std::string Reproducer::command() const {
  constexpr llvm::StringLiteral kImported[] = {"--dim", "--constant", "--intermediates", "--weights",
                                               "--weights-map"};
  std::vector<std::string> words = {"winnow-compile", path()};
  for (size_t i = 1; i < arguments.size(); ++i) {
    llvm::StringRef argument = arguments[i];
    if (llvm::is_contained(kImported, argument))
      ++i; // its value is the next word
    else if (!llvm::is_contained(kImported, argument.split('=').first) && argument != line.input)
      words.push_back(argument.str());
  }
  for (const auto &[name, range] : line.compile.dimensions)
    words.push_back("--dim=" + name + "=" + std::to_string(range.minimum) + ".." +
                    std::to_string(range.maximum));
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(words, stream, [&](const auto &word) { llvm::sys::printArg(stream, word, false); }, " ");
  return text;
}

llvm::Expected<std::string> Reproducer::write(llvm::StringRef what, llvm::StringRef stack) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "// " << what << "\n"
         << "// winnow-compile " WINNOW_VERSION ", LLVM " LLVM_VERSION_STRING "\n"
         << "// Repeat it with: " << command() << "\n"
         << "// Of weights with more than " << kLongestConstant << " elements, the first " << kKeptElements
         << " are kept; the others are zero.\n";
  writeComment(stream, stack);
  abbreviateConstants(*module, kLongestConstant, kKeptElements);
  module->print(stream, OpPrintingFlags().enableDebugInfo());
  stream << "\n";
  std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t *>(text.data()), text.size());
  format::Status status = format::writeFileAtomically(path(), {bytes});
  return status.ok() ? llvm::Expected<std::string>(path()) : llvm::createStringError(status.message());
}

void Reproducer::report(llvm::StringRef what, llvm::StringRef stack) {
  progress.clear();
  llvm::errs() << "winnow-compile: error: " << what << "; ";
  if (!module) {
    llvm::errs() << "please report it with '" << line.input << "'\n";
    return;
  }
  if (llvm::Expected<std::string> file = write(what, stack))
    llvm::errs() << "please report it with '" << *file << "', which says how to repeat it\n";
  else
    llvm::errs() << "what would show how cannot be written: " << llvm::toString(file.takeError()) << "\n";
}

} // namespace winnow
