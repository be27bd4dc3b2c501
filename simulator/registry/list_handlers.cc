#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/handlers.h"

namespace drydock::simulator {
namespace {

using Json = nlohmann::ordered_json;

struct Page {
  std::vector<std::string> names;
  bool more = false;
};

// The names after `last`, at most as many as `n` and the registry's own limit allow. `names` must
// be sorted. A problem when n is no number.
std::variant<Page, Problem> Slice(const Call& call, std::vector<std::string> names) {
  std::uint64_t size = call.state.personality.limits.page;
  if (const auto n = call.head.url.QueryValue("n")) {
    const auto asked = ParseUnsigned(*n);
    if (!asked) {
      return Problem{ApiCode::kPaginationNumberInvalid, "n", *n};
    }
    size = std::min(size, *asked);
  }
  auto first = names.begin();
  if (const auto last = call.head.url.QueryValue("last")) {
    first = std::upper_bound(names.begin(), names.end(), *last);
  }
  names.erase(names.begin(), first);
  Page page{std::move(names), false};
  if (page.names.size() > size) {
    page.names.resize(size);
    page.more = size > 0;
  }
  return page;
}

Response ListAnswer(const Call& call, const Page& page, std::string json) {
  Response response = JsonAnswer(200, std::move(json));
  if (page.more) {
    Url next{"", "", call.head.url.path, ""};
    next.AddQuery("last", page.names.back());
    next.AddQuery("n", std::to_string(page.names.size()));
    response.headers.Add("Link", Concat({"<", call.Location(next.Target()), ">; rel=\"next\""}));
  }
  return response;
}

Json ReferrerOf(const Digest& digest, const StoredManifest& manifest) {
  Json descriptor;
  descriptor["mediaType"] = manifest.media_type;
  descriptor["digest"] = digest.ToString();
  descriptor["size"] = manifest.bytes->size();
  if (!manifest.artifact_type.empty()) {
    descriptor["artifactType"] = manifest.artifact_type;
  }
  const auto parsed = json::Parse(*manifest.bytes, "manifest");
  const json::Value* annotations = parsed ? parsed->Find("annotations") : nullptr;
  if (annotations != nullptr && annotations->as_object() != nullptr) {
    for (const json::Member& member : *annotations->as_object()) {
      if (const std::string* text = member.value.as_string()) {
        descriptor["annotations"][member.key] = *text;
      }
    }
  }
  return descriptor;
}

}  // namespace

Response Ping(Call& /*call*/) { return JsonAnswer(200, "{}"); }

Response ListTags(Call& call) {
  const Store& store = call.state.store;
  const std::string& repository = call.route.repository;
  if (!store.HasRepository(repository)) {
    return Refusal({ApiCode::kNameUnknown, "name", repository});
  }
  std::vector<std::string> tags;
  for (const auto& [tag, digest] : store.Tags(repository)) {
    tags.push_back(tag);
  }
  const auto sliced = Slice(call, std::move(tags));
  if (const auto* problem = std::get_if<Problem>(&sliced)) {
    return Refusal(*problem);
  }
  const Page& page = std::get<Page>(sliced);
  Json list;
  list["name"] = repository;
  list["tags"] = page.names;
  return ListAnswer(call, page, list.dump());
}

Response Catalog(Call& call) {
  if (!call.state.personality.catalog) {
    return PlainAnswer(404, "404 page not found\n");
  }
  const auto sliced = Slice(call, call.state.store.Repositories());
  if (const auto* problem = std::get_if<Problem>(&sliced)) {
    return Refusal(*problem);
  }
  const Page& page = std::get<Page>(sliced);
  return ListAnswer(call, page, Json{{"repositories", page.names}}.dump());
}

Response Referrers(Call& call) {
  if (!call.state.personality.referrers) {
    return PlainAnswer(404, "404 page not found\n");
  }
  const auto subject = Digest::Parse(call.route.reference);
  if (!subject) {
    return Refusal({ApiCode::kDigestInvalid, "digest", call.route.reference});
  }
  const auto filter = call.head.url.QueryValue("artifactType");
  Json index;
  index["schemaVersion"] = 2;
  index["mediaType"] = media_type::kOciIndex;
  index["manifests"] = Json::array();
  for (const auto& [digest, manifest] : call.state.store.Manifests(call.route.repository)) {
    if (manifest.subject == *subject && (!filter || manifest.artifact_type == *filter)) {
      index["manifests"].push_back(ReferrerOf(digest, manifest));
    }
  }
  Response response = JsonAnswer(200, index.dump(-1, ' ', false, Json::error_handler_t::replace));
  response.headers.Set("Content-Type", media_type::kOciIndex);
  if (filter) {
    response.headers.Add("OCI-Filters-Applied", "artifactType");
  }
  return response;
}

}  // namespace drydock::simulator
