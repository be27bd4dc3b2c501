#include "simulator/buildkit/image.h"

#include <nlohmann/json.hpp>

#include "core/media_type.h"
#include "core/text.h"

namespace drydock::simulator::buildkit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDefaultPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view kPredicate = "https://slsa.dev/provenance/v0.2";

std::string Dump(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json PlatformJson(const Platform& platform) {
  Json json = {{"architecture", platform.architecture}, {"os", platform.os}};
  if (!platform.variant.empty()) {
    json["variant"] = platform.variant;
  }
  return json;
}

Json DescriptorJson(const Descriptor& descriptor) {
  Json json = {{"mediaType", descriptor.media_type},
               {"digest", descriptor.digest.ToString()},
               {"size", descriptor.size}};
  if (!descriptor.annotations.empty()) {
    json["annotations"] = descriptor.annotations;
  }
  if (descriptor.platform) {
    json["platform"] = PlatformJson(*descriptor.platform);
  }
  return json;
}

Json DescriptorsJson(const std::vector<Descriptor>& descriptors) {
  Json json = Json::array();
  for (const Descriptor& descriptor : descriptors) {
    json.push_back(DescriptorJson(descriptor));
  }
  return json;
}

// CMD and ENTRYPOINT: a JSON array as written, anything else through the shell.
Json CommandJson(const std::string& arguments) {
  Json command = Json::parse(arguments, nullptr, /*allow_exceptions=*/false);
  if (command.is_array()) {
    return command;
  }
  return Json::array({"/bin/sh", "-c", arguments});
}

// The member as an object, whatever a base image's config had there.
Json& ObjectAt(Json& config, const std::string& key) {
  Json& member = config[key];
  if (!member.is_object()) {
    member = Json::object();
  }
  return member;
}

void SetEnvironment(Json& environment, const Assignment& assignment) {
  const std::string entry = Concat({assignment.name, "=", assignment.value});
  for (Json& held : environment) {
    if (held.is_string() &&
        held.get_ref<const std::string&>().rfind(assignment.name + "=", 0) == 0) {
      held = entry;
      return;
    }
  }
  environment.push_back(entry);
}

// The value of one of `config`'s members in the order BuildKit writes them.
Json Ordered(const Json& config) {
  constexpr std::string_view kOrder[] = {"User",       "ExposedPorts", "Env",         "Entrypoint",
                                         "Cmd",        "Volumes",      "WorkingDir",  "Labels",
                                         "StopSignal", "ArgsEscaped",  "Healthcheck", "Shell"};
  Json ordered = Json::object();
  for (const std::string_view key : kOrder) {
    const auto found = config.find(std::string(key));
    if (found != config.end()) {
      ordered[std::string(key)] = *found;
    }
  }
  return ordered;
}

std::optional<Descriptor> ReadDescriptor(const json::Value& value) {
  const Result<Digest> digest = Digest::Parse(value.Text("digest"));
  if (!digest) {
    return std::nullopt;
  }
  const json::Value* size = value.Find("size");
  const auto bytes = size == nullptr ? std::nullopt : size->as_integer();
  Descriptor descriptor{std::string(value.Text("mediaType")),
                        *digest,
                        static_cast<std::uint64_t>(bytes.value_or(0)),
                        {},
                        std::nullopt};
  if (const json::Value* annotations = value.Find("annotations");
      annotations != nullptr && annotations->as_object() != nullptr) {
    for (const json::Member& member : *annotations->as_object()) {
      const std::string* text = member.value.as_string();
      descriptor.annotations[member.key] = text == nullptr ? "" : *text;
    }
  }
  if (const json::Value* platform = value.Find("platform")) {
    descriptor.platform =
        Platform{std::string(platform->Text("os")), std::string(platform->Text("architecture")),
                 std::string(platform->Text("variant"))};
  }
  return descriptor;
}

}  // namespace

Platform Platform::Parse(std::string_view text) {
  const std::vector<std::string> parts = Split(text, '/');
  return {parts[0], parts.size() > 1 ? parts[1] : "", parts.size() > 2 ? parts[2] : ""};
}

std::string Platform::ToString() const {
  return Concat({os, "/", architecture, variant.empty() ? "" : "/", variant});
}

bool Platform::Fits(const Platform& other) const {
  const auto variant_of = [](const Platform& platform) {
    return platform.architecture == "arm64" && platform.variant.empty() ? "v8" : platform.variant;
  };
  return os == other.os && architecture == other.architecture &&
         variant_of(*this) == variant_of(other);
}

Content MakeContent(std::string_view media_type, std::string bytes) {
  const Digest digest = Digest::Of(bytes);
  const std::uint64_t size = bytes.size();
  return {Descriptor{std::string(media_type), digest, size, {}, std::nullopt},
          std::make_shared<const std::string>(std::move(bytes))};
}

const MediaTypes& OciTypes() {
  static constexpr MediaTypes kTypes = {media_type::kOciManifest, media_type::kOciIndex,
                                        media_type::kOciConfig, media_type::kOciLayerGzip};
  return kTypes;
}

const MediaTypes& DockerTypes() {
  static constexpr MediaTypes kTypes = {media_type::kDockerManifest,
                                        media_type::kDockerManifestList, media_type::kDockerConfig,
                                        media_type::kDockerLayerGzip};
  return kTypes;
}

struct ImageConfig::State {
  Json config = {{"Env", Json::array({std::string(kDefaultPath)})}, {"WorkingDir", "/"}};
  Json history = Json::array();
  std::vector<Digest> diff_ids;  // of the base image
};

ImageConfig::ImageConfig() : state_(std::make_unique<State>()) {}
ImageConfig::ImageConfig(ImageConfig&&) noexcept = default;
ImageConfig& ImageConfig::operator=(ImageConfig&&) noexcept = default;
ImageConfig::ImageConfig(const ImageConfig& other)
    : state_(std::make_unique<State>(*other.state_)) {}
ImageConfig& ImageConfig::operator=(const ImageConfig& other) { return *this = ImageConfig(other); }
ImageConfig::~ImageConfig() = default;

Result<ImageConfig> ImageConfig::Parse(std::string_view text) {
  const Json whole = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto parsed = json::Parse(text, "image config");
  if (!whole.is_object() || !parsed) {
    return Error(ErrorCode::kInvalid, "image config: not a JSON object");
  }
  ImageConfig image;
  if (const auto config = whole.find("config"); config != whole.end() && config->is_object()) {
    image.state_->config = *config;
    if (!image.state_->config["Env"].is_array()) {
      image.state_->config["Env"] = Json::array({std::string(kDefaultPath)});
    }
  }
  if (const auto history = whole.find("history"); history != whole.end() && history->is_array()) {
    image.state_->history = *history;
  }
  const json::Value* ids = parsed->At("/rootfs/diff_ids");
  if (ids != nullptr && ids->as_array() != nullptr) {
    for (const json::Value& id : *ids->as_array()) {
      const Result<Digest> digest =
          Digest::Parse(id.as_string() == nullptr ? std::string_view() : *id.as_string());
      if (!digest) {
        return digest.error().At("image config: rootfs");
      }
      image.state_->diff_ids.push_back(*digest);
    }
  }
  return image;
}

std::vector<Digest> ImageConfig::DiffIds() const { return state_->diff_ids; }

Variables ImageConfig::Environment() const {
  Variables variables;
  for (const Json& entry : state_->config["Env"]) {
    if (entry.is_string()) {
      const auto& text = entry.get_ref<const std::string&>();
      const std::size_t equals = text.find('=');
      variables[text.substr(0, equals)] =
          equals == std::string::npos ? "" : text.substr(equals + 1);
    }
  }
  return variables;
}

void ImageConfig::Apply(const Instruction& instruction) {
  Json& config = state_->config;
  const std::string& keyword = instruction.keyword;
  if (keyword == "ENV" || keyword == "LABEL") {
    for (const Assignment& assignment : ParseAssignments(instruction.arguments)) {
      if (keyword == "ENV") {
        SetEnvironment(config["Env"], assignment);
      } else {
        Label(assignment.name, assignment.value);
      }
    }
  } else if (keyword == "CMD") {
    config["Cmd"] = CommandJson(instruction.arguments);
    config["ArgsEscaped"] = true;
  } else if (keyword == "ENTRYPOINT") {
    config["Entrypoint"] = CommandJson(instruction.arguments);
  } else if (keyword == "WORKDIR") {
    config["WorkingDir"] = instruction.arguments;
  } else if (keyword == "USER") {
    config["User"] = instruction.arguments;
  } else if (keyword == "STOPSIGNAL") {
    config["StopSignal"] = instruction.arguments;
  } else if (keyword == "EXPOSE" || keyword == "VOLUME") {
    const std::string member = keyword == "EXPOSE" ? "ExposedPorts" : "Volumes";
    for (const std::string& word : SplitWords(instruction.arguments)) {
      ObjectAt(config, member)[word] = Json::object();
    }
  }
  AddHistory({Concat({keyword, " ", instruction.arguments}), true});
}

void ImageConfig::Label(const std::string& name, const std::string& value) {
  ObjectAt(state_->config, "Labels")[name] = value;
}

void ImageConfig::AddHistory(HistoryEntry entry) {
  Json json = {{"created", std::string(kEpoch)},
               {"created_by", std::move(entry.created_by)},
               {"comment", "buildkit.dockerfile.v0"}};
  if (entry.empty_layer) {
    json["empty_layer"] = true;
  }
  state_->history.push_back(std::move(json));
}

std::string ImageConfig::Write(const Platform& platform, const std::vector<Layer>& layers) const {
  Json diff_ids = Json::array();
  for (const Layer& layer : layers) {
    diff_ids.push_back(layer.diff_id.ToString());
  }
  Json json = {{"architecture", platform.architecture},
               {"config", Ordered(state_->config)},
               {"created", std::string(kEpoch)},
               {"history", state_->history},
               {"os", platform.os},
               {"rootfs", {{"type", "layers"}, {"diff_ids", std::move(diff_ids)}}}};
  if (!platform.variant.empty()) {
    json["variant"] = platform.variant;
  }
  return Dump(json);
}

std::string WriteManifest(const MediaTypes& types, const Descriptor& config,
                          const std::vector<Descriptor>& layers) {
  return Dump({{"schemaVersion", 2},
               {"mediaType", std::string(types.manifest)},
               {"config", DescriptorJson(config)},
               {"layers", DescriptorsJson(layers)}},
              2);
}

std::string WriteIndex(const MediaTypes& types, const std::vector<Descriptor>& manifests) {
  return Dump({{"schemaVersion", 2},
               {"mediaType", std::string(types.index)},
               {"manifests", DescriptorsJson(manifests)}},
              2);
}

std::string WriteProvenance(const ProvenanceFacts& facts) {
  Json materials = Json::array();
  for (const auto& [reference, digest] : facts.materials) {
    materials.push_back(
        {{"uri", Concat({"pkg:docker/", ReplaceAll(reference, ":", "@"),
                         "?platform=", ReplaceAll(facts.platform.ToString(), "/", "%2F")})},
         {"digest", {{std::string(Name(digest.algorithm())), std::string(digest.hex())}}}});
  }
  const std::string subject =
      Concat({"pkg:docker/", ReplaceAll(facts.tag, ":", "@"),
              "?platform=", ReplaceAll(facts.platform.ToString(), "/", "%2F")});
  Json metadata = {
      {"buildInvocationID", facts.invocation},
      {"buildStartedOn", FormatRfc3339(facts.started)},
      {"buildFinishedOn", FormatRfc3339(facts.finished)},
      {"completeness", {{"parameters", true}, {"environment", true}, {"materials", false}}},
      {"reproducible", false},
      {"https://mobyproject.org/buildkit@v1#metadata", Json::object()}};
  Json invocation = {{"configSource", {{"entryPoint", facts.dockerfile}}},
                     {"parameters",
                      {{"frontend", "dockerfile.v0"},
                       {"locals", Json::array({{{"name", "context"}}, {{"name", "dockerfile"}}})}}},
                     {"environment", {{"platform", facts.platform.ToString()}}}};
  return Dump(
      {{"_type", "https://in-toto.io/Statement/v0.1"},
       {"predicateType", std::string(kPredicate)},
       {"subject", Json::array({{{"name", subject},
                                 {"digest", {{"sha256", std::string(facts.manifest.hex())}}}}})},
       {"predicate",
        {{"builder", {{"id", ""}}},
         {"buildType", "https://mobyproject.org/buildkit@v1"},
         {"materials", std::move(materials)},
         {"invocation", std::move(invocation)},
         {"metadata", std::move(metadata)}}}});
}

std::string WriteAttestationConfig(const Digest& statement) {
  return Dump(
      {{"architecture", "unknown"},
       {"os", "unknown"},
       {"config", Json::object()},
       {"rootfs", {{"type", "layers"}, {"diff_ids", Json::array({statement.ToString()})}}}});
}

Children ReadChildren(std::string_view text) {
  Children children;
  const auto parsed = json::Parse(text, "manifest");
  if (!parsed) {
    return children;
  }
  if (const json::Value* config = parsed->Find("config")) {
    children.config = ReadDescriptor(*config);
  }
  for (const std::string_view key : {"layers", "manifests"}) {
    const json::Value* entries = parsed->Find(key);
    if (entries == nullptr || entries->as_array() == nullptr) {
      continue;
    }
    for (const json::Value& entry : *entries->as_array()) {
      if (auto descriptor = ReadDescriptor(entry)) {
        children.entries.push_back(std::move(*descriptor));
      }
    }
  }
  return children;
}

}  // namespace drydock::simulator::buildkit
