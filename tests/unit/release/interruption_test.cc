// A run that is killed, at every point where it asks, waits, builds or saves, and the run after it;
// and runs under faults drawn at random. What must hold at every instant: no tag names what cannot
// be pulled whole, and no latest tag names an image that lacks a platform.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/text.h"
#include "tests/unit/release/hub_bench.h"

namespace drydock::publisher {
namespace {

using ::testing::IsEmpty;

constexpr char kUnavailable[] =
    "ERROR: failed to solve: failed to push joakimp/opencode-devbox:x: unexpected status from PUT "
    "request to https://registry-1.docker.io/v2/joakimp/opencode-devbox/blobs/uploads/u: 503 "
    "Service Unavailable";
constexpr char kRejected[] =
    "ERROR: failed to solve: failed to push joakimp/opencode-devbox:x: unexpected status from PUT "
    "request to https://registry-1.docker.io/v2/joakimp/opencode-devbox/blobs/uploads/u: 400 Bad "
    "Request";

// Two variants are enough for "one is done, the other is not".
void FillIn(Bench& bench) {
  bench.release.variants.pop_back();
  EXPECT_TRUE(bench.npm.Publish({"oh-my-opencode-slim", "1.0.9", {}, {}}));
  EXPECT_TRUE(bench.npm.SetDistTag("oh-my-opencode-slim", "latest", "1.0.9"));
  bench.PutImage("latest", bench.release.platforms, "the release before");
  bench.PutImage("latest-omos", bench.release.platforms, "the release before");
}

// What a run on a bad day meets: answers that come late or not at all, so that it waits, asks again
// and settles.
constexpr char kBadDay[] = R"({"faults": [
  {"name": "slow probe", "when": {"operation": "manifest.head", "reference": "v1.15.12"},
   "do": {"reply": {"status": 503}}, "times": 1},
  {"name": "lost put", "when": {"operation": "manifest.put", "reference": "latest"},
   "do": {"cut": "rst", "at": "response-head"}, "times": 1},
  {"name": "500 for a put that worked", "when": {"operation": "manifest.put",
   "reference": "base-latest"}, "do": {"reply": {"status": 500}, "commit": "apply"}, "times": 1},
  {"name": "500 for a put that did not", "when": {"operation": "manifest.put",
   "reference": "latest-omos"}, "do": {"reply": {"status": 500}}, "times": 1}]})";

void MakeBadDay(Bench& bench) {
  FillIn(bench);
  bench.builder.scripts["v1.15.12"] = {{.pushes = false, .error = kUnavailable}};
  bench.builder.scripts["v1.15.12-omos"] = {{.pushes = true, .error = kUnavailable}};
}

struct KillRow {
  std::string name;
  bool bad_day = false;
  bool after = false;
};
void PrintTo(const KillRow& row, std::ostream* out) { *out << row.name; }

class KilledAnywhere : public ::testing::TestWithParam<KillRow> {
 protected:
  static std::unique_ptr<Bench> Make() {
    auto bench = std::make_unique<Bench>(SplitRelease(), GetParam().bad_day ? kBadDay : "");
    GetParam().bad_day ? MakeBadDay(*bench) : FillIn(*bench);
    return bench;
  }
};

TEST_P(KilledAnywhere, TheNextRunSendsOnlyWhatIsMissing) {
  const auto whole = Make();
  ASSERT_EQ(whole->Run().verdict, Verdict::kPublishedVerified);
  const int points = whole->kill.points;
  ASSERT_GT(points, 50);
  for (int at = 1; at <= points; ++at) {
    SCOPED_TRACE(Concat({"killed at point ", std::to_string(at), " of ", std::to_string(points)}));
    const auto bench = Make();
    bench->kill.kill_at = at;
    bench->kill.after = GetParam().after;
    std::uint64_t events = 0;
    const PublishReport killed = bench->Run();
    events = bench->journal.size();
    ASSERT_TRUE(bench->kill.dead);
    EXPECT_EQ(killed.verdict, Verdict::kUnknown) << ToText(killed);
    EXPECT_EQ(ExitCode(killed), 7);
    EXPECT_EQ(bench->kill.after_death, 0) << "a killed run goes on";
    EXPECT_THAT(bench->UnreadableTags(), IsEmpty());
    bench->kill = {};
    PipelineOptions options;
    options.resume = bench->states->Load()->has_value();
    const PublishReport resumed = bench->Run(options);
    EXPECT_EQ(resumed.verdict, Verdict::kPublishedVerified) << ToText(resumed);
    EXPECT_GT(bench->journal.size(), events);
    bench->ExpectPublished();
    EXPECT_THAT(bench->builder.wasted, IsEmpty());
    EXPECT_THAT(bench->resent, IsEmpty());
    if (HasFailure()) {
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, KilledAnywhere,
                         ::testing::Values(KillRow{"before_it_happens", false, false},
                                           KillRow{"after_it_happened", false, true},
                                           KillRow{"bad_day_before", true, false},
                                           KillRow{"bad_day_after", true, true}),
                         [](const auto& row) { return row.param.name; });

// Killed again and again, a few points further each time.
TEST(KilledOften, ItStillGetsThere) {
  Bench bench(SplitRelease(), kBadDay);
  MakeBadDay(bench);
  for (int run = 0; run < 200; ++run) {
    bench.kill = {};
    bench.kill.kill_at = 12 + run;
    bench.kill.after = run % 2 == 0;
    if (bench.Run().verdict == Verdict::kPublishedVerified) {
      break;
    }
  }
  bench.ExpectPublished();
  EXPECT_THAT(bench.builder.wasted, IsEmpty());
  EXPECT_THAT(bench.resent, IsEmpty());
}

// Killed while the builder pushes: the tag is there, its digest was never noted. Should the git tag
// move before the next run, that image is of another commit.
TEST(KilledInThePush, AMovedGitTagIsRefused) {
  Bench bench(OneImageRelease());
  bench.builder.scripts["v1.15.12"] = {
      {.first = [&bench] { bench.kill.kill_at = bench.kill.points + 1; }}};
  bench.kill.after = true;
  ASSERT_EQ(bench.Run().verdict, Verdict::kUnknown);
  ASSERT_TRUE(bench.HasWhole("v1.15.12"));
  bench.kill = {};
  bench.repository.tag_commit = bench.repository.head_commit = std::string(40, 'b');
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kRefused) << ToText(report);
  EXPECT_EQ(bench.DigestOf("latest"), "");
  bench.repository.tag_commit = bench.repository.head_commit = std::string(40, 'a');
  EXPECT_EQ(bench.Run().verdict, Verdict::kPublishedVerified);
  EXPECT_THAT(bench.builder.wasted, IsEmpty());
}

// One fault rule over the requests a publisher sends.
rc::Gen<std::string> AnyRule(int number) {
  const auto when = rc::gen::element<std::string>(
      R"({"operation": "manifest.head"})", R"({"operation": "manifest.get"})",
      R"({"operation": "manifest.put"})", R"({"operation": "manifest.*", "reference": "latest*"})",
      R"({"operation": "manifest.*", "reference": "v1.15.12*"})",
      R"({"operation": "manifest.*", "reference": "base-*"})",
      R"({"operation": "manifest.put", "reference": "latest*"})", R"({"operation": "token"})",
      R"({"operation": "npm.*"})");
  const auto effect = rc::gen::element<std::string>(
      R"({"reply": {"status": 500}})", R"({"reply": {"status": 503, "page": "nginx"}})",
      R"({"reply": {"status": 400, "page": "hub-edge"}})",
      R"({"reply": {"status": 403, "error": "DENIED"}})", R"({"reply": {"status": 404}})",
      R"({"reply": {"status": 404, "error": "MANIFEST_UNKNOWN"}})",
      R"({"reply": {"status": 429, "headers": {"Retry-After": "7"}}})",
      R"({"reply": {"status": 500}, "commit": "apply"})",
      R"({"reply": {"status": 201}, "commit": "none"})",
      R"({"reply": {"status": 504}, "commit": {"after": "9s"}})", R"({"reply": {"status": 200}})",
      R"({"cut": "rst", "at": "request-head"})", R"({"cut": "rst", "at": "response-head"})",
      R"({"edit-reply": {"drop": ["Docker-Content-Digest"]}})",
      R"({"edit-reply": {"status": 202}})");
  const auto times = rc::gen::element<std::string>(R"(1)", R"({"nth": 2})", R"({"every": 3})",
                                                   R"({"first": 5})", R"({"chance": "1/4"})");
  return rc::gen::map(rc::gen::tuple(when, effect, times), [number](const auto& parts) {
    return Concat({R"({"name": "rule )", std::to_string(number), R"(", "when": )",
                   std::get<0>(parts), R"(, "do": )", std::get<1>(parts), R"(, "times": )",
                   std::get<2>(parts), "}"});
  });
}

rc::Gen<BuildScript> AnyScript() {
  return rc::gen::map(rc::gen::tuple(rc::gen::arbitrary<bool>(), rc::gen::inRange(0, 4),
                                     rc::gen::element<std::string>("", kUnavailable, kRejected)),
                      [](const auto& parts) {
                        BuildScript script;
                        script.pushes = std::get<0>(parts);
                        if (std::get<1>(parts) == 0) {
                          script.platforms = {"linux/arm64"};
                        }
                        script.error = std::get<2>(parts);
                        return script;
                      });
}

// A rule that cannot apply where it was drawn is left out.
std::string FaultText(const std::vector<std::string>& rules) {
  return Concat({R"({"faults": [)", Join(rules, ","), "]}"});
}

RC_GTEST_PROP(AnyFault, NeverLeavesALatestThatCannotBePulledAndIsRecoveredFrom, ()) {
  std::vector<std::string> rules;
  for (int number = 0; number < *rc::gen::inRange(0, 4); ++number) {
    rules.push_back(*rc::gen::suchThat(
        AnyRule(number), [](const std::string& rule) { return IsFaultFile(FaultText({rule})); }));
  }
  Bench bench(SplitRelease(), FaultText(rules));
  FillIn(bench);
  for (const char* tag : {"base-0123456789ab", "v1.15.12", "v1.15.12-omos"}) {
    for (const BuildScript& script :
         *rc::gen::resize(3, rc::gen::container<std::vector<BuildScript>>(AnyScript()))) {
      bench.builder.scripts[tag].push_back(script);
    }
  }
  std::vector<std::string> broken;
  std::map<std::string, std::string> seen;
  bench.on_change = [&] {
    if (bench.Tags() == seen) {
      return;
    }
    seen = bench.Tags();
    for (const std::string& tag : bench.UnreadableTags()) {
      broken.push_back(tag);
    }
    for (const auto& [tag, digest] : bench.Tags()) {
      if ((tag.starts_with("latest") || tag == kBaseLatestTag) && !bench.HasWhole(tag)) {
        broken.push_back(tag);
      }
    }
  };
  for (int run = 0; run < 2; ++run) {
    bench.kill = {};
    bench.kill.kill_at = *rc::gen::inRange(0, 120);
    bench.kill.after = *rc::gen::arbitrary<bool>();
    const PublishReport report = bench.Run();
    RC_LOG() << ToText(report);
    RC_ASSERT(broken.empty());
    if (report.verdict == Verdict::kPublishedVerified) {
      bench.ExpectPublished();
    }
  }
  bench.SwitchFaultsOff();
  bench.builder.scripts.clear();
  bench.kill = {};
  // What a fault put off is done before the next run looks.
  RC_ASSERT(bench.world.clock().SleepFor(std::chrono::minutes(1)).ok());
  const PublishReport last = bench.Run();
  RC_LOG() << ToText(last);
  RC_ASSERT(last.verdict == Verdict::kPublishedVerified);
  bench.ExpectPublished();
  const auto builds = bench.builder.requests.size();
  const auto puts = bench.ManifestPuts();
  RC_ASSERT(bench.Run().verdict == Verdict::kPublishedVerified);
  RC_ASSERT(bench.builder.requests.size() == builds);
  RC_ASSERT(bench.ManifestPuts() == puts);
  RC_ASSERT(bench.builder.wasted.empty());
}

}  // namespace
}  // namespace drydock::publisher
