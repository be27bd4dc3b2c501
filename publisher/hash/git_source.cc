#include "publisher/hash/git_source.h"

#include <git2.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "core/text.h"
#include "publisher/hash/git_attributes.h"
#include "publisher/hash/git_library.h"

namespace drydock::publisher {
namespace {

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Repository = std::unique_ptr<git_repository, FreeWith<git_repository_free>>;
using Object = std::unique_ptr<git_object, FreeWith<git_object_free>>;
using Tree = std::unique_ptr<git_tree, FreeWith<git_tree_free>>;
using Entry = std::unique_ptr<git_tree_entry, FreeWith<git_tree_entry_free>>;
using Blob = std::unique_ptr<git_blob, FreeWith<git_blob_free>>;
using Store = std::unique_ptr<git_odb, FreeWith<git_odb_free>>;
using Stored = std::unique_ptr<git_odb_object, FreeWith<git_odb_object_free>>;

std::string_view LastWords() {
  const git_error* error = git_error_last();
  return error != nullptr && error->message != nullptr ? error->message : "no reason given";
}

Error GitError(ErrorCode code, std::string_view what, std::string_view piece) {
  return Error(code, Concat({"hash: ", what, ": ", piece, " (", LastWords(), ")"}));
}

std::string Joined(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : Concat({folder, "/", name});
}

std::string_view Bytes(const git_oid& id) {
  return {reinterpret_cast<const char*>(id.id), sizeof id.id};
}

// Handles on the object store, one for each reader at a time.
class StorePool {
 public:
  explicit StorePool(std::string path) : path_(std::move(path)) {}

  Result<Store> Take() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        Store store = std::move(free_.back());
        free_.pop_back();
        return store;
      }
    }
    git_odb* store = nullptr;
    if (git_odb_open(&store, path_.c_str()) != 0) {
      return GitError(ErrorCode::kUnavailable, "cannot open the object store", path_);
    }
    return Store(store);
  }

  void Return(Store store) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(store));
  }

 private:
  std::string path_;
  std::mutex mutex_;
  std::vector<Store> free_;
};

class GitSource : public InputSource {
 public:
  GitSource(const Recipe& recipe, bool compat) : recipe_(recipe), compat_(compat) {}

  Status Open(const std::string& repository, const std::string& ref);

  Result<bool> Next(Input& input) override;
  std::vector<std::string> TakeSkipped() override { return std::exchange(skipped_, {}); }
  Result<std::optional<FileStamp>> Read(const Input& input, ByteSink& sink,
                                        std::vector<std::string>& skipped) override;
  std::optional<FileStamp> LookAt(const Input&) override { return std::nullopt; }
  bool IsCostly() const override { return true; }

 private:
  struct Level {
    Tree tree;
    std::string path;  // from the commit's root
    GitAttributes attributes;
    std::size_t next = 0;
  };

  Status OpenRepository(const std::string& repository);
  Result<Level> Enter(const git_oid& tree, std::string path, const GitAttributes& above);
  Result<Level> EnterRoot();
  // Sets `level` to the folder that holds the last name of `path`, and `entry` to that name;
  // `entry` stays empty when there is no such thing.
  Status Find(const std::string& path, Level& level, Entry& entry);
  Status OpenTree(const TreeInput& tree);
  Result<bool> NextInTree(Input& input);
  Result<bool> OpenFile(const FileInput& file, Input& input);
  Status Describe(const Level& level, const git_tree_entry* entry, Input& input);
  Status Skip(Error error);

  const Recipe& recipe_;
  const bool compat_;
  Repository repository_;
  git_oid root_{};
  std::string prefix_;  // of the recipe's paths: the folder that was given, in the commit
  std::unique_ptr<StorePool> stores_;

  std::size_t next_ = 0;
  const TreeInput* tree_ = nullptr;
  std::vector<Level> levels_;
  std::vector<std::string> skipped_;
};

Status GitSource::Skip(Error error) {
  if (!compat_) {
    return error;
  }
  skipped_.push_back(error.message());
  return Ok();
}

Status GitSource::OpenRepository(const std::string& repository) {
  StartGitLibrary();
  git_repository* opened = nullptr;
  const int failure = git_repository_open_ext(&opened, repository.c_str(), 0, nullptr);
  // libgit2 1.5 stumbles over a safe.directory that is not there.
  if (failure == GIT_EOWNER ||
      (failure != 0 && LastWords().find("safe.directory") != std::string_view::npos)) {
    return Error(ErrorCode::kDenied,
                 Concat({"hash: the repository belongs to another user, and git's safe.directory "
                         "does not list it: ",
                         repository}));
  }
  if (failure != 0) {
    if (LastWords().find("objectformat") != std::string_view::npos) {
      return Error(ErrorCode::kInvalid,
                   Concat({"hash: the repository names its objects by SHA-256, which is not "
                           "supported: ",
                           repository}));
    }
    return GitError(ErrorCode::kNotFound, "no git repository", repository);
  }
  repository_.reset(opened);
  if (const char* tree = git_repository_workdir(opened)) {
    std::error_code unknown;
    const auto given = std::filesystem::weakly_canonical(repository, unknown);
    const auto relative = std::filesystem::relative(given, tree, unknown);
    if (!unknown && relative != "." && !relative.empty() && *relative.begin() != "..") {
      prefix_ = relative.string();
    }
  }
  stores_ = std::make_unique<StorePool>(std::string(git_repository_commondir(opened)) + "objects");
  return Ok();
}

Status GitSource::Open(const std::string& repository, const std::string& ref) {
  if (Status opened = OpenRepository(repository); !opened) {
    return opened;
  }
  git_object* named = nullptr;
  if (git_revparse_single(&named, repository_.get(), ref.c_str()) != 0) {
    return GitError(ErrorCode::kNotFound, "no such tag, branch or commit", ref);
  }
  const Object named_object(named);
  git_object* tree = nullptr;
  if (git_object_peel(&tree, named, GIT_OBJECT_TREE) != 0) {
    return GitError(ErrorCode::kInvalid, "not a commit", ref);
  }
  root_ = *git_object_id(tree);
  git_object_free(tree);
  return Ok();
}

Result<GitSource::Level> GitSource::Enter(const git_oid& tree, std::string path,
                                          const GitAttributes& above) {
  git_tree* looked_up = nullptr;
  if (git_tree_lookup(&looked_up, repository_.get(), &tree) != 0) {
    return GitError(ErrorCode::kNotFound, "cannot read folder of the commit", path);
  }
  Level level;
  level.tree.reset(looked_up);
  level.path = std::move(path);
  level.attributes = above;
  const bool top = level.path.empty();
  const git_tree_entry* entry = git_tree_entry_byname(looked_up, ".gitattributes");
  std::string_view text;
  Blob blob;
  if (entry != nullptr && git_tree_entry_type(entry) == GIT_OBJECT_BLOB &&
      git_tree_entry_filemode(entry) != GIT_FILEMODE_LINK) {
    git_blob* read = nullptr;
    if (git_blob_lookup(&read, repository_.get(), git_tree_entry_id(entry)) != 0) {
      return GitError(ErrorCode::kNotFound, "cannot read", Joined(level.path, ".gitattributes"));
    }
    blob.reset(read);
    text = {static_cast<const char*>(git_blob_rawcontent(read)),
            static_cast<std::size_t>(git_blob_rawsize(read))};
  }
  auto file = GitAttributeFile::Parse(text, top ? "" : level.path + "/", top);
  if (top || !file.empty()) {
    level.attributes = level.attributes.With(std::move(file));
  }
  return level;
}

Result<GitSource::Level> GitSource::EnterRoot() { return Enter(root_, "", GitAttributes()); }

Status GitSource::Find(const std::string& path, Level& level, Entry& entry) {
  auto here = EnterRoot();
  const std::string whole = Joined(prefix_, path);
  const std::vector<std::string> names = Split(whole, '/');
  for (std::size_t at = 0; here; ++at) {
    const git_tree_entry* found = git_tree_entry_byname(here->tree.get(), names[at].c_str());
    if (found == nullptr) {
      return Ok();
    }
    if (at + 1 == names.size()) {
      git_tree_entry* copy = nullptr;
      git_tree_entry_dup(&copy, found);
      entry.reset(copy);
      level = *std::move(here);
      return Ok();
    }
    if (git_tree_entry_type(found) != GIT_OBJECT_TREE) {
      return Ok();
    }
    here = Enter(*git_tree_entry_id(found), Joined(here->path, names[at]), here->attributes);
  }
  return std::move(here).error();
}

Status GitSource::OpenTree(const TreeInput& tree) {
  tree_ = &tree;
  Level level;
  Entry entry;
  if (Status found = Find(tree.path, level, entry); !found) {
    return found;
  }
  if (!entry) {
    return Skip(
        Error(ErrorCode::kNotFound, Concat({"hash: missing input in the commit: ", tree.path})));
  }
  if (git_tree_entry_type(entry.get()) != GIT_OBJECT_TREE) {
    const bool link = git_tree_entry_filemode(entry.get()) == GIT_FILEMODE_LINK;
    Error error(ErrorCode::kInvalid,
                Concat({link ? "hash: the tree is a link, which find does not follow: "
                             : "hash: not a folder: ",
                        tree.path}));
    // The recipe would hash a plain file in its place: that is not left out, so not skipped either.
    return link ? Skip(std::move(error)) : Status(std::move(error));
  }
  auto entered = Enter(*git_tree_entry_id(entry.get()),
                       Joined(level.path, git_tree_entry_name(entry.get())), level.attributes);
  if (!entered) {
    return std::move(entered).error();
  }
  levels_.push_back(*std::move(entered));
  return Ok();
}

Status GitSource::Describe(const Level& level, const git_tree_entry* entry, Input& input) {
  input.kind = Input::Kind::kObject;
  input.text.assign(Bytes(*git_tree_entry_id(entry)));
  input.path = Joined(level.path, git_tree_entry_name(entry));
  const GitCheckout checkout = level.attributes.CheckoutOf(input.path);
  if (!checkout.refused.empty()) {
    return Error(ErrorCode::kInvalid,
                 Concat({"hash: a checkout may change this file, which is not reproduced here: ",
                         input.path, " (.gitattributes: ", checkout.refused, ")"}));
  }
  input.tag = static_cast<std::uint64_t>(checkout.conversion) | (checkout.ident ? 1U << 8 : 0U);
  return Ok();
}

Result<bool> GitSource::NextInTree(Input& input) {
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.next == git_tree_entrycount(level.tree.get())) {
      levels_.pop_back();
      continue;
    }
    const git_tree_entry* entry = git_tree_entry_byindex(level.tree.get(), level.next++);
    const std::string_view name = git_tree_entry_name(entry);
    const std::string path = Joined(level.path, name);
    if (git_tree_entry_type(entry) == GIT_OBJECT_TREE) {
      const auto& folders = tree_->excluded_folders;
      if (std::find(folders.begin(), folders.end(), name) == folders.end()) {
        auto entered = Enter(*git_tree_entry_id(entry), path, level.attributes);
        if (!entered) {
          return std::move(entered).error();
        }
        levels_.push_back(*std::move(entered));
      }
      continue;
    }
    if (git_tree_entry_type(entry) == GIT_OBJECT_COMMIT) {
      if (Status skipped = Skip(Error(
              ErrorCode::kInvalid,
              Concat({"hash: a submodule, empty in a plain checkout but full elsewhere: ", path})));
          !skipped) {
        return std::move(skipped).error();
      }
      continue;
    }
    const auto& globs = tree_->excluded_files;
    if (git_tree_entry_filemode(entry) == GIT_FILEMODE_LINK ||
        std::any_of(globs.begin(), globs.end(),
                    [&](const std::string& glob) { return GlobMatches(glob, name); })) {
      continue;
    }
    if (Status described = Describe(level, entry, input); !described) {
      return std::move(described).error();
    }
    return true;
  }
  return false;
}

// False when the file was skipped.
Result<bool> GitSource::OpenFile(const FileInput& file, Input& input) {
  Level level;
  Entry entry;
  if (Status found = Find(file.path, level, entry); !found) {
    return std::move(found).error();
  }
  if (!entry || git_tree_entry_type(entry.get()) != GIT_OBJECT_BLOB) {
    Status skipped =
        Skip(Error(ErrorCode::kNotFound, Concat({entry ? "hash: a folder where a file is expected: "
                                                       : "hash: missing input in the commit: ",
                                                 file.path})));
    return skipped ? Result<bool>(false) : Result<bool>(std::move(skipped).error());
  }
  if (git_tree_entry_filemode(entry.get()) == GIT_FILEMODE_LINK) {
    return Error(ErrorCode::kInvalid,
                 Concat({"hash: a link in the commit; name the file it leads to: ", file.path}));
  }
  if (Status described = Describe(level, entry.get(), input); !described) {
    return std::move(described).error();
  }
  return true;
}

Result<bool> GitSource::Next(Input& input) {
  for (;;) {
    auto more = NextInTree(input);
    if (!more || *more) {
      return more;
    }
    if (next_ == recipe_.inputs.size()) {
      return false;
    }
    const RecipeInput& part = recipe_.inputs[next_++];
    if (const auto* tree = std::get_if<TreeInput>(&part)) {
      if (Status opened = OpenTree(*tree); !opened) {
        return std::move(opened).error();
      }
    } else if (const auto* file = std::get_if<FileInput>(&part)) {
      auto opened = OpenFile(*file, input);
      if (!opened || *opened) {
        return opened;
      }
    } else {
      input.kind = Input::Kind::kLine;
      input.text = std::get<LineInput>(part).text + "\n";
      return true;
    }
  }
}

Result<std::optional<FileStamp>> GitSource::Read(const Input& input, ByteSink& sink,
                                                 std::vector<std::string>&) {
  FileStamp stamp;
  stamp.size = input.text.size();
  if (input.kind == Input::Kind::kLine) {
    Status poured = Pour(input.text, sink);
    return poured ? Result<std::optional<FileStamp>>(stamp) : std::move(poured).error();
  }
  auto store = stores_->Take();
  if (!store) {
    return std::move(store).error();
  }
  git_oid id{};
  git_oid_fromraw(&id, reinterpret_cast<const unsigned char*>(input.text.data()));
  git_odb_object* read = nullptr;
  if (git_odb_read(&read, store->get(), &id) != 0) {
    return GitError(ErrorCode::kNotFound, "cannot read file of the commit", input.path);
  }
  const Stored stored(read);
  const std::string_view content(static_cast<const char*>(git_odb_object_data(read)),
                                 git_odb_object_size(read));
  if ((input.tag >> 8) != 0 && content.find("$Id") != std::string_view::npos) {
    return Error(ErrorCode::kInvalid,
                 Concat({"hash: a checkout would expand $Id$, which is not reproduced here: ",
                         input.path, " (.gitattributes: ident)"}));
  }
  const auto conversion = static_cast<GitConversion>(input.tag & 0xFF);
  std::string converted;
  if (conversion != GitConversion::kNone) {
    converted = ConvertForCheckout(content, conversion);
  }
  const std::string_view bytes = conversion == GitConversion::kNone ? content : converted;
  if (Status poured = Pour(bytes, sink); !poured) {
    return std::move(poured).error();
  }
  stamp.size = bytes.size();
  stores_->Return(*std::move(store));
  return std::optional(stamp);
}

}  // namespace

Result<std::unique_ptr<InputSource>> OpenGitSource(const std::string& repository,
                                                   const std::string& ref, const Recipe& recipe,
                                                   bool compat) {
  auto source = std::make_unique<GitSource>(recipe, compat);
  if (Status opened = source->Open(repository, ref); !opened) {
    return std::move(opened).error();
  }
  return std::unique_ptr<InputSource>(std::move(source));
}

}  // namespace drydock::publisher
