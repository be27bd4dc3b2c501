#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/reference.h"
#include "core/text.h"
#include "scenarios/runner/reader.h"
#include "simulator/registry/traits.h"

namespace drydock::scenarios::reading {
namespace {

using json::Member;
using json::ObjectReader;
using json::Source;
using json::Value;

constexpr int kRunnersMost = 64;
constexpr std::uint64_t kChunkBytesMost = std::uint64_t{1} << 30;

HubSpec ReadHub(Source& source, const Value& value) {
  HubSpec hub;
  ObjectReader reader(source, value, "hub");
  reader.Read("tls", hub.tls);
  if (reader.Read("previous-release", hub.previous_release) && !IsTag(hub.previous_release)) {
    reader.Fail("previous-release", Concat({"expected a tag such as \"v1.15.11\", found: \"",
                                            hub.previous_release, "\""}));
  }
  if (const Value* base = reader.Optional("base")) {
    OneOf(source, *base, "hub: \"base\"", {"present", "absent"});
    hub.base_present = base->as_string() != nullptr && *base->as_string() == "present";
  }
  if (reader.Read("cache-repository", hub.cache_repository) &&
      !IsRepositoryName(hub.cache_repository)) {
    reader.Fail("cache-repository",
                Concat({"expected a repository name, found: \"", hub.cache_repository, "\""}));
  }
  reader.Read("tag-list-lag", hub.tag_list_lag);
  if (const Value* traits = reader.Optional("traits")) {
    hub.traits = simulator::ReadTraits(source, *traits, "traits");
  }
  reader.Finish();
  if (hub.base_present && hub.previous_release.empty()) {
    reader.Fail("base", "\"present\" needs a \"previous-release\" that pushed it");
  }
  return hub;
}

ForgeSpec ReadForge(Source& source, const Value& value) {
  ForgeSpec forge;
  ObjectReader reader(source, value, "forge");
  reader.Read("project", forge.project);
  forge.content = simulator::ReadForge(source, reader);
  reader.Finish();
  if (!forge.project.empty() && std::count(forge.project.begin(), forge.project.end(), '/') != 1) {
    reader.Fail("project", Concat({"expected \"owner/name\", found: \"", forge.project, "\""}));
  }
  return forge;
}

ProjectSpec ReadProject(Source& source, const Value& value, const std::string& folder) {
  ProjectSpec project;
  ObjectReader reader(source, value, "project");
  std::string relative;
  reader.Require("template", relative);
  if (reader.Require("tag", project.tag) && !IsTag(project.tag)) {
    reader.Fail("tag",
                Concat({"expected a tag such as \"v1.15.12\", found: \"", project.tag, "\""}));
  }
  ReadWorkTree(source, reader, project);
  project.files = ReadFiles(source, reader, "files");
  reader.Finish();
  project.folder = ReadTemplate(source, reader, relative, folder);
  return project;
}

BuildTimes ReadTimes(Source& source, ObjectReader& builder, std::string_view who) {
  BuildTimes times;
  if (const Value* value = builder.Optional(who)) {
    ObjectReader reader(source, *value, Concat({"builder: \"", who, "\""}));
    reader.Read("base-build", times.base);
    reader.Read("variant-build", times.variant);
    reader.Finish();
  }
  return times;
}

BuilderSpec ReadBuilder(Source& source, const Value& value) {
  BuilderSpec builder;
  ObjectReader reader(source, value, "builder");
  reader.Read("version", builder.version);
  if (const Value* order = reader.Optional("export")) {
    OneOf(source, *order, "builder: \"export\"", {"image-first", "parallel"});
    builder.parallel_export = order->as_string() != nullptr && *order->as_string() == "parallel";
  }
  builder.ci = ReadTimes(source, reader, "ci");
  builder.host = ReadTimes(source, reader, "host");
  if (reader.Read("runners", builder.runners) &&
      (builder.runners < 1 || builder.runners > kRunnersMost)) {
    reader.Fail("runners", Concat({"expected 1 to 64, found: ", std::to_string(builder.runners)}));
  }
  std::uint64_t chunk_bytes = 0;
  if (reader.Read("chunk-bytes", chunk_bytes)) {
    builder.chunk_bytes = chunk_bytes;
    if (chunk_bytes > kChunkBytesMost) {
      reader.Fail("chunk-bytes",
                  Concat({"expected 0 to 1073741824, found: ", std::to_string(chunk_bytes)}));
    }
  }
  reader.Finish();
  return builder;
}

}  // namespace

std::string ReadTemplate(Source& source, ObjectReader& reader, const std::string& relative,
                         const std::string& folder) {
  const auto path = std::filesystem::path(folder) / relative;
  std::error_code missing;
  if (source.ok() && !std::filesystem::is_directory(path, missing)) {
    reader.Fail("template", Concat({"no such folder: \"", relative,
                                    "\" (expected a folder of scenarios/projects)"}));
  }
  return path.lexically_normal().string();
}

std::map<std::string, std::string> ReadFiles(Source& source, ObjectReader& reader,
                                             std::string_view key) {
  std::map<std::string, std::string> files;
  const Value* given = reader.Optional(key);
  for (const Member& member :
       given != nullptr && given->as_object() != nullptr ? *given->as_object() : Value::Object()) {
    if (member.value.as_string() == nullptr || member.key.empty() || member.key.front() == '/' ||
        member.key.find("..") != std::string::npos) {
      source.Fail(member.line,
                  Concat({"project: \"", key, "\": expected a relative path and its ",
                          "text, found: \"", member.key, "\": ", member.value.Excerpt()}));
      break;
    }
    files[member.key] = *member.value.as_string();
  }
  return files;
}

void ReadModesAndLinks(Source& source, ObjectReader& reader, ProjectStep& step) {
  step.modes = ReadFiles(source, reader, "modes");
  for (const auto& [path, mode] : step.modes) {
    if (mode != "644" && mode != "755") {
      reader.Fail("modes",
                  Concat({"git knows \"644\" and \"755\", found: \"", path, "\": \"", mode, "\""}));
    }
  }
  step.links = ReadFiles(source, reader, "links");
  for (const auto& [path, target] : step.links) {
    if (target.empty() || step.files.count(path) != 0 || step.modes.count(path) != 0) {
      reader.Fail("links", target.empty()
                               ? Concat({"expected what it leads to, found \"\": \"", path, "\""})
                               : Concat({"is a file of this step as well: \"", path, "\""}));
    }
  }
}

WorldSpec ReadWorld(Source& source, const Value& value, const std::string& folder) {
  WorldSpec world;
  ObjectReader reader(source, value, "world");
  if (const Value* hub = reader.Optional("hub")) {
    world.hub = ReadHub(source, *hub);
  }
  if (const Value* npm = reader.Optional("npm")) {
    world.npm = simulator::ReadNpmPackages(source, *npm);
  }
  if (const Value* forge = reader.Optional("forge")) {
    world.forge = ReadForge(source, *forge);
  }
  if (const Value* project = reader.Required("project")) {
    world.project = ReadProject(source, *project, folder);
  }
  if (const Value* builder = reader.Optional("builder")) {
    world.builder = ReadBuilder(source, *builder);
  }
  if (const Value* ci = reader.Optional("ci")) {
    world.ci = ReadCi(source, *ci);
  }
  reader.Finish();
  if (!world.hub.previous_release.empty() && world.hub.previous_release == world.project.tag) {
    reader.Fail("hub", "\"previous-release\" is the release to publish");
  }
  return world;
}

}  // namespace drydock::scenarios::reading
