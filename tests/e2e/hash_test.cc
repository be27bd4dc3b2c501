// The program `drydock hash` itself, as a user runs it: what it prints, its exit codes, its cache
// in the user's folder, its memory, and what it says of bad input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/text.h"
#include "tests/support/child.h"
#include "tests/support/temp_folder.h"

namespace drydock::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct HashRun {
  int exit_code = 0;
  std::string out;
  std::string err;
};

class HashProgram : public ::testing::Test {
 protected:
  HashProgram() {
    EXPECT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    folder_.Write("p/Dockerfile.base", "FROM debian:12\n");
    folder_.Write("p/entrypoint.sh", "#!/bin/sh\n");
    folder_.Write("p/entrypoint-user.sh", "exec\n");
    folder_.Write("p/rootfs/etc/motd", "hello\n");
  }

  std::string root() const { return folder_.At("p"); }
  std::string cache() const { return folder_.At("xdg/drydock/hash"); }

  HashRun Run(std::vector<std::string> words) const {
    words.insert(words.begin(), {DRYDOCK_PROGRAM, "hash"});
    return RunAny(words);
  }

  HashRun RunAny(const std::vector<std::string>& words) const {
    Child child(words, environment(), "util-linux");
    HashRun run;
    run.exit_code = child.Wait(std::chrono::seconds(300));
    run.out = child.out();
    run.err = child.err();
    return run;
  }

  std::vector<std::string> environment() const {
    return {"XDG_CACHE_HOME=" + folder_.At("xdg"), "HOME=" + folder_.At("home"), "LC_ALL=C"};
  }

  std::string Shell(const std::string& command) const {
    const HashRun run = RunAny({"sh", "-c", command, "sh", root(), DRYDOCK_PROGRAM});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return std::string(Trim(run.out));
  }

  // The runbook's own words.
  std::string Recipe() const {
    return Shell(
        "cd \"$1\" && { cat Dockerfile.base; find rootfs -type f ! -path '*/__pycache__/*' ! -name "
        "'*.pyc' ! -name .DS_Store ! -name '._*' -print0 | sort -z | xargs -0 cat; cat "
        "entrypoint.sh entrypoint-user.sh; } | sha256sum | cut -c1-12");
  }

  std::size_t CacheFiles() const {
    std::error_code none;
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(cache(), none), fs::directory_iterator()));
  }

  TempFolder folder_;
};

TEST_F(HashProgram, PrintsWhatTheRecipePrintsAloneOnALine) {
  const std::string expected = Recipe();
  for (int round = 0; round < 2; ++round) {
    const HashRun run = Run({root()});
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_EQ(run.out, expected + "\n");
    EXPECT_THAT(run.err, IsEmpty());
  }
  EXPECT_EQ(Shell("tar -C \"$1\" -c . | \"$2\" hash --tar -"), expected);
  EXPECT_EQ(Shell("tar -C \"$1\" -cz . | \"$2\" hash --tar -"), expected);
  EXPECT_EQ(Shell("cd \"$1\" && git init -q && git add . && git -c user.name=t -c user.email=t@t "
                  "commit -qm x && echo more >> entrypoint.sh && \"$2\" hash --git HEAD"),
            expected);
}

TEST_F(HashProgram, TakesTheRecipeOfAReleaseFile) {
  folder_.Write("p/rootfs/etc/left-out.tmp", "junk");
  const std::string release = folder_.Write("release.json", R"({
  "image": "a/b", "platforms": ["linux/amd64"],
  "base": { "dockerfile": "D", "hash": { "inputs": [
    { "line": "first" },
    { "tree": "rootfs", "exclude-files": ["*.tmp"] },
    { "file": "Dockerfile.base" } ] } },
  "variants": [{ "name": "v", "dockerfile": "D" }]
})");
  const HashRun run = Run({root(), "--release", release});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(Trim(run.out),
            Shell("cd \"$1\" && { echo first; cat rootfs/etc/motd Dockerfile.base; } | sha256sum | "
                  "cut -c1-12"));
  EXPECT_EQ(Run({root(), "--release", release, "--recipe", "runbook"}).exit_code, 2);
  std::string text = ReadFile(release);
  folder_.Write("release.json", ReplaceAll(text, "\"tree\"", "\"tre\""));
  const HashRun bad = Run({root(), "--release", release});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.err, HasSubstr(release + ":5: base: hash: input 2: expected exactly one of"));
  const HashRun none =
      Run({root(), "--release",
           std::string(DRYDOCK_SOURCE_DIR) + "/docs/examples/pi-devbox.release.json"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("has no \"base\""));
}

TEST_F(HashProgram, WhatIsNoProjectIsNamed) {
  const HashRun missing = Run({folder_.At("nowhere")});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("no such folder: " + folder_.At("nowhere")));
  const HashRun file = Run({folder_.Write("file", "x")});
  EXPECT_EQ(file.exit_code, 2);
  EXPECT_THAT(file.err, HasSubstr("a file where a folder is expected: " + folder_.At("file")));
  fs::remove(root() + "/entrypoint.sh");
  const HashRun input = Run({root()});
  EXPECT_EQ(input.exit_code, 1);
  EXPECT_THAT(input.out, IsEmpty());
  EXPECT_THAT(input.err, HasSubstr("missing input: entrypoint.sh"));
}

TEST_F(HashProgram, WhatMayNotBeReadIsNamed) {
  const std::string program = folder_.At("drydock");  // where another user can reach it
  fs::copy_file(DRYDOCK_PROGRAM, program);
  const std::string file = folder_.Write("p/rootfs/\xff\xfe", "no UTF-8 in its name");
  ASSERT_EQ(::chmod(file.c_str(), 0), 0);
  std::vector<std::string> words = {program, "hash", root()};
  if (::geteuid() == 0) {  // who reads everything
    words.insert(words.begin(),
                 {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"});
  }
  const HashRun refused = RunAny(words);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out, IsEmpty());
  EXPECT_THAT(refused.err, HasSubstr("unreadable file: rootfs/\xff\xfe (Permission denied)"));
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  EXPECT_EQ(Trim(Run({root()}).out), Recipe());
}

TEST_F(HashProgram, TheCacheLiesWhereXdgSays) {
  Run({root()});
  EXPECT_EQ(CacheFiles(), 1U);
  const auto relative = [&](const std::string& variable) {
    Child child({DRYDOCK_PROGRAM, "hash", root()}, {variable, "HOME=" + folder_.At("home")});
    EXPECT_EQ(child.Wait(), 0);
  };
  relative("XDG_CACHE_HOME=not/absolute");  // which the specification says to ignore
  EXPECT_FALSE(fs::is_empty(folder_.At("home/.cache/drydock/hash")));
  fs::remove_all(folder_.At("home"));
  relative("XDG_CACHE_HOME=");
  EXPECT_FALSE(fs::is_empty(folder_.At("home/.cache/drydock/hash")));
}

TEST_F(HashProgram, ADamagedCacheIsSaidAndDoesNoHarm) {
  const std::string expected = Run({root()}).out;
  const fs::path file = fs::directory_iterator(cache())->path();
  std::ofstream(file, std::ios::binary) << "not a cache";
  const HashRun run = Run({root()});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out, expected);
  EXPECT_THAT(run.err, HasSubstr("cache: ignored, damaged: " + file.string()));
  EXPECT_THAT(Run({root(), "--verify-cache"}).out, expected);
}

TEST_F(HashProgram, WithoutTheCacheNothingIsLeft) {
  EXPECT_EQ(Run({root(), "--no-cache"}).exit_code, 0);
  EXPECT_FALSE(fs::exists(folder_.At("xdg")));
  EXPECT_EQ(Run({root(), "--no-cache", "--verify-cache"}).exit_code, 2);
}

TEST_F(HashProgram, RunsAtOnceAndKilledOnesLeaveTheAnswerAlone) {
  for (int file = 0; file < 3000; ++file) {
    folder_.Write("p/rootfs/many/" + std::to_string(file), std::to_string(file));
  }
  const std::string expected = Recipe() + "\n";
  for (int round = 0; round < 5; ++round) {
    std::ofstream(root() + "/rootfs/zz") << round;  // so that there is something to store
    const std::string now = Recipe() + "\n";
    Child first({DRYDOCK_PROGRAM, "hash", root()}, environment());
    Child second({DRYDOCK_PROGRAM, "hash", root()}, environment());
    Child killed({DRYDOCK_PROGRAM, "hash", root()}, environment());
    killed.Read(std::chrono::milliseconds(3 * round));
    killed.Signal(SIGKILL);
    killed.Wait();
    for (Child* child : {&first, &second}) {
      EXPECT_EQ(child->Wait(), 0);
      EXPECT_EQ(child->out(), now);
      EXPECT_THAT(child->err(), IsEmpty());
    }
  }
  fs::remove(root() + "/rootfs/zz");
  const HashRun last = Run({root(), "--verify-cache"});
  EXPECT_EQ(last.exit_code, 0);
  EXPECT_EQ(last.out, expected);
  EXPECT_THAT(last.err, IsEmpty());
}

// The digest is what the recipe prints, once and for all: it takes too long to run it every time.
TEST_F(HashProgram, AFiveGibibyteSparseFileWithProgressOnATerminal) {
  std::ofstream(root() + "/rootfs/sparse").flush();
  fs::remove_all(root() + "/rootfs/etc");
  fs::resize_file(root() + "/rootfs/sparse", std::uintmax_t{5} << 30);
  const HashRun run =
      RunAny({"script", "-qec", Concat({"exec ", DRYDOCK_PROGRAM, " hash --no-cache ", root()}),
              "/dev/null"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, StartsWith("\r\x1b[Khash: "));
  EXPECT_THAT(run.out, HasSubstr(" GB\r\x1b[K"));
  EXPECT_THAT(run.out, EndsWith("\r\x1b[K92ae7964879d\r\n"));
}

TEST_F(HashProgram, AMillionFilesInOneFolderTakeNoMoreThan64MiB) {
  // Links to one file are quick to make; a file system may want another file now and then.
  constexpr int kFiles = 1'000'000;
  constexpr int kLinksMost = 60'000;
  if (fs::exists("/dev/shm")) {
    ::setenv("TMPDIR", "/dev/shm", 1);
  }
  const TempFolder memory;
  const fs::path many = memory.path() / "p/rootfs/many";
  fs::create_directories(many);
  for (const char* name : {"Dockerfile.base", "entrypoint.sh", "entrypoint-user.sh"}) {
    memory.Write(Concat({"p/", name}), "x\n");
  }
  std::string source;
  for (int file = 0; file < kFiles; ++file) {
    const std::string link = (many / Concat({"file-", std::to_string(file), ".txt"})).string();
    if (file % kLinksMost == 0) {
      source = link;
      std::ofstream(source) << "content\n";
    } else {
      ASSERT_EQ(::link(source.c_str(), link.c_str()), 0);
    }
  }
  for (int round = 0; round < 2; ++round) {
    const HashRun run = Run({memory.At("p")});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.err, IsEmpty());
  }
  rusage usage{};
  ASSERT_EQ(::getrusage(RUSAGE_CHILDREN, &usage), 0);
  EXPECT_LE(usage.ru_maxrss, 64 << 10);
}

}  // namespace
}  // namespace drydock::testing
