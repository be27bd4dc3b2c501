#include "publisher/release/forge.h"

#include <git2.h>

#include <array>
#include <memory>

#include "core/text.h"
#include "publisher/release/release_file.h"
#include "publisher/release/version_text.h"

namespace drydock::publisher {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* held) const {
    Free(held);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Freed<Free>>;

using Repository = Owned<git_repository, git_repository_free>;
using Reference = Owned<git_reference, git_reference_free>;
using Object = Owned<git_object, git_object_free>;
using StatusList = Owned<git_status_list, git_status_list_free>;

// libgit2 counts these pairs.
class Library {
 public:
  Library() { git_libgit2_init(); }
  ~Library() { git_libgit2_shutdown(); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

Error GitError(ErrorCode code, std::string_view where, std::string_view what) {
  const git_error* last = git_error_last();
  return Error(code, Concat({where, ": ", what, ": ",
                             last == nullptr ? "libgit2 gives no reason" : last->message}));
}

std::string ToHexId(const git_oid& id) {
  std::array<char, GIT_OID_HEXSZ + 1> text{};
  return git_oid_tostr(text.data(), text.size(), &id);
}

// The id of the commit that `reference` leads to.
Result<std::string> CommitOf(const git_reference* reference, std::string_view what) {
  git_object* peeled = nullptr;
  if (git_reference_peel(&peeled, reference, GIT_OBJECT_COMMIT) != 0) {
    return GitError(ErrorCode::kInvalid, what, "names no commit");
  }
  const Object owned(peeled);
  return ToHexId(*git_object_id(peeled));
}

Result<std::string> TagCommit(git_repository* repository, std::string_view tag) {
  git_reference* found = nullptr;
  const std::string name = Concat({"refs/tags/", tag});
  const int code = git_reference_lookup(&found, repository, name.c_str());
  if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC) {
    return std::string();
  }
  if (code != 0) {
    return GitError(ErrorCode::kInvalid, name, "cannot be read");
  }
  const Reference owned(found);
  return CommitOf(found, name);
}

Result<std::string> HeadCommit(git_repository* repository, std::string_view folder) {
  git_reference* head = nullptr;
  const int code = git_repository_head(&head, repository);
  if (code != 0) {
    return GitError(ErrorCode::kInvalid, folder, "HEAD names no commit yet");
  }
  const Reference owned(head);
  return CommitOf(head, "HEAD");
}

Result<std::vector<std::string>> DirtyPaths(git_repository* repository, std::string_view folder) {
  git_status_options options{};
  git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
  options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
  options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RENAMES_HEAD_TO_INDEX;
  git_status_list* list = nullptr;
  if (git_status_list_new(&list, repository, &options) != 0) {
    return GitError(ErrorCode::kInvalid, folder, "its state cannot be read");
  }
  const StatusList owned(list);
  std::vector<std::string> paths;
  const std::size_t count = git_status_list_entrycount(list);
  for (std::size_t i = 0; i < count && paths.size() < kDirtyPathsMax; ++i) {
    const git_status_entry* entry = git_status_byindex(list, i);
    const git_diff_delta* delta =
        entry->index_to_workdir != nullptr ? entry->index_to_workdir : entry->head_to_index;
    paths.emplace_back(delta->new_file.path != nullptr ? delta->new_file.path
                                                       : delta->old_file.path);
  }
  return paths;
}

std::string WithoutSlash(std::string path) {
  while (path.size() > 1 && path.back() == '/') {
    path.pop_back();
  }
  return path;
}

Result<Repository> Open(const std::string& folder) {
  git_repository* opened = nullptr;
  const int code = git_repository_open_ext(&opened, folder.c_str(), 0, nullptr);
  if (code != 0) {
    return GitError(code == GIT_ENOTFOUND ? ErrorCode::kNotFound : ErrorCode::kInvalid, folder,
                    "no git repository to publish from");
  }
  return Repository(opened);
}

Error Conflict(std::string_view message) {
  return Error(ErrorCode::kConflict, std::string(message));
}

}  // namespace

Result<RepositoryFacts> ReadRepositoryFacts(const std::string& folder, std::string_view tag) {
  const Library library;
  const auto repository = Open(folder);
  if (!repository) {
    return repository.error();
  }
  git_repository* opened = repository->get();
  if (git_repository_is_bare(opened) != 0) {
    return Error(ErrorCode::kInvalid,
                 Concat({folder, ": a bare repository has no work tree to build from"}));
  }
  RepositoryFacts facts;
  facts.git_folder = WithoutSlash(git_repository_commondir(opened));
  auto tag_commit = TagCommit(opened, tag);
  if (!tag_commit) {
    return tag_commit.error();
  }
  auto head = HeadCommit(opened, folder);
  if (!head) {
    return head.error();
  }
  auto dirty = DirtyPaths(opened, folder);
  if (!dirty) {
    return dirty.error();
  }
  facts.tag_commit = std::move(*tag_commit);
  facts.head_commit = std::move(*head);
  facts.dirty = std::move(*dirty);
  return facts;
}

Result<std::string> ReleaseTagAtHead(const std::string& folder) {
  const Library library;
  const auto repository = Open(folder);
  if (!repository) {
    return repository.error();
  }
  const auto head = HeadCommit(repository->get(), folder);
  if (!head) {
    return head.error();
  }
  git_strarray names{};
  if (git_tag_list(&names, repository->get()) != 0) {
    return GitError(ErrorCode::kInvalid, folder, "its tags cannot be read");
  }
  std::vector<std::string> tags;
  for (std::size_t i = 0; i < names.count; ++i) {
    const std::string name = names.strings[i];
    if (!CheckReleaseTag(name)) {
      continue;
    }
    if (const auto commit = TagCommit(repository->get(), name); commit && *commit == *head) {
      tags.push_back(name);
    }
  }
  git_strarray_dispose(&names);
  if (tags.empty()) {
    return Error(ErrorCode::kNotFound,
                 Concat({folder, ": no release tag (vX.Y.Z) names HEAD, ", head->substr(0, 12)}));
  }
  if (tags.size() > 1) {
    return Conflict(Concat({folder, ": several release tags name HEAD: ", Join(tags, ", ")}));
  }
  return tags.front();
}

}  // namespace drydock::publisher
