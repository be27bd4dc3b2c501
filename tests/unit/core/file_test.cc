// Bodies that write themselves to a sink, from memory and from files; hashing in a second thread.
#include "core/file.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "core/hash_ahead.h"
#include "core/text.h"
#include "tests/support/temp_folder.h"

namespace drydock {
namespace {

// Takes files as a socket does, up to a number of bytes each time; 0: not at all.
class Recorder : public BodySink {
 public:
  explicit Recorder(std::uint64_t file_bytes) : file_bytes_(file_bytes) {}

  Status Write(std::string_view bytes) override {
    if (refusing) {
      return Error(ErrorCode::kAmbiguous, "gone");
    }
    text += bytes;
    return Ok();
  }
  Result<std::uint64_t> WriteFile(int descriptor, std::uint64_t offset,
                                  std::uint64_t length) override {
    std::string bytes(std::min(length, file_bytes_), '\0');
    const ssize_t got = ::pread(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    text += bytes;
    by_file += bytes.size();
    return bytes.size();
  }

  std::string text;
  std::uint64_t by_file = 0;
  bool refusing = false;

 private:
  std::uint64_t file_bytes_;
};

std::shared_ptr<const OwnedFile> FileOf(const std::string& text) {
  auto file = std::make_shared<const OwnedFile>(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_TRUE(file->open());
  EXPECT_TRUE(WriteAll(*file, "test", text).ok());
  return file;
}

TEST(Body, WritesItselfToASink) {
  const std::string text(1'000'000, 'x');
  Recorder recorder(0);
  Body shared = Body::FromShared(std::make_shared<const std::string>(text), 1, 500'000);
  EXPECT_TRUE(shared.WriteTo(recorder).ok());
  EXPECT_EQ(recorder.text, text.substr(1, 500'000));
  EXPECT_TRUE(shared.WriteTo(recorder).ok());
  EXPECT_EQ(recorder.text.size(), 500'000u) << "nothing was left";
  EXPECT_TRUE(Body().WriteTo(recorder).ok());
  recorder.refusing = true;
  EXPECT_FALSE(Body::FromString("y").WriteTo(recorder).ok());
}

TEST(ReadWholeFile, GivesAllOfItOrSaysWhyNot) {
  const testing::TempFolder folder;
  for (const std::size_t size : {0UL, 1UL, 65536UL, 65537UL, 200000UL}) {
    const std::string bytes(size, 'x');
    EXPECT_EQ(*ReadWholeFile(folder.Write("file", bytes)), bytes);
  }
  const std::string ten = folder.Write("ten", "0123456789");
  EXPECT_EQ(*ReadWholeFile(ten, 10), "0123456789");
  EXPECT_EQ(ReadWholeFile(ten, 9).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(ReadWholeFile("/dev/zero", 1 << 20).error().code(), ErrorCode::kInvalid);
  const auto gone = ReadWholeFile(folder.At("gone"));
  EXPECT_EQ(gone.error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(gone.error().message(),
            Concat({folder.At("gone"), ": cannot be read: No such file or directory"}));
  EXPECT_EQ(ReadWholeFile(folder.path().string()).error().code(), ErrorCode::kUnavailable);
}

TEST(FileBody, GoesAsAFileWhereThatIsPossible) {
  const std::string text = "0123456789";
  for (const std::uint64_t at_once : {0U, 1U, 4U, 100U}) {
    Recorder recorder(at_once);
    Body body = FileBody(FileOf(text), "test", 2, 7);
    EXPECT_EQ(body.length(), 7u);
    std::array<char, 1> first{};
    EXPECT_EQ(*body.Read(first), 1u);
    EXPECT_TRUE(body.WriteTo(recorder).ok());
    EXPECT_EQ(recorder.text, "345678") << at_once;
    EXPECT_EQ(recorder.by_file, at_once == 0 ? 0u : 6u);
  }
}

TEST(FileBody, ThatEndsTooEarlySaysSo) {
  for (const std::uint64_t at_once : {0U, 100U}) {
    Recorder recorder(at_once);
    Body body = FileBody(FileOf("0123456789"), "test", 2, 100);
    const Status sent = body.WriteTo(recorder);
    ASSERT_FALSE(sent.ok());
    EXPECT_EQ(sent.error().message(), "test: ends 92 bytes too early");
    EXPECT_EQ(recorder.text, "23456789");
  }
  Recorder recorder(100);
  Body none = FileBody(Error(ErrorCode::kNotFound, "no file"), "test", 0, 10);
  EXPECT_EQ(none.WriteTo(recorder).error().message(), "no file");
}

TEST(HashAhead, HashesWhatCameInOrder) {
  Hasher hasher;
  std::string all;
  std::array<std::string, 2> places;
  {
    HashAhead ahead(hasher);
    for (std::size_t i = 0; i < 200; ++i) {
      std::string& piece = places[i % 2];
      piece.assign(1 + i * 97 % 5000, static_cast<char>('a' + i % 26));
      all += piece;
      ahead.Update(piece);
      if (i % 50 == 0) {
        ahead.Rest();
        piece.assign(10, '!');  // may be used again
      }
    }
  }
  EXPECT_EQ(hasher.Finish(), Digest::Of(all));
}

}  // namespace
}  // namespace drydock
