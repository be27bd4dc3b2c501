#include "scenarios/runner/project.h"

#include <git2.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "core/file.h"
#include "core/text.h"
#include "scenarios/runner/generated_files.h"
#include "scenarios/runner/git_session.h"

namespace drydock::scenarios {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAuthor = "drydock";
constexpr std::string_view kMail = "drydock@example.invalid";
constexpr std::string_view kDirtyFile = "Dockerfile.variant";

template <class T, void (*kFree)(T*)>
struct Freed {
  void operator()(T* held) const { kFree(held); }
};
using Repository = std::unique_ptr<git_repository, Freed<git_repository, git_repository_free>>;
using Index = std::unique_ptr<git_index, Freed<git_index, git_index_free>>;
using Tree = std::unique_ptr<git_tree, Freed<git_tree, git_tree_free>>;
using Commit = std::unique_ptr<git_commit, Freed<git_commit, git_commit_free>>;
using Config = std::unique_ptr<git_config, Freed<git_config, git_config_free>>;
using Signature = std::unique_ptr<git_signature, Freed<git_signature, git_signature_free>>;

Error GitError(std::string_view what) {
  const git_error* last = git_error_last();
  return Error(ErrorCode::kInternal, Concat({"project: ", what, ": ",
                                             last == nullptr ? "no reason given" : last->message}));
}

Status WriteFile(const fs::path& path, std::string_view text) {
  std::error_code failure;
  fs::create_directories(path.parent_path(), failure);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.flush();
  if (!file) {
    return Error(ErrorCode::kUnavailable,
                 Concat({"project: cannot write: ", path.filename().string()}));
  }
  return Ok{};
}

// Where the name is below the folder. A name that leads through a link is refused: what is written
// there would be elsewhere, outside the project perhaps.
Result<fs::path> PlaceOf(const std::string& folder, const std::string& name) {
  fs::path at(folder);
  std::error_code failure;
  for (const fs::path& part : fs::path(name).parent_path()) {
    at /= part;
    if (fs::is_symlink(fs::symlink_status(at, failure))) {
      return Error(ErrorCode::kInvalid, Concat({"project: leads through a link: \"", name, "\""}));
    }
  }
  return at / fs::path(name).filename();
}

// In the place of a link of that name.
Status WriteInto(const std::string& folder, const std::string& name, std::string_view text) {
  const auto place = PlaceOf(folder, name);
  if (!place) {
    return place.error();
  }
  if (std::error_code failure; fs::is_symlink(fs::symlink_status(*place, failure))) {
    fs::remove(*place, failure);
  }
  return WriteFile(*place, text);
}

// Everything in the work tree as one commit on HEAD; `parent` may be null.
Result<git_oid> CommitAll(git_repository* repository, git_commit* parent, TimePoint time,
                          const char* message) {
  git_index* raw_index = nullptr;
  if (git_repository_index(&raw_index, repository) != 0) {
    return GitError("index");
  }
  const Index index(raw_index);
  git_oid tree_id;
  if (git_index_clear(index.get()) != 0 ||
      git_index_add_all(index.get(), nullptr, GIT_INDEX_ADD_FORCE, nullptr, nullptr) != 0 ||
      git_index_write(index.get()) != 0 || git_index_write_tree(&tree_id, index.get()) != 0) {
    return GitError("add");
  }
  git_tree* raw_tree = nullptr;
  if (git_tree_lookup(&raw_tree, repository, &tree_id) != 0) {
    return GitError("tree");
  }
  const Tree tree(raw_tree);
  git_signature* raw_signature = nullptr;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch());
  if (git_signature_new(&raw_signature, kAuthor.data(), kMail.data(), seconds.count(), 0) != 0) {
    return GitError("signature");
  }
  const Signature signature(raw_signature);
  const git_commit* parents[] = {parent};
  git_oid commit_id;
  if (git_commit_create(&commit_id, repository, "HEAD", signature.get(), signature.get(), nullptr,
                        message, tree.get(), parent == nullptr ? 0 : 1, parents) != 0) {
    return GitError("commit");
  }
  return commit_id;
}

Status GiveModesAndLinks(const std::string& folder, const ProjectSpec& spec) {
  std::error_code failure;
  for (const auto& [name, target] : spec.links) {
    const auto place = PlaceOf(folder, name);
    if (!place) {
      return place.error();
    }
    fs::create_directories(place->parent_path(), failure);
    fs::remove(*place, failure);
    fs::create_symlink(target, *place, failure);
    if (failure) {
      return Error(ErrorCode::kInvalid, Concat({"project: \"links\": cannot make a link of: \"",
                                                name, "\" (", failure.message(), ")"}));
    }
  }
  for (const auto& [name, mode] : spec.modes) {
    const auto place = PlaceOf(folder, name);
    const auto executable = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
    if (!place || !fs::is_regular_file(fs::symlink_status(*place, failure))) {
      return Error(ErrorCode::kInvalid,
                   Concat({"project: \"modes\": there is no such file: \"", name, "\""}));
    }
    fs::permissions(*place, executable,
                    mode == "755" ? fs::perm_options::add : fs::perm_options::remove, failure);
  }
  return Ok{};
}

Status CopyTemplate(const std::string& folder, const ProjectSpec& spec) {
  std::error_code failure;
  if (!fs::is_directory(spec.folder, failure)) {
    return Error(ErrorCode::kNotFound, Concat({"project: no such template: ", spec.folder}));
  }
  fs::copy(spec.folder, folder, fs::copy_options::recursive | fs::copy_options::copy_symlinks,
           failure);
  if (failure) {
    return Error(ErrorCode::kUnavailable,
                 Concat({"project: cannot copy the template: ", failure.message()}));
  }
  if (Status generated = WriteGeneratedFiles(folder); !generated) {
    return generated;
  }
  for (const auto& [name, text] : spec.files) {
    const Status written = WriteInto(folder, name, text);
    if (!written) {
      return written.error();
    }
  }
  return GiveModesAndLinks(folder, spec);
}

// What lies in the work tree, but for git's own folder.
Status ClearWorkTree(const std::string& folder) {
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure)) {
    if (entry.path().filename() != ".git") {
      fs::remove_all(entry.path(), failure);
    }
  }
  return failure ? Status(Error(ErrorCode::kUnavailable,
                                Concat({"project: cannot clear: ", failure.message()})))
                 : Status(Ok{});
}

// Commits the release and, first, those before it; HEAD and the work tree are at its tag then.
Result<Commit> CommitRelease(git_repository* repository, const std::string& folder,
                             const ProjectSpec& spec) {
  Commit parent;
  if (spec.before) {
    auto earlier = CommitRelease(repository, folder, *spec.before);
    const Status cleared = earlier ? ClearWorkTree(folder) : Status(earlier.error());
    if (!cleared) {
      return cleared.error();
    }
    parent = std::move(*earlier);
  }
  if (Status copied = CopyTemplate(folder, spec); !copied) {
    return copied.error();
  }
  const auto commit_id = CommitAll(repository, parent.get(), spec.committed, "Release");
  if (!commit_id) {
    return commit_id.error();
  }
  git_commit* raw_commit = nullptr;
  if (git_commit_lookup(&raw_commit, repository, &*commit_id) != 0) {
    return GitError("lookup");
  }
  Commit commit(raw_commit);
  git_oid tag_id;
  if (git_tag_create_lightweight(&tag_id, repository, spec.tag.c_str(),
                                 reinterpret_cast<const git_object*>(commit.get()), 0) != 0) {
    return GitError("tag");
  }
  return commit;
}

Status MakeRepository(const std::string& folder, const ProjectSpec& spec) {
  const GitSession session;
  git_repository* raw = nullptr;
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_MKPATH;
  options.initial_head = "main";
  if (git_repository_init_ext(&raw, folder.c_str(), &options) != 0) {
    return GitError("init");
  }
  const Repository repository(raw);
  const auto release = CommitRelease(repository.get(), folder, spec);
  if (!release) {
    return release.error();
  }
  if (!spec.head_at_tag) {
    const Status written = WriteInto(folder, "NEXT.md", "after the release\n");
    if (!written) {
      return written.error();
    }
    const auto next = CommitAll(repository.get(), release->get(), spec.committed, "After");
    if (!next) {
      return next.error();
    }
  }
  return Ok{};
}

// What a checkout with core.autocrlf leaves: CRLF in the work tree, and nothing changed for git.
Status GiveCrlf(const std::string& folder) {
  const GitSession session;
  git_repository* raw = nullptr;
  if (git_repository_open(&raw, folder.c_str()) != 0) {
    return GitError("open");
  }
  const Repository repository(raw);
  git_config* raw_config = nullptr;
  if (git_repository_config(&raw_config, repository.get()) != 0) {
    return GitError("config");
  }
  const Config config(raw_config);
  git_index* raw_index = nullptr;
  if (git_config_set_string(config.get(), "core.autocrlf", "true") != 0 ||
      git_repository_index(&raw_index, repository.get()) != 0) {
    return GitError("index");
  }
  const Index index(raw_index);
  for (std::size_t at = 0; at < git_index_entrycount(index.get()); ++at) {
    const fs::path path = fs::path(folder) / git_index_get_byindex(index.get(), at)->path;
    if (std::error_code failure; fs::is_symlink(fs::symlink_status(path, failure))) {
      continue;
    }
    const auto text = ReadWholeFile(path.string());
    const Status written =
        text ? WriteFile(path, ReplaceAll(*text, "\n", "\r\n")) : Status(text.error());
    if (!written) {
      return written.error();
    }
  }
  // The index remembers sizes and times of the work tree; what it names stays the same.
  if (git_index_add_all(index.get(), nullptr, GIT_INDEX_ADD_FORCE, nullptr, nullptr) != 0 ||
      git_index_write(index.get()) != 0) {
    return GitError("add");
  }
  return Ok{};
}

}  // namespace

Result<Project> Project::Make(const ProjectSpec& spec) {
  auto folder = TemporaryFolder::Make("drydock-project");
  if (!folder) {
    return folder.error();
  }
  Status made = MakeRepository(folder->path(), spec);
  if (made && spec.crlf) {
    made = GiveCrlf(folder->path());
  }
  for (const auto& [name, text] : spec.untracked) {
    made = made ? WriteInto(folder->path(), name, text) : made;
  }
  if (made && spec.dirty) {
    const auto file = ReadWholeFile((fs::path(folder->path()) / kDirtyFile).string());
    made = WriteInto(folder->path(), std::string(kDirtyFile),
                     Concat({file ? *file : "", "# an edit nobody committed\n"}));
  }
  if (!made) {
    return made.error();
  }
  return Project(std::move(*folder));
}

}  // namespace drydock::scenarios
