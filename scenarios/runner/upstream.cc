#include "scenarios/runner/upstream.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/media_type.h"
#include "core/reference.h"
#include "core/text.h"

namespace drydock::scenarios {
namespace {

using Json = nlohmann::ordered_json;

Json Descriptor(std::string_view type, const Digest& digest, std::size_t size) {
  return {{"mediaType", type}, {"digest", digest.ToString()}, {"size", size}};
}

// Writes the image of one platform and gives its descriptor for the index.
Json PutPlatform(simulator::Store& store, const std::string& repository, const std::string& image,
                 const std::string& platform) {
  const auto pieces = Split(platform, '/');
  // Nobody unpacks it, so a sentence will do for a layer.
  const std::string layer = Concat({"the file system of ", image, " for ", platform, "\n"});
  const Digest layer_digest = store.PutBlob(repository, layer);
  const Json os = pieces[0];
  const Json architecture = pieces.size() > 1 ? pieces[1] : "amd64";
  const Json config = {
      {"architecture", architecture},
      {"os", os},
      {"config", {{"Env", {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}}}},
      {"rootfs", {{"type", "layers"}, {"diff_ids", {Digest::Of(layer).ToString()}}}},
      {"history", {{{"created_by", "debuerreotype"}}}}};
  const std::string config_text = config.dump();
  const Digest config_digest = store.PutBlob(repository, config_text);
  const Json manifest = {
      {"schemaVersion", 2},
      {"mediaType", media_type::kOciManifest},
      {"config", Descriptor(media_type::kOciConfig, config_digest, config_text.size())},
      {"layers", {Descriptor(media_type::kOciLayerGzip, layer_digest, layer.size())}}};
  const std::string text = manifest.dump();
  Json entry =
      Descriptor(media_type::kOciManifest,
                 store.PutManifest(repository, media_type::kOciManifest, text), text.size());
  entry["platform"] = {{"architecture", architecture}, {"os", os}};
  if (pieces.size() > 2) {
    entry["platform"]["variant"] = pieces[2];
  }
  return entry;
}

}  // namespace

std::vector<std::string> Dockerfiles(const std::string& folder,
                                     const publisher::ReleaseFile& release) {
  std::set<std::string> names;
  if (release.base) {
    names.insert(release.base->source.dockerfile);
  }
  for (const publisher::VariantSpec& variant : release.variants) {
    names.insert(variant.source.dockerfile);
  }
  names.erase("");  // of a prebuilt layout
  std::vector<std::string> paths;
  paths.reserve(names.size());
  for (const std::string& name : names) {
    paths.push_back((std::filesystem::path(folder) / name).string());
  }
  return paths;
}

std::vector<std::string> UpstreamImages(const std::vector<std::string>& dockerfiles) {
  std::set<std::string> images;
  for (const std::string& path : dockerfiles) {
    std::ifstream file(path);
    std::set<std::string> stages;
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string word;
      std::string image;
      std::string as;
      std::string stage;
      words >> word >> image;
      while (ToLower(word) == "from" && image.rfind("--", 0) == 0 && words >> image) {
      }
      words >> as >> stage;
      if (ToLower(word) != "from") {
        continue;
      }
      const auto reference = ImageReference::Parse(image);
      if (image.find('$') == std::string::npos && stages.count(image) == 0 && reference &&
          reference->registry == "docker.io" && reference->tag) {
        images.insert(image);
      }
      stages.insert(stage);
    }
  }
  return {images.begin(), images.end()};
}

void PutUpstreamImage(simulator::Store& store, const std::string& image,
                      const std::vector<std::string>& platforms) {
  const auto reference = ImageReference::Parse(image);
  if (!reference || !reference->tag) {
    return;
  }
  Json entries = Json::array();
  for (const std::string& platform : platforms) {
    entries.push_back(PutPlatform(store, reference->repository, image, platform));
  }
  const Json index = {
      {"schemaVersion", 2}, {"mediaType", media_type::kOciIndex}, {"manifests", entries}};
  store.SetTag(reference->repository, *reference->tag,
               store.PutManifest(reference->repository, media_type::kOciIndex, index.dump()));
}

}  // namespace drydock::scenarios
