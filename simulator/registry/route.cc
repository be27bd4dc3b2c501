#include "simulator/registry/route.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::array<OperationRow, 19> kOperations = {{
    {Operation::kNone, "", Access::kNone, ""},
    {Operation::kMethodNotAllowed, "", Access::kNone, ""},
    {Operation::kPing, "ping", Access::kNone, "end-1"},
    {Operation::kCatalog, "catalog", Access::kCatalog, ""},
    {Operation::kTagsList, "tags.list", Access::kPull, "end-8"},
    {Operation::kReferrers, "referrers", Access::kPull, "end-12"},
    {Operation::kBlobHead, "blob.head", Access::kPull, "end-2"},
    {Operation::kBlobGet, "blob.get", Access::kPull, "end-2"},
    {Operation::kBlobDelete, "blob.delete", Access::kDelete, "end-10"},
    {Operation::kUploadStart, "upload.start", Access::kPush, "end-4"},
    {Operation::kUploadMount, "upload.mount", Access::kPush, "end-11"},
    {Operation::kUploadPatch, "upload.patch", Access::kPush, "end-5"},
    {Operation::kUploadStatus, "upload.status", Access::kPush, "end-13"},
    {Operation::kUploadCommit, "upload.commit", Access::kPush, "end-6"},
    {Operation::kUploadCancel, "upload.cancel", Access::kPush, "end-14"},
    {Operation::kManifestHead, "manifest.head", Access::kPull, "end-3"},
    {Operation::kManifestGet, "manifest.get", Access::kPull, "end-3"},
    {Operation::kManifestPut, "manifest.put", Access::kPush, "end-7"},
    {Operation::kManifestDelete, "manifest.delete", Access::kDelete, "end-9"},
}};

enum class Resource {
  kPing,
  kCatalog,
  kTags,
  kReferrers,
  kBlob,
  kUploads,
  kUpload,
  kManifest,
};

struct MethodRow {
  Resource resource;
  std::string_view method;
  Operation operation;
};

constexpr std::array<MethodRow, 17> kMethods = {{
    {Resource::kPing, "GET", Operation::kPing},
    {Resource::kPing, "HEAD", Operation::kPing},
    {Resource::kCatalog, "GET", Operation::kCatalog},
    {Resource::kTags, "GET", Operation::kTagsList},
    {Resource::kReferrers, "GET", Operation::kReferrers},
    {Resource::kBlob, "GET", Operation::kBlobGet},
    {Resource::kBlob, "HEAD", Operation::kBlobHead},
    {Resource::kBlob, "DELETE", Operation::kBlobDelete},
    {Resource::kUploads, "POST", Operation::kUploadStart},
    {Resource::kUpload, "GET", Operation::kUploadStatus},
    {Resource::kUpload, "PATCH", Operation::kUploadPatch},
    {Resource::kUpload, "PUT", Operation::kUploadCommit},
    {Resource::kUpload, "DELETE", Operation::kUploadCancel},
    {Resource::kManifest, "GET", Operation::kManifestGet},
    {Resource::kManifest, "HEAD", Operation::kManifestHead},
    {Resource::kManifest, "PUT", Operation::kManifestPut},
    {Resource::kManifest, "DELETE", Operation::kManifestDelete},
}};

struct Place {
  Resource resource;
  std::string repository;
  std::string reference;
  std::string session;
};

// Repositories may contain any word of the API, so paths are read from their end.
std::optional<Place> FindPlace(std::string_view path) {
  if (path == "/v2/" || path == "/v2") {
    return Place{Resource::kPing, "", "", ""};
  }
  const std::vector<std::string> parts = Split(path, '/');
  if (parts.size() < 3 || !parts[0].empty() || parts[1] != "v2") {
    return std::nullopt;
  }
  if (parts.size() == 3 && parts[2] == "_catalog") {
    return Place{Resource::kCatalog, "", "", ""};
  }
  const auto repository = [&](std::size_t suffix) {
    return Join({parts.begin() + 2, parts.end() - static_cast<std::ptrdiff_t>(suffix)}, "/");
  };
  const std::size_t size = parts.size();
  const std::string& last = parts[size - 1];
  if (size >= 6 && parts[size - 2] == "uploads" && parts[size - 3] == "blobs") {
    return last.empty() ? Place{Resource::kUploads, repository(3), "", ""}
                        : Place{Resource::kUpload, repository(3), "", PercentDecode(last)};
  }
  if (size < 5 || last.empty()) {
    return std::nullopt;
  }
  const std::string& kind = parts[size - 2];
  if (kind == "tags" && last == "list") {
    return Place{Resource::kTags, repository(2), "", ""};
  }
  constexpr std::array<std::pair<std::string_view, Resource>, 3> kByReference = {{
      {"blobs", Resource::kBlob},
      {"manifests", Resource::kManifest},
      {"referrers", Resource::kReferrers},
  }};
  for (const auto& [word, resource] : kByReference) {
    if (kind == word) {
      return Place{resource, repository(2), PercentDecode(last), ""};
    }
  }
  return std::nullopt;
}

}  // namespace

std::span<const OperationRow> OperationRows() { return kOperations; }

const OperationRow& RowOf(Operation operation) {
  return kOperations[static_cast<std::size_t>(operation)];
}

RegistryRoute FindRoute(std::string_view method, const Url& url) {
  RegistryRoute route;
  std::optional<Place> place = FindPlace(url.path);
  if (!place) {
    return route;
  }
  route.repository = std::move(place->repository);
  route.reference = std::move(place->reference);
  route.session = std::move(place->session);
  route.operation = Operation::kMethodNotAllowed;
  for (const MethodRow& row : kMethods) {
    if (row.resource != place->resource) {
      continue;
    }
    if (row.method == method) {
      route.operation = row.operation;
    }
    route.allow += Concat({route.allow.empty() ? "" : ", ", row.method});
  }
  if (route.operation == Operation::kUploadStart) {
    if (const auto mount = url.QueryValue("mount")) {
      route.operation = Operation::kUploadMount;
      route.reference = *mount;
    }
  }
  if (route.operation == Operation::kUploadStart || route.operation == Operation::kUploadCommit) {
    route.reference = url.QueryValue("digest").value_or("");
  }
  return route;
}

Route RegistryRoute::ToRoute() const {
  return {std::string(RowOf(operation).name), repository, reference, session};
}

bool IsOperationName(std::string_view text) {
  return text == kTokenOperation ||
         (!text.empty() && std::any_of(kOperations.begin(), kOperations.end(),
                                       [&](const OperationRow& row) { return row.name == text; }));
}

}  // namespace drydock::simulator
