#include "scenarios/runner/npm_install.h"

#include <utility>

#include "core/http.h"
#include "core/json.h"
#include "core/text.h"

namespace drydock::scenarios {
namespace {

constexpr std::size_t kBodyBytesMax = 4u << 20;

struct Fetched {
  int status = 0;  // 0: no answer
  std::string body;
};

Result<Fetched> Fetch(Transport& transport, const std::string& url) {
  const auto parsed = Url::Parse(url);
  if (!parsed) {
    return Fetched{};
  }
  Request request;
  request.url = *parsed;
  request.headers.Add("User-Agent", "npm/10.5.0");
  auto response = transport.Send(std::move(request), kNoDeadline);
  if (!response) {
    return response.error().code() == ErrorCode::kCancelled ? Result<Fetched>(response.error())
                                                            : Fetched{};
  }
  auto body = ReadAll(response->body, kBodyBytesMax);
  return body ? Fetched{response->status, std::move(*body)} : Fetched{};
}

// "@scope/name" is one path segment.
std::string PackageUrl(const std::string& registry, const std::string& package) {
  return Concat({registry, "/", ReplaceAll(package, "/", "%2F")});
}

std::string NotFound(const std::string& url) {
  return Concat({"npm error code E404\nnpm error 404 Not Found - GET ", url, " - Not found\n"});
}

std::string Failed(const Fetched& fetched, const std::string& url) {
  if (fetched.status == 404) {
    return NotFound(url);
  }
  return Concat({"npm error code E", std::to_string(fetched.status), "\nnpm error ",
                 std::to_string(fetched.status), " - GET ", url, "\n"});
}

// The version's own document out of a package's, following a dist-tag. Ranges other than one exact
// version take `latest`, as they do when everything else is older.
const json::Value* VersionIn(const json::Value& package, const std::string& wanted) {
  const json::Value* versions = package.Find("versions");
  const json::Value* tags = package.Find("dist-tags");
  if (versions == nullptr) {
    return nullptr;
  }
  if (const json::Value* exact = versions->Find(wanted)) {
    return exact;
  }
  const bool range = wanted.find_first_of("^~<>*x ") != std::string::npos;
  const std::string_view tagged =
      tags == nullptr ? "" : tags->Text(wanted.empty() || range ? "latest" : wanted);
  return versions->Find(tagged);
}

// Fetches the metadata and the tarball of one package. `dependencies` gets what it asks for.
Result<std::string> InstallOne(Transport& transport, const std::string& registry,
                               const std::string& package, const std::string& version,
                               std::vector<std::pair<std::string, std::string>>* dependencies) {
  const std::string url = PackageUrl(registry, package);
  const auto metadata = Fetch(transport, url);
  if (!metadata) {
    return metadata.error();
  }
  if (metadata->status != 200) {
    return Failed(*metadata, url);
  }
  const auto document = json::Parse(metadata->body, url);
  const json::Value* chosen = document ? VersionIn(*document, version) : nullptr;
  const json::Value* dist = chosen == nullptr ? nullptr : chosen->Find("dist");
  if (dist == nullptr) {
    return Concat({"npm error code ETARGET\nnpm error notarget No matching version found for ",
                   package, "@", version, ".\n"});
  }
  const std::string tarball(dist->Text("tarball"));
  const auto content = Fetch(transport, tarball);
  if (!content) {
    return content.error();
  }
  if (content->status != 200) {
    return Failed(*content, tarball);
  }
  const json::Value* wanted = chosen->Find("dependencies");
  if (dependencies != nullptr && wanted != nullptr && wanted->as_object() != nullptr) {
    for (const json::Member& member : *wanted->as_object()) {
      dependencies->emplace_back(
          member.key, member.value.as_string() == nullptr ? "" : *member.value.as_string());
    }
  }
  return std::string();
}

}  // namespace

Result<std::string> NpmView(Transport& transport, const std::string& registry,
                            const std::string& package) {
  const std::string url = Concat({PackageUrl(registry, package), "/latest"});
  const auto fetched = Fetch(transport, url);
  if (!fetched) {
    return fetched.error();
  }
  const auto document = json::Parse(fetched->body, url);
  return fetched->status == 200 && document ? std::string(document->Text("version"))
                                            : std::string();
}

Result<std::string> NpmInstall(Transport& transport, const std::string& registry,
                               const std::string& package, const std::string& version) {
  std::vector<std::pair<std::string, std::string>> dependencies;
  auto complaint = InstallOne(transport, registry, package, version, &dependencies);
  for (const auto& [name, range] : dependencies) {
    if (!complaint || !complaint->empty()) {
      break;
    }
    complaint = InstallOne(transport, registry, name, range, nullptr);
  }
  return complaint;
}

}  // namespace drydock::scenarios
