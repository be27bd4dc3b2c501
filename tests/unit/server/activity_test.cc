#include "simulator/server/activity.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace drydock::simulator {
namespace {

Event At(EventPayload payload) {
  const auto time = ParseRfc3339("2026-05-28T06:07:08.009Z");
  return {.sequence = 1, .time = time.value(), .actor = "", .payload = std::move(payload)};
}

ExchangeEvent Commit(int status) {
  ExchangeEvent exchange;
  exchange.method = "PUT";
  exchange.url = "http://127.0.0.1:5000/v2/acme/app/blobs/uploads/1?digest=x";
  exchange.operation = "upload.commit";
  exchange.repository = "acme/app";
  exchange.reference = "sha256:0123456789abcdef";
  exchange.request_bytes = 1500;
  exchange.status = status;
  exchange.response_bytes = status >= 400 ? 99 : 0;
  return exchange;
}

TEST(ActivityLine, TellsOneEventInOneLine) {
  ExchangeEvent stray;
  stray.method = "GET";
  stray.url = "http://127.0.0.1:5000/favicon.ico";
  stray.status = 404;
  ExchangeEvent lost = Commit(0);
  lost.lost = "connection reset before an answer";
  const struct {
    EventPayload payload;
    std::string expected;
  } rows[] = {
      {Commit(201),
       "06:07:08.009  201  PUT    upload.commit   acme/app  sha256:0123456789ab  in 1.5 kB"},
      {Commit(400),
       "06:07:08.009  400  PUT    upload.commit   acme/app  sha256:0123456789ab  in 1.5 kB"},
      {lost,
       "06:07:08.009  ---  PUT    upload.commit   acme/app  sha256:0123456789ab  in 1.5 kB  "
       "connection reset before an answer"},
      {stray, "06:07:08.009  404  GET    (no route)      http://127.0.0.1:5000/favicon.ico"},
      {FaultEvent{"html", "decide", "reply 400", 3, ""},
       "06:07:08.009       fault html: reply 400 at decide"},
      {TagEvent{"h", "acme/app", "v1", "", "sha256:0123456789abcdef"},
       "06:07:08.009       tag acme/app:v1 -> sha256:0123456789ab"},
      {TagEvent{"h", "acme/app", "v1", "sha256:01", ""},
       "06:07:08.009       tag acme/app:v1 is gone"},
      {NoteEvent{"something"}, "06:07:08.009       something"},
      {WaitEvent{}, ""},
      {StepEvent{}, ""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(row.expected, ActivityLine(At(row.payload), false));
  }
}

TEST(ActivityLine, PaintsFailuresRedAndNothingElse) {
  const std::string red = "\x1b[31m";
  EXPECT_EQ(std::string::npos, ActivityLine(At(Commit(201)), true).find(red));
  EXPECT_NE(std::string::npos, ActivityLine(At(Commit(400)), true).find(red + "400"));
}

TEST(Tally, AddsUpWhatHappened) {
  Tally tally;
  tally.Add(At(Commit(201)));
  tally.Add(At(Commit(201)));
  tally.Add(At(Commit(400)));
  tally.Add(At(Commit(0)));
  tally.Add(At(NoteEvent{"connection 1: nonsense"}));
  tally.Add(At(TagEvent{}));
  const Holdings held = {
      .repositories = 1, .tags = 2, .blobs = 3, .blob_bytes = 4'500'000, .open_uploads = 1};
  const std::vector<RuleCount> rules = {
      {.rule = "a", .offered = 4, .matched = 3, .fired = 2, .seen = 1}, {.rule = "longer"}};
  EXPECT_EQ(
      "served 4 requests in 1m 5s: 2xx 2, 4xx 1, 1 without an answer, 1 rejected unread, "
      "6.0 kB in, 99 B out\n"
      "  held 3 blobs (4.5 MB) and 2 tags in 1 repositories; 1 uploads left open\n"
      "  fault a       offered 4  matched 3  fired 2  seen 1\n"
      "  fault longer  offered 0  matched 0  fired 0  seen 0  never fired\n",
      tally.Summary(std::chrono::seconds(65), held, rules, false));
}

TEST(JournalOfAServer, LetsGoOfWhatWasWrittenDown) {
  SystemClock clock;
  Journal journal(clock);
  for (const char* text : {"a", "b", "c"}) {
    journal.Append("server", NoteEvent{text});
  }
  journal.DropBefore(2);
  EXPECT_EQ(3U, journal.size());
  const std::vector<Event> rest = journal.Snapshot();
  ASSERT_EQ(1U, rest.size());
  EXPECT_EQ(2U, rest[0].sequence);
  EXPECT_EQ(3U, journal.Append("server", NoteEvent{"d"}));
  EXPECT_EQ(3U, journal.Snapshot(3).at(0).sequence);
  EXPECT_TRUE(journal.Snapshot(4).empty());
  journal.DropBefore(100);
  EXPECT_EQ(4U, journal.Append("server", NoteEvent{"e"}));
}

}  // namespace
}  // namespace drydock::simulator
