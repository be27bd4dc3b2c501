#include "simulator/storage/oci_layout.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <variant>

#include "core/json.h"
#include "core/reference.h"
#include "core/text.h"
#include "simulator/registry/manifest.h"
#include "simulator/storage/file_changes.h"

namespace drydock::simulator {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::uint64_t kIndexMax = std::uint64_t{256} << 20;
constexpr std::uint64_t kManifestMax = std::uint64_t{64} << 20;
constexpr std::size_t kReadBytes = 262'144;
constexpr std::string_view kVersion = "1.0.0";

Error Wrong(std::string_view where, std::string_view what, std::string_view remedy) {
  return Error(ErrorCode::kInvalid, Concat({where, ": ", what, "; ", remedy}));
}

std::string PathOf(const std::string& folder, const Digest& digest) {
  return Concat({folder, "/blobs/", Name(digest.algorithm()), "/", digest.hex()});
}

Result<Digest> HashFile(const std::string& path, DigestAlgorithm algorithm) {
  const Result<OwnedFile> file = OpenToRead(path);
  if (!file) {
    return file.error();
  }
  Hasher hasher(algorithm);
  std::vector<char> piece(kReadBytes);
  while (true) {
    const ssize_t got = ::read(file->descriptor(), piece.data(), piece.size());
    if (got < 0) {
      return FileError(path, "read");
    }
    if (got == 0) {
      return hasher.Finish();
    }
    hasher.Update({piece.data(), static_cast<std::size_t>(got)});
  }
}

// Takes one layout apart. Each step is Ok or says what is wrong where.
class LayoutReader {
 public:
  LayoutReader(std::string folder, CheckedFiles& checked)
      : folder_(std::move(folder)), checked_(checked) {}

  Result<OciLayout> Read() {
    for (const auto step :
         {&LayoutReader::ReadMarker, &LayoutReader::ReadFiles, &LayoutReader::ReadIndex}) {
      if (const Status done = (this->*step)(); !done) {
        return done.error();
      }
    }
    return std::move(layout_);
  }

 private:
  Status ReadMarker() {
    const Result<std::string> text = ReadWholeFile(folder_ + "/oci-layout", kManifestMax);
    return text ? CheckLayoutMarker(folder_, *text) : Status(text.error());
  }

  Status ReadFiles() {
    std::error_code error;
    for (const auto& algorithm : fs::directory_iterator(folder_ + "/blobs", error)) {
      const std::string name = algorithm.path().filename().string();
      if (name != Name(DigestAlgorithm::kSha256) && name != Name(DigestAlgorithm::kSha512)) {
        return Wrong(algorithm.path().string(), "not a folder of blobs", "move it elsewhere");
      }
      for (const auto& file : fs::directory_iterator(algorithm.path(), error)) {
        if (Status read = ReadFile(file.path(), name); !read) {
          return read;
        }
      }
    }
    return error ? Wrong(folder_ + "/blobs", Concat({"cannot be read: ", error.message()}),
                         "restore it, or start with an empty folder")
                 : Status(Ok{});
  }

  Status ReadFile(const fs::path& path, std::string_view algorithm) {
    const Result<Digest> digest = Digest::Parse(Concat({algorithm, ":", path.filename().string()}));
    if (!digest) {
      return Wrong(path.string(), "its name is no digest: it was not put here by a registry client",
                   "move it elsewhere");
    }
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) {
      return FileError(path.string(), "read");
    }
    if (!S_ISREG(about.st_mode)) {
      return Wrong(path.string(), "not a file", "move it elsewhere");
    }
    const auto [known, fresh] = checked_.try_emplace({about.st_dev, about.st_ino}, *digest);
    if (fresh || known->second != *digest) {
      const Result<Digest> actual = HashFile(path.string(), digest->algorithm());
      if (!actual) {
        return actual.error();
      }
      if (*actual != *digest) {
        return Wrong(path.string(),
                     Concat({"damaged or cut short: its ", std::to_string(about.st_size),
                             " bytes are ", actual->ToString()}),
                     "restore the file from where it came, or remove it and push it again");
      }
    }
    layout_.blobs[*digest] = {path.string(), static_cast<std::uint64_t>(about.st_size)};
    return Ok{};
  }

  Status ReadIndex() {
    const Result<std::string> text = ReadWholeFile(folder_ + "/index.json", kIndexMax);
    return text ? ReadLayoutIndex(folder_, *text, layout_) : Status(text.error());
  }

  std::string folder_;
  CheckedFiles& checked_;
  OciLayout layout_;
};

// Follows an index.json downwards.
class IndexReader {
 public:
  IndexReader(const std::string& name, OciLayout& layout) : name_(name), layout_(layout) {}

  Status ReadIndex(std::string_view text) {
    const std::string path = name_ + "/index.json";
    const Result<json::Value> index = json::Parse(text, path);
    if (!index) {
      return index.error();
    }
    const json::Value* manifests = index->Find("manifests");
    if (manifests == nullptr || manifests->as_array() == nullptr) {
      return Wrong(path, "\"manifests\": expected an array", "restore the file from a copy");
    }
    for (const json::Value& entry : *manifests->as_array()) {
      if (Status read = ReadEntry(path, entry); !read) {
        return read;
      }
    }
    return Ok{};
  }

  // From the roots downwards.
  Status ReadManifests() {
    while (!roots_.empty()) {
      const auto [digest, media_type] = std::move(roots_.back());
      roots_.pop_back();
      const auto file = layout_.blobs.find(digest);
      if (layout_.manifests.count(digest) != 0 || file == layout_.blobs.end()) {
        continue;  // known, or a platform that this layout leaves out
      }
      Result<std::string> bytes = ReadFile(file->second);
      if (!bytes) {
        return bytes.error();
      }
      const auto read = ReadManifest(*bytes, media_type);
      if (const auto* problem = std::get_if<Problem>(&read)) {
        return Wrong(file->second.path,
                     Concat({"not a manifest of type \"", media_type, "\": ", problem->key, " ",
                             problem->value}),
                     "correct the entry of index.json that names it");
      }
      const auto& content = std::get<ManifestContent>(read);
      StoredManifest manifest{
          nullptr, content.media_type, content.subject, content.artifact_type, {}};
      for (const Descriptor& entry : content.manifests) {
        manifest.manifests.push_back(entry.digest);
        if (IsManifestType(entry.media_type)) {
          roots_.emplace_back(entry.digest, entry.media_type);
        }
      }
      manifest.bytes = std::make_shared<const std::string>(std::move(*bytes));
      layout_.manifests.emplace(digest, std::move(manifest));
    }
    for (const auto& [digest, manifest] : layout_.manifests) {
      if (both_.count(digest) == 0) {
        layout_.blobs.erase(digest);
      }
    }
    return Ok{};
  }

 private:
  Status ReadEntry(const std::string& path, const json::Value& entry) {
    const std::string where = Concat({path, ":", std::to_string(entry.line())});
    const Result<Digest> digest = Digest::Parse(entry.Text("digest"));
    if (!digest) {
      return Wrong(where, digest.error().message(), "restore the file from a copy");
    }
    if (layout_.blobs.count(*digest) == 0) {
      return Wrong(
          where,
          Concat({"names ", digest->ToString(), ", but ", PathOf(name_, *digest), " is not there"}),
          "restore that file, or remove the entry");
    }
    roots_.emplace_back(*digest, entry.Text("mediaType"));
    const json::Value* notes = entry.Find("annotations");
    std::string name = notes == nullptr ? "" : WithoutRegistry(notes->Text(kImageName));
    if (name.empty() && notes != nullptr) {
      name = notes->Text(kRefName);
    }
    if (!name.empty()) {
      layout_.tags.push_back({std::move(name), *digest});
    }
    if (notes != nullptr && notes->Text(kHeldAsBlob) == "true") {
      both_.insert(*digest);
    }
    return Ok{};
  }

  static Result<std::string> ReadFile(const LayoutFile& file) {
    if (!file.blob) {
      return ReadWholeFile(file.path, kManifestMax);
    }
    Body body = file.blob.Read();
    return ReadAll(body, kManifestMax);
  }

  const std::string& name_;
  OciLayout& layout_;
  std::vector<std::pair<Digest, std::string>> roots_;
  std::set<Digest> both_;
};

}  // namespace

std::string WithoutRegistry(std::string_view name) {
  const auto reference = ImageReference::Parse(name);
  return reference && reference->tag ? Concat({reference->repository, ":", *reference->tag}) : "";
}

Status CheckLayoutMarker(const std::string& name, std::string_view text) {
  const std::string path = name + "/oci-layout";
  const Result<json::Value> marker = json::Parse(text, path);
  if (!marker) {
    return marker.error();
  }
  const std::string_view version = marker->Text("imageLayoutVersion");
  return version == kVersion
             ? Status(Ok{})
             : Wrong(path, Concat({"imageLayoutVersion: expected 1.0.0, found: \"", version, "\""}),
                     "this is no OCI image layout of a version known here");
}

Status ReadLayoutIndex(const std::string& name, std::string_view text, OciLayout& layout) {
  IndexReader reader(name, layout);
  const Status read = reader.ReadIndex(text);
  return read ? reader.ReadManifests() : read;
}

bool IsOciLayout(const std::string& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder + "/oci-layout", ignored);
}

Result<OciLayout> ReadOciLayout(const std::string& folder, CheckedFiles& checked) {
  return LayoutReader(folder, checked).Read();
}

std::string IndexJson(const Store& store, std::string_view repository) {
  const auto& manifests = store.Manifests(repository);
  Json entries = Json::array();
  std::set<Digest> tagged;
  const auto add = [&](const Digest& digest, const StoredManifest& manifest,
                       const std::string& tag) {
    Json entry = {{"mediaType", manifest.media_type},
                  {"digest", digest.ToString()},
                  {"size", manifest.bytes->size()}};
    if (!tag.empty()) {
      entry["annotations"][kRefName] = tag;
    }
    if (store.Blobs(repository).count(digest) != 0) {
      entry["annotations"][kHeldAsBlob] = "true";
    }
    entries.push_back(std::move(entry));
  };
  for (const auto& [tag, digest] : store.Tags(repository)) {
    if (const auto found = manifests.find(digest); found != manifests.end()) {
      tagged.insert(digest);
      add(digest, found->second, tag);
    }
  }
  for (const auto& [digest, manifest] : manifests) {
    if (tagged.count(digest) == 0) {
      add(digest, manifest, "");
    }
  }
  const Json index = {{"schemaVersion", 2},
                      {"mediaType", "application/vnd.oci.image.index.v1+json"},
                      {"manifests", std::move(entries)}};
  return index.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string LayoutMarker() { return Concat({R"({"imageLayoutVersion":")", kVersion, "\"}\n"}); }

}  // namespace drydock::simulator
