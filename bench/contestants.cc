#include "bench/contestants.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <thread>
#include <utility>

#include "bench/bare_walk.h"
#include "core/clock.h"
#include "core/text.h"
#include "publisher/hash/base_hash.h"
#include "publisher/hash/folder_walk.h"
#include "publisher/hash/recipe.h"
#include "publisher/hash/tree_source.h"

namespace drydock::bench {
namespace {

using publisher::HashOptions;
using publisher::RunbookRecipe;

constexpr char kDropFile[] = "/proc/sys/vm/drop_caches";

Status Failed(const std::string& what) { return Error(ErrorCode::kUnavailable, what); }

unsigned Processors() { return std::max(1U, std::thread::hardware_concurrency()); }

Status ForgetFile(const std::string& path) {
  const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (number < 0) {
    return Failed("cannot open " + path);
  }
  const publisher::Descriptor file(number);
  return ::posix_fadvise(number, 0, 0, POSIX_FADV_DONTNEED) == 0
             ? Status(Ok())
             : Failed("cannot drop the pages of " + path);
}

Status DropPageCache(const std::string& tree) {
  ::sync();
  const int number = ::open(kDropFile, O_WRONLY | O_CLOEXEC);
  if (number >= 0) {
    const publisher::Descriptor file(number);
    return ::write(number, "3", 1) == 1 ? Status(Ok()) : Failed("cannot drop the page cache");
  }
  std::error_code failure;
  for (std::filesystem::recursive_directory_iterator at(tree, failure), end; at != end;
       at.increment(failure)) {
    if (at->is_regular_file(failure) && !at->is_symlink(failure)) {
      if (Status forgotten = ForgetFile(at->path().string()); !forgotten) {
        return forgotten;
      }
    }
  }
  return failure ? Failed(failure.message()) : Status(Ok());
}

Status Check(const Result<publisher::BaseHash>& hash, const std::string& expected) {
  if (!hash) {
    return hash.error();
  }
  return hash->Short() == expected
             ? Status(Ok())
             : Failed(Concat({"base hash ", hash->Short(), ", expected ", expected}));
}

// The seconds OpenSSL says it would take for so many bytes.
Result<Trial> MeasureOpenssl(std::uint64_t bytes) {
  const std::string said = Output(
      "openssl speed -elapsed -mr -evp sha256 -bytes 16384 -seconds 1 2>/dev/null | "
      "sed -n 's/^+F:.*://p'");
  const double rate = std::strtod(said.c_str(), nullptr);
  if (rate <= 0) {
    return Error(ErrorCode::kUnavailable, "openssl speed gives no rate");
  }
  Trial trial;
  trial.seconds = trial.cpu_seconds = static_cast<double>(bytes) / rate;
  return trial;
}

// The file that lies at 99 % of the bytes, in the recipe's order.
Result<std::string> FileNearTheEnd(const Place& place) {
  auto root = publisher::OpenRoot(place.tree());
  if (!root) {
    return std::move(root).error();
  }
  publisher::FolderWalk walk(nullptr);
  const auto recipe = RunbookRecipe();
  if (Status opened = walk.Open(*root, std::get<publisher::TreeInput>(recipe.inputs[1])); !opened) {
    return opened.error();
  }
  const std::uint64_t before = place.spec.bytes / 100 * 99;
  std::uint64_t passed = 0;
  publisher::WalkedFile file;
  while (passed < before) {
    if (auto more = walk.Next(file); !more || !*more) {
      return more ? Error(ErrorCode::kUnavailable, "the tree is too small") : more.error();
    }
    struct stat found {};
    ::fstatat((*root)->at->number(), file.path().c_str(), &found, AT_SYMLINK_NOFOLLOW);
    passed += static_cast<std::uint64_t>(found.st_size);
  }
  return Concat({place.tree(), "/", file.path()});
}

// Everything is remembered, and old enough to be believed.
Status Prime(const Place& place) {
  SystemClock clock;
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (Status slept = clock.SleepFor(std::chrono::milliseconds(50)); !slept) {
      return slept;
    }
    const auto hash =
        publisher::HashTree(place.tree(), RunbookRecipe(), {.cache_folder = place.cache()});
    if (!hash) {
      return hash.error();
    }
    if (hash->bytes_reused == hash->bytes) {
      return Ok();
    }
  }
  return Failed("the cache does not remember the tree");
}

class Entry {
 public:
  Entry(const Place& place, std::string hash) : place_(place), hash_(std::move(hash)) {}

  Contestant Floor() const {
    return {who::kFloor, nullptr, [bytes = place_.spec.bytes] { return MeasureOpenssl(bytes); }};
  }

  Contestant Hash(const char* name, unsigned cores, bool cached = false) const {
    HashOptions options;
    options.cache_folder = cached ? place_.cache() : "";
    return {name, nullptr, [tree = place_.tree(), options, hash = hash_, cores] {
              return Measure(
                  [&] { return Check(publisher::HashTree(tree, RunbookRecipe(), options), hash); },
                  cores);
            }};
  }

  Contestant GitHash() const {
    return {who::kGitHash, nullptr, [repository = place_.repository(), hash = hash_] {
              return Measure(
                  [&] {
                    return Check(publisher::HashGitRef(repository, "HEAD", RunbookRecipe()), hash);
                  },
                  0);
            }};
  }

  Contestant Walk(const char* name, Touch touch, unsigned threads) const {
    return {name, nullptr, [tree = place_.tree(), touch, threads] {
              return Measure(
                  [&]() -> Status {
                    const auto walked = BareWalk(tree, touch, threads);
                    return walked ? Status(Ok()) : Status(walked.error());
                  },
                  threads);
            }};
  }

  Contestant Command(const std::string& name, const std::string& in, std::string command) const {
    return {name, nullptr, [in, command = std::move(command)] {
              return Measure([&] { return Shell(in, command); }, 0);
            }};
  }

  Contestant Recipe() const { return Command(who::kRecipe, place_.tree(), RecipeText()); }

  std::string RecipeText() const {
    return Concat({"test \"$(", ShellText(RunbookRecipe()), ")\" = ", hash_});
  }

  Contestant Dropped(Contestant contestant) const {
    contestant.prepare = [tree = place_.tree()] { return DropPageCache(tree); };
    return contestant;
  }

 private:
  const Place& place_;
  std::string hash_;
};

std::string IndexOf(const Place& place) {
  return Concat({"export GIT_INDEX_FILE=", Quoted(place.folder + "/index"),
                 " && git --git-dir=", Quoted(place.repository()), " --work-tree=. "});
}

void AddGit(const Place& place, const Entry& entry, std::vector<Contestant>& all) {
  Contestant tree = entry.Command(
      who::kGitTree, place.tree(),
      Concat({"rm -f ", Quoted(place.folder + "/index"), " && ", IndexOf(place),
              "add -A && git --git-dir=", Quoted(place.repository()), " write-tree >/dev/null"}));
  all.push_back(std::move(tree));
  all.push_back(entry.GitHash());
  const std::string git = "git --git-dir=" + Quoted(place.repository());
  Contestant worktree =
      entry.Command(who::kGitRecipe, place.folder,
                    Concat({git, " worktree add --quiet --detach ", Quoted(place.worktree()),
                            " HEAD && cd ", Quoted(place.worktree()), " && ", entry.RecipeText()}));
  worktree.prepare = [&place, git] {
    return Shell(place.folder,
                 Concat({"rm -rf ", Quoted(place.worktree()), " && ", git, " worktree prune"}));
  };
  all.push_back(std::move(worktree));
}

void AddDropped(const Place& place, const Entry& entry, std::vector<Contestant>& all) {
  all.push_back(entry.Dropped(entry.Hash(who::kHashDropped, 0)));
  all.push_back(entry.Dropped(entry.Walk(who::kReadDropped, Touch::kRead, 8)));
  // On two processors 16 and 32 programs at once took as long as 4.
  all.push_back(
      entry.Dropped(entry.Command(who::kCatDropped, place.tree(),
                                  "find . -type f -print0 | xargs -0 -n 64 -P 4 cat >/dev/null")));
}

}  // namespace

Status Prepare(const Place& place, const Entries& entries) {
  if (Status made = publisher::GenerateTree(place.tree(), place.spec); !made) {
    return made;
  }
  if (entries.git) {
    const std::string git = "git --git-dir=" + Quoted(place.repository());
    Status kept =
        Shell(place.tree(),
              Concat({"git init --quiet --bare ", Quoted(place.repository()), " && ", git,
                      " config gc.auto 0 && ", IndexOf(place), "add -A && ", IndexOf(place),
                      " -c user.name=bench -c user.email=bench@localhost commit --quiet -m tree"}));
    if (!kept) {
      return kept;
    }
  }
  ::sync();
  const auto read = BareWalk(place.tree(), Touch::kRead, Processors());
  return read ? Status(Ok()) : Status(read.error());
}

Result<std::vector<Contestant>> Contestants(const Place& place, const Entries& entries) {
  const auto hash = publisher::HashTree(place.tree(), RunbookRecipe());
  if (!hash) {
    return hash.error();
  }
  const Entry entry(place, hash->Short());
  std::vector<Contestant> all = {
      entry.Floor(),
      entry.Hash(who::kHash, 0),
      entry.Hash(who::kHashOneCore, 1),
      entry.Walk(who::kReadOneCore, Touch::kRead, 1),
      entry.Walk(who::kRead, Touch::kRead, Processors()),
      entry.Walk(who::kLook, Touch::kLook, Processors()),
  };
  all.push_back(entry.Hash(who::kUnchanged, 0, true));
  all.back().prepare = [&place] { return Prime(place); };
  auto late = FileNearTheEnd(place);
  if (!late) {
    return std::move(late).error();
  }
  all.push_back(entry.Hash(who::kLastChanged, 0, true));
  all.back().prepare = [&place, path = *late] {
    const Status primed = Prime(place);
    return primed && ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0
               ? Failed("cannot touch " + path)
               : primed;
  };
  if (entries.recipe) {
    all.push_back(entry.Recipe());
  }
  if (entries.peers) {
    all.push_back(
        entry.Command(who::kTar, place.tree(), "tar -cf - . | openssl dgst -sha256 >/dev/null"));
    all.push_back(
        entry.Command(who::kB3sum, place.tree(),
                      "find . -type f -print0 | sort -z | xargs -0 b3sum | b3sum >/dev/null"));
  }
  if (entries.git) {
    AddGit(place, entry, all);
  }
  if (entries.dropped) {
    AddDropped(place, entry, all);
  }
  return all;
}

std::string DropWords() {
  return ::access(kDropFile, W_OK) == 0
             ? "by writing 3 to /proc/sys/vm/drop_caches, which drops inodes and names as well"
             : "with posix_fadvise(POSIX_FADV_DONTNEED) for each file; inodes and names stay";
}

}  // namespace drydock::bench
