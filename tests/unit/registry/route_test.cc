#include "simulator/registry/route.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace drydock::simulator {
namespace {

struct RouteRow {
  std::string method;
  std::string target;
  std::string operation;
  std::string repository = "";
  std::string reference = "";
  std::string session = "";
};

const std::vector<RouteRow> kRows = {
    {"GET", "/v2/", "ping"},
    {"HEAD", "/v2/", "ping"},
    {"GET", "/v2", "ping"},
    {"GET", "/v2/_catalog", "catalog"},
    {"GET", "/v2/_catalog?n=3", "catalog"},
    {"GET", "/v2/alpine/tags/list", "tags.list", "alpine"},
    {"GET", "/v2/app/web/tags/list?n=2&last=a", "tags.list", "app/web"},
    {"GET", "/v2/app/web/referrers/sha256:00", "referrers", "app/web", "sha256:00"},
    {"HEAD", "/v2/app/web/blobs/sha256:00", "blob.head", "app/web", "sha256:00"},
    {"GET", "/v2/app/web/blobs/sha256%3A00", "blob.get", "app/web", "sha256:00"},
    {"DELETE", "/v2/app/web/blobs/sha256:00", "blob.delete", "app/web", "sha256:00"},
    {"POST", "/v2/app/web/blobs/uploads/", "upload.start", "app/web"},
    {"POST", "/v2/app/web/blobs/uploads/?digest=sha256:00", "upload.start", "app/web", "sha256:00"},
    {"POST", "/v2/app/web/blobs/uploads/?mount=sha256:00&from=app/base", "upload.mount", "app/web",
     "sha256:00"},
    {"POST", "/v2/app/web/blobs/uploads/?from=app%2Fbase&mount=sha256%3A00", "upload.mount",
     "app/web", "sha256:00"},
    {"POST", "/v2/app/web/blobs/uploads/?mount=sha256:00", "upload.mount", "app/web", "sha256:00"},
    {"PATCH", "/v2/app/web/blobs/uploads/u-1?_state=x", "upload.patch", "app/web", "", "u-1"},
    {"GET", "/v2/app/web/blobs/uploads/u-1", "upload.status", "app/web", "", "u-1"},
    {"PUT", "/v2/app/web/blobs/uploads/u-1?_state=x&digest=sha256%3A00", "upload.commit", "app/web",
     "sha256:00", "u-1"},
    {"DELETE", "/v2/app/web/blobs/uploads/u-1", "upload.cancel", "app/web", "", "u-1"},
    {"HEAD", "/v2/app/web/manifests/v1", "manifest.head", "app/web", "v1"},
    {"GET", "/v2/app/web/manifests/sha256:00", "manifest.get", "app/web", "sha256:00"},
    {"PUT", "/v2/app/web/manifests/v1", "manifest.put", "app/web", "v1"},
    {"DELETE", "/v2/app/web/manifests/v1", "manifest.delete", "app/web", "v1"},
    // Words of the API inside a name.
    {"GET", "/v2/a/blobs/uploads/tags/list", "tags.list", "a/blobs/uploads"},
    {"GET", "/v2/a/manifests/b/manifests/v1", "manifest.get", "a/manifests/b", "v1"},
    {"GET", "/v2/tags/list/tags/list", "tags.list", "tags/list"},
    {"GET", "/v2/a/blobs/uploads/blobs/sha256:00", "blob.get", "a/blobs/uploads", "sha256:00"},
    // Without its slash the collection of uploads is a blob called "uploads".
    {"GET", "/v2/app/web/blobs/uploads", "blob.get", "app/web", "uploads"},
    // Not routes.
    {"GET", "/", ""},
    {"GET", "/v1/", ""},
    {"GET", "/v2/app", ""},
    {"GET", "/v2/app/web", ""},
    {"GET", "/v2/tags/list", ""},
    {"GET", "/v2/blobs/uploads/u-1", ""},
    {"GET", "/v2/app/manifests/", ""},
    {"GET", "/v2/app/tags/lists", ""},
    {"GET", "/v2/a/_catalog", ""},
};

Url UrlOf(const std::string& target) {
  return Url::Parse("https://registry.test" + target).value();
}

TEST(FindRoute, EveryRow) {
  for (const RouteRow& row : kRows) {
    SCOPED_TRACE(row.method + " " + row.target);
    const Route route = FindRoute(row.method, UrlOf(row.target)).ToRoute();
    EXPECT_EQ(route.operation, row.operation);
    EXPECT_EQ(route.repository, row.repository);
    EXPECT_EQ(route.reference, row.reference);
    EXPECT_EQ(route.session, row.session);
  }
}

TEST(FindRoute, ReachesEveryOperation) {
  std::set<std::string> reached;
  for (const RouteRow& row : kRows) {
    reached.insert(row.operation);
  }
  for (const OperationRow& row : OperationRows()) {
    EXPECT_EQ(reached.count(std::string(row.name)), 1U) << row.name;
  }
}

TEST(FindRoute, KnowsTheMethodsOfAPlaceThatHasNotThisOne) {
  const RegistryRoute route = FindRoute("POST", UrlOf("/v2/app/web/manifests/v1"));
  EXPECT_EQ(route.operation, Operation::kMethodNotAllowed);
  EXPECT_EQ(route.allow, "GET, HEAD, PUT, DELETE");
  EXPECT_EQ(FindRoute("POST", UrlOf("/v2/app/blobs/uploads")).operation,
            Operation::kMethodNotAllowed);
}

TEST(OperationRows, StandInTheOrderOfTheEnumeration) {
  std::size_t index = 0;
  for (const OperationRow& row : OperationRows()) {
    EXPECT_EQ(static_cast<std::size_t>(row.operation), index++) << row.name;
  }
}

TEST(IsOperationName, KnowsTheTableAndTheTokenService) {
  EXPECT_TRUE(IsOperationName("upload.commit"));
  EXPECT_TRUE(IsOperationName("token"));
  EXPECT_FALSE(IsOperationName(""));
  EXPECT_FALSE(IsOperationName("upload"));
}

}  // namespace
}  // namespace drydock::simulator
