#include "publisher/release/preflight.h"

#include <algorithm>
#include <filesystem>

#include "core/text.h"
#include "publisher/build/child_process.h"

namespace drydock::publisher {
namespace {

constexpr std::uint64_t kOwnFilesBytes = 64u << 20;
constexpr std::uint64_t kBuildBytes = std::uint64_t{5} << 30;
constexpr Duration kClockWrong = std::chrono::minutes(1);

bool IsBelow(std::string_view folder, std::string_view path) {
  return path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
}

bool IsIn(const TreeInput& tree, std::string_view path) {
  if (!IsBelow(tree.path, path)) {
    return false;
  }
  const auto names = Split(path.substr(tree.path.size() + 1), '/');
  const auto excluded = [&](const std::string& name) {
    const auto& folders = tree.excluded_folders;
    return std::find(folders.begin(), folders.end(), name) != folders.end();
  };
  return std::none_of(names.begin(), names.end() - 1, excluded) &&
         std::none_of(tree.excluded_files.begin(), tree.excluded_files.end(),
                      [&](const std::string& glob) { return GlobMatches(glob, names.back()); });
}

std::string ShortCommit(std::string_view commit) { return std::string(commit.substr(0, 12)); }

PreflightCheck CheckTree(const RepositoryFacts& facts, const Recipe* base_hash) {
  PreflightCheck check{"tree", CheckResult::kPassed, "the tree is clean"};
  if (facts.dirty.empty()) {
    return check;
  }
  std::vector<std::string> hashed;
  for (const std::string& path : facts.dirty) {
    if (base_hash != nullptr && IsInput(*base_hash, path)) {
      hashed.push_back(path);
    }
  }
  check.result = CheckResult::kFailed;
  check.found = Concat({"the work tree is not clean: ", Join(facts.dirty, ", "),
                        facts.dirty.size() >= kDirtyPathsMax ? ", …" : ""});
  if (base_hash != nullptr) {
    check.found += hashed.empty()
                       ? " (nothing of it goes into the base hash)"
                       : Concat({" (this goes into the base hash: ", Join(hashed, ", "), ")"});
  }
  check.remedy = "commit, remove or ignore these (git status shows all)";
  return check;
}

// "https://me:secret@host/x" without what stands before the "@".
std::string WithoutLogins(std::string text) {
  for (std::size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    const std::size_t end = text.find_first_of("/' \n", at + 3);
    const std::size_t login = text.rfind('@', end == std::string::npos ? text.size() : end);
    if (login != std::string::npos && login > at + 3) {
      text.erase(at + 3, login - at - 2);
    }
  }
  return text;
}

Result<std::string> RemoteOf(const std::string& folder) {
  const auto listed = RunChild({"git", "-C", folder, "remote"}, {});
  if (!listed) {
    return Error(ErrorCode::kUnavailable, listed.error().message());
  }
  const auto names = Split(Trim(listed->output), '\n');
  if (listed->exit_code != 0 || names.front().empty()) {
    return Error(ErrorCode::kNotFound, Concat({folder, ": the clone has no remote"}));
  }
  const bool origin = std::find(names.begin(), names.end(), "origin") != names.end();
  return origin ? std::string("origin") : names.front();
}

}  // namespace

std::string_view Name(CheckResult result) {
  switch (result) {
    case CheckResult::kPassed:
      return "passed";
    case CheckResult::kWarned:
      return "warning";
    case CheckResult::kFailed:
      return "failed";
    case CheckResult::kSkipped:
      return "skipped";
  }
  return "skipped";
}

bool IsInput(const Recipe& recipe, std::string_view path) {
  return std::any_of(recipe.inputs.begin(), recipe.inputs.end(), [&](const RecipeInput& input) {
    const auto* file = std::get_if<FileInput>(&input);
    const auto* tree = std::get_if<TreeInput>(&input);
    return (file != nullptr && file->path == path) || (tree != nullptr && IsIn(*tree, path));
  });
}

std::vector<PreflightCheck> CheckRepository(const RepositoryFacts& facts, std::string_view tag,
                                            const Recipe* base_hash) {
  if (facts.tag_commit.empty()) {
    return {{"tag", CheckResult::kFailed, Concat({"there is no tag ", tag, " here"}),
             "run: git fetch --tags"},
            {"head", CheckResult::kSkipped, "there is no tag to compare with"},
            CheckTree(facts, base_hash)};
  }
  const std::string commit = ShortCommit(facts.tag_commit);
  PreflightCheck head{"head", CheckResult::kPassed, Concat({tag, " is HEAD (", commit, ")"})};
  if (facts.head_commit != facts.tag_commit) {
    head = {"head", CheckResult::kFailed,
            Concat({"HEAD is ", ShortCommit(facts.head_commit), ", but ", tag, " is ", commit}),
            Concat({"run: git checkout ", tag})};
  }
  return {{"tag", CheckResult::kPassed, Concat({tag, " names ", commit})},
          std::move(head),
          CheckTree(facts, base_hash)};
}

Result<RemoteTag> ReadRemoteTag(const std::string& folder, std::string_view tag) {
  auto remote = RemoteOf(folder);
  if (!remote) {
    return remote.error();
  }
  const std::string name = Concat({"refs/tags/", tag});
  const auto asked =
      RunChild({"env", "GIT_TERMINAL_PROMPT=0", "git", "-C", folder, "-c", "http.lowSpeedLimit=1",
                "-c", "http.lowSpeedTime=20", "ls-remote", *remote, name, name + "^{}"},
               {});
  if (!asked || asked->exit_code != 0) {
    const auto lines = asked ? Split(Trim(asked->diagnostics), '\n') : std::vector<std::string>();
    return Error(
        ErrorCode::kUnavailable,
        Concat({*remote, ": ", WithoutLogins(asked ? lines.front() : asked.error().message())}));
  }
  RemoteTag found{std::move(*remote), ""};
  for (const std::string& line : Split(asked->output, '\n')) {
    const std::size_t blank = line.find('\t');
    const std::string_view reference =
        std::string_view(line).substr(blank == std::string::npos ? line.size() : blank + 1);
    if (reference == name + "^{}" || (reference == name && found.commit.empty())) {
      found.commit = line.substr(0, blank);
    }
  }
  return found;
}

PreflightCheck CheckRemoteTag(const Result<RemoteTag>& found, const RepositoryFacts& facts,
                              std::string_view tag) {
  PreflightCheck check{"tag-at-remote", CheckResult::kPassed, ""};
  if (!found) {
    const bool none = found.error().code() == ErrorCode::kNotFound;
    check.result = none ? CheckResult::kSkipped : CheckResult::kWarned;
    check.found =
        none ? "the clone has no remote"
             : Concat({"whether ", tag, " is there is not known: ", found.error().message()});
    check.remedy = none ? "" : "publish only if you know that the tag is pushed";
    return check;
  }
  const std::string& commit = found->commit;
  if (commit == facts.tag_commit) {
    check.found = Concat({tag, " is at ", found->remote, ", at the same commit"});
    return check;
  }
  check.result = CheckResult::kFailed;
  check.found = commit.empty() ? Concat({tag, " is not at ", found->remote})
                               : Concat({tag, " is ", ShortCommit(facts.tag_commit), " here and ",
                                         ShortCommit(commit), " at ", found->remote});
  check.remedy = commit.empty()
                     ? Concat({"run: git push ", found->remote, " ", tag})
                     : "a tag never moves: publish the next letter, or get the remote's with git "
                       "fetch --tags --force";
  return check;
}

PreflightCheck CheckDisk(const Result<std::uint64_t>& free_bytes, bool builds) {
  PreflightCheck check{"disk", CheckResult::kPassed, ""};
  if (!free_bytes) {
    check.result = CheckResult::kWarned;
    check.found = free_bytes.error().message();
    return check;
  }
  check.found = Concat({HumanBytes(*free_bytes), " free"});
  if (*free_bytes < kOwnFilesBytes || (builds && *free_bytes < kBuildBytes)) {
    const bool own = *free_bytes < kOwnFilesBytes;
    check.result = own ? CheckResult::kFailed : CheckResult::kWarned;
    check.remedy = Concat({"free some space: the run notes where it stands",
                           own ? "" : ", and images of several platforms take gigabytes"});
  }
  return check;
}

Result<std::uint64_t> FreeBytes(const std::string& folder) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  if (error) {
    return Error(ErrorCode::kUnavailable, Concat({folder, ": its free space: ", error.message()}));
  }
  return static_cast<std::uint64_t>(space.available);
}

PreflightCheck CheckClock(const std::optional<TimePoint>& theirs, TimePoint ours) {
  PreflightCheck check{"clock", CheckResult::kSkipped, "the registry tells no time"};
  if (!theirs) {
    return check;
  }
  const Duration ahead = ours - *theirs;
  const Duration off = ahead < Duration::zero() ? -ahead : ahead;
  if (off < kClockWrong) {
    check.result = CheckResult::kPassed;
    check.found = "agrees with the registry's within a minute";
    return check;
  }
  check.result = CheckResult::kWarned;
  check.found = Concat({"this machine's clock is ", FormatDuration(off), " ",
                        ahead > Duration::zero() ? "ahead of" : "behind", " the registry's"});
  check.remedy = "set the clock (timedatectl set-ntp true)";
  return check;
}

}  // namespace drydock::publisher
