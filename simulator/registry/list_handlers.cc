#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/handlers.h"
#include "simulator/registry/view.h"

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
  std::uint64_t size = call.personality().limits.page;
  if (!call.personality().list_paging) {
    return Page{std::move(names), false};
  }
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

void AddLink(const Call& call, const Url& next, Headers& headers) {
  headers.Add("Link", Concat({"<", call.Location(next.Target()), ">; rel=\"next\""}));
}

Response ListAnswer(const Call& call, const Page& page, std::string json) {
  Response response = JsonAnswer(200, std::move(json));
  if (page.more && call.personality().list_link) {
    Url next{"", "", call.head.url.path, ""};
    next.AddQuery("last", page.names.back());
    next.AddQuery("n", std::to_string(page.names.size()));
    AddLink(call, next, response.headers);
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

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// One answer's descriptors: as many as a page has and as an index of the largest size can hold,
// but at least one.
struct ReferrerPage {
  explicit ReferrerPage(const Limits& of) : limits(of) {}

  // False when it is for the next page.
  bool Add(const Digest& digest, const StoredManifest& manifest) {
    Json descriptor = ReferrerOf(digest, manifest);
    const std::size_t added = Dump(descriptor).size() + 1;
    if (!descriptors.empty() &&
        (descriptors.size() >= limits.page || bytes + added > limits.manifest_bytes)) {
      return false;
    }
    bytes += added;
    last = digest.ToString();
    descriptors.push_back(std::move(descriptor));
    return true;
  }

  const Limits& limits;
  Json descriptors = Json::array();
  std::size_t bytes = 128;  // of the index around them
  std::string last;
};

}  // namespace

Response Ping(Call& /*call*/) { return JsonAnswer(200, "{}"); }

Response ListTags(Call& call) {
  const std::string& repository = call.route.repository;
  const Store& store = Visible(call, repository, "");
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
  if (!call.personality().catalog) {
    return PlainAnswer(404, "404 page not found\n");
  }
  const auto sliced = Slice(call, Visible(call, "", "").Repositories());
  if (const auto* problem = std::get_if<Problem>(&sliced)) {
    return Refusal(*problem);
  }
  const Page& page = std::get<Page>(sliced);
  return ListAnswer(call, page, Json{{"repositories", page.names}}.dump());
}

Response Referrers(Call& call) {
  if (!call.personality().referrers) {
    return PlainAnswer(404, "404 page not found\n");
  }
  const auto subject = Digest::Parse(call.route.reference);
  if (!subject) {
    return Refusal({ApiCode::kDigestInvalid, "digest", call.route.reference});
  }
  const auto filter = call.head.url.QueryValue("artifactType");
  const auto last = call.head.url.QueryValue("last");
  const auto after = last ? Digest::Parse(*last) : subject;
  if (!after) {
    return Refusal({ApiCode::kDigestInvalid, "last", *last});
  }
  const auto& manifests = Visible(call, call.route.repository, "").Manifests(call.route.repository);
  auto entry = last ? manifests.upper_bound(*after) : manifests.begin();
  ReferrerPage page(call.personality().limits);
  for (; entry != manifests.end(); ++entry) {
    const auto& [digest, manifest] = *entry;
    if (manifest.subject == *subject && (!filter || manifest.artifact_type == *filter) &&
        !page.Add(digest, manifest)) {
      break;
    }
  }
  Json index;
  index["schemaVersion"] = 2;
  index["mediaType"] = media_type::kOciIndex;
  index["manifests"] = std::move(page.descriptors);
  Response response = JsonAnswer(200, Dump(index));
  response.headers.Set("Content-Type", media_type::kOciIndex);
  if (filter) {
    response.headers.Add("OCI-Filters-Applied", "artifactType");
  }
  if (entry != manifests.end()) {
    Url next{"", "", call.head.url.path, ""};
    if (filter) {
      next.AddQuery("artifactType", *filter);
    }
    next.AddQuery("last", page.last);
    AddLink(call, next, response.headers);
  }
  return response;
}

}  // namespace drydock::simulator
