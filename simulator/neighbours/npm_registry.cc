#include "simulator/neighbours/npm_registry.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "core/text.h"
#include "simulator/neighbours/npm_tarball.h"

namespace drydock::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kNameBytesMax = 214;  // npm's own limit
constexpr std::size_t kVersionBytesMax = 256;
constexpr std::size_t kDependenciesMax = 1000;
constexpr std::string_view kTarballSeparator = "/-/";

bool IsNamePart(std::string_view text) {
  return !text.empty() && text[0] != '.' && text[0] != '_' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._~") ==
             std::string_view::npos;
}

// "name" or "@scope/name".
bool IsPackageName(std::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax) {
    return false;
  }
  if (text[0] != '@') {
    return IsNamePart(text);
  }
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && IsNamePart(text.substr(1, slash - 1)) &&
         IsNamePart(text.substr(slash + 1));
}

// "1.2.3", with "-pre.release" and "+build".
bool IsVersion(std::string_view text) {
  const std::string_view core = text.substr(0, text.find_first_of("-+"));
  const auto numbers = Split(core, '.');
  return text.size() <= kVersionBytesMax && numbers.size() == 3 &&
         std::all_of(numbers.begin(), numbers.end(),
                     [](const std::string& number) { return ParseUnsigned(number).has_value(); }) &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+") ==
             std::string_view::npos;
}

// The file of a tarball: "name-1.2.3.tgz", without the scope.
std::string TarballFile(const NpmVersion& version) {
  const std::size_t slash = version.package.find('/');
  const std::string name =
      slash == std::string::npos ? version.package : version.package.substr(slash + 1);
  return Concat({name, "-", version.version, ".tgz"});
}

Json ToJson(const NpmVersion& version, const std::string& origin) {
  const Digest integrity = Digest::Of(NpmTarball(version), DigestAlgorithm::kSha512);
  std::string raw;
  for (std::size_t i = 0; i < integrity.hex().size(); i += 2) {
    raw += PercentDecode(Concat({"%", integrity.hex().substr(i, 2)}));
  }
  Json json;
  json["name"] = version.package;
  json["version"] = version.version;
  if (!version.dependencies.empty()) {
    json["dependencies"] = version.dependencies;
  }
  json["dist"] = {
      {"integrity", Concat({"sha512-", Base64(raw)})},
      {"tarball", Concat({origin, "/", version.package, kTarballSeparator, TarballFile(version)})}};
  return json;
}

Response Answer(int status, const Json& json) {
  Response response;
  response.status = status;
  response.headers.Set("Content-Type", "application/json");
  response.body = Body::FromString(json.dump());
  return response;
}

Response NotFound(std::string_view what) { return Answer(404, {{"error", what}}); }

}  // namespace

// Everything an npm client asks for is a read, decided and answered by Apply.
class NpmRegistry::Visit : public Exchange {
 public:
  Visit(NpmRegistry& registry, RequestHead head) : registry_(registry), head_(std::move(head)) {
    FindRoute();
  }

  const Route& route() const override { return route_; }
  std::optional<Response> Decide() override { return std::nullopt; }
  void Receive(std::string_view /*piece*/) override {}
  Response Apply() override;

 private:
  void FindRoute();
  Response Metadata(const Package& package) const;
  Response Tarball(const NpmVersion& version) const;
  std::string Origin() const { return head_.url.Origin(); }

  NpmRegistry& registry_;
  RequestHead head_;
  Route route_;
  std::string file_;  // of a tarball
};

// "/<package>", "/<package>/<version or tag>", "/<package>/-/<file>",
// "/-/package/<package>/dist-tags"; a scope's slash may be "%2f".
void NpmRegistry::Visit::FindRoute() {
  constexpr std::string_view kTagsBefore = "-/package/";
  constexpr std::string_view kTagsAfter = "/dist-tags";
  std::string path = PercentDecode(head_.url.path).substr(1);
  if (path.starts_with(kTagsBefore) && path.ends_with(kTagsAfter) &&
      path.size() > kTagsBefore.size() + kTagsAfter.size()) {
    route_.operation = "npm.dist-tags";
    route_.repository =
        path.substr(kTagsBefore.size(), path.size() - kTagsBefore.size() - kTagsAfter.size());
    return;
  }
  const bool scoped = path.starts_with("@");
  const std::size_t name_end = scoped && path.find('/') != std::string::npos
                                   ? path.find('/', path.find('/') + 1)
                                   : path.find('/');
  route_.repository = path.substr(0, name_end);
  const std::string rest = name_end == std::string::npos ? "" : path.substr(name_end);
  if (!IsPackageName(route_.repository)) {
    route_.repository.clear();
  } else if (rest.empty()) {
    route_.operation = "npm.package";
  } else if (rest.starts_with(kTarballSeparator)) {
    route_.operation = "npm.tarball";
    file_ = rest.substr(kTarballSeparator.size());
    const std::string prefix =
        route_.repository.substr(scoped ? route_.repository.find('/') + 1 : 0) + "-";
    if (file_.starts_with(prefix) && file_.ends_with(".tgz") && file_.size() > prefix.size() + 4) {
      route_.reference = file_.substr(prefix.size(), file_.size() - prefix.size() - 4);
    }
  } else if (rest.find('/', 1) == std::string::npos) {
    route_.operation = "npm.version";
    route_.reference = rest.substr(1);
  }
}

Response NpmRegistry::Visit::Metadata(const Package& package) const {
  Json versions = Json::object();
  for (const auto& [number, version] : package.versions) {
    versions[number] = ToJson(version, Origin());
  }
  return Answer(200, {{"name", route_.repository},
                      {"dist-tags", package.dist_tags},
                      {"versions", std::move(versions)}});
}

Response NpmRegistry::Visit::Tarball(const NpmVersion& version) const {
  if (version.tarball_from && registry_.clock_.Now() < *version.tarball_from) {
    return NotFound("Not found");
  }
  Response response;
  response.headers.Set("Content-Type", "application/octet-stream");
  response.body = Body::FromString(NpmTarball(version));
  return response;
}

Response NpmRegistry::Visit::Apply() {
  if (head_.method != "GET" && head_.method != "HEAD") {
    Response response = Answer(405, {{"error", "method not allowed"}});
    response.headers.Set("Allow", "GET, HEAD");
    return response;
  }
  const Package* package = registry_.FindPackage(route_.repository);
  if (route_.operation.empty() || package == nullptr) {
    return NotFound("Not found");
  }
  if (route_.operation == "npm.package") {
    return Metadata(*package);
  }
  if (route_.operation == "npm.dist-tags") {
    return Answer(200, package->dist_tags);
  }
  const auto tag = package->dist_tags.find(route_.reference);
  const bool by_tag = route_.operation == "npm.version" && tag != package->dist_tags.end();
  const auto version = package->versions.find(by_tag ? tag->second : route_.reference);
  if (version == package->versions.end()) {
    return NotFound(Concat({"version not found: ", route_.reference}));
  }
  return route_.operation == "npm.version" ? Answer(200, ToJson(version->second, Origin()))
                                           : Tarball(version->second);
}

Status NpmRegistry::Publish(NpmVersion version) {
  if (!IsPackageName(version.package)) {
    return Error(ErrorCode::kInvalid, Concat({"npm: not a package name: ", version.package}));
  }
  if (!IsVersion(version.version)) {
    return Error(ErrorCode::kInvalid, Concat({"npm: not a version: ", version.version}));
  }
  if (version.dependencies.size() > kDependenciesMax) {
    return Error(ErrorCode::kDenied, Concat({"npm: too many dependencies: ", version.package}));
  }
  const auto package = packages_.find(version.package);
  const bool known = package != packages_.end();
  if (known && package->second.versions.count(version.version) > 0) {
    return Error(ErrorCode::kConflict,
                 Concat({"npm: published already: ", version.package, "@", version.version}));
  }
  if (known ? package->second.versions.size() >= kVersionsMax : packages_.size() >= kPackagesMax) {
    return Error(ErrorCode::kDenied, Concat({"npm: the registry is full: ", version.package}));
  }
  auto& versions = packages_[version.package].versions;
  const std::string number = version.version;
  versions[number] = std::move(version);
  return Ok{};
}

Status NpmRegistry::SetDistTag(std::string_view package, std::string_view tag,
                               std::string_view version) {
  const auto found = packages_.find(package);
  if (found == packages_.end() || found->second.versions.count(std::string(version)) == 0) {
    return Error(ErrorCode::kNotFound, Concat({"npm: not published: ", package, "@", version}));
  }
  found->second.dist_tags[std::string(tag)] = std::string(version);
  return Ok{};
}

void NpmRegistry::ReleaseTarballs() {
  for (auto& [name, package] : packages_) {
    for (auto& [number, version] : package.versions) {
      version.tarball_from.reset();
    }
  }
}

const NpmRegistry::Package* NpmRegistry::FindPackage(std::string_view name) const {
  const auto found = packages_.find(name);
  return found == packages_.end() ? nullptr : &found->second;
}

std::unique_ptr<Exchange> NpmRegistry::Begin(RequestHead head) {
  return std::make_unique<Visit>(*this, std::move(head));
}

}  // namespace drydock::simulator
