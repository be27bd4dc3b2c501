#include "simulator/storage/preload.h"

#include <filesystem>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "core/reference.h"
#include "core/text.h"
#include "simulator/registry/manifest.h"
#include "simulator/storage/disk_store.h"
#include "simulator/storage/image_archive.h"
#include "simulator/storage/oci_layout.h"
#include "simulator/storage/seed.h"
#include "simulator/storage/stored_file.h"

namespace drydock::simulator {
namespace {

namespace fs = std::filesystem;

struct Place {
  std::string repository;
  std::string tag;
};

// Puts one layout, or parts of it, into a store.
class LayoutPlanter {
 public:
  LayoutPlanter(const std::string& folder, const OciLayout& layout, bool copied, Store& store)
      : folder_(folder), layout_(layout), copied_(copied), store_(store) {}

  Status PutAll(const std::string& repository) {
    store_.PutRepository(repository);
    for (const auto& [digest, file] : layout_.blobs) {
      if (Status put = PutBlob(repository, digest); !put) {
        return put;
      }
    }
    for (const auto& [digest, manifest] : layout_.manifests) {
      if (Status put = PutManifest(repository, digest); !put) {
        return put;
      }
    }
    return Ok{};
  }

  // A manifest and everything below it.
  Status PutManifest(const std::string& repository, const Digest& digest) {
    const auto found = layout_.manifests.find(digest);
    if (found == layout_.manifests.end() || store_.FindManifest(repository, digest) != nullptr) {
      return Ok{};  // there already, or a platform that the layout leaves out
    }
    const StoredManifest& manifest = found->second;
    const auto content = ReadManifest(*manifest.bytes, manifest.media_type);
    for (const Descriptor& blob : std::get<ManifestContent>(content).blobs) {
      if (layout_.blobs.count(blob.digest) == 0 && !blob.foreign) {
        return Error(
            ErrorCode::kInvalid,
            Concat({folder_, ": manifest ", digest.ToString(), " names ", blob.digest.ToString(),
                    ", which is not there; copy the image there once more, whole"}));
      }
      if (Status put = PutBlob(repository, blob.digest); !put) {
        return put;
      }
    }
    store_.PutManifest(repository, digest, manifest);
    for (const Digest& entry : manifest.manifests) {
      Status put = layout_.manifests.count(entry) != 0 ? PutManifest(repository, entry)
                                                       : PutBlob(repository, entry);
      if (!put) {
        return put;
      }
    }
    return Ok{};
  }

 private:
  Status PutBlob(const std::string& repository, const Digest& digest) {
    const auto file = layout_.blobs.find(digest);
    if (file == layout_.blobs.end() || store_.FindBlob(repository, digest)) {
      return Ok{};
    }
    Blob blob = file->second.blob;
    if (!blob) {
      const std::string path = fs::absolute(file->second.path).string();
      blob = Blob(std::make_shared<const StoredFile>(path, file->second.size));
    }
    if (copied_) {
      Result<Blob> copy = CopyBlob(blob.Read(), store_.NewBlob());
      if (!copy) {
        return std::move(copy).error();
      }
      blob = std::move(*copy);
    }
    store_.PutBlob(repository, digest, std::move(blob));
    return Ok{};
  }

  const std::string& folder_;
  const OciLayout& layout_;
  bool copied_;
  Store& store_;
};

// `usual` is the repository of names that say none.
Result<Place> PlaceOf(const std::string& folder, const std::string& usual,
                      const std::string& ref_name, const std::string& repository) {
  const std::size_t colon = ref_name.rfind(':');
  Place place{repository, ref_name};
  if (colon != std::string::npos) {
    place = {repository.empty() ? ref_name.substr(0, colon) : repository,
             ref_name.substr(colon + 1)};
  } else if (repository.empty()) {
    place.repository = usual;
  }
  if (!IsRepositoryName(place.repository) || !IsTag(place.tag)) {
    return Error(ErrorCode::kInvalid,
                 Concat({folder, ": no repository and tag in \"", ref_name,
                         "\"; say where it belongs: --preload REPOSITORY=", folder}));
  }
  return place;
}

// The layout of `folder` itself.
Status PreloadLayout(const std::string& folder, const std::string& repository, bool whole,
                     const OciLayout& layout, bool copied, Store& store) {
  LayoutPlanter planter(folder, layout, copied, store);
  if (whole) {
    if (Status put = planter.PutAll(repository); !put) {
      return put;
    }
  }
  const fs::path named = fs::absolute(folder).lexically_normal();
  const bool archive = !fs::is_directory(named);
  const std::string usual = (archive ? named.stem() : named.filename()).string();
  for (const LayoutTag& tag : layout.tags) {
    const Result<Place> place = PlaceOf(folder, usual, tag.ref_name, repository);
    if (!place) {
      return place.error();
    }
    if (Status put = planter.PutManifest(place->repository, tag.digest); !put) {
      return put;
    }
    store.SetTag(place->repository, place->tag, tag.digest);
  }
  return Ok{};
}

Status PreloadFolder(const std::string& folder, const std::string& repository, bool copied,
                     Store& store) {
  const Result<std::vector<std::string>> layouts = FindLayouts(folder);
  if (!layouts) {
    return layouts.error();
  }
  if (layouts->empty()) {
    return Error(ErrorCode::kInvalid,
                 folder +
                     ": no OCI image layout in this folder; make one with skopeo copy "
                     "docker://… oci:FOLDER:TAG");
  }
  CheckedFiles checked;
  for (const std::string& path : *layouts) {
    const std::string at = path.empty() ? folder : Concat({folder, "/", path});
    const Result<OciLayout> layout = ReadOciLayout(at, checked);
    if (!layout) {
      return layout.error();
    }
    const std::string name = !repository.empty() ? repository : RepositoryOf(path);
    if (!name.empty() && !IsRepositoryName(name)) {
      constexpr std::string_view kCure =
          "\"; rename the folder, or say where it belongs: --preload REPOSITORY=";
      return Error(ErrorCode::kInvalid,
                   Concat({at, ": its path is no repository's name: \"", name, kCure, at}));
    }
    if (Status put = PreloadLayout(at, name, !name.empty(), *layout, copied, store); !put) {
      return put;
    }
  }
  return Ok{};
}

// "app.tar.gz" says no more about where it belongs than its images' names do.
Status PreloadArchive(const std::string& path, const std::string& repository, bool copied,
                      Store& store) {
  const Result<OciLayout> images = ReadImageArchive(path);
  if (!images) {
    return images.error();
  }
  if (images->tags.empty() && repository.empty()) {
    return Error(ErrorCode::kInvalid,
                 Concat({path,
                         ": its images have no names; say where they belong: --preload "
                         "REPOSITORY=",
                         path}));
  }
  return PreloadLayout(path, repository, !repository.empty(), *images, copied, store);
}

}  // namespace

Status Preload(const std::string& argument, bool copied, OpenedStore& into) {
  const std::size_t equals = argument.find('=');
  const std::string before = argument.substr(0, equals == std::string::npos ? 0 : equals);
  const bool named = IsRepositoryName(before);
  const std::string path = named ? argument.substr(equals + 1) : argument;
  Store& store = into.content;
  std::error_code error;
  Status done = Ok{};
  if (fs::is_directory(path, error)) {
    done = PreloadFolder(path, named ? before : "", copied, store);
  } else if (path.ends_with(".json") && !named) {
    const Result<Seed> seed = ReadSeedFile(path);
    if (!seed) {
      return seed.error();
    }
    Plant(*seed, store);
    if (const Status joined = Merge(seed->neighbours, into.neighbours); !joined) {
      return joined.error().At(path);
    }
  } else if (fs::is_regular_file(path, error)) {
    done = PreloadArchive(path, named ? before : "", copied, store);
  } else {
    return Error(ErrorCode::kNotFound,
                 path +
                     ": neither a folder with an OCI image layout, nor an archive of images, nor "
                     "a .json seed file");
  }
  return done ? store.Commit() : done;
}

Result<OpenedStore> OpenContent(const std::string& store_folder,
                                const std::vector<std::string>& preloads) {
  OpenedStore opened;
  if (!store_folder.empty()) {
    Result<OpenedStore> on_disk = OpenDiskStore(store_folder);
    if (!on_disk) {
      return on_disk;
    }
    opened = std::move(*on_disk);
  }
  opened.content.Keep(opened.backing);
  for (const std::string& preload : preloads) {
    if (const Status done = Preload(preload, opened.backing != nullptr, opened); !done) {
      return done.error();
    }
  }
  return opened;
}

}  // namespace drydock::simulator
