// Loads any bytes as a .wnm module, asks all that can be asked of it, and makes sessions of it. Nothing is
// executed: a module's native code may do whatever it likes.
#include "format/Layout.h"
#include "runtime/module/LoadedModule.h"
#include "winnow/runtime.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>

using namespace winnow::format;

namespace {

constexpr int64_t kMemoryLimit = 1 << 20; // bytes of a session

bool succeeds(wn_status status) {
  bool ok = status == nullptr;
  if (!ok && !*wn_status_message(status))
    std::abort();
  wn_status_free(status);
  return ok;
}

void describe(const wn_module *module) {
  const char *json = nullptr;
  if (!succeeds(wn_module_describe(module, &json)))
    std::abort();
  for (size_t i = 0; i < wn_module_function_count(module); ++i) {
    const char *name = wn_module_function_name(module, i);
    for (wn_tensor_role role : {WN_INPUT, WN_OUTPUT}) {
      size_t count = 0;
      wn_tensor_info info;
      if (succeeds(wn_module_tensor_count(module, name, role, &count)))
        for (size_t index = 0; index < count; ++index)
          succeeds(wn_module_tensor_info(module, name, role, index, &info));
    }
  }
}

void checkWeights(std::span<const uint8_t> bytes) {
  auto module = winnow::runtime::LoadedModule::fromMemory(bytes);
  if (!module.ok())
    std::abort();
  for (size_t i = 0; i < (*module)->contents().weights.size(); ++i)
    (void)(*module)->weight(uint32_t(i)).ok();
}

void openSessions(const wn_module *module) {
  wn_session_options options;
  wn_session_options_init(&options);
  options.threads = 1;
  options.memory_limit = kMemoryLimit;
  for (const char *device : {"host", "reference", "ptxsim"}) {
    wn_session *session = nullptr;
    if (succeeds(wn_session_create(module, device, &options, &session)))
      wn_session_free(session);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  wn_module *module = nullptr;
  if (!succeeds(wn_module_load_memory(data, size, &module)))
    return 0;
  describe(module);
  checkWeights({data, size});
  openSessions(module);
  wn_module_free(module);
  return 0;
}

/// libFuzzer's own mutation, of bytes.
extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t mostSize);

namespace {

struct Section {
  SectionEntry entry;
  std::vector<uint8_t> bytes;
};

std::vector<Section> split(std::span<const uint8_t> file) {
  FileHeader header;
  if (file.size() < sizeof(header))
    return {};
  std::memcpy(&header, file.data(), sizeof(header));
  if (header.sectionCount > 64 || file.size() < sizeof(header) + header.sectionCount * sizeof(SectionEntry))
    return {};
  std::vector<Section> sections(header.sectionCount);
  for (size_t i = 0; i < sections.size(); ++i) {
    SectionEntry &entry = sections[i].entry;
    std::memcpy(&entry, file.data() + sizeof(header) + i * sizeof(entry), sizeof(entry));
    if (entry.offset > file.size() || entry.size > file.size() - entry.offset)
      return {};
    auto part = file.subspan(entry.offset, entry.size);
    sections[i].bytes.assign(part.begin(), part.end());
  }
  return sections;
}

/// A file of the sections whose hashes are right.
std::vector<uint8_t> join(std::vector<Section> &sections) {
  FileHeader header = {};
  header.magic = kMagic;
  header.version = kVersion;
  header.sectionCount = uint32_t(sections.size());
  std::vector<uint8_t> file(sizeof(header) + sections.size() * sizeof(SectionEntry));
  for (size_t i = 0; i < sections.size(); ++i) {
    auto &[entry, bytes] = sections[i];
    file.resize(sectionStart(entry.kind, file.size()));
    entry.offset = file.size();
    entry.size = bytes.size();
    entry.hash = entry.kind == SectionKind::Weights ? 0 : XXH3_64bits(bytes.data(), bytes.size());
    std::memcpy(file.data() + sizeof(header) + i * sizeof(entry), &entry, sizeof(entry));
    file.insert(file.end(), bytes.begin(), bytes.end());
  }
  header.fileSize = file.size();
  std::memcpy(file.data(), &header, sizeof(header));
  header.hash = XXH3_64bits(file.data(), sizeof(header) + sections.size() * sizeof(SectionEntry));
  std::memcpy(file.data(), &header, sizeof(header));
  return file;
}

/// Weights of another size need another number of hashes.
void fitHashes(std::vector<Section> &sections) {
  for (size_t i = 0; i + 1 < sections.size(); ++i) {
    if (sections[i].entry.kind == SectionKind::WeightHashes)
      sections[i].bytes.resize((sections[i + 1].bytes.size() + kWeightChunk - 1) / kWeightChunk *
                               sizeof(uint64_t));
  }
}

} // namespace

/// Mostly of one section, mostly of the plan; the hashes, which would else be all that is tested, are made
/// right.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t mostSize, unsigned seed) {
  std::vector<Section> sections = split({data, size});
  if (sections.empty() || seed % 16 == 0)
    return LLVMFuzzerMutate(data, size, mostSize);
  std::mt19937 random(seed);
  std::vector<uint8_t> &bytes = sections[random() % 2 ? 0 : random() % sections.size()].bytes;
  size_t used = bytes.size();
  bytes.resize(used + 256);
  bytes.resize(LLVMFuzzerMutate(bytes.data(), used, bytes.size()));
  if (random() % 2)
    fitHashes(sections);
  std::vector<uint8_t> file = join(sections);
  if (file.size() > mostSize)
    return LLVMFuzzerMutate(data, size, mostSize);
  std::memcpy(data, file.data(), file.size());
  return file.size();
}
