// A file appears only when complete, failures leave nothing behind, and special files are not replaced.
#include "format/AtomicFile.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

using namespace winnow::format;
namespace fs = std::filesystem;

namespace {

class AtomicFile : public testing::Test {
protected:
  void SetUp() override {
    folder = fs::path(testing::TempDir()) / ("winnow-atomic-" + std::to_string(::getpid()));
    fs::remove_all(folder);
    fs::create_directory(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  static Status write(const fs::path &path, std::string_view text) {
    auto bytes = reinterpret_cast<const uint8_t *>(text.data());
    return writeFileAtomically(
        path.string(), {{bytes, text.size() / 2}, {bytes + text.size() / 2, text.size() - text.size() / 2}});
  }
  static std::string read(const fs::path &path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  size_t fileCount() const { return std::distance(fs::directory_iterator(folder), fs::directory_iterator()); }

  fs::path folder;
};

TEST_F(AtomicFile, WritesAndReplaces) {
  ASSERT_TRUE(write(folder / "a", "first").ok());
  EXPECT_EQ(read(folder / "a"), "first");
  fs::permissions(folder / "a", fs::perms(0640));
  ASSERT_TRUE(write(folder / "a", "second").ok());
  EXPECT_EQ(read(folder / "a"), "second");
  EXPECT_EQ(fs::status(folder / "a").permissions(), fs::perms(0640));
  EXPECT_EQ(fileCount(), 1u);
}

// When the last of three cannot be written, the first two stay as they were.
TEST_F(AtomicFile, WritesAllOrNone) {
  const uint8_t text[] = {'n', 'e', 'w'};
  ASSERT_TRUE(write(folder / "a", "old").ok());
  std::vector<FileToWrite> files;
  for (fs::path name : {"a", "b", "missing/c"})
    files.push_back({(folder / name).string(), {text}});
  Status status = writeFilesAtomically(files);
  EXPECT_EQ(status.code(), Code::InputOutput);
  EXPECT_NE(status.message().find("missing/c"), std::string::npos) << status.message();
  EXPECT_EQ(read(folder / "a"), "old");
  EXPECT_EQ(fileCount(), 1u);
  files.back().path = "/dev/full";
  EXPECT_FALSE(writeFilesAtomically(files).ok());
  EXPECT_EQ(read(folder / "a"), "old");
  EXPECT_EQ(fileCount(), 1u);
  files.back().path = (folder / "c").string();
  ASSERT_TRUE(writeFilesAtomically(files).ok());
  for (const char *name : {"a", "b", "c"})
    EXPECT_EQ(read(folder / name), "new");
  EXPECT_EQ(fileCount(), 3u);
}

TEST_F(AtomicFile, FollowsSymbolicLinks) {
  ASSERT_TRUE(write(folder / "target", "old").ok());
  fs::create_symlink("target", folder / "link");
  ASSERT_TRUE(write(folder / "link", "new").ok());
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read(folder / "target"), "new");
}

TEST_F(AtomicFile, RefusesFolders) {
  Status status = write(folder, "text");
  EXPECT_EQ(status.code(), Code::InputOutput);
  EXPECT_NE(status.message().find(folder.string()), std::string::npos);
  EXPECT_EQ(write(folder / "missing" / "a", "text").code(), Code::InputOutput);
  EXPECT_EQ(fileCount(), 0u);
}

TEST_F(AtomicFile, WritesSpecialFilesInPlace) {
  ASSERT_TRUE(write("/dev/null", "text").ok());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  Status status = write("/dev/full", "text");
  EXPECT_EQ(status.code(), Code::InputOutput);
  EXPECT_NE(status.message().find("/dev/full"), std::string::npos);
}

} // namespace
