#include "publisher/release/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "publisher/release/diagnosis_report.h"

namespace drydock::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kUrl[] =
    "https://registry-1.docker.io/v2/joakimp/opencode-devbox/blobs/uploads/3f2a?_state="
    "c2VjcmV0IHByZWZpeHsiT2Zmc2V0IjowLCJOYW1lIjoiYS9iIn0&digest=sha256%3A0123";

// One attempt: who, cache export, how it ended, minutes after the first.
Attempt Tried(std::string path, bool cache_export, bool succeeded, int minutes,
              std::vector<std::string> changed = {}, int status = 400) {
  Attempt attempt;
  attempt.path = std::move(path);
  attempt.label = Concat({"#", std::to_string(minutes)});
  attempt.time = *ParseRfc3339("2026-05-23T06:00:00Z") + std::chrono::minutes(minutes);
  attempt.cache_export = cache_export;
  attempt.succeeded = succeeded;
  attempt.changed = std::move(changed);
  if (!succeeded) {
    attempt.exchange = ExchangeEvidence{"PUT", kUrl, status, BodyKind::kHtml};
    attempt.log =
        "#9 exporting cache to registry\nERROR: failed to solve: error writing layer "
        "blob: unexpected status from PUT request to " +
        std::string(kUrl) + ": 400 Bad Request\n";
  }
  return attempt;
}

SuspectState StateOf(const Diagnosis& diagnosis, std::string_view what) {
  const auto found = std::find_if(diagnosis.suspects.begin(), diagnosis.suspects.end(),
                                  [&](const Suspect& suspect) { return suspect.what == what; });
  EXPECT_NE(found, diagnosis.suspects.end()) << what;
  return found == diagnosis.suspects.end() ? SuspectState::kOpen : found->state;
}

struct CauseRow {
  std::string name;
  std::vector<Attempt> attempts;
  Cause cause = Cause::kNotEnoughEvidence;
  std::string next;  // a piece of what to do next
};
void PrintTo(const CauseRow& row, std::ostream* out) { *out << row.name; }

class CauseOf : public ::testing::TestWithParam<CauseRow> {};

TEST_P(CauseOf, FollowsFromWhatGoesWithFailure) {
  const Diagnosis diagnosis = Diagnose(GetParam().attempts);
  EXPECT_EQ(Name(diagnosis.cause), Name(GetParam().cause)) << ToText(diagnosis);
  EXPECT_THAT(Join(diagnosis.next, " "), HasSubstr(GetParam().next));
  // The order in which they are told does not matter.
  std::vector<Attempt> reversed(GetParam().attempts.rbegin(), GetParam().attempts.rend());
  EXPECT_EQ(ToJson(Diagnose(reversed)), ToJson(diagnosis));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CauseOf,
    ::testing::Values(CauseRow{"nothing_known", {}, Cause::kNotEnoughEvidence, ""},
                      CauseRow{"nothing_failed", {Tried("ci", true, true, 0)}, Cause::kNone, ""},
                      CauseRow{"ci_alone",
                               {Tried("ci", true, false, 0), Tried("ci", true, false, 1)},
                               Cause::kNotEnoughEvidence,
                               "Publish from the host"},
                      CauseRow{"two_things_differ",
                               {Tried("ci", true, false, 0), Tried("host", false, true, 1)},
                               Cause::kNotEnoughEvidence,
                               "Try the host with the cache export on"},
                      CauseRow{"the_incident",
                               {Tried("ci", true, false, 0), Tried("ci", true, false, 1),
                                Tried("host", true, false, 2), Tried("host", false, true, 3)},
                               Cause::kCacheExport,
                               "without --cache-to"},
                      CauseRow{"ci_without_the_option",
                               {Tried("ci", true, false, 0), Tried("ci", false, true, 1)},
                               Cause::kCacheExport,
                               "without --cache-to"},
                      CauseRow{"option_worked_before",
                               {Tried("ci", true, true, 0), Tried("ci", true, false, 1),
                                Tried("host", true, false, 2), Tried("host", false, true, 3)},
                               Cause::kCacheExport,
                               ""},
                      CauseRow{"host_works_with_the_option",
                               {Tried("ci", true, false, 0), Tried("host", true, true, 1)},
                               Cause::kRunner,
                               "egress"},
                      CauseRow{"host_works_without_as_ci_fails_without",
                               {Tried("ci", false, false, 0), Tried("host", false, true, 1)},
                               Cause::kRunner,
                               "egress"},
                      CauseRow{"spread",
                               {Tried("ci", true, false, 0), Tried("host", true, false, 1),
                                Tried("host", false, false, 2)},
                               Cause::kRegistryOrNetwork,
                               "Stop"},
                      CauseRow{
                          "spread_but_other_failures",
                          {Tried("ci", true, false, 0), Tried("host", false, false, 2, {}, 403)},
                          Cause::kNotEnoughEvidence,
                          ""},
                      CauseRow{"went_away",
                               {Tried("ci", true, false, 0, {}, 503), Tried("ci", true, true, 1)},
                               Cause::kNotEnoughEvidence,
                               "Rerun what failed"}),
    [](const auto& row) { return row.param.name; });

// The end of a job's log that pushed `name` by digest; "done" is what a push under way lacks.
std::string DigestPush(const std::string& name, char digit,
                       const std::string& done = " 0.4s done") {
  const std::string digest = Concat({"sha256:", std::string(64, digit)});
  return Concat({"#9 exporting manifest sha256:", std::string(64, 'e'), " done\n",
                 "#9 exporting attestation manifest sha256:", std::string(64, 'f'), " done\n",
                 "#9 exporting manifest list ", digest, " 0.0s done\n#9 pushing manifest for ",
                 name, "\n#9 pushing manifest for ", name, done, "\n"});
}

constexpr char kArtifactsRefused[] =
    "::warning::Artifact upload failed with error: GHESNotSupportedError: @actions/artifact "
    "v2.0.0+, "
    "upload-artifact@v4+ and download-artifact@v4+ are not currently supported on GHES.\n"
    "::error::@actions/artifact v2.0.0+, upload-artifact@v4+ and download-artifact@v4+ are not "
    "currently supported on GHES.\nexitcode '1': failure\n";

Attempt InCi(std::string log, int minutes = 0) {
  Attempt attempt = Tried("ci", false, false, minutes);
  attempt.exchange.reset();
  attempt.log = std::move(log);
  return attempt;
}

struct HandOverRow {
  std::string name;
  std::string log;
  Cause cause = Cause::kNotEnoughEvidence;
  std::vector<std::string> untagged;
};
void PrintTo(const HandOverRow& row, std::ostream* out) { *out << row.name; }

class HandOver : public ::testing::TestWithParam<HandOverRow> {};

TEST_P(HandOver, IsReadFromLogs) {
  const Diagnosis diagnosis = Diagnose({InCi(GetParam().log)});
  EXPECT_EQ(Name(diagnosis.cause), Name(GetParam().cause)) << ToText(diagnosis);
  EXPECT_EQ(diagnosis.untagged, GetParam().untagged);
}

const std::string kApp = "docker.io/me/app";
const std::string kOne = Concat({kApp, "@sha256:", std::string(64, '1')});
const std::string kTwo = Concat({kApp, "@sha256:", std::string(64, '2')});

INSTANTIATE_TEST_SUITE_P(
    Rows, HandOver,
    ::testing::Values(
        HandOverRow{
            "two_jobs",
            DigestPush(kApp, '1') + kArtifactsRefused + DigestPush(kApp, '2') + kArtifactsRefused,
            Cause::kHandOver,
            {kOne, kTwo}},
        HandOverRow{"one_manifest_without_provenance",
                    Concat({"#9 exporting manifest sha256:", std::string(64, '1'),
                            " 0.0s done\n#9 pushing manifest for ", kApp, " 0.1s done\n",
                            kArtifactsRefused}),
                    Cause::kHandOver,
                    {kOne}},
        HandOverRow{"the_download_is_refused",
                    DigestPush(kApp, '1') +
                        "::error::Unable to download artifact(s): @actions/artifact v2.0.0+, "
                        "upload-artifact@v4+ and download-artifact@v4+ are not currently supported "
                        "on GHES.\n",
                    Cause::kHandOver,
                    {kOne}},
        // A report that could not be kept is not what stopped the release.
        HandOverRow{"artifacts_of_something_else",
                    DigestPush("docker.io/me/app:v1@sha256:1", '1') + kArtifactsRefused,
                    Cause::kNotEnoughEvidence,
                    {}},
        HandOverRow{
            "another_push_failed",
            DigestPush(kApp, '1') + kArtifactsRefused +
                "ERROR: failed to solve: failed to push docker.io/me/app: unexpected status "
                "from PUT request to https://r.test/v2/me/app/manifests/sha256:2: 400 Bad "
                "Request\n",
            Cause::kNotEnoughEvidence,
            {kOne}},
        HandOverRow{"the_push_never_ended",
                    DigestPush(kApp, '1', "") + kArtifactsRefused,
                    Cause::kNotEnoughEvidence,
                    {}},
        HandOverRow{"merged_in_part",
                    DigestPush(kApp, '1') + "#1 [internal] pushing docker.io/me/app:v1\n" +
                        kArtifactsRefused,
                    Cause::kNotEnoughEvidence,
                    {}}),
    [](const auto& row) { return row.param.name; });

TEST(Diagnosis, OfAFailedHandOverSaysWhatIsThereAndWhatToDo) {
  const Attempt red = InCi(DigestPush(kApp, '1') + kArtifactsRefused);
  const Diagnosis alone = Diagnose({red, InCi(DigestPush(kApp, '2') + kArtifactsRefused, 1)});
  EXPECT_EQ(Name(alone.trouble), "workflow bug");
  EXPECT_EQ(alone.persistence, Persistence::kDeterministic);
  EXPECT_THAT(alone.summary, HasSubstr("the registry holds 2 digests without a tag"));
  EXPECT_THAT(alone.next, ElementsAre(HasSubstr("Publish from the host"),
                                      HasSubstr("Push all platforms of a variant in one job"),
                                      HasSubstr("imagetools create -t NAME:TAG NAME@DIGEST")));
  EXPECT_EQ(StateOf(alone, "runner"), SuspectState::kCleared);
  EXPECT_EQ(StateOf(alone, "registry or network"), SuspectState::kCleared);
  EXPECT_EQ(alone.upstream, "");
  EXPECT_THAT(ToText(alone), HasSubstr(Concat({"pushed by digest, without a tag\n  - ", kOne})));
  EXPECT_THAT(ToJson(alone), HasSubstr("\"untagged\": ["));
  // A host that publishes, and a workflow that was mended, change neither cause nor record.
  const Diagnosis after =
      Diagnose({red, Tried("host", false, true, 1), Tried("ci", false, true, 2)});
  EXPECT_EQ(after.cause, Cause::kHandOver);
  EXPECT_THAT(Join(after.next, " "), Not(HasSubstr("Publish from the host")));
  EXPECT_THAT(after.untagged, ElementsAre(kOne));
}

struct TroubleRow {
  std::string name;
  std::string log;  // of an attempt in CI that failed; "" for one that worked
  Trouble trouble = Trouble::kUnclear;
  std::string next;
};
void PrintTo(const TroubleRow& row, std::ostream* out) { *out << row.name; }

class TroubleOf : public ::testing::TestWithParam<TroubleRow> {};

TEST_P(TroubleOf, SaysWhoHasToDoSomething) {
  Attempt attempt = Tried("ci", false, GetParam().log.empty(), 0);
  attempt.exchange.reset();
  attempt.log = GetParam().log;
  const Diagnosis diagnosis = Diagnose({attempt, attempt});
  EXPECT_EQ(Name(diagnosis.trouble), Name(GetParam().trouble)) << ToText(diagnosis);
  EXPECT_THAT(Join(diagnosis.next, " "), HasSubstr(GetParam().next));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, TroubleOf,
    ::testing::Values(
        TroubleRow{"nothing", "", Trouble::kNone, ""},
        TroubleRow{"rejected_every_time",
                   "ERROR: failed to solve: failed to push a/b:v1: unexpected status from PUT "
                   "request to https://r.test/v2/a/b/manifests/v1: 400 Bad Request\n",
                   Trouble::kPublishPath, "Publish from the host"},
        TroubleRow{"network",
                   "ERROR: failed to solve: failed to do request: Put "
                   "\"https://r.test/v2/a/b/blobs/uploads/1\": connection reset by peer\n",
                   Trouble::kTransient, ""},
        TroubleRow{"a_step_of_the_dockerfile",
                   "ERROR: failed to solve: process \"/bin/sh -c make\" did not complete "
                   "successfully: exit code: 2\n",
                   Trouble::kWorkflow, "next letter"},
        TroubleRow{"a_package_that_is_not_there_yet",
                   "#8 1.2 npm error code E404\n#8 1.2 npm error 404 Not Found - GET "
                   "https://npm.test/x\nERROR: failed to solve: process \"npm i\" did not complete "
                   "successfully: exit code: 1\n",
                   Trouble::kUpstreamNotReady, "Wait until the package"},
        TroubleRow{"a_red_test",
                   "smoke: [FAIL] bun is present\nProcess completed with exit code 1.\n",
                   Trouble::kTest, "Fix the test"}),
    [](const auto& row) { return row.param.name; });

TEST(Diagnosis, TellsWhatThePathsDoNotHaveInCommon) {
  Attempt ci = Tried("ci", true, false, 0);
  ci.facts = {{"buildx", "v0.34.1"}, {"driver", "docker-container"}};
  Attempt host = Tried("host", false, true, 1);
  host.facts = {{"buildx", "v0.33.0"}, {"driver", "docker-container"}};
  const auto differences = Diagnose({ci, host}).differences;
  ASSERT_EQ(differences.size(), 2U);
  EXPECT_EQ(differences[0].what, "cache export");
  EXPECT_EQ(differences[1].what, "buildx");
  EXPECT_EQ(differences[1].ci, "v0.34.1");
  EXPECT_EQ(differences[1].host, "v0.33.0");
  EXPECT_THAT(Diagnose({ci}).differences, IsEmpty());
  EXPECT_THAT(Diagnose({ci, host}).upstream, HasSubstr("| buildx | v0.34.1 | v0.33.0 |"));
}

// The incident of 2026-05-28, as its runs are on record.
std::vector<Attempt> Incident() {
  const std::string pinned = "setup-buildx-action pinned to v4.0.0";
  std::vector<Attempt> attempts = {
      Tried("ci", true, true, -1440),          Tried("ci", true, false, 332),
      Tried("ci", true, false, 333),           Tried("ci", true, false, 334),
      Tried("ci", true, false, 336, {pinned}), Tried("ci", true, false, 337, {pinned}),
      Tried("host", true, false, 400),         Tried("host", false, true, 420)};
  return attempts;
}

TEST(Diagnosis, OfTheIncidentNamesTheOptionAndClearsTheRest) {
  const Diagnosis diagnosis = Diagnose(Incident());
  EXPECT_EQ(diagnosis.cause, Cause::kCacheExport);
  EXPECT_EQ(diagnosis.persistence, Persistence::kDeterministic);
  EXPECT_EQ(StateOf(diagnosis, "cache export option"), SuspectState::kGuilty);
  EXPECT_EQ(StateOf(diagnosis, "runner"), SuspectState::kCleared);
  EXPECT_EQ(StateOf(diagnosis, "registry or network"), SuspectState::kCleared);
  EXPECT_EQ(StateOf(diagnosis, "setup-buildx-action pinned to v4.0.0"), SuspectState::kCleared);
  EXPECT_EQ(FormatRfc3339(*diagnosis.first_failure), "2026-05-23T11:32:00Z");
  EXPECT_EQ(FormatRfc3339(*diagnosis.last_success_before), "2026-05-22T06:00:00Z");
  EXPECT_EQ(diagnosis.failure_shape, "400 with an HTML body, the same every time");
  EXPECT_EQ(diagnosis.failed.size(), 6u);
  EXPECT_THAT(diagnosis.worked, ElementsAre("host #420 2026-05-23T13:00:00Z cache export off"));
  EXPECT_THAT(diagnosis.summary, HasSubstr("not the machine"));
}

TEST(Diagnosis, RecordForUpstreamHoldsWhatTheRunbookAsksFor) {
  const Diagnosis diagnosis = Diagnose(Incident());
  for (const char* piece :
       {"# Push rejected: 400 with an HTML body", "first failure: 2026-05-23T11:32:00Z",
        "last worked 2026-05-22T06:00:00Z", "## What failed", "## What worked",
        "ci #336 2026-05-23T11:36:00Z cache export on (setup-buildx-action pinned to v4.0.0)",
        "Offset:0", "runner: cleared", "exporting cache to registry", "```"}) {
    EXPECT_THAT(diagnosis.upstream, HasSubstr(piece));
  }
  const std::string text = ToText(diagnosis);
  EXPECT_THAT(
      text, HasSubstr("verdict: deterministic on the publish path\ncause:   cache-export-option"));
  EXPECT_THAT(text, HasSubstr("what worked"));
  const auto parsed = json::Parse(ToJson(diagnosis), "diagnosis");
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(parsed->Text("cause"), "cache-export-option");
  EXPECT_EQ(parsed->Text("first-failure"), "2026-05-23T11:32:00Z");
}

TEST(Diagnosis, ChangeThatWasNeverTestedStaysOpen) {
  const Diagnosis diagnosis = Diagnose({Tried("ci", true, false, 0, {"new runner image"}),
                                        Tried("ci", true, false, 1, {"new runner image"})});
  EXPECT_EQ(StateOf(diagnosis, "new runner image"), SuspectState::kOpen);
  EXPECT_EQ(StateOf(diagnosis, "runner"), SuspectState::kOpen);
}

TEST(Diagnosis, SuccessSaysNothingMore) {
  const Diagnosis diagnosis = Diagnose({Tried("ci", true, true, 0)});
  EXPECT_THAT(diagnosis.suspects, IsEmpty());
  EXPECT_FALSE(diagnosis.first_failure);
  EXPECT_EQ(diagnosis.upstream, "");
}

TEST(Diagnosis, FromLogsAloneReadsTheRequestOutOfThem) {
  std::vector<Attempt> attempts = Incident();
  for (Attempt& attempt : attempts) {
    attempt.exchange.reset();
  }
  const Diagnosis diagnosis = Diagnose(attempts);
  EXPECT_EQ(diagnosis.cause, Cause::kCacheExport);
  EXPECT_THAT(diagnosis.request_fragment, HasSubstr("PUT https://registry-1.docker.io/v2/joakimp"));
  EXPECT_THAT(diagnosis.failure_shape, HasSubstr("400"));
}

TEST(RequestFragment, ElidesIdsAndKeepsWhatIsWorthRecording) {
  EXPECT_EQ(RequestFragment("PUT", kUrl),
            "PUT https://registry-1.docker.io/v2/joakimp/opencode-devbox/blobs/uploads/"
            "…?_state=…&digest=sha256:0123 (Offset:0)");
  EXPECT_EQ(RequestFragment("PUT", "https://a.test/v2/x/manifests/v1"),
            "PUT https://a.test/v2/x/manifests/v1");
  EXPECT_EQ(RequestFragment("PUT", "https://a.test/v2/x/blobs/uploads/u?_state=%%%&digest=d"),
            "PUT https://a.test/v2/x/blobs/uploads/…?_state=…&digest=d");
  EXPECT_THAT(RequestFragment("GET", "not a url"), HasSubstr("not a url"));
  EXPECT_THAT(RequestFragment("GET", "https://a.test/token?access_token=hunter2"),
              Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace drydock::publisher
