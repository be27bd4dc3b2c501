// Each matcher, window and counter of the fault engine, and its dice.
#include "simulator/faults/fault_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "core/digest.h"
#include "core/text.h"
#include "simulator/faults/effects.h"
#include "simulator/faults/read_rules.h"

namespace drydock::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kStart = *ParseRfc3339("2026-05-28T06:00:00Z");
const std::string kDigest = "sha256:" + std::string(64, 'a');
const std::string kOtherDigest = "sha256:" + std::string(64, 'b');

FaultState Faults(std::string_view rules, std::uint64_t seed = 1) {
  auto read = ParseFaultFile(Concat({"{\"faults\": [", rules, "]}"}), "f.json");
  EXPECT_TRUE(read.ok()) << rules << "\n" << (read ? "" : read.error().message());
  return read ? FaultState(std::move(*read), seed) : FaultState({}, seed);
}

// An exchange as a test describes it.
struct Seen {
  std::string method = "PUT";
  Route route = {"manifest.put", "joakimp/devbox", "v1", ""};
  Headers headers;
  Caller caller = {"ci", "203.0.113.7", 1};
  std::string host = "registry-1.docker.io";
  TimePoint now = kStart;
  int status = 0;
  std::string manifest = R"({"mediaType": "m"})";

  template <class Use>
  auto With(Use use) const {
    RequestHead head;
    head.method = method;
    head.url = *Url::Parse("https://" + host + "/v2/");
    head.headers = headers;
    head.caller = caller;
    return use(Sight{head, route, now, status, manifest.empty() ? nullptr : &manifest});
  }
  bool Fires(FaultState& faults, Phase phase = Phase::kDecide) const {
    return With([&](const Sight& sight) { return faults.Offer(phase, sight).has_value(); });
  }
  void Observed(FaultState& faults) const {
    With([&](const Sight& sight) { faults.Observe(sight); });
  }
};

bool Matches(std::string_view when, const Seen& seen, Phase phase = Phase::kDecide) {
  const char* effect = phase == Phase::kDecide ? R"({"reply": {"status": 500}})"
                                               : R"({"edit-reply": {"status": 500}})";
  FaultState faults =
      Faults(Concat({R"({"name": "r", "when": {)", when, R"(}, "do": )", effect, "}"}));
  return seen.Fires(faults, phase);
}

Seen BlobHead(std::string_view digest = kDigest) {
  Seen seen;
  seen.method = "HEAD";
  seen.route = {"blob.head", "joakimp/devbox", std::string(digest), ""};
  seen.manifest.clear();
  return seen;
}

Seen Commit(std::string_view digest = kDigest) {
  Seen seen;
  seen.route = {"upload.commit", "joakimp/devbox", std::string(digest), "session-1"};
  seen.manifest.clear();
  return seen;
}

TEST(Matchers, HeadAndRoute) {
  const Seen put;
  struct Row {
    const char* when;
    bool matches;
  };
  const Row rows[] = {
      {R"("method": "PUT")", true},
      {R"("method": "PATCH")", false},
      {R"("method": ["PATCH", "PUT"])", true},
      {R"("operation": "manifest.put")", true},
      {R"("operation": "manifest.*")", true},
      {R"("operation": ["upload.*", "manifest.get"])", false},
      {R"("client": "ci")", true},
      {R"("client": "host")", false},
      {R"("host": "*.docker.io")", true},
      {R"("host": "ghcr.io")", false},
      {R"("repository": "joakimp/*")", true},
      {R"("repository": "joakimp/devbox-cache")", false},
      {R"("reference": "v?")", true},
      {R"("reference": "latest*")", false},
      {R"("reference-kind": "tag")", true},
      {R"("reference-kind": "digest")", false},
      {R"("method": "PUT", "repository": "other/*")", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Matches(row.when, put), row.matches) << row.when;
  }
  EXPECT_TRUE(Matches(R"("reference-kind": "digest")", BlobHead()));
  EXPECT_FALSE(Matches(R"("reference-kind": "tag")", BlobHead()));
  Seen start = put;
  start.route = {"upload.start", "joakimp/devbox", "", ""};
  EXPECT_FALSE(Matches(R"("reference-kind": "tag")", start)) << "there is no reference at all";
}

TEST(Matchers, MediaTypeAndHeaders) {
  Seen put;
  put.headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json; charset=utf-8"},
                 {"Accept", "text/plain"},
                 {"accept", "application/vnd.buildkit.cacheconfig.v0, */*"}};
  struct Row {
    const char* when;
    bool matches;
  };
  const Row rows[] = {
      {R"("media-type": "application/vnd.oci.image.index.v1+json")", true},
      {R"("media-type": "application/vnd.docker.*")", false},
      {R"("headers": {"Accept": "*cacheconfig.v0*"})", true},
      {R"("headers": {"Accept": "cacheconfig.v0"})", false},
      {R"("headers": {"ACCEPT": "text/plain"})", true},
      {R"("headers": {"Accept": true})", true},
      {R"("headers": {"Accept": false})", false},
      {R"("headers": {"Authorization": true})", false},
      {R"("headers": {"Authorization": false})", true},
      {R"("headers": {"Authorization": "*"})", false},
      {R"("headers": {"Accept": true, "Range": true})", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Matches(row.when, put), row.matches) << row.when;
  }
}

TEST(Matchers, StatusOfTheAnswer) {
  Seen put;
  put.status = 201;
  EXPECT_TRUE(Matches(R"("status": 201)", put, Phase::kResponseHead));
  EXPECT_FALSE(Matches(R"("status": 401)", put, Phase::kResponseHead));
}

TEST(Matchers, ManifestPointers) {
  Seen put;
  put.manifest =
      R"({"schemaVersion": 2, "config": {"mediaType": "application/x"}, "annotations": {"a": "b"},
    "manifests": [{"mediaType": "layer"}, {"mediaType": "application/vnd.buildkit.cacheconfig.v0"}]})";
  struct Row {
    const char* test;
    bool matches;
  };
  const Row rows[] = {
      {R"("/config/mediaType": "application/x")", true},
      {R"("/config/mediaType": "application/*")", true},
      {R"("/config/mediaType": "application")", false},
      {R"("/schemaVersion": "2")", true},
      {R"("/manifests/*/mediaType": "*cacheconfig*")", true},
      {R"("/manifests/0/mediaType": "*cacheconfig*")", false},
      {R"("/manifests/*/mediaType": "*provenance*")", false},
      {R"("/annotations/*": "b")", true},
      {R"("/subject": true)", false},
      {R"("/subject": false)", true},
      {R"("/config": true)", true},
      {R"("/config": false)", false},
      {R"("": true)", true},
      {R"("/config/*/deeper": true)", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Matches(Concat({R"("manifest": {)", row.test, "}"}), put), row.matches) << row.test;
  }
  put.manifest = "no JSON";
  EXPECT_FALSE(Matches(R"("manifest": {"/subject": false})", put)) << "nothing to look into";
}

TEST(Matchers, RoleOfAManifest) {
  struct Row {
    std::string reference;
    const char* manifest;
    const char* role;
  };
  const Row rows[] = {
      {"v1", R"({"manifests": []})", "top"},
      {"v1", R"({"layers": [{"mediaType": "application/vnd.in-toto+json"}]})", "top"},
      {kDigest, R"({"layers": [{"mediaType": "layer"}]})", "child"},
      {kDigest, R"({"layers": [{"mediaType": "application/vnd.in-toto+json"}]})", "attestation"},
  };
  for (const Row& row : rows) {
    Seen put;
    put.route.reference = row.reference;
    put.manifest = row.manifest;
    for (const char* role : {"top", "child", "attestation"}) {
      EXPECT_EQ(Matches(Concat({R"("role": ")", role, "\""}), put), role == std::string(row.role))
          << role << " of " << row.reference << " " << row.manifest;
    }
  }
}

TEST(Matchers, AbsoluteWindow) {
  const char* when = R"("from": "2026-05-28T06:00:00Z", "until": "2026-05-28T07:00:00Z")";
  Seen put;
  EXPECT_TRUE(Matches(when, put));
  put.now = kStart - Duration(1);
  EXPECT_FALSE(Matches(when, put));
  put.now = kStart + std::chrono::hours(1) - Duration(1);
  EXPECT_TRUE(Matches(when, put));
  put.now = kStart + std::chrono::hours(1);
  EXPECT_FALSE(Matches(when, put));
}

std::string SinceRule(std::string_view since) {
  return Concat({R"({"name": "r", "when": {"operation": "upload.commit", "since": {)", since,
                 R"(}}, "do": {"reply": {"status": 400}}})"});
}

TEST(Windows, OpenWithAnEventAndStayOpenForEver) {
  FaultState faults =
      Faults(SinceRule(R"("operation": "manifest.put", "reference": "v*", "status": 201)"));
  Seen commit = Commit();
  EXPECT_FALSE(commit.Fires(faults));
  Seen put;
  put.status = 400;
  put.Observed(faults);
  EXPECT_FALSE(commit.Fires(faults)) << "the PUT was refused";
  put.status = 201;
  put.route.reference = "latest";
  put.Observed(faults);
  EXPECT_FALSE(commit.Fires(faults)) << "another tag";
  put.route.reference = "v1.15.12";
  put.Observed(faults);
  EXPECT_TRUE(commit.Fires(faults));
  commit.now = kStart + std::chrono::hours(24 * 365);
  EXPECT_TRUE(commit.Fires(faults));
}

TEST(Windows, HaveABeginningAndAnEnd) {
  FaultState faults =
      Faults(SinceRule(R"("operation": "manifest.put", "after": "1.5s", "for": "10s")"));
  Seen put;
  put.status = 201;
  put.Observed(faults);
  const std::pair<Duration, bool> rows[] = {{milliseconds(1499), false},
                                            {milliseconds(1500), true},
                                            {milliseconds(11499), true},
                                            {milliseconds(11500), false}};
  for (const auto& [age, open] : rows) {
    Seen commit = Commit();
    commit.now = kStart + age;
    EXPECT_EQ(commit.Fires(faults), open) << FormatDuration(age);
  }
  // The latest event counts, so a second one opens the window again.
  put.now = kStart + seconds(20);
  put.Observed(faults);
  Seen commit = Commit();
  commit.now = kStart + seconds(25);
  EXPECT_TRUE(commit.Fires(faults));
}

TEST(Windows, MayCountFromTheFirstEvent) {
  FaultState faults =
      Faults(SinceRule(R"("operation": "manifest.put", "first": true, "for": "10s")"));
  for (const seconds at : {seconds(0), seconds(8)}) {
    Seen put;
    put.status = 201;
    put.now = kStart + at;
    put.Observed(faults);
  }
  Seen commit = Commit();
  commit.now = kStart + seconds(9);
  EXPECT_TRUE(commit.Fires(faults));
  commit.now = kStart + seconds(12);
  EXPECT_FALSE(commit.Fires(faults));
}

TEST(Windows, MayBeKeptByWhatBothHaveInCommon) {
  FaultState faults = Faults(SinceRule(
      R"("operation": "blob.head", "headers": {"Accept": "*cacheconfig.v0*"}, "same": ["digest", "client"])"));
  Seen plain = BlobHead(kOtherDigest);
  plain.Observed(faults);
  Seen head = BlobHead(kDigest);
  head.headers = {{"Accept", "application/vnd.buildkit.cacheconfig.v0, */*"}};
  head.Observed(faults);
  EXPECT_TRUE(Commit(kDigest).Fires(faults));
  EXPECT_FALSE(Commit(kOtherDigest).Fires(faults)) << "its HEAD asked for something else";
  Seen host = Commit(kDigest);
  host.caller.client = "host";
  EXPECT_FALSE(host.Fires(faults)) << "another client";
}

// "x" where the rule fires, "." where it does not, for `count` equal exchanges.
std::string Pattern(std::string_view times, int count, std::uint64_t seed = 1) {
  FaultState faults = Faults(
      Concat({R"({"name": "r", "do": {"reply": {"status": 500}}, "times": )", times, "}"}), seed);
  std::string pattern;
  for (int i = 0; i < count; ++i) {
    pattern += Seen().Fires(faults) ? 'x' : '.';
  }
  return pattern;
}

TEST(Counters, CountMatches) {
  const std::pair<const char*, const char*> rows[] = {
      {"2", "xx......"},
      {R"({"nth": 3})", "..x....."},
      {R"({"first": 3})", "xxx....."},
      {R"({"after": 3})", "...xxxxx"},
      {R"({"every": 3})", "..x..x.."},
      {R"({"every": 1})", "xxxxxxxx"},
      {R"({"from": 2, "to": 4})", ".xxx...."},
  };
  for (const auto& [times, expected] : rows) {
    EXPECT_EQ(Pattern(times, 8), expected) << times;
  }
}

TEST(Counters, CountWhatMatchesAlone) {
  FaultState faults = Faults(
      R"({"name": "r", "when": {"reference": "v1"}, "do": {"reply": {"status": 500}}, "times": {"nth": 2}})");
  Seen other;
  other.route.reference = "v2";
  EXPECT_FALSE(Seen().Fires(faults));
  EXPECT_FALSE(other.Fires(faults));
  EXPECT_TRUE(Seen().Fires(faults));
}

TEST(Counters, AreKeptByTheirKey) {
  const auto with = [](auto change) {
    Seen seen = Commit();
    change(seen);
    return seen;
  };
  struct Row {
    const char* key;
    Seen other;
  };
  const Row rows[] = {
      {"client", with([](Seen& seen) { seen.caller.client = "host"; })},
      {"connection", with([](Seen& seen) { seen.caller.connection = 2; })},
      {"host", with([](Seen& seen) { seen.host = "ghcr.io"; })},
      {"repository", with([](Seen& seen) { seen.route.repository = "a/b"; })},
      {"session", with([](Seen& seen) { seen.route.session = "session-2"; })},
      {"digest", with([](Seen& seen) { seen.route.reference = kOtherDigest; })},
  };
  for (const Row& row : rows) {
    for (const bool keyed : {true, false}) {
      FaultState faults = Faults(
          Concat({R"({"name": "r", "do": {"reply": {"status": 500}}, "times": {"nth": 2, "per": ")",
                  keyed                            ? row.key
                  : std::string(row.key) == "host" ? "client"
                                                   : "host",
                  "\"}}"}));
      EXPECT_FALSE(Commit().Fires(faults)) << row.key;
      // Without the key, this is the second match and fires.
      EXPECT_EQ(row.other.Fires(faults), !keyed) << row.key;
      EXPECT_EQ(Commit().Fires(faults), keyed) << row.key;
    }
  }
  FaultState faults = Faults(
      R"({"name": "r", "do": {"reply": {"status": 500}}, "times": {"nth": 2, "per": ["repository", "tag"]}})");
  Seen other;
  other.route.reference = "v2";
  EXPECT_FALSE(Seen().Fires(faults));
  EXPECT_FALSE(other.Fires(faults));
  const auto firing =
      other.With([&](const Sight& sight) { return faults.Offer(Phase::kDecide, sight); });
  ASSERT_TRUE(firing.has_value());
  EXPECT_EQ(firing->key, "repository=joakimp/devbox tag=v2");
}

TEST(Dice, AreAHashOfSeedRuleKeyAndOrdinal) {
  const std::string pattern = Pattern(R"({"chance": "1/2"})", 64);
  EXPECT_EQ(Pattern(R"({"chance": "1/2"})", 64), pattern);
  EXPECT_NE(Pattern(R"({"chance": "1/2"})", 64, 2), pattern) << "the seed does nothing";
  // Pinned: a replay of last year must fall the same way.
  EXPECT_EQ(Pattern(R"({"chance": "1/2"})", 16), "..xx.xxxxx...xx.");

  // A rule in front of it, or exchanges of another key between, must not move its draws.
  FaultState crowded = Faults(
      R"({"name": "front", "when": {"client": "host"}, "do": {"reply": {"status": 500}}, "times": {"chance": "1/3"}},
         {"name": "r", "do": {"reply": {"status": 500}}, "times": {"chance": "1/2", "per": "tag"}})");
  FaultState alone = Faults(
      R"({"name": "r", "do": {"reply": {"status": 500}}, "times": {"chance": "1/2", "per": "tag"}})");
  for (int i = 0; i < 64; ++i) {
    Seen other;
    other.route.reference = "v2";
    other.Fires(crowded);
    EXPECT_EQ(Seen().Fires(crowded), Seen().Fires(alone)) << i;
  }
}

TEST(Dice, DeliverTheRateTheyWereGiven) {
  // Binomial: five standard deviations around the mean.
  const std::pair<const char*, double> rows[] = {{"1/2", 0.5}, {"1/20", 0.05}, {"19/20", 0.95}};
  constexpr int kDraws = 4000;
  for (const auto& [chance, rate] : rows) {
    const std::string pattern = Pattern(Concat({R"({"chance": ")", chance, "\"}"}), kDraws);
    const auto fired = static_cast<double>(std::count(pattern.begin(), pattern.end(), 'x'));
    EXPECT_NEAR(fired, kDraws * rate, 5 * std::sqrt(kDraws * rate * (1 - rate))) << chance;
  }
}

TEST(FaultState, TheFirstRuleThatFiresWinsItsPhase) {
  FaultState faults = Faults(
      R"({"name": "second", "do": {"reply": {"status": 500}}, "times": {"nth": 2}},
         {"name": "always", "do": {"reply": {"status": 503}}},
         {"name": "never asked", "do": {"reply": {"status": 400}}},
         {"name": "other phase", "do": {"edit-reply": {"status": 400}}})");
  const auto fired = [&] {
    return Seen().With(
        [&](const Sight& sight) { return faults.Offer(Phase::kDecide, sight)->rule->name; });
  };
  EXPECT_EQ(fired(), "always") << "a match that is not due gives way";
  EXPECT_EQ(fired(), "second");
  EXPECT_EQ(fired(), "always");
  EXPECT_TRUE(Seen().Fires(faults, Phase::kResponseHead));
  const auto counts = faults.Counts();
  const std::vector<std::vector<std::uint64_t>> expected = {
      {3, 3, 1}, {2, 2, 2}, {0, 0, 0}, {1, 1, 1}};
  ASSERT_EQ(counts.size(), expected.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_EQ((std::vector{counts[i].offered, counts[i].matched, counts[i].fired}), expected[i])
        << counts[i].rule;
  }
}

TEST(FaultState, CountsSeenByRule) {
  FaultState faults = Faults(
      R"({"name": "a", "do": {"reply": {"status": 500}}}, {"name": "b", "do": {"reply": {"status": 503}}})");
  faults.MarkSeen(faults.rules()[1]);
  EXPECT_EQ(faults.Counts()[0].seen, 0u);
  EXPECT_EQ(faults.Counts()[1].seen, 1u);
}

TEST(FaultState, RulesAreSwitchedByName) {
  FaultState faults = Faults(
      R"({"name": "a", "do": {"reply": {"status": 500}}},
         {"name": "b", "armed": false, "do": {"reply": {"status": 503}}, "times": {"nth": 2}})");
  EXPECT_TRUE(Seen().Fires(faults));
  EXPECT_TRUE(faults.Switch("a", false));
  EXPECT_FALSE(faults.Switch("c", true)) << "no such rule";
  EXPECT_FALSE(Seen().Fires(faults)) << "nothing is armed";
  EXPECT_EQ(faults.Counts()[0].offered, 1u) << "a disarmed rule is not asked";
  EXPECT_TRUE(faults.Switch("b", true));
  EXPECT_FALSE(Seen().Fires(faults));
  faults.SwitchAll(false);
  EXPECT_FALSE(Seen().Fires(faults));
  EXPECT_FALSE(faults.Counts()[0].armed);
  faults.Switch("b", true);
  EXPECT_TRUE(Seen().Fires(faults)) << "the count went on where it stood";
  FaultState none;
  EXPECT_FALSE(Seen().Fires(none));
  EXPECT_TRUE(none.Counts().empty());
}

TEST(FaultState, BytePositionsAreOfTheirPhase) {
  FaultState faults = Faults(
      R"({"name": "a", "do": {"cut": "rst", "at": "request-body", "after-bytes": 500}},
         {"name": "b", "do": {"cut": "rst", "at": "request-body", "after-bytes": 20}},
         {"name": "c", "do": {"cut": "rst", "at": "response-body", "after-bytes": 7}})");
  EXPECT_EQ(faults.NextPosition(Phase::kRequestBody, 0), 20u);
  EXPECT_EQ(faults.NextPosition(Phase::kRequestBody, 20), 20u);
  EXPECT_EQ(faults.NextPosition(Phase::kRequestBody, 21), 500u);
  EXPECT_EQ(faults.NextPosition(Phase::kRequestBody, 501), std::nullopt);
  EXPECT_EQ(faults.NextPosition(Phase::kResponseBody, 0), 7u);
  const auto at = [&](std::optional<std::uint64_t> bytes) {
    return Seen().With([&](const Sight& sight) {
      const auto firing = faults.Offer(Phase::kRequestBody, sight, bytes);
      return firing ? firing->rule->name : "";
    });
  };
  EXPECT_EQ(at(20), "b");
  EXPECT_EQ(at(500), "a");
  EXPECT_EQ(at(std::nullopt), "");
}

TEST(FaultState, MayBeAskedFromManyThreads) {
  FaultState faults =
      Faults(R"({"name": "r", "do": {"reply": {"status": 500}}, "times": {"first": 150}})");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 100; ++k) {
        Seen().Fires(faults);
        (void)faults.Counts();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(faults.Counts()[0].matched, 400u);
  EXPECT_EQ(faults.Counts()[0].fired, 150u);
}

TEST(Effects, RepliesFillInTheirPlaceholders) {
  Reply reply;
  reply.status = 201;
  reply.headers = {{"Location", "{origin}/v2/{repository}/manifests/{digest}"},
                   {"X", "{reference}"}};
  reply.body = "{repository}:{reference}";
  Seen put;
  Response response = put.With([&](const Sight& sight) { return Render(reply, sight); });
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers.Get("Location"),
            "https://registry-1.docker.io/v2/joakimp/devbox/manifests/" +
                Digest::Of(put.manifest).ToString());
  EXPECT_EQ(response.headers.Get("X"), "v1");
  EXPECT_EQ(*ReadAll(response.body, 100), "joakimp/devbox:v1");
  reply.body = "{digest}";
  response = Commit().With([&](const Sight& sight) { return Render(reply, sight); });
  EXPECT_EQ(*ReadAll(response.body, 100), kDigest);
}

TEST(Effects, EditsSayWhetherAnythingChanged) {
  const Headers genuine = {{"Location", "https://h/v2/x?a=b"}, {"Range", "0-9"}};
  struct Row {
    EditReply edit;
    bool changed;
    int status;
    Headers headers;
  };
  const auto edit = [](std::vector<std::string> drop, Headers set, Headers add) {
    return EditReply{std::nullopt, std::nullopt, std::move(drop), std::move(set), std::move(add)};
  };
  const Row rows[] = {
      {edit({"range"}, {}, {}), true, 202, {{"Location", "https://h/v2/x?a=b"}}},
      {edit({"Link"}, {}, {}), false, 202, genuine},
      {edit({}, {{"Range", "0-9"}}, {}), false, 202, genuine},
      {edit({}, {{"Location", "{value-path}"}}, {}),
       true,
       202,
       {{"Location", "/v2/x?a=b"}, {"Range", "0-9"}}},
      {edit({"Range"}, {{"Range", "bytes={value}"}}, {}),
       true,
       202,
       {{"Location", "https://h/v2/x?a=b"}, {"Range", "bytes=0-9"}}},
      {edit({}, {}, {{"Range", "{value-path}"}}),
       true,
       202,
       {{"Location", "https://h/v2/x?a=b"}, {"Range", "0-9"}, {"Range", "0-9"}}},
      {EditReply{200, std::nullopt, {}, {}, {}}, true, 200, genuine},
      {EditReply{202, std::nullopt, {}, {}, {}}, false, 202, genuine},
      {EditReply{std::nullopt, "ACCEPTED", {}, {}, {}}, true, 202, genuine},
  };
  for (const Row& row : rows) {
    Response response;
    response.status = 202;
    response.reason = "Accepted";
    response.headers = genuine;
    const bool changed =
        Seen().With([&](const Sight& sight) { return Apply(row.edit, sight, response); });
    EXPECT_EQ(changed, row.changed);
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(response.headers.fields(), row.headers.fields());
  }
}

TEST(Effects, PagesAreKnownByName) {
  EXPECT_FALSE(Page("apache", 400).has_value());
  for (const std::string& name : PageNames()) {
    const auto page = Page(name, 503);
    ASSERT_TRUE(page.has_value()) << name;
    EXPECT_EQ(page->status, 503);
    EXPECT_EQ(page->reason, "Service Unavailable");
    EXPECT_NE(page->body.find("503 Service Unavailable"), std::string::npos) << page->body;
  }
}

}  // namespace
}  // namespace drydock::simulator
