// docs/spec-map.md: which endpoint of the specification is which route, and which rows check it.
// Made from the rules and the rows; the committed file must be what they make.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "simulator/registry/route.h"
#include "tests/conformance/row.h"
#include "tests/conformance/rule.h"

namespace drydock::simulator {
namespace {

struct Place {
  std::string_view spec;
  std::string_view route;
};

// In the order of the specification's table; then what it has no id for.
constexpr std::array<Place, 24> kPlaces = {{
    {"api", "every route"},
    {"end-1", "`GET` `/v2/`"},
    {"end-2", "`GET` `HEAD` `/v2/<name>/blobs/<digest>`"},
    {"end-3", "`GET` `HEAD` `/v2/<name>/manifests/<tag-or-digest>`"},
    {"end-4a", "`POST` `/v2/<name>/blobs/uploads/`"},
    {"end-4b", "`POST` `/v2/<name>/blobs/uploads/?digest=<digest>`"},
    {"end-4c", "`POST` `/v2/<name>/blobs/uploads/?digest-algorithm=<algorithm>`"},
    {"end-5", "`PATCH` `<blob-push-location>`"},
    {"end-6", "`PUT` `<blob-push-location>?digest=<digest>`"},
    {"end-7a", "`PUT` `/v2/<name>/manifests/<tag-or-digest>`"},
    {"end-7b", "`PUT` `/v2/<name>/manifests/<digest>?tag=1&tag=2`"},
    {"end-8a", "`GET` `/v2/<name>/tags/list`"},
    {"end-8b", "`GET` `/v2/<name>/tags/list?n=<integer>&last=<tagname>`"},
    {"end-9", "`DELETE` `/v2/<name>/manifests/<tag-or-digest>`"},
    {"end-10", "`DELETE` `/v2/<name>/blobs/<digest>`"},
    {"end-11", "`POST` `/v2/<name>/blobs/uploads/?mount=<digest>&from=<other_name>`"},
    {"end-12a", "`GET` `/v2/<name>/referrers/<digest>`"},
    {"end-12b", "`GET` `/v2/<name>/referrers/<digest>?artifactType=<artifactType>`"},
    {"end-13", "`GET` `<blob-push-location>`"},
    {"end-14", "`DELETE` `<blob-push-location>`"},
    {"distribution", "`GET` `/v2/_catalog`"},
    {"docker-hub", "the routes of Docker Hub"},
    {"gitlab", "`GET` `/v2/<name>/blobs/uploads/<session>`"},
    {"token", "`GET` `POST` `/token`"},
}};

constexpr std::string_view kIntroduction =
    "# Specification map\n"
    "\n"
    "Which endpoint of the OCI distribution-spec (v1.1 and its development version) is which "
    "route,\n"
    "what it asks for in our words, and which rows of `tests/conformance` check it. Each row is\n"
    "played in process and over a socket, with the same answers byte for byte; in every row each "
    "201\n"
    "is followed to its content and each refusal is held against the table of error codes.\n"
    "\n"
    "Made by the test `SpecMap.IsInStepWithTheRows`, which says how to renew it.\n";

std::string OperationsOf(std::string_view spec) {
  const std::string_view endpoint = spec.substr(0, spec.find_last_not_of("abc") + 1);
  std::vector<std::string> names;
  for (const OperationRow& row : OperationRows()) {
    if (!row.spec.empty() && row.spec == endpoint) {
      names.push_back(Concat({"`", row.name, "`"}));
    }
  }
  return names.empty() ? "" : Concat({", operation ", Join(names, ", ")});
}

std::string SpecMap() {
  const std::vector<Row> rows = AllRows();
  std::ostringstream text;
  text << kIntroduction << "\n" << Rules().size() << " rules, " << rows.size() << " rows.\n";
  for (const Place& place : kPlaces) {
    text << "\n## " << place.spec << "\n\n" << place.route << OperationsOf(place.spec) << "\n";
    for (const Rule& rule : Rules()) {
      if (rule.spec != place.spec) {
        continue;
      }
      text << "\n- **" << rule.id << "** " << rule.level << ", \"" << rule.heading
           << "\": " << rule.words << "\n";
      for (const Row& row : rows) {
        if (row.rule == rule.id) {
          text << "  - " << row.title << "\n";
        }
      }
    }
  }
  return text.str();
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(SpecMap, HasAPlaceForEveryRule) {
  for (const Rule& rule : Rules()) {
    EXPECT_EQ(std::count_if(kPlaces.begin(), kPlaces.end(),
                            [&](const Place& place) { return place.spec == rule.spec; }),
              1)
        << rule.id;
  }
}

TEST(SpecMap, IsInStepWithTheRows) {
  const std::string made = SpecMap();
  const std::string committed = Concat({DRYDOCK_SOURCE_DIR, "/docs/spec-map.md"});
  if (ReadWhole(committed) == made) {
    return;
  }
  const std::string renewed = Concat({DRYDOCK_BINARY_DIR, "/spec-map.md"});
  std::ofstream(renewed) << made;
  FAIL() << "docs/spec-map.md is not what the rows make; to renew it:\n  cp " << renewed << " "
         << committed;
}

}  // namespace
}  // namespace drydock::simulator
