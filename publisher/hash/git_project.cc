#include "publisher/hash/git_project.h"

#include <git2.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "core/text.h"
#include "publisher/hash/git_library.h"

namespace drydock::publisher {
namespace {

template <class T, void (*kFree)(T*)>
class Owned {
 public:
  Owned() = default;
  ~Owned() { kFree(held_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;

  T** Fill() { return &held_; }
  T* get() const { return held_; }

 private:
  T* held_ = nullptr;
};
using OwnedTree = Owned<git_tree, git_tree_free>;
using OwnedEntry = Owned<git_tree_entry, git_tree_entry_free>;
using OwnedCommit = Owned<git_commit, git_commit_free>;
using OwnedObject = Owned<git_object, git_object_free>;
using OwnedBlob = Owned<git_blob, git_blob_free>;
using OwnedWalk = Owned<git_revwalk, git_revwalk_free>;

Error GitSays(ErrorCode code, std::string_view what, std::string_view piece) {
  const git_error* error = git_error_last();
  return Error(code, Concat({"git: ", what, ": ", piece, " (",
                             error != nullptr ? error->message : "no reason given", ")"}));
}

std::string Below(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : Concat({folder, "/", name});
}

std::string IdText(const git_oid& id) {
  char text[GIT_OID_HEXSZ + 1];
  return git_oid_tostr(text, sizeof text, &id);
}

std::string DateOf(const git_commit* commit) {
  const auto seconds = static_cast<std::time_t>(git_commit_time(commit));
  std::tm parts{};
  char text[16] = "";
  if (gmtime_r(&seconds, &parts) != nullptr) {
    std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  }
  return text;
}

std::string InputPath(const RecipeInput& input) {
  if (const auto* file = std::get_if<FileInput>(&input)) {
    return file->path;
  }
  const auto* tree = std::get_if<TreeInput>(&input);
  return tree != nullptr ? tree->path : "";
}

using TagsByCommit = std::map<std::string, std::vector<std::string>>;

struct TagWalk {
  git_repository* repository;
  TagsByCommit tags;
};

int NoteTag(const char* name, git_oid* id, void* payload) {
  auto* walk = static_cast<TagWalk*>(payload);
  OwnedObject object;
  OwnedObject commit;
  if (git_object_lookup(object.Fill(), walk->repository, id, GIT_OBJECT_ANY) == 0 &&
      git_object_peel(commit.Fill(), object.get(), GIT_OBJECT_COMMIT) == 0) {
    constexpr std::string_view kTags = "refs/tags/";
    walk->tags[IdText(*git_object_id(commit.get()))].emplace_back(
        std::string_view(name).substr(kTags.size()));
  }
  return 0;
}

TagsByCommit TagsOf(git_repository* repository) {
  TagWalk walk{repository, {}};
  git_tag_foreach(repository, NoteTag, &walk);
  return std::move(walk.tags);
}

// Everything of `tree` that decides what a checkout has at the recipe's paths. "" when it has none.
std::string KeyOf(git_tree* tree, const std::string& folder, const Recipe& recipe) {
  std::string key;
  bool any = false;
  const auto add = [&](const std::string& path) {
    OwnedEntry entry;
    const bool there = git_tree_entry_bypath(entry.Fill(), tree, path.c_str()) == 0;
    key += there ? Concat({IdText(*git_tree_entry_id(entry.get())), " ",
                           std::to_string(git_tree_entry_filemode(entry.get())), "\n"})
                 : std::string("-\n");
    return there;
  };
  for (const RecipeInput& input : recipe.inputs) {
    const std::string path = InputPath(input);
    if (!path.empty()) {
      const std::string whole = path == "." ? folder : Below(folder, path);
      any = (whole.empty() ? (key += IdText(*git_tree_id(tree)), true) : add(whole)) || any;
      // Attributes of the folders on the way there count as well.
      for (std::size_t at = whole.find('/'); at != std::string::npos;
           at = whole.find('/', at + 1)) {
        add(whole.substr(0, at) + "/.gitattributes");
      }
    }
  }
  add(".gitattributes");
  return any ? key : "";
}

// The tree of a commit, into `into`.
Status FindTree(git_repository* repository, const std::string& ref, OwnedObject& into) {
  OwnedObject named;
  if (git_revparse_single(named.Fill(), repository, ref.c_str()) != 0) {
    return GitSays(ErrorCode::kNotFound, "no such tag, branch or commit", ref);
  }
  if (git_object_peel(into.Fill(), named.get(), GIT_OBJECT_TREE) != 0) {
    return GitSays(ErrorCode::kInvalid, "not a commit", ref);
  }
  return Ok();
}

class EntryLister {
 public:
  EntryLister(git_repository* repository, const Recipe& recipe, std::vector<TreeEntry>& into)
      : repository_(repository), recipe_(recipe), into_(into) {}

  void Add(const git_tree_entry* entry, const std::string& path) {
    if (git_tree_entry_type(entry) == GIT_OBJECT_TREE) {
      OwnedTree tree;
      if (git_tree_lookup(tree.Fill(), repository_, git_tree_entry_id(entry)) == 0) {
        AddBelowTree(tree.get(), path);
      }
      return;
    }
    TreeEntry found;
    found.path = path;
    found.filtered = IsFiltered(recipe_, path);
    const git_filemode_t mode = git_tree_entry_filemode(entry);
    found.executable = mode == GIT_FILEMODE_BLOB_EXECUTABLE;
    if (mode == GIT_FILEMODE_COMMIT) {
      found.kind = TreeEntry::Kind::kSubmodule;
    } else {
      OwnedBlob blob;
      git_blob_lookup(blob.Fill(), repository_, git_tree_entry_id(entry));
      const auto size = blob.get() == nullptr ? 0 : git_blob_rawsize(blob.get());
      found.empty = size == 0;
      if (mode == GIT_FILEMODE_LINK) {
        found.kind = TreeEntry::Kind::kLink;
        found.empty = false;
        found.target.assign(
            size == 0 ? "" : static_cast<const char*>(git_blob_rawcontent(blob.get())),
            static_cast<std::size_t>(size));
      }
    }
    into_.push_back(std::move(found));
  }

  void AddBelowTree(const git_tree* tree, const std::string& path) {
    for (std::size_t at = 0; at < git_tree_entrycount(tree); ++at) {
      const git_tree_entry* entry = git_tree_entry_byindex(tree, at);
      Add(entry, Below(path, git_tree_entry_name(entry)));
    }
  }

 private:
  git_repository* repository_;
  const Recipe& recipe_;
  std::vector<TreeEntry>& into_;
};

}  // namespace

struct GitProject::State {
  State() = default;
  ~State() {
    git_index_free(index);
    git_repository_free(repository);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  git_repository* repository = nullptr;
  git_index* index = nullptr;
  std::string folder;
};

GitProject::GitProject(std::unique_ptr<State> state) : state_(std::move(state)) {}
GitProject::GitProject(GitProject&&) noexcept = default;
GitProject::~GitProject() = default;

const std::string& GitProject::folder() const { return state_->folder; }

Result<GitProject> GitProject::Open(const std::string& root) {
  StartGitLibrary();
  auto state = std::make_unique<State>();
  if (git_repository_open_ext(&state->repository, root.c_str(), 0, nullptr) != 0) {
    return GitSays(ErrorCode::kNotFound, "no repository that can be read", root);
  }
  if (const char* tree = git_repository_workdir(state->repository)) {
    std::error_code failure;
    const auto given = std::filesystem::weakly_canonical(root, failure);
    const auto relative = std::filesystem::relative(given, tree, failure);
    if (!failure && relative != "." && !relative.empty() && *relative.begin() != "..") {
      state->folder = relative.string();
    }
  }
  if (git_repository_index(&state->index, state->repository) != 0) {
    return GitSays(ErrorCode::kInvalid, "cannot read the index", root);
  }
  return GitProject(std::move(state));
}

GitProject::Standing GitProject::StandingOf(const std::string& path) const {
  const std::string whole = Below(state_->folder, path);
  if (git_index_get_bypath(state_->index, whole.c_str(), 0) != nullptr) {
    return Standing::kTracked;
  }
  int ignored = 0;
  git_ignore_path_is_ignored(&ignored, state_->repository, whole.c_str());
  return ignored != 0 ? Standing::kIgnored : Standing::kUntracked;
}

Result<History> GitProject::Commits(const Recipe& recipe, std::size_t most) const {
  OwnedWalk walk;
  if (git_revwalk_new(walk.Fill(), state_->repository) != 0) {
    return GitSays(ErrorCode::kInvalid, "cannot walk the history of", state_->folder);
  }
  git_revwalk_sorting(walk.get(), GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
  git_revwalk_push_head(walk.get());  // fails when nothing is committed yet
  for (const char* refs : {"refs/heads/*", "refs/remotes/*", "refs/tags/*"}) {
    git_revwalk_push_glob(walk.get(), refs);
  }
  TagsByCommit tags = TagsOf(state_->repository);
  History history;
  std::map<std::string, std::size_t> by_key;
  git_oid id;
  while (git_revwalk_next(&id, walk.get()) == 0) {
    if (history.commits == most) {
      history.complete = false;
      break;
    }
    ++history.commits;
    OwnedCommit commit;
    OwnedTree tree;
    if (git_commit_lookup(commit.Fill(), state_->repository, &id) != 0 ||
        git_commit_tree(tree.Fill(), commit.get()) != 0) {
      history.complete = false;  // a shallow clone ends here
      continue;
    }
    const std::string key = KeyOf(tree.get(), state_->folder, recipe);
    if (key.empty()) {
      continue;
    }
    const auto [at, fresh] = by_key.try_emplace(key, history.entries.size());
    if (fresh) {
      const char* subject = git_commit_summary(commit.get());
      history.entries.push_back(
          {IdText(id), DateOf(commit.get()), subject == nullptr ? "" : subject, {}, 0});
    }
    HistoryEntry& entry = history.entries[at->second];
    ++entry.commits;
    const auto& here = tags[IdText(id)];
    entry.tags.insert(entry.tags.begin(), here.begin(), here.end());
  }
  return history;
}

Result<std::string> GitProject::LastTag() const {
  OwnedWalk walk;
  if (git_revwalk_new(walk.Fill(), state_->repository) != 0 ||
      git_revwalk_push_head(walk.get()) != 0) {
    return GitSays(ErrorCode::kNotFound, "nothing is committed yet in", state_->folder);
  }
  git_revwalk_sorting(walk.get(), GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
  const TagsByCommit tags = TagsOf(state_->repository);
  git_oid id;
  git_revwalk_next(&id, walk.get());  // HEAD
  while (git_revwalk_next(&id, walk.get()) == 0) {
    if (const auto found = tags.find(IdText(id)); found != tags.end()) {
      return found->second.back();
    }
  }
  return std::string();
}

Result<std::string> GitProject::KeyOfInputs(const std::string& ref, const Recipe& recipe) const {
  OwnedObject tree;
  if (Status found = FindTree(state_->repository, ref, tree); !found) {
    return std::move(found).error();
  }
  return KeyOf(reinterpret_cast<git_tree*>(tree.get()), state_->folder, recipe);
}

Result<bool> GitProject::SameInputs(const std::string& one, const std::string& other,
                                    const Recipe& recipe) const {
  const auto left = KeyOfInputs(one, recipe);
  const auto right = left ? KeyOfInputs(other, recipe) : left;
  return right ? Result<bool>(*left == *right) : right.error();
}

Result<std::vector<TreeEntry>> GitProject::Entries(const std::string& ref,
                                                   const Recipe& recipe) const {
  OwnedObject peeled;
  if (Status found = FindTree(state_->repository, ref, peeled); !found) {
    return std::move(found).error();
  }
  auto* tree = reinterpret_cast<git_tree*>(peeled.get());
  std::vector<TreeEntry> entries;
  EntryLister lister(state_->repository, recipe, entries);
  for (const RecipeInput& input : recipe.inputs) {
    const std::string path = InputPath(input);
    if (path.empty()) {
      continue;
    }
    const std::string whole = path == "." ? state_->folder : Below(state_->folder, path);
    OwnedEntry entry;
    if (whole.empty()) {
      lister.AddBelowTree(tree, "");
    } else if (git_tree_entry_bypath(entry.Fill(), tree, whole.c_str()) == 0) {
      lister.Add(entry.get(), path == "." ? "" : path);
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; });
  return entries;
}

}  // namespace drydock::publisher
