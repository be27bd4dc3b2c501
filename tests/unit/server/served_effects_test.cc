// The effects that change a registry, in process and behind sockets, where the control API brings
// the rules: the same answers, firings and counts.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "tests/unit/server/served_hub.h"
#include "tests/unit/world/small_hub.h"

namespace drydock::simulator {
namespace {

struct Asking {
  std::string method;
  std::string path;
  std::string body = {};
};
struct EffectRow {
  const char* rule;
  std::vector<Asking> requests;
  std::string told;  // the statuses
};
void PrintTo(const EffectRow& row, std::ostream* out) { *out << row.rule; }

constexpr std::string_view kIndexType = "application/vnd.oci.image.index.v1+json";

std::string IndexBody(std::string_view note) { return SmallHub::Index(note); }
Asking PutTag(const std::string& tag, std::string_view note) {
  return {"PUT", "/v2/a/b/manifests/" + tag, IndexBody(note)};
}
Asking Get(const std::string& reference) { return {"GET", "/v2/a/b/manifests/" + reference}; }
const std::string kNewDigest = Digest::Of(IndexBody("new")).ToString();

std::string FiringsOf(const std::vector<Event>& events) {
  std::string firings;
  for (const Event& event : events) {
    if (const auto* fault = std::get_if<FaultEvent>(&event.payload)) {
      firings += Concat({fault->rule, " at ", fault->phase, ": ", fault->effect, "\n"});
    }
  }
  return firings;
}

class ServedEffectTest : public ::testing::TestWithParam<EffectRow> {};

TEST_P(ServedEffectTest, IsTheSameBothWays) {
  const EffectRow& row = GetParam();
  const std::string rule = Concat({R"({"name": "r", )", row.rule, "}"});
  SmallHub small(rule);
  ServedHub served;
  served.Control(201, "POST", "/worlds/default/faults", Concat({R"({"faults": [)", rule, "]}"}));
  std::string told;
  for (const Asking& asking : row.requests) {
    const Response in_process = small.Ask(asking.method, asking.path, asking.body,
                                          {{"Content-Type", std::string(kIndexType)}});
    const testing::RawAnswer on_socket = served.Ask(asking.method, asking.path, asking.body,
                                                    Concat({"Content-Type: ", kIndexType, "\r\n"}));
    EXPECT_EQ(in_process.status, on_socket.status) << asking.path;
    EXPECT_EQ(in_process.headers.Get("Docker-Content-Digest"),
              on_socket.Field("Docker-Content-Digest"));
    told += std::to_string(in_process.status) + " ";
  }
  EXPECT_EQ(told, row.told);
  const auto world = served.server->worlds().Find(kDefaultWorld);
  ASSERT_NE(world, nullptr);
  EXPECT_EQ(FiringsOf(small.journal().Snapshot()), FiringsOf(world->journal().Snapshot()));
  const RuleCount here = small.Count();
  const RuleCount there = world->faults().Counts()[0];
  EXPECT_GT(here.fired, 0u);
  EXPECT_GT(here.seen, 0u);
  EXPECT_EQ(here.matched, there.matched);
  EXPECT_EQ(here.fired, there.fired);
  EXPECT_EQ(here.seen, there.seen);
}

INSTANTIATE_TEST_SUITE_P(
    Effects, ServedEffectTest,
    ::testing::Values(EffectRow{R"("do": {"policy": {"overwrite-refused": "TAG_INVALID"}})",
                                {PutTag("v1", "old"), PutTag("v1", "new"), Get("v1")},
                                "201 400 200 "},
                      EffectRow{R"("do": {"read-view": {"lag": "1h"}})",
                                {PutTag("v1", "old"), Get("v1"), {"GET", "/v2/a/b/tags/list"}},
                                "201 404 404 "},
                      EffectRow{R"("do": {"read-view": {"miss-cache": "1h"}})",
                                {Get("v1"), PutTag("v1", "new"), Get("v1"), Get(kNewDigest)},
                                "404 201 404 200 "},
                      EffectRow{R"("do": {"read-view": {"previous": true}})",
                                {PutTag("v1", "old"), PutTag("v1", "new"), Get("v1")},
                                "201 201 200 "},
                      EffectRow{R"("do": {"bucket": {"size": 2, "every": "1h"}})",
                                {PutTag("v1", "old"), Get("v1"), Get("v1")},
                                "201 200 429 "},
                      EffectRow{R"("when": {"operation": "manifest.put", "reference": "v1"},
                     "do": {"actor": {"does": [{"delete": "v1"}]}})",
                                {PutTag("v1", "old"), Get("v1")},
                                "201 404 "},
                      EffectRow{
                          R"("when": {"operation": "manifest.get", "state": {"tags": {"v1": true}}},
                     "do": {"reply": {"status": 500}})",
                          {Get("v1"), PutTag("v1", "old"), Get("v1")},
                          "404 201 500 "},
                      EffectRow{R"("when": {"operation": "manifest.put"},
                     "do": {"bytes": {"stored": true, "truncate": 5}})",
                                {PutTag("v1", "old"), Get("v1"), PutTag("v2", "new")},
                                "201 200 201 "},
                      EffectRow{R"("when": {"operation": "manifest.get"},
                     "do": {"redirect": {"status": 307, "to": "relative", "hops": 2}})",
                                {PutTag("v1", "old"), Get("v1"), Get("v1?drydock-hop=1"),
                                 Get("v1?drydock-hop=2")},
                                "201 307 307 200 "},
                      EffectRow{R"("when": {"operation": "manifest.put"},
                     "do": {"reply": {"status": 500}}, "times": {"first": 1, "per": "replica"})",
                                {PutTag("v1", "old"), PutTag("v1", "old")},
                                "500 201 "},
                      EffectRow{R"("when": {"operation": "manifest.get", "replica": 1},
                     "do": {"reply": {"status": 500}})",
                                {Get("v1")},
                                "500 "}));

}  // namespace
}  // namespace drydock::simulator
