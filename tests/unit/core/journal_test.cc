// What a journal keeps, how it prints, and that no credential ever enters it.
#include "core/journal.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <thread>
#include <vector>

#include "core/json.h"
#include "core/text.h"

namespace drydock {
namespace {

class StandingClock : public Clock {
 public:
  TimePoint Now() override { return *ParseRfc3339("2026-05-28T06:00:00Z"); }
  Duration Elapsed() override { return Duration(0); }
  Status SleepFor(Duration /*span*/) override { return Ok{}; }
};

const std::string kSecret = "s3cr3t-s3cr3t-s3cr3t";

TEST(Redaction, OfHeaders) {
  const Headers redacted = Redacted({{"Authorization", "Bearer " + kSecret},
                                     {"authorization", "Basic " + kSecret},
                                     {"Proxy-Authorization", kSecret},
                                     {"Cookie", "session=" + kSecret},
                                     {"Set-Cookie", kSecret},
                                     {"X-Registry-Auth", kSecret},
                                     {"Location", "/v2/x?_state=abc&token=" + kSecret},
                                     {"Accept", "application/json"}});
  EXPECT_EQ(redacted.fields(),
            (std::vector<Headers::Field>{{"Authorization", "Bearer REDACTED"},
                                         {"authorization", "Basic REDACTED"},
                                         {"Proxy-Authorization", "REDACTED"},
                                         {"Cookie", "REDACTED"},
                                         {"Set-Cookie", "REDACTED"},
                                         {"X-Registry-Auth", "REDACTED"},
                                         {"Location", "/v2/x?_state=abc&token=REDACTED"},
                                         {"Accept", "application/json"}}));
}

TEST(Redaction, OfUrls) {
  const std::pair<std::string, std::string> rows[] = {
      {"https://h/x", "https://h/x"},
      {"https://h/x?_state=abc&digest=sha256:ab", "https://h/x?_state=abc&digest=sha256:ab"},
      {"https://h/x?access_token=" + kSecret, "https://h/x?access_token=REDACTED"},
      {"https://h/x?a=1&X-Amz-Signature=" + kSecret + "&b=2",
       "https://h/x?a=1&X-Amz-Signature=REDACTED&b=2"},
      {"https://h/x?pass%77ord=" + kSecret, "https://h/x?pass%77ord=REDACTED"},
      {"https://h/x?token", "https://h/x?token=REDACTED"},
  };
  for (const auto& [url, expected] : rows) {
    EXPECT_EQ(RedactedUrl(url), expected);
  }
}

TEST(Redaction, OfText) {
  const std::pair<std::string, std::string> rows[] = {
      {R"({"token": ")" + kSecret + R"(", "expires_in": 300})",
       R"({"token": "REDACTED", "expires_in": 300})"},
      {R"({"access_token":")" + kSecret + R"("})", R"({"access_token":"REDACTED"})"},
      {R"({"token": "a\"b", "x": 1})", R"({"token": "REDACTED", "x": 1})"},
      {R"({"token": "cut off)", R"({"token": "REDACTED)"},
      {R"({"token": 5})", R"({"token": 5})"},
      {R"({"token": "a", "token": "b"})", R"({"token": "REDACTED", "token": "REDACTED"})"},
      {"Authorization: Bearer " + kSecret + " sent", "Authorization: Bearer REDACTED sent"},
      {"Basic " + kSecret, "Basic REDACTED"},
      {"Bearer realm=\"https://auth.docker.io/token\"",
       "Bearer realm=\"https://auth.docker.io/token\""},
      {"nothing secret", "nothing secret"},
  };
  for (const auto& [text, expected] : rows) {
    EXPECT_EQ(RedactedText(text), expected);
  }
}

TEST(Redaction, IsDoneAtTheDoor) {
  StandingClock clock;
  Journal journal(clock);
  ExchangeEvent exchange;
  exchange.url = "https://h/token?password=" + kSecret;
  exchange.request_headers = {{"Authorization", "Basic " + kSecret}};
  exchange.response_headers = {{"Set-Cookie", kSecret}};
  exchange.response_excerpt = R"({"token": ")" + kSecret + "\"}";
  journal.Append("ci", exchange);
  journal.Append("ci", NoteEvent{"Bearer " + kSecret});
  journal.Append("ci", StepEvent{"login", StepEvent::Edge::kEnd, "ok", "Basic " + kSecret});
  EXPECT_EQ(journal.ToJsonLines().find(kSecret), std::string::npos) << journal.ToJsonLines();
}

TEST(Redaction, NeverGrowsASecretBack) {
  EXPECT_TRUE(rc::check([](const std::string& before, const std::string& after) {
    const std::string text = before + R"("token": ")" + kSecret + "\"" + after;
    RC_ASSERT(RedactedText(text).find(kSecret) == std::string::npos);
  }));
}

TEST(Journal, KeepsEventsInOrder) {
  StandingClock clock;
  Journal journal(clock);
  EXPECT_EQ(journal.size(), 0u);
  EXPECT_EQ(journal.Append("ci", NoteEvent{"a"}), 0u);
  EXPECT_EQ(journal.Append("host", NoteEvent{"b"}), 1u);
  const auto events = journal.Snapshot(1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].sequence, 1u);
  EXPECT_EQ(events[0].actor, "host");
  EXPECT_EQ(FormatRfc3339(events[0].time), "2026-05-28T06:00:00Z");
  EXPECT_TRUE(journal.Snapshot(99).empty());
  EXPECT_EQ(journal.size(), 2u);
}

TEST(Journal, PrintsEachKindOnALine) {
  StandingClock clock;
  Journal journal(clock);
  ExchangeEvent exchange;
  exchange.ordinal = 3;
  exchange.method = "PUT";
  exchange.url = "https://h/v2/";
  exchange.operation = "manifest.put";
  exchange.request_headers = {{"A", "b"}};
  exchange.status = 201;
  exchange.lost = "cut";
  journal.Append("ci", exchange);
  journal.Append("hub", FaultEvent{"rule", "decide", "reply 503", 3, "tag=v1"});
  journal.Append("ci", WaitEvent{std::chrono::seconds(15), "retry"});
  journal.Append("ci", StepEvent{"probe", StepEvent::Edge::kBegin, "", ""});
  journal.Append("ci", StepEvent{"probe", StepEvent::Edge::kEnd, "ok", "found"});
  journal.Append("hub", TagEvent{"h", "a/b", "latest", "", "sha256:x"});
  journal.Append("ci", NoteEvent{"two\nlines and \xff"});
  const std::string begin = R"({"sequence":)";
  const char* rest[] = {
      R"("actor":"ci","event":"exchange","ordinal":3,"method":"PUT","url":"https://h/v2/","operation":"manifest.put","requestHeaders":[["A","b"]],"requestBytes":0,"status":201,"responseHeaders":[],"responseBytes":0,"lost":"cut"})",
      R"("actor":"hub","event":"fault","rule":"rule","phase":"decide","effect":"reply 503","exchange":3,"key":"tag=v1"})",
      R"("actor":"ci","event":"wait","micros":15000000,"reason":"retry"})",
      R"("actor":"ci","event":"step-begin","step":"probe"})",
      R"("actor":"ci","event":"step-end","step":"probe","outcome":"ok","detail":"found"})",
      R"("actor":"hub","event":"tag","host":"h","repository":"a/b","tag":"latest","to":"sha256:x"})",
      "\"actor\":\"ci\",\"event\":\"note\",\"text\":\"two\\nlines and \xef\xbf\xbd\"}",
  };
  const auto lines = Split(journal.ToJsonLines(), '\n');
  ASSERT_EQ(lines.size(), std::size(rest) + 1);
  for (std::size_t i = 0; i < std::size(rest); ++i) {
    EXPECT_EQ(lines[i],
              Concat({begin, std::to_string(i), R"(,"time":"2026-05-28T06:00:00Z",)", rest[i]}));
    EXPECT_TRUE(json::Parse(lines[i], "line").ok());
  }
}

TEST(Journal, CutsExcerpts) {
  StandingClock clock;
  Journal journal(clock);
  ExchangeEvent exchange;
  exchange.response_excerpt = std::string(5000, 'x');
  journal.Append("ci", exchange);
  EXPECT_EQ(std::get<ExchangeEvent>(journal.Snapshot()[0].payload).response_excerpt.size(), 2048u);
}

TEST(Journal, TakesEventsFromManyThreads) {
  StandingClock clock;
  Journal journal(clock);
  constexpr int kThreads = 4;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        journal.Append("a", NoteEvent{"x"});
        (void)journal.Snapshot(journal.size());
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const auto events = journal.Snapshot();
  ASSERT_EQ(events.size(), 400u);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].sequence, i);
  }
}

}  // namespace
}  // namespace drydock
