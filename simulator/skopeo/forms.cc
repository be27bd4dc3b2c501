#include "simulator/skopeo/forms.h"

#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"

namespace drydock::simulator::skopeo {
namespace {

using Json = nlohmann::ordered_json;

// The texts of the array of that name, if it has any, under the same name.
void CopyTexts(const json::Value& from, std::string_view key, Json& into) {
  const json::Value* list = from.Find(key);
  if (list == nullptr || list->as_array() == nullptr) {
    return;
  }
  for (const json::Value& text : *list->as_array()) {
    into[std::string(key)].push_back(text.as_string() == nullptr ? "" : *text.as_string());
  }
}

// An entry without a platform becomes one for the machine skopeo runs on.
Json PlatformOf(const json::Value& entry) {
  const json::Value* from = entry.Find("platform");
  if (from == nullptr) {
    return {{"architecture", "amd64"}, {"os", "linux"}};
  }
  Json platform = {{"architecture", from->Text("architecture")}, {"os", from->Text("os")}};
  if (const std::string_view version = from->Text("os.version"); !version.empty()) {
    platform["os.version"] = version;
  }
  CopyTexts(*from, "os.features", platform);
  if (const std::string_view variant = from->Text("variant"); !variant.empty()) {
    platform["variant"] = variant;
  }
  return platform;
}

Json EntryFor(const json::Value& from, bool docker) {
  const json::Value* size = from.Find("size");
  const std::int64_t bytes = size == nullptr ? 0 : size->as_integer().value_or(0);
  Json entry;
  entry["mediaType"] = from.Text("mediaType");
  if (docker) {
    entry["size"] = bytes;
  }
  entry["digest"] = from.Text("digest");
  if (!docker) {
    entry["size"] = bytes;
  }
  CopyTexts(from, "urls", entry);
  entry["platform"] = PlatformOf(from);
  return entry;
}

Manifest Written(std::string media_type, const Json& document) {
  auto bytes = std::make_shared<const std::string>(
      document.dump(-1, ' ', false, Json::error_handler_t::replace));
  Digest digest = Digest::Of(*bytes);
  return {std::move(media_type), std::move(bytes), std::move(digest)};
}

// The members as Docker's form orders them, or as OCI's does.
Json DescriptorOf(const Json& from, std::string_view media_type, bool docker) {
  const std::string digest = from.value("digest", "");
  const std::int64_t size = from.value("size", std::int64_t{0});
  return docker ? Json{{"mediaType", media_type}, {"size", size}, {"digest", digest}}
                : Json{{"mediaType", media_type}, {"digest", digest}, {"size", size}};
}

constexpr std::string_view kOciLayer = "application/vnd.oci.image.layer.";
constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.";
constexpr std::array<std::array<std::string_view, 2>, 4> kLayerTypes = {
    {{"v1.tar", "diff.tar"},
     {"v1.tar+gzip", "diff.tar.gzip"},
     {"nondistributable.v1.tar", "foreign.diff.tar"},
     {"nondistributable.v1.tar+gzip", "foreign.diff.tar.gzip"}}};

// The type of a layer in the other form.
Result<std::string> LayerTypeFor(std::string_view type, bool docker) {
  for (const auto& [oci, dockers] : kLayerTypes) {
    const std::string as_oci = Concat({kOciLayer, oci});
    const std::string as_docker = Concat({kDockerLayer, dockers});
    if (type == (docker ? as_oci : as_docker)) {
      return docker ? as_docker : as_oci;
    }
  }
  return Error(ErrorCode::kInvalid,
               type.ends_with("+zstd")
                   ? Concat({"Error during manifest conversion: \"", type,
                             "\": zstd compression is not supported for docker images"})
                   : Concat({"Unknown media type during manifest conversion: \"", type, "\""}));
}

// Those of the members that are there, in that order.
void CopyMembers(const Json& from, std::initializer_list<const char*> names, Json& into) {
  for (const char* name : names) {
    if (const auto member = from.find(name); member != from.end()) {
      into[name] = *member;
    }
  }
}

// What the reader of `names` knows of a config's part, in its order; maps by their keys.
Json Known(const Json& from, std::initializer_list<const char*> names) {
  Json known = Json::object();
  CopyMembers(from, names, known);
  for (auto& [name, value] : known.items()) {
    if (value.is_object()) {
      value = Json(nlohmann::json(value));
    }
  }
  return known;
}

// A Docker config as OCI's, in the bytes skopeo writes.
Bytes OciConfig(const Json& from) {
  if (!from.is_object()) {
    return nullptr;
  }
  Json written = Known(from, {"created", "author", "architecture", "os"});
  written["config"] = Known(from.value("config", Json::object()),
                            {"User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes",
                             "WorkingDir", "Labels", "StopSignal"});
  written["rootfs"] = Known(from.value("rootfs", Json::object()), {"type", "diff_ids"});
  for (const Json& step : from.value("history", Json::array())) {
    written["history"].push_back(
        Known(step, {"created", "created_by", "author", "comment", "empty_layer"}));
  }
  return std::make_shared<const std::string>(
      written.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// `docker`: into Docker's form, from OCI's. `config`: takes the place of the config, if given.
Result<Manifest> InOtherType(const Json& from, bool docker, const Bytes& config) {
  if (!from.is_object()) {
    return Error(ErrorCode::kInvalid, "the manifest is no JSON");
  }
  Json named = from.value("config", Json::object());
  const std::string type = named.value("mediaType", "");
  if (type != (docker ? media_type::kOciConfig : media_type::kDockerConfig)) {
    return Error(
        ErrorCode::kInvalid,
        Concat({"unsupported image-specific operation on artifact with type \"", type, "\""}));
  }
  if (config != nullptr) {
    named["digest"] = Digest::Of(*config).ToString();
    named["size"] = config->size();
  }
  const std::string into(docker ? media_type::kDockerManifest : media_type::kOciManifest);
  Json written = {
      {"schemaVersion", 2},
      {"mediaType", into},
      {"config",
       DescriptorOf(named, docker ? media_type::kDockerConfig : media_type::kOciConfig, docker)},
      {"layers", Json::array()}};
  for (const Json& layer : from.value("layers", Json::array())) {
    const auto layer_type = LayerTypeFor(layer.value("mediaType", ""), docker);
    if (!layer_type) {
      return layer_type.error();
    }
    written["layers"].push_back(DescriptorOf(layer, *layer_type, docker));
  }
  return Written(into, written);
}

}  // namespace

Result<Manifest> InOtherForm(const Manifest& list) {
  const auto parsed = json::Parse(*list.bytes, "manifest list");
  if (!parsed) {
    return parsed.error();
  }
  const bool docker = list.media_type != media_type::kDockerManifestList;
  const std::string type(docker ? media_type::kDockerManifestList : media_type::kOciIndex);
  Json document = {{"schemaVersion", 2}, {"mediaType", type}, {"manifests", Json::array()}};
  const json::Value* entries = parsed->Find("manifests");
  if (entries != nullptr && entries->as_array() != nullptr) {
    for (const json::Value& entry : *entries->as_array()) {
      document["manifests"].push_back(EntryFor(entry, docker));
    }
  }
  return Written(type, document);
}

std::vector<Form> OtherFormsOf(const Manifest& image, const Bytes& config) {
  const std::string first_schema = "application/vnd.docker.distribution.manifest.v1+prettyjws";
  const bool from_oci = image.media_type == media_type::kOciManifest;
  const Json document = Json::parse(*image.bytes, nullptr, false);
  const Json settings = Json::parse(*config, nullptr, false);
  const Bytes rewritten = from_oci ? nullptr : OciConfig(settings);
  const Result<Manifest> second = InOtherType(document, from_oci, rewritten);
  const Error old =
      !second && from_oci ? second.error()
      : settings.is_object() && settings.contains("history")
          ? Error(ErrorCode::kInvalid, "the first schema is not modelled")
          : Error(ErrorCode::kInvalid,
                  Concat({"Cannot convert an image with 0 history entries to ", first_schema}));
  std::vector<Form> forms;
  if (from_oci) {
    forms.push_back({std::string(media_type::kDockerManifest), second, nullptr});
  }
  forms.push_back({first_schema, old, nullptr});
  if (!from_oci) {
    forms.push_back({std::string(media_type::kOciManifest), second, rewritten});
  }
  for (const std::string_view list : {media_type::kOciIndex, media_type::kDockerManifestList}) {
    forms.push_back({std::string(list),
                     Error(ErrorCode::kInvalid, Concat({"Unsupported conversion type: ", list})),
                     nullptr});
  }
  forms.push_back({"application/vnd.docker.distribution.manifest.v1+json", old, nullptr});
  return forms;
}

Result<Manifest> WithReplaced(const Manifest& index, const std::map<Digest, Manifest>& replaced) {
  auto document = Json::parse(*index.bytes, nullptr, false);
  if (!document.is_object() || !document["manifests"].is_array()) {
    return Error(ErrorCode::kInvalid, "the index is no JSON");
  }
  Json written = {{"schemaVersion", 2}, {"mediaType", index.media_type}};
  for (const Json& from : document["manifests"]) {
    Json entry = {{"mediaType", from.value("mediaType", "")},
                  {"digest", from.value("digest", "")},
                  {"size", from.value("size", 0)}};
    const auto digest = Digest::Parse(from.value("digest", ""));
    const auto instead = digest ? replaced.find(*digest) : replaced.end();
    if (instead != replaced.end()) {
      entry["mediaType"] = instead->second.media_type;
      entry["digest"] = instead->second.digest.ToString();
      entry["size"] = instead->second.bytes->size();
    }
    CopyMembers(from, {"urls", "annotations"}, entry);
    if (from.contains("platform")) {
      CopyMembers(from["platform"], {"architecture", "os", "os.version", "os.features", "variant"},
                  entry["platform"]);
    }
    written["manifests"].push_back(std::move(entry));
  }
  CopyMembers(document, {"annotations"}, written);
  return Written(index.media_type, written);
}

}  // namespace drydock::simulator::skopeo
