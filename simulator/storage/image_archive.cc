#include "simulator/storage/image_archive.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/media_type.h"
#include "core/tar_reader.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::uint64_t kTextMax = std::uint64_t{64} << 20;  // of an index, a config, a manifest
constexpr std::size_t kPiece = 262'144;
constexpr int kLinksMax = 16;  // followed from one layer to the next
constexpr std::string_view kBlobs = "blobs/";
constexpr std::string_view kRemedy = "make it once more from where it came";
constexpr std::string_view kLayer = "application/vnd.docker.image.rootfs.diff.tar";

struct ArchiveFile {
  std::shared_ptr<const OwnedFile> file;
  std::string name;
};

Error Wrong(const ArchiveFile& archive, std::string_view what) {
  return Error(ErrorCode::kInvalid, Concat({archive.name, ": ", what}));
}

class SliceReader : public BodyReader {
 public:
  SliceReader(ArchiveFile archive, std::uint64_t offset, std::uint64_t length)
      : archive_(std::move(archive)), offset_(offset), rest_(length) {}

  Result<std::size_t> Read(std::span<char> into) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), rest_));
    if (wanted == 0) {
      return std::size_t{0};
    }
    const ssize_t got =
        ::pread(archive_.file->descriptor(), into.data(), wanted, static_cast<off_t>(offset_));
    if (got < 0) {
      return FileError(archive_.name, "read");
    }
    if (got == 0) {
      return Wrong(archive_, Concat({"truncated: ends ", std::to_string(rest_),
                                     " bytes before a member does; ", kRemedy}));
    }
    offset_ += static_cast<std::uint64_t>(got);
    rest_ -= static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }

 private:
  ArchiveFile archive_;
  std::uint64_t offset_;
  std::uint64_t rest_;
};

// A member's bytes.
class Slice : public BlobContent {
 public:
  Slice(ArchiveFile archive, std::uint64_t offset, std::uint64_t size)
      : archive_(std::move(archive)), offset_(offset), size_(size) {}

  std::uint64_t size() const override { return size_; }
  Body Read(std::uint64_t offset, std::uint64_t length) const override {
    return Body::FromReader(std::make_unique<SliceReader>(archive_, offset_ + offset, length),
                            length);
  }

 private:
  ArchiveFile archive_;
  std::uint64_t offset_;
  std::uint64_t size_;
};

Result<Digest> DigestOf(const Blob& blob, DigestAlgorithm algorithm) {
  Hasher hasher(algorithm);
  Body body = blob.Read();
  std::vector<char> piece(kPiece);
  while (true) {
    const Result<std::size_t> got = body.Read(piece);
    if (!got) {
      return got.error();
    }
    if (*got == 0) {
      return hasher.Finish();
    }
    hasher.Update({piece.data(), *got});
  }
}

class ArchiveReader {
 public:
  explicit ArchiveReader(ArchiveFile archive) : archive_(std::move(archive)) {}

  Result<OciLayout> Read() {
    Status done = ListMembers();
    if (done) {
      done = members_.count("oci-layout") != 0      ? ReadLayout()
             : members_.count("manifest.json") != 0 ? ReadDockerSave()
                                                    : Status(Wrong(archive_, kNoImages));
    }
    return done ? Result<OciLayout>(std::move(layout_)) : std::move(done).error();
  }

 private:
  static constexpr std::string_view kNoImages =
      "an archive without images: neither an OCI archive (oci-layout) nor of docker save "
      "(manifest.json)";

  struct Member {
    Blob blob;
    std::string target;  // of a link: the member it means
  };

  // A layer of docker save, wherever its bytes stand.
  struct Layer {
    Digest digest;
    Blob blob;
    bool gzip = false;
  };

  Status ListMembers() {
    TarReader reader(archive_.file->descriptor(), archive_.name);
    TarMember member;
    while (true) {
      const Result<bool> more = reader.Next(member);
      if (!more) {
        return more.error();
      }
      if (!*more) {
        return Ok{};
      }
      if (members_.size() >= kArchiveMembersMax) {
        return Wrong(archive_, "more than a million members");
      }
      const std::vector<std::string> names = Split(member.path, '/');
      if (std::find(names.begin(), names.end(), "..") != names.end()) {
        return Wrong(archive_, Concat({"a member outside of the archive: ", member.path}));
      }
      Take(member);
    }
  }

  void Take(const TarMember& member) {
    namespace fs = std::filesystem;
    switch (member.kind) {
      case TarMember::Kind::kFile:
        members_[member.path] = {
            Blob(std::make_shared<const Slice>(archive_, member.offset, member.size)), ""};
        break;
      case TarMember::Kind::kHardLink:
        members_[member.path] = {Blob(), member.target};
        break;
      case TarMember::Kind::kLink:
        members_[member.path] = {
            Blob(),
            (fs::path(member.path).parent_path() / member.target).lexically_normal().string()};
        break;
      default:
        break;
    }
  }

  // Null when there is no such file, also at the end of its links.
  Blob Find(std::string_view name) const {
    auto found = members_.find(name);
    for (int links = 0; found != members_.end() && !found->second.blob; ++links) {
      found = links < kLinksMax ? members_.find(found->second.target) : members_.end();
    }
    return found == members_.end() ? Blob() : found->second.blob;
  }

  Result<std::string> ReadText(std::string_view name) const {
    const Blob blob = Find(name);
    if (!blob) {
      return Wrong(archive_, Concat({"there is no ", name, " in it; ", kRemedy}));
    }
    if (blob.size() > kTextMax) {
      return Wrong(archive_, Concat({name, ": ", HumanBytes(blob.size()), " are too many"}));
    }
    Body body = blob.Read();
    return ReadAll(body, kTextMax);
  }

  Status ReadLayout() {
    const Result<std::string> marker = ReadText("oci-layout");
    if (!marker) {
      return marker.error();
    }
    if (Status known = CheckLayoutMarker(archive_.name, *marker); !known) {
      return known;
    }
    for (auto member = members_.lower_bound(kBlobs);
         member != members_.end() && member->first.starts_with(kBlobs); ++member) {
      if (Status held = HoldBlob(member->first); !held) {
        return held;
      }
    }
    const Result<std::string> index = ReadText("index.json");
    return index ? ReadLayoutIndex(archive_.name, *index, layout_) : Status(index.error());
  }

  // "blobs/sha256/<hex>"
  Status HoldBlob(const std::string& name) {
    const std::vector<std::string> names = Split(name, '/');
    const Result<Digest> digest = names.size() == 3
                                      ? Digest::Parse(Concat({names[1], ":", names[2]}))
                                      : Result<Digest>(Error(ErrorCode::kInvalid, ""));
    const Blob blob = Find(name);
    if (!digest || !blob) {
      return Wrong(archive_, Concat({name, ": its name is no digest, or it is no file"}));
    }
    const Result<Digest> actual = DigestOf(blob, digest->algorithm());
    if (!actual) {
      return actual.error();
    }
    if (*actual != *digest) {
      return Wrong(archive_, Concat({name, ": damaged: its ", std::to_string(blob.size()),
                                     " bytes are ", actual->ToString(), "; ", kRemedy}));
    }
    layout_.blobs[*digest] = {Concat({archive_.name, ": ", name}), blob.size(), blob};
    return Ok{};
  }

  Status ReadDockerSave() {
    const Result<std::string> text = ReadText("manifest.json");
    const Result<json::Value> images = text ? json::Parse(*text, archive_.name + "/manifest.json")
                                            : Result<json::Value>(text.error());
    if (!images) {
      return images.error();
    }
    if (images->as_array() == nullptr) {
      return Wrong(archive_, "manifest.json: expected an array of images");
    }
    for (const json::Value& image : *images->as_array()) {
      if (Status read = ReadImage(image); !read) {
        return read;
      }
    }
    return Ok{};
  }

  Status ReadImage(const json::Value& image) {
    const std::string config_name(image.Text("Config"));
    const Result<std::string> config = ReadText(config_name);
    const json::Value* names = image.Find("Layers");
    if (!config || names == nullptr || names->as_array() == nullptr) {
      return config ? Wrong(archive_, "manifest.json: \"Layers\": expected an array")
                    : config.error();
    }
    std::vector<Layer> layers;
    for (const json::Value& name : *names->as_array()) {
      const Result<Layer> layer = ReadLayer(name.as_string() == nullptr ? "" : *name.as_string());
      if (!layer) {
        return layer.error();
      }
      layers.push_back(*layer);
    }
    if (Status fits = CheckConfig(config_name, *config, layers); !fits) {
      return fits;
    }
    const Digest manifest = Compose(config_name, *config, layers);
    const json::Value* tags = image.Find("RepoTags");
    for (const json::Value& tag : tags != nullptr && tags->as_array() != nullptr
                                      ? *tags->as_array()
                                      : json::Value::Array()) {
      const std::string name = WithoutRegistry(tag.as_string() == nullptr ? "" : *tag.as_string());
      if (name.empty()) {
        return Wrong(archive_,
                     Concat({"manifest.json: not the name of an image: ", tag.Excerpt()}));
      }
      layout_.tags.push_back({name, manifest});
    }
    return Ok{};
  }

  Result<Layer> ReadLayer(const std::string& name) {
    const Blob blob = Find(name);
    if (!blob) {
      return Wrong(archive_, Concat({"there is no layer ", name, " in it; ", kRemedy}));
    }
    // Images share layers; each is read once.
    const auto [known, fresh] = layers_.try_emplace(blob.content().get());
    if (fresh) {
      const Result<Digest> digest = DigestOf(blob, DigestAlgorithm::kSha256);
      if (!digest) {
        return digest.error();
      }
      std::array<char, 2> magic{};
      Body body = blob.Read(0, magic.size());
      const Result<std::size_t> got = body.Read(magic);
      known->second = Layer{
          *digest, blob, got && *got == magic.size() && magic[0] == '\x1f' && magic[1] == '\x8b'};
    }
    return *known->second;
  }

  // The config tells what its layers are, uncompressed.
  Status CheckConfig(const std::string& name, const std::string& text,
                     const std::vector<Layer>& layers) const {
    const Result<json::Value> config = json::Parse(text, Concat({archive_.name, "/", name}));
    if (!config) {
      return config.error();
    }
    const json::Value* ids = config->At("/rootfs/diff_ids");
    if (ids == nullptr || ids->as_array() == nullptr || ids->as_array()->size() != layers.size()) {
      return Wrong(archive_,
                   Concat({name, ": \"diff_ids\": expected one for each of the image's layers, ",
                           std::to_string(layers.size())}));
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::string* id = (*ids->as_array())[i].as_string();
      if (!layers[i].gzip && (id == nullptr || *id != layers[i].digest.ToString())) {
        return Wrong(archive_, Concat({name, ": its layer ", std::to_string(i + 1), " is damaged: ",
                                       layers[i].digest.ToString(), "; ", kRemedy}));
      }
    }
    return Ok{};
  }

  Digest Compose(const std::string& config_name, const std::string& config,
                 const std::vector<Layer>& layers) {
    using Json = nlohmann::ordered_json;
    const auto descriptor = [](std::string_view type, const Digest& digest, std::uint64_t size) {
      return Json{{"mediaType", type}, {"size", size}, {"digest", digest.ToString()}};
    };
    const Digest config_digest = Digest::Of(config);
    layout_.blobs[config_digest] = {Concat({archive_.name, ": ", config_name}), config.size(),
                                    Find(config_name)};
    Json list = Json::array();
    for (const Layer& layer : layers) {
      layout_.blobs[layer.digest] = {archive_.name, layer.blob.size(), layer.blob};
      list.push_back(descriptor(layer.gzip ? media_type::kDockerLayerGzip : kLayer, layer.digest,
                                layer.blob.size()));
    }
    const Json manifest = {
        {"schemaVersion", 2},
        {"mediaType", media_type::kDockerManifest},
        {"config", descriptor(media_type::kDockerConfig, config_digest, config.size())},
        {"layers", std::move(list)}};
    auto bytes = std::make_shared<const std::string>(manifest.dump());
    Digest digest = Digest::Of(*bytes);
    StoredManifest& stored = layout_.manifests[digest];
    stored.bytes = std::move(bytes);
    stored.media_type = media_type::kDockerManifest;
    return digest;
  }

  ArchiveFile archive_;
  std::map<std::string, Member, std::less<>> members_;
  std::map<const BlobContent*, std::optional<Layer>> layers_;
  OciLayout layout_;
};

// What zlib makes of `from`, in a file without a name.
Result<OwnedFile> Unpack(const OwnedFile& from, const std::string& name,
                         std::uint64_t unpacked_max) {
  std::error_code failure;
  const auto folder = std::filesystem::temp_directory_path(failure);
  OwnedFile to(::open(failure ? "/tmp" : folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!to.open()) {
    return FileError(folder.string(), "make room to unpack an archive");
  }
  gzFile stream = ::gzdopen(::dup(from.descriptor()), "rb");
  if (stream == nullptr) {
    return FileError(name, "read");
  }
  const FileChanges files;
  std::vector<char> piece(kPiece);
  std::uint64_t written = 0;
  Status done = Ok{};
  int got = 0;
  while (done && (got = ::gzread(stream, piece.data(), static_cast<unsigned>(piece.size()))) > 0) {
    written += static_cast<std::uint64_t>(got);
    done = written > unpacked_max
               ? Status(Error(ErrorCode::kInvalid,
                              Concat({name, ": unpacks to more than ", HumanBytes(unpacked_max)})))
               : files.Write(to, name, {piece.data(), static_cast<std::size_t>(got)});
  }
  int problem = Z_OK;
  const std::string words = ::gzerror(stream, &problem);
  ::gzclose_r(stream);
  if (done && problem != Z_OK && problem != Z_STREAM_END) {
    done = Error(ErrorCode::kInvalid, Concat({name, ": damaged gzip: ", words, "; ", kRemedy}));
  }
  return done ? Result<OwnedFile>(std::move(to)) : std::move(done).error();
}

}  // namespace

Result<OciLayout> ReadImageArchive(std::shared_ptr<const OwnedFile> file, const std::string& name) {
  return ArchiveReader({std::move(file), name}).Read();
}

Result<OciLayout> ReadImageArchive(const std::string& path, std::uint64_t unpacked_max) {
  Result<OwnedFile> file = OpenToRead(path);
  if (!file) {
    return std::move(file).error();
  }
  std::array<unsigned char, 2> magic{};
  if (::pread(file->descriptor(), magic.data(), magic.size(), 0) == 2 && magic[0] == 0x1f &&
      magic[1] == 0x8b) {
    file = Unpack(*file, path, unpacked_max);
    if (!file) {
      return std::move(file).error();
    }
  }
  return ReadImageArchive(std::make_shared<const OwnedFile>(std::move(*file)), path);
}

}  // namespace drydock::simulator
