#include "simulator/storage/seed.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json.h"
#include "core/media_type.h"
#include "core/reference.h"
#include "core/rng.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kLayerMost = std::uint64_t{1} << 30;
constexpr std::size_t kBlock = 512;
constexpr std::string_view kLayerType = "application/vnd.oci.image.layer.v1.tar";

// Digits of base 8 in a field of `width` with a NUL at its end.
std::string Octal(std::uint64_t number, std::size_t width) {
  std::string digits(width, '\0');
  for (std::size_t at = width - 1; at-- > 0; number /= 8) {
    digits[at] = static_cast<char>('0' + number % 8);
  }
  return digits;
}

std::string Field(std::string_view text, std::size_t width) {
  std::string field(text);
  field.resize(width);
  return field;
}

// A tar archive of one file of noise. Source: POSIX.1-2017 pax, "ustar Interchange Format".
std::string LayerTar(std::string_view file_name, std::uint64_t size, Rng rng) {
  std::string tar = Concat({Field(file_name, 100), Octal(0644, 8), Octal(0, 8), Octal(0, 8),
                            Octal(size, 12), Octal(0, 12), "        ", "0", Field("", 100),
                            std::string_view("ustar\0"
                                             "00",
                                             8),
                            Field("root", 32), Field("root", 32), Octal(0, 8), Octal(0, 8)});
  tar.resize(kBlock);
  std::uint64_t sum = 0;
  for (const char c : tar) {
    sum += static_cast<unsigned char>(c);
  }
  tar.replace(148, 8, Octal(sum, 7) + " ");
  const std::uint64_t end = kBlock + (size + kBlock - 1) / kBlock * kBlock;
  tar.reserve(end + 2 * kBlock);
  while (tar.size() < kBlock + size) {
    const std::uint64_t word = rng.Next();
    std::array<char, sizeof word> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<char>((word >> (8 * i)) & 255U);
    }
    tar.append(bytes.data(), std::min<std::uint64_t>(bytes.size(), kBlock + size - tar.size()));
  }
  tar.resize(end + 2 * kBlock);
  return tar;
}

Json DescriptorOf(std::string_view type, const Digest& digest, std::size_t size) {
  return {{"mediaType", type}, {"digest", digest.ToString()}, {"size", size}};
}

Json PlatformOf(std::string_view text) {
  const std::vector<std::string> pieces = Split(text, '/');
  Json platform = {{"architecture", pieces.size() > 1 ? pieces[1] : "amd64"}, {"os", pieces[0]}};
  if (pieces.size() > 2) {
    platform["variant"] = pieces[2];
  }
  return platform;
}

// Writes the image of one platform and gives its descriptor for an index.
Json PutPlatform(Store& store, std::string_view repository, std::string_view name,
                 const std::string& text, const GeneratedImage& image) {
  const Json platform = PlatformOf(text);
  Json layers = Json::array();
  Json diff_ids = Json::array();
  for (std::size_t i = 0; i < image.layers.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    const Rng rng = Rng(1).Fork(Concat({name, " ", text, " layer ", number}));
    std::string tar = LayerTar("layer-" + number, image.layers[i], rng);
    const std::size_t size = tar.size();
    const Digest digest = store.PutBlob(repository, std::move(tar));
    diff_ids.push_back(digest.ToString());
    layers.push_back(DescriptorOf(kLayerType, digest, size));
  }
  Json config = platform;
  config["config"] = {
      {"Env", {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}},
      {"Labels", {{"drydock.generated-for", std::string(name)}}}};
  config["rootfs"] = {{"type", "layers"}, {"diff_ids", std::move(diff_ids)}};
  const std::string config_text = config.dump();
  const Json manifest = {
      {"schemaVersion", 2},
      {"mediaType", media_type::kOciManifest},
      {"config", DescriptorOf(media_type::kOciConfig, store.PutBlob(repository, config_text),
                              config_text.size())},
      {"layers", std::move(layers)}};
  const std::string manifest_text = manifest.dump();
  Json entry = DescriptorOf(media_type::kOciManifest,
                            store.PutManifest(repository, media_type::kOciManifest, manifest_text),
                            manifest_text.size());
  entry["platform"] = platform;
  return entry;
}

void ReadPlatforms(json::ObjectReader& reader, GeneratedImage& image) {
  if (!reader.Read("platforms", image.platforms)) {
    return;
  }
  for (const std::string& platform : image.platforms) {
    const auto pieces = Split(platform, '/');
    if (pieces.size() < 2 || pieces.size() > 3 ||
        std::find(pieces.begin(), pieces.end(), "") != pieces.end()) {
      reader.Fail("platforms", Concat({"expected \"os/architecture\", found: \"", platform, "\""}));
    }
  }
  if (image.platforms.empty()) {
    reader.Fail("platforms", "expected one at least");
  }
}

void ReadLayers(json::ObjectReader& reader, GeneratedImage& image) {
  const json::Value* layers = reader.Optional("layers");
  if (layers == nullptr) {
    return;
  }
  if (layers->as_array() == nullptr) {
    reader.Fail("layers", "expected an array of sizes in bytes");
    return;
  }
  image.layers.clear();
  for (const json::Value& layer : *layers->as_array()) {
    const auto size = layer.as_integer();
    if (!size || *size < 0 || static_cast<std::uint64_t>(*size) > kLayerMost) {
      reader.Fail("layers", Concat({"expected a size of 0 to ", std::to_string(kLayerMost),
                                    " bytes, found: ", layer.Excerpt()}));
      return;
    }
    image.layers.push_back(static_cast<std::uint64_t>(*size));
  }
}

SeedTag ReadTag(json::Source& source, const json::Member& member) {
  SeedTag tag;
  if (!IsTag(member.key)) {
    source.Fail(member.line, Concat({"tags: no tag: \"", member.key, "\""}));
  }
  if (const std::string* other = member.value.as_string()) {
    tag.same_as = *other;
    return tag;
  }
  json::ObjectReader reader(source, member.value, Concat({"tag \"", member.key, "\""}));
  ReadPlatforms(reader, tag.image);
  ReadLayers(reader, tag.image);
  reader.Finish();
  return tag;
}

void ReadRepository(json::Source& source, const json::Member& member, Seed& seed) {
  if (!IsRepositoryName(member.key)) {
    source.Fail(member.line, Concat({"repositories: no repository name: \"", member.key, "\""}));
  }
  json::ObjectReader reader(source, member.value, Concat({"repository \"", member.key, "\""}));
  const json::Value* tags = reader.Required("tags");
  reader.Finish();
  if (tags == nullptr || tags->as_object() == nullptr) {
    reader.Fail("tags", "expected an object of tags");
    return;
  }
  auto& into = seed.repositories[member.key];
  for (const json::Member& tag : *tags->as_object()) {
    into[tag.key] = ReadTag(source, tag);
  }
  for (const json::Member& tag : *tags->as_object()) {
    const std::string& other = into[tag.key].same_as;
    const auto found = into.find(other);
    if (!other.empty() && (found == into.end() || !found->second.same_as.empty())) {
      source.Fail(
          tag.line,
          Concat({"tag \"", tag.key,
                  "\": expected the tag of an image of this repository, found: \"", other, "\""}));
    }
  }
}

Result<Seed> ReadSeed(const json::Value& root, const std::string& file) {
  json::Source source(file);
  json::ObjectReader reader(source, root, "seed");
  Seed seed;
  seed.neighbours = ReadNeighbours(source, reader);
  const bool neighbours = seed.neighbours.npm || seed.neighbours.forge;
  const json::Value* repositories =
      neighbours ? reader.Optional("repositories") : reader.Required("repositories");
  reader.Finish();
  if (repositories != nullptr && repositories->as_object() == nullptr) {
    reader.Fail("repositories", "expected an object of repositories");
  } else if (repositories != nullptr) {
    for (const json::Member& member : *repositories->as_object()) {
      ReadRepository(source, member, seed);
    }
  }
  return source.ok() ? Result<Seed>(std::move(seed)) : source.status().error();
}

}  // namespace

Result<Seed> ReadSeedFile(const std::string& path) {
  const Result<json::Value> root = json::ParseFile(path);
  return root ? ReadSeed(*root, path) : root.error();
}

Result<Seed> ParseSeed(std::string_view text, const std::string& source) {
  const Result<json::Value> root = json::Parse(text, source, {.comments = true});
  return root ? ReadSeed(*root, source) : root.error();
}

void Plant(const Seed& seed, Store& store) {
  for (const auto& [repository, tags] : seed.repositories) {
    store.PutRepository(repository);
    for (const auto& [tag, planted] : tags) {
      if (planted.same_as.empty()) {
        const Digest digest = PutGeneratedImage(store, repository, Concat({repository, ":", tag}),
                                                planted.image, planted.image.platforms.size() > 1);
        store.SetTag(repository, tag, digest);
      }
    }
    for (const auto& [tag, planted] : tags) {
      if (const auto digest = store.FindTag(repository, planted.same_as)) {
        store.SetTag(repository, tag, *digest);
      }
    }
  }
}

Digest PutGeneratedImage(Store& store, std::string_view repository, std::string_view name,
                         const GeneratedImage& image, bool index) {
  Json entries = Json::array();
  for (const std::string& platform : image.platforms) {
    entries.push_back(PutPlatform(store, repository, name, platform, image));
  }
  if (!index) {
    return Digest::Parse(entries.front()["digest"].get<std::string>()).value();
  }
  const Json top = {{"schemaVersion", 2},
                    {"mediaType", media_type::kOciIndex},
                    {"manifests", std::move(entries)}};
  return store.PutManifest(repository, media_type::kOciIndex, top.dump());
}

}  // namespace drydock::simulator
