#include "simulator/storage/disk_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include "core/reference.h"
#include "core/text.h"
#include "simulator/storage/oci_layout.h"
#include "simulator/storage/stored_file.h"

namespace drydock::simulator {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOwnFolder = "/.drydock";
constexpr std::string_view kVersionText = "drydock store 1\n";
constexpr std::array<std::string_view, 3> kLayoutNames = {"blobs", "index.json", "oci-layout"};

bool IsLayoutName(std::string_view name) {
  return std::find(kLayoutNames.begin(), kLayoutNames.end(), name) != kLayoutNames.end();
}

// All names in the own folder but its lock and version are scratch: they mean nothing to the next
// process.
class DiskBacking : public Backing {
 public:
  DiskBacking(std::string folder, std::shared_ptr<const FileChanges> changes, OwnedFile lock)
      : folder_(std::move(folder)), changes_(std::move(changes)), lock_(std::move(lock)) {}

  std::unique_ptr<BlobWriter> NewBlob() override { return NewFileBlob(ScratchName(), changes_); }

  Status Commit(const Store& store, const Changes& changes) override {
    for (const auto& [repository, change] : changes) {
      if (Status kept = KeepRepository(store, repository, change); !kept) {
        return kept;
      }
    }
    return Ok{};
  }

  // A blob of a layout of this store, under a scratch name that lives as long as the blob.
  Result<Blob> Adopt(const LayoutFile& file) {
    const std::string name = ScratchName();
    if (Status linked = changes_->Link(file.path, name); !linked) {
      return std::move(linked).error();
    }
    return Blob(std::make_shared<const StoredFile>(name, file.size, changes_));
  }

  void Know(const std::string& repository) { known_.insert(repository); }

 private:
  std::string ScratchName() {
    return Concat({folder_, kOwnFolder, "/", std::to_string(++scratch_names_)});
  }

  // Content before the index that names it, and the index before what it no longer names goes.
  Status KeepRepository(const Store& store, const std::string& repository,
                        const RepositoryChange& change) {
    const std::string layout = Concat({folder_, "/", RepositoryFolder(repository)});
    if (known_.count(repository) == 0) {
      if (Status made = MakeLayout(repository, layout); !made) {
        return made;
      }
    }
    std::set<std::string> touched;
    std::vector<std::string> gone;
    for (const Digest& digest : change.content) {
      const std::string blobs = Concat({layout, "/blobs/", Name(digest.algorithm())});
      const std::string path = Concat({blobs, "/", digest.hex()});
      touched.insert(blobs);
      const bool held = store.Blobs(repository).count(digest) != 0 ||
                        store.FindManifest(repository, digest) != nullptr;
      if (!held) {
        gone.push_back(path);
      } else if (Status linked = LinkContent(store, repository, digest, path); !linked) {
        return linked;
      }
    }
    for (const std::string& blobs : touched) {
      if (Status synced = changes_->SyncFolder(blobs); !synced) {
        return synced;
      }
    }
    if (change.index) {
      if (Status written = Replace(layout, "index.json", IndexJson(store, repository)); !written) {
        return written;
      }
    }
    return Remove(gone);
  }

  Status Remove(const std::vector<std::string>& gone) {
    std::set<std::string> folders;
    for (const std::string& path : gone) {
      if (Status removed = changes_->Remove(path); !removed) {
        return removed;
      }
      folders.insert(path.substr(0, path.rfind('/')));
    }
    for (const std::string& folder : folders) {
      if (Status synced = changes_->SyncFolder(folder); !synced) {
        return synced;
      }
    }
    return Ok{};
  }

  // oci-layout comes last: a folder without one is no repository yet.
  Status MakeLayout(const std::string& repository, const std::string& layout) {
    std::vector<std::string> folders;
    for (std::size_t slash = folder_.size(); slash != std::string::npos;) {
      slash = layout.find('/', slash + 1);
      folders.push_back(layout.substr(0, slash));
    }
    for (const char* below : {"/blobs", "/blobs/sha256", "/blobs/sha512"}) {
      folders.push_back(layout + below);
    }
    for (const std::string& folder : folders) {
      const Result<bool> made = changes_->MakeFolder(folder);
      if (!made) {
        return made.error();
      }
      if (Status synced = changes_->SyncFolder(folder.substr(0, folder.rfind('/'))); !synced) {
        return synced;
      }
    }
    Status written = Replace(layout, "index.json", IndexJson(Store(), repository));
    if (written) {
      written = Replace(layout, "oci-layout", LayoutMarker());
    }
    if (written) {
      known_.insert(repository);
    }
    return written;
  }

  // A file's new text goes to a scratch name, to the disk, and only then under its own name.
  Status Replace(const std::string& folder, std::string_view name, std::string_view text) {
    const std::string scratch = ScratchName();
    Status done = WriteNew(scratch, text);
    if (done) {
      done = changes_->Rename(scratch, Concat({folder, "/", name}));
    }
    return done ? changes_->SyncFolder(folder) : done;
  }

  Status WriteNew(const std::string& path, std::string_view text) {
    const Result<OwnedFile> file = changes_->Create(path);
    if (!file) {
      return file.error();
    }
    Status written = changes_->Write(*file, path, text);
    return written ? changes_->Sync(*file, path) : written;
  }

  Status LinkContent(const Store& store, const std::string& repository, const Digest& digest,
                     const std::string& path) {
    if (const Blob blob = store.FindBlob(repository, digest)) {
      const auto file = std::dynamic_pointer_cast<const StoredFile>(blob.content());
      const bool linkable = file != nullptr && file->own();
      return linkable ? changes_->Link(file->path(), path) : LinkCopy(blob.Read(), path);
    }
    return LinkCopy(Body::FromShared(store.FindManifest(repository, digest)->bytes), path);
  }

  // For bytes that are no file of this store yet.
  Status LinkCopy(Body bytes, const std::string& path) {
    const Result<Blob> copy = CopyBlob(std::move(bytes), NewBlob());
    if (!copy) {
      return copy.error();
    }
    return changes_->Link(std::static_pointer_cast<const StoredFile>(copy->content())->path(),
                          path);
  }

  std::string folder_;
  std::shared_ptr<const FileChanges> changes_;
  OwnedFile lock_;
  std::set<std::string, std::less<>> known_;  // repositories whose folder is complete
  std::uint64_t scratch_names_ = 0;
};

// Takes the folder for this process and sweeps out what another one left half done.
Result<OwnedFile> Claim(const std::string& folder, const FileChanges& changes) {
  const std::string own = Concat({folder, kOwnFolder});
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return Error(ErrorCode::kUnavailable,
                 Concat({folder, ": cannot make the folder: ", error.message()}));
  }
  if (!fs::exists(own, error) && !fs::is_empty(folder, error)) {
    return Error(ErrorCode::kInvalid,
                 IsOciLayout(folder)
                     ? Concat({folder,
                               ": an OCI image layout, not a store: serve its content with "
                               "--preload ",
                               folder})
                     : Concat({folder,
                               ": neither empty nor a store made by drydock serve --store: "
                               "choose another folder"}));
  }
  if (const Result<bool> made = changes.MakeFolder(own); !made) {
    return made.error();
  }
  OwnedFile lock(::open((own + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock.open()) {
    return FileError(own + "/lock", "open");
  }
  if (::flock(lock.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK
               ? Error(ErrorCode::kConflict,
                       folder +
                           ": another drydock serve has this store open; stop that one, or "
                           "choose another folder")
               : FileError(own + "/lock", "lock");
  }
  const std::string version = own + "/version";
  if (fs::exists(version, error)) {
    const Result<std::string> text = ReadWholeFile(version, 1000);
    if (!text || *text != kVersionText) {
      return Error(ErrorCode::kInvalid, version +
                                            ": the store was made by another version of "
                                            "drydock; choose another folder");
    }
  }
  for (const auto& left : fs::directory_iterator(own, error)) {
    const std::string name = left.path().filename().string();
    if (name != "lock" && name != "version") {
      if (const Status removed = changes.Remove(left.path().string()); !removed) {
        return removed.error();
      }
    }
  }
  if (!fs::exists(version, error)) {
    const std::string scratch = own + "/0";
    const Result<OwnedFile> file = changes.Create(scratch);
    Status written = file ? changes.Write(*file, scratch, kVersionText) : file.error();
    if (written) {
      written = changes.Rename(scratch, version);
    }
    if (!written) {
      return written.error();
    }
  }
  return lock;
}

Status Fill(OpenedStore& opened, DiskBacking& backing, const std::string& where,
            const std::string& repository, const OciLayout& layout) {
  Store& store = opened.content;
  store.PutRepository(repository);
  for (const auto& [digest, file] : layout.blobs) {
    Result<Blob> blob = backing.Adopt(file);
    if (!blob) {
      return blob.error();
    }
    store.PutBlob(repository, digest, std::move(*blob));
  }
  for (const auto& [digest, manifest] : layout.manifests) {
    store.PutManifest(repository, digest, manifest);
  }
  for (const LayoutTag& tag : layout.tags) {
    if (!IsTag(tag.ref_name)) {
      return Error(ErrorCode::kInvalid, Concat({where, "/index.json: ", kRefName, ": no tag: \"",
                                                tag.ref_name, "\"; rename it there"}));
    }
    store.SetTag(repository, tag.ref_name, tag.digest);
  }
  backing.Know(repository);
  return Ok{};
}

// A folder is a layout, or holds folders and nothing else.
Status FindLayoutsIn(const std::string& folder, const std::string& path,
                     std::vector<std::string>& found) {
  if (IsOciLayout(folder + path)) {
    found.push_back(path.empty() ? "" : path.substr(1));
  }
  std::error_code error;
  std::vector<std::string> below;
  for (const auto& entry : fs::directory_iterator(folder + path, error)) {
    const std::string name = entry.path().filename().string();
    if (IsLayoutName(name) || (path.empty() && Concat({"/", name}) == kOwnFolder)) {
      continue;
    }
    if (!entry.is_directory(error)) {
      return Error(ErrorCode::kInvalid, Concat({entry.path().string(),
                                                ": a file that belongs to no OCI image layout; "
                                                "move it elsewhere"}));
    }
    below.push_back(Concat({path, "/", name}));
  }
  if (error) {
    return Error(ErrorCode::kUnavailable,
                 Concat({folder, path, ": cannot be read: ", error.message()}));
  }
  std::sort(below.begin(), below.end());
  for (const std::string& next : below) {
    if (Status done = FindLayoutsIn(folder, next, found); !done) {
      return done;
    }
  }
  return Ok{};
}

}  // namespace

std::string RepositoryFolder(std::string_view repository) {
  std::vector<std::string> components = Split(repository, '/');
  for (std::string& component : components) {
    if (IsLayoutName(component)) {
      component.insert(component.begin(), '+');
    }
  }
  return Join(components, "/");
}

std::string RepositoryOf(std::string_view folder) {
  std::vector<std::string> components = Split(folder, '/');
  for (std::string& component : components) {
    if (component.starts_with('+') && IsLayoutName(component.substr(1))) {
      component.erase(0, 1);
    }
  }
  return Join(components, "/");
}

Result<std::vector<std::string>> FindLayouts(const std::string& folder) {
  std::vector<std::string> found;
  const Status looked = FindLayoutsIn(folder, "", found);
  return looked ? Result<std::vector<std::string>>(std::move(found)) : looked.error();
}

Result<OpenedStore> OpenDiskStore(const std::string& path, FileChanges::Before before) {
  const std::string folder =
      path.size() > 1 && path.back() == '/' ? path.substr(0, path.size() - 1) : path;
  auto changes = std::make_shared<const FileChanges>(std::move(before));
  Result<OwnedFile> lock = Claim(folder, *changes);
  if (!lock) {
    return lock.error();
  }
  const auto backing = std::make_shared<DiskBacking>(folder, changes, std::move(*lock));
  const Result<std::vector<std::string>> layouts = FindLayouts(folder);
  if (!layouts) {
    return layouts.error();
  }
  OpenedStore opened{Store(), backing};
  CheckedFiles checked;
  for (const std::string& layout_path : *layouts) {
    const std::string repository = RepositoryOf(layout_path);
    if (!IsRepositoryName(repository)) {
      return Error(ErrorCode::kInvalid, Concat({folder, "/", layout_path,
                                                ": its path is no repository's name; rename the "
                                                "folder or move it elsewhere"}));
    }
    const std::string where = Concat({folder, "/", layout_path});
    const Result<OciLayout> layout = ReadOciLayout(where, checked);
    const Status filled =
        layout ? Fill(opened, *backing, where, repository, *layout) : layout.error();
    if (!filled) {
      return filled.error();
    }
  }
  return opened;
}

}  // namespace drydock::simulator
