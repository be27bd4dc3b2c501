// What people and machines read after a replay.
#include "scenarios/runner/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "core/text.h"
#include "scenarios/runner/wording.h"

namespace drydock::scenarios {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kDigest =
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

TimePoint At(int seconds) {
  return *ParseRfc3339("2026-05-28T06:00:00Z") + std::chrono::seconds(seconds);
}

class Events {
 public:
  ExchangeEvent& Exchange(std::string method, std::string operation, std::string reference,
                          int status) {
    ExchangeEvent exchange;
    exchange.ordinal = events.size() + 1;
    exchange.method = std::move(method);
    exchange.url = "https://registry-1.docker.io/v2/a/b/x";
    exchange.operation = std::move(operation);
    exchange.reference = std::move(reference);
    exchange.status = status;
    Add(std::move(exchange));
    return std::get<ExchangeEvent>(events.back().payload);
  }

  void Add(EventPayload payload) {
    Event event;
    event.sequence = events.size();
    event.time = At(static_cast<int>(events.size()));
    event.actor = "ci";
    event.payload = std::move(payload);
    events.push_back(std::move(event));
  }

  std::string Text(bool colour = false) const {
    TextStyle style;
    style.colour = colour;
    return TimelineText(events, style);
  }

  std::vector<Event> events;
};

TEST(TimelineTest, SumsUpWhatGoesAsUsual) {
  Events events;
  events.Exchange("HEAD", "blob.head", std::string(kDigest), 200);
  events.Exchange("HEAD", "blob.head", std::string(kDigest), 404);
  events.Exchange("POST", "upload.start", "", 202);
  events.Exchange("PUT", "upload.commit", std::string(kDigest), 201).request_bytes = 1200;
  events.Exchange("PUT", "manifest.put", std::string(kDigest), 201);
  EXPECT_EQ(events.Text(),
            "  06:00:04  ci    → hub  sends 1 blob, 1.2 kB · 1 there already · puts 1 manifest\n");
}

TEST(TimelineTest, NamesWhatIsNotThere) {
  Events events;
  for (const char* tag : {"a", "b", "c", "d", "d"}) {
    events.Exchange("HEAD", "manifest.head", tag, 404);
  }
  EXPECT_THAT(events.Text(), HasSubstr("→ hub  not there: a, b, c and 1 more\n"));
}

TEST(TimelineTest, ShowsATagThatMoves) {
  Events events;
  events.Add(TagEvent{"h", "a/b", "latest", "sha256:ffffffffffffffff", std::string(kDigest)});
  events.Exchange("PUT", "manifest.put", "latest", 201);
  events.Exchange("PUT", "manifest.put", "latest", 201);
  EXPECT_THAT(events.Text(), HasSubstr("tag latest is now 0123456789ab, was ffffffffffff\n"));
  EXPECT_THAT(events.Text(), HasSubstr("tag latest put again, the same as before\n"));
}

TEST(TimelineTest, AStepWhoseTagWasJustShownNeedsNoLineOfItsOwn) {
  Events events;
  events.Add(TagEvent{"h", "a/b", "v1", "", std::string(kDigest)});
  events.Exchange("PUT", "manifest.put", "v1", 201);
  events.Add(StepEvent{"variant:base", StepEvent::Edge::kEnd, "ran", "v1 is 0123456789ab"});
  events.Add(StepEvent{"verify", StepEvent::Edge::kEnd, "ran", "10 of 10"});
  EXPECT_THAT(events.Text(), Not(HasSubstr("variant:base")));
  EXPECT_THAT(events.Text(), HasSubstr("✓ verify: 10 of 10\n"));
}

TEST(TimelineTest, ShowsFaultsInRedWithWhatTheyAnswered) {
  Events events;
  ExchangeEvent& exchange = events.Exchange("PUT", "upload.commit", std::string(kDigest), 400);
  exchange.reason = "Bad request";
  exchange.response_excerpt = "<html><body><h1>400 Bad request</h1></body></html>";
  events.Add(FaultEvent{"cache-400", "decide", "reply 400", 1, ""});
  EXPECT_THAT(events.Text(),
              HasSubstr("PUT blob 0123456789ab ⚡ cache-400: 400 Bad request, HTML\n"));
  EXPECT_THAT(events.Text(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(events.Text(true), HasSubstr("\x1b[31m→ hub  PUT blob"));
}

TEST(TimelineTest, JoinsRefusalsOfOneMoment) {
  Events events;
  for (int index = 0; index < 4; ++index) {
    events.Exchange("PUT", "upload.commit", std::string(kDigest), 503).reason =
        "Service Unavailable";
    events.events.back().time = At(0);
  }
  events.events.back().time = At(2);
  EXPECT_EQ(events.Text(),
            "  06:00:00  ci    → hub  PUT blob 0123456789ab and 2 more → 503 Service Unavailable\n"
            "  06:00:02  ci    → hub  PUT blob 0123456789ab → 503 Service Unavailable\n");
}

TEST(TimelineTest, ShowsRejectionsThatNoFaultMade) {
  Events events;
  ExchangeEvent& exchange = events.Exchange("PUT", "manifest.put", "v1", 403);
  exchange.reason = "Forbidden";
  exchange.response_excerpt = R"({"errors":[{"code":"DENIED"}]})";
  events.Exchange("GET", "npm.tarball", "1.0.0", 404).reason = "Not Found";
  ExchangeEvent& lost = events.Exchange("PUT", "manifest.put", "v2", 0);
  lost.lost = "connection reset";
  const std::string text = events.Text();
  EXPECT_THAT(text, HasSubstr("PUT manifest v1 → 403 Forbidden, DENIED\n"));
  EXPECT_THAT(text, HasSubstr("→ 404 Not Found"));
  EXPECT_THAT(text, HasSubstr("PUT manifest v2 → no answer: connection reset"));
}

TEST(TimelineTest, TheTokenDanceIsNoNews) {
  Events events;
  events.Exchange("HEAD", "blob.head", std::string(kDigest), 401);
  events.Exchange("POST", "token", "", 200);
  EXPECT_EQ(events.Text(), "");
  events.Exchange("HEAD", "blob.head", std::string(kDigest), 401)
      .request_headers.Add("Authorization", "Bearer x");
  EXPECT_THAT(events.Text(), HasSubstr("→ 401"));
}

TEST(TimelineTest, JoinsSkippedStepsAndShowsWaitsNotesAndDays) {
  Events events;
  events.Add(StepEvent{"base-build", StepEvent::Edge::kEnd, "skipped", "there"});
  events.Add(StepEvent{"promote", StepEvent::Edge::kEnd, "skipped", "there"});
  events.Add(WaitEvent{std::chrono::seconds(15), "the push loop"});
  events.Add(NoteEvent{"action pinned"});
  events.Add(StepEvent{"build-base", StepEvent::Edge::kEnd, "failed", "no"});
  events.Add(StepEvent{"later", StepEvent::Edge::kEnd, "not-reached", ""});
  events.events.back().time += std::chrono::hours(24);
  events.Add(NoteEvent{"tomorrow"});
  events.events.back().time += std::chrono::hours(24);
  EXPECT_EQ(events.Text(),
            "  06:00:01  ci    – skipped: base-build, promote\n"
            "  06:00:02  ci    waits 15s: the push loop\n"
            "  06:00:03  ci    action pinned\n"
            "  06:00:04  ci    ✗ build-base failed: no\n"
            "  2026-05-29\n"
            "  06:00:06  ci    tomorrow\n");
}

TEST(TimelineTest, StandsInColumnsAsWideAsWhatIsThere) {
  Events events;
  events.Exchange("PUT", "manifest.put", "v1", 403).reason = "Forbidden";
  ExchangeEvent& token = events.Exchange("GET", "token", "", 503);
  token.url = "https://auth.docker.io/token";
  token.reason = "Service Unavailable";
  events.events.back().actor = "ci-long-name";
  EXPECT_EQ(events.Text(),
            "  06:00:00  ci           → hub            PUT manifest v1 → 403 Forbidden\n"
            "  06:00:01  ci-long-name → token service  GET /token → 503 Service Unavailable\n");
}

TEST(ReportTest, NoLineIsWiderThanTheTerminal) {
  ScenarioResult result;
  result.file = "scenarios/incidents/x.json";
  result.title = "A title that is longer than a terminal of sixty columns would like to show";
  StepResult step;
  step.name = "ci-publish #1";
  step.kind = "ci-publish";
  step.verdict = "red";
  step.reason =
      "https://registry-1.docker.io/v2/a/b/blobs/uploads/01234567-89ab-cdef-0123-456789ab";
  Event event;
  event.actor = "ci";
  event.payload = NoteEvent{"⚡ a long note ⚡ of many words ⚡ that has to be cut somewhere ⚡"};
  result.main.events = {event};
  step.end_sequence = 1;
  result.main.steps = {step};
  TextStyle style;
  style.width = 60;
  style.terminal = true;
  for (const bool timeline : {true, false}) {
    style.timeline = timeline;
    for (const std::string& line : Split(ToText(result, style), '\n')) {
      EXPECT_LE(Columns(line), style.width) << line;
    }
  }
}

TEST(TextTest, CutsWrapsAndShortens) {
  EXPECT_EQ(Cut("→→→", 3), "→→→");
  EXPECT_EQ(Cut("→→→→", 3), "→→…");
  EXPECT_EQ(Wrap("aa bb cc", 5, 2), "aa bb\n  cc");
  EXPECT_EQ(Wrap("toolongword x", 5, 0), "toolongword\nx");
  EXPECT_EQ(Wrap("toolongword x", 5, 2, LongWords::kBroken), "toolo\n  ngwor\n  d x");
  EXPECT_EQ(Columns("→⚡ab"), 5U) << "the bolt takes two columns";
  EXPECT_EQ(Cut("a⚡b", 4), "a⚡b");
  EXPECT_EQ(Cut("a⚡bc", 4), "a⚡…");
  EXPECT_EQ(Cut("a⚡bc", 3), "a…") << "no half of a bolt";
  EXPECT_EQ(
      Gist("ERROR: failed to solve: PUT https://h/v2/a/blobs/uploads/"
           "01234567-89ab?_state=abc&digest=sha256%3A0123456789abcdef: 400"),
      "PUT https://h/v2/a/blobs/uploads/01234567…?_state=…&digest=sha256%3A0123456789ab…: 400");
  EXPECT_EQ(PeerName("https://auth.docker.io/token?x"), "token service");
  EXPECT_EQ(PeerName("https://ghcr.io/v2/"), "ghcr.io");
}

ScenarioResult Failed() {
  ScenarioResult result;
  result.file = "scenarios/x.json";
  result.title = "A <title> & \"more\"";
  result.seed = 7;
  StepResult step;
  step.name = "ci-publish #1";
  step.kind = "ci-publish";
  step.verdict = "red";
  step.reason = "no";
  result.main.steps = {step};
  Event event;
  event.sequence = 3;
  event.actor = "ci";
  event.payload = NoteEvent{"the nearest"};
  result.main.events = {event};
  result.main.failures = {{"scenarios/x.json", 12, "ci-publish #1", "verdict green", "red\x01", 3}};
  result.second = Play{};
  result.second->failures = {{"scenarios/x.json", 9, "", "tag a absent", "b", std::nullopt}};
  return result;
}

TEST(ReportTest, AFailureShowsPlaceNearestEventAndTheCommand) {
  const ScenarioResult result = Failed();
  const std::string text = FailureText(result.main.failures[0], result.main.events, result.seed);
  EXPECT_THAT(text, HasSubstr("scenarios/x.json:12: ci-publish #1\n"));
  EXPECT_THAT(text, HasSubstr("expected  verdict green\n"));
  EXPECT_THAT(text, HasSubstr("nearest   {\"sequence\":3,"));
  EXPECT_THAT(text, HasSubstr("replay    drydock replay scenarios/x.json --seed 7\n"));
}

TEST(ReportTest, TheNearestEventFitsAScreenAndTheCommandAShell) {
  Events events;
  ExchangeEvent& exchange = events.Exchange("PUT", "upload.commit", std::string(kDigest), 400);
  exchange.url = "https://h/v2/a/blobs/uploads/01234567-89ab?_state=eyJ";
  exchange.request_headers.Add("User-Agent", "buildkit/v0.0-dev");
  exchange.response_headers.Add("Content-Type", "text/html");
  const ExpectationFailure failure = {
      "two words/it's.json", 1, "", "", std::string(kDigest), events.events.front().sequence};
  const std::string text = FailureText(failure, events.events, 1);
  EXPECT_THAT(text, HasSubstr(R"(01234567…?_state=…","operation":"upload.commit",)"));
  EXPECT_THAT(text, HasSubstr(R"("status":400)"));
  EXPECT_THAT(text, Not(HasSubstr("buildkit/v0.0-dev")));
  EXPECT_THAT(text, Not(HasSubstr("text/html")));
  EXPECT_THAT(text, HasSubstr("found     sha256:0123456789ab…\n"));
  EXPECT_THAT(text, HasSubstr(R"(drydock replay 'two words/it'\''s.json' --seed 1)"));
}

TEST(ReportTest, ADiagnosisSaysWhereItsRecordIs) {
  ScenarioResult result;
  StepResult step;
  step.name = "diagnose";
  step.kind = "diagnose";
  step.findings = {{"next", "File it."}, {"upstream", "# A long document"}};
  result.main.steps = {step};
  const std::string text = ToText(result, TextStyle{});
  EXPECT_THAT(text, HasSubstr("  upstream        the record to file: --json prints it\n"));
  EXPECT_THAT(text, Not(HasSubstr("A long document")));
}

TEST(ReportTest, TheTextEndsWithTheVerdictAndNamesThePlayThatFailed) {
  TextStyle style;
  style.timeline = false;
  const std::string text = ToText(Failed(), style);
  EXPECT_THAT(text, HasSubstr("✗ the second run: scenarios/x.json:9: the whole run\n"));
  EXPECT_THAT(text, HasSubstr("\nFAIL  scenarios/x.json  A <title>"));
  style.timeline = true;
  EXPECT_THAT(ToText(Failed(), style), HasSubstr("── ci-publish #1 ─"));
  EXPECT_THAT(ToText(Failed(), style), HasSubstr("  ✗ red after 0ms: no\n"));
}

TEST(ReportTest, JUnitIsWellFormedAndPutsFailuresAtTheirStep) {
  const std::string xml =
      ToJUnit({{"scenarios/x.json", Failed()},
               {"scenarios/y.json", Error(ErrorCode::kInvalid, "y.json:1: wrong")}});
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"A &lt;title&gt; &amp; &quot;more&quot;\" "
                             "tests=\"3\" failures=\"2\" errors=\"0\">"));
  EXPECT_THAT(xml, HasSubstr("name=\"ci-publish #1\">\n      <failure message=\"expected verdict "
                             "green, found red?\">"));
  EXPECT_THAT(xml, HasSubstr("name=\"second run: the whole run\">"));
  EXPECT_THAT(xml, HasSubstr("name=\"the whole run\"/>"));
  EXPECT_THAT(xml, HasSubstr("<error message=\"y.json:1: wrong\"/>"));
}

TEST(ReportTest, JsonSaysTheSame) {
  const std::string text = ToJson(
      {{"scenarios/x.json", Failed()}, {"y.json", Error(ErrorCode::kInvalid, "y.json:1: wrong")}});
  const auto value = json::Parse(text, "report");
  ASSERT_TRUE(value.ok()) << value.error().message();
  EXPECT_EQ(value->At("/scenarios/0/run/failures/0/expected")->as_string()[0], "verdict green");
  EXPECT_EQ(*value->At("/scenarios/0/passed")->as_bool(), false);
  EXPECT_EQ(value->At("/scenarios/1/error")->as_string()[0], "y.json:1: wrong");
}

}  // namespace
}  // namespace drydock::scenarios
