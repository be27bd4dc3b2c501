// HAR in the dialects of Chromium, Firefox, mitmproxy and drydock itself.
#include "scenarios/authoring/har_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"

namespace drydock::scenarios {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// One entry with these members of its response; `rest` follows the response.
std::string Har(std::string_view response, std::string_view rest = "") {
  return Concat(
      {R"({"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": [
    {"startedDateTime": "2026-05-28T08:00:00.5+02:00",
     "request": {"method": "PUT", "url": "https://r.test/v2/a/manifests/v1",
                 "headers": [{"name": "authorization", "value": "Bearer s3cret"}]},
     "response": {)",
       response, "}", rest, "}]}}"});
}

CapturedExchange Only(std::string_view response, std::string_view rest = "") {
  const auto capture = ReadHar(Har(response, rest), "t.har");
  EXPECT_TRUE(capture.ok()) << (capture ? "" : capture.error().message());
  EXPECT_THAT(capture->exchanges, SizeIs(1));
  return capture->exchanges.front();
}

TEST(HarReader, ReadsAnEntry) {
  const CapturedExchange exchange = Only(R"("status": 503, "statusText": "Busy",
      "headers": [{"name": ":status", "value": "503"}, {"name": "retry-after", "value": "7"}],
      "content": {"size": 4, "text": "busy"})");
  EXPECT_EQ(exchange.method, "PUT");
  EXPECT_EQ(exchange.url.ToString(), "https://r.test/v2/a/manifests/v1");
  EXPECT_TRUE(exchange.authorized);
  EXPECT_EQ(exchange.status, 503);
  EXPECT_EQ(exchange.reason, "Busy");
  EXPECT_EQ(exchange.headers.Get("Retry-After"), "7");
  EXPECT_THAT(exchange.headers.fields(), SizeIs(1));
  EXPECT_EQ(exchange.body, "busy");
  EXPECT_EQ(exchange.lost, "");
  ASSERT_TRUE(exchange.time);
  EXPECT_EQ(FormatRfc3339(*exchange.time), "2026-05-28T06:00:00.500Z");
}

TEST(HarReader, ReadsWhatGotNoAnswer) {
  // Chromium names its own error; mitmproxy has null or the reason; drydock a comment.
  EXPECT_EQ(Only(R"("status": 0, "_error": "net::ERR_CONNECTION_RESET")").lost,
            "net::ERR_CONNECTION_RESET");
  EXPECT_EQ(Only(R"("status": 0, "statusText": "", "content": {}, "_error": null)").lost,
            "no answer");
  EXPECT_EQ(Only(R"("status": 0)", R"(, "comment": "reset before an answer")").lost,
            "reset before an answer");
  EXPECT_EQ(Only(R"("status": 200, "_error": null)").lost, "");
  EXPECT_EQ(Only(R"("status": 200)", R"(, "comment": "seen by hand")").lost, "");
}

TEST(HarReader, DecodesAndCutsBodies) {
  EXPECT_EQ(Only(R"("status": 400, "content": {"encoding": "base64", "text": "aGk="})").body, "hi");
  const CapturedExchange exchange = Only(Concat(
      {R"("status": 400, "content": {"size": 20000, "text": ")", std::string(20'000, 'x'), "\"}"}));
  EXPECT_EQ(exchange.body.size(), kHarBodyBytesMax);
  EXPECT_TRUE(exchange.body_cut);
  EXPECT_EQ(exchange.response_bytes, 20'000U);
}

TEST(HarReader, ReadsTheTimesOfAllThree) {
  for (const std::string_view text :
       {"2026-05-28T06:00:00Z", "2026-05-28T06:00:00.000Z", "2026-05-28T08:00:00.000+02:00",
        "2026-05-28T06:00:00.000000+00:00", "2026-05-28T00:30:00-05:30"}) {
    const auto time = ParseHarTime(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(FormatRfc3339(*time), "2026-05-28T06:00:00Z") << text;
  }
  for (const std::string_view text :
       {"", "2026-05-28", "2026-05-28T06:00:00", "yesterday, at noon…", "2026-05-28T06:00:00+2:00",
        "2026-05-28T06:00:00+99:00"}) {
    EXPECT_FALSE(ParseHarTime(text)) << text;
  }
}

TEST(HarReader, OrdersByTimeAndSkipsWhatIsNoHttp) {
  const auto capture = ReadHar(R"({"log": {"entries": [
      {"startedDateTime": "2026-05-28T06:00:02Z", "request": {"method": "GET", "url": "https://a/2"},
       "response": {"status": 200}},
      {"request": {"method": "GET", "url": "data:,x"}, "response": {"status": 200}},
      {"startedDateTime": "2026-05-28T06:00:01Z", "request": {"method": "GET", "url": "https://a/1"},
       "response": {"status": 200}}]}})",
                               "t.har");
  ASSERT_TRUE(capture.ok()) << capture.error().message();
  ASSERT_THAT(capture->exchanges, SizeIs(2));
  EXPECT_EQ(capture->exchanges[0].url.path, "/1");
  EXPECT_EQ(capture->skipped, 1U);
}

struct HarRefusal {
  std::string_view text;
  std::string_view says;
};

TEST(HarReader, RefusesWhatIsNoHar) {
  for (const HarRefusal& refusal : {
           HarRefusal{"", "t.har:1: "},
           HarRefusal{"[]", "t.har:1: no HAR"},
           HarRefusal{R"({"log": {"entries": {}}})", "t.har:1: no HAR"},
           HarRefusal{"{\"log\": {\"entries\": [\n1]}}", "t.har:2: entry: expected an object"},
           HarRefusal{
               R"({"log": {"entries": [{"request": {"url": "https:///"}, "response": {}}]}})",
               "t.har:1: request: expected"},
           HarRefusal{R"({"log": {"entries": [{"request": {"method": "GET", "url": "https://a/"},
                       "response": {"status": -1}}]}})",
                      "t.har:2: response: \"status\""},
       }) {
    const auto capture = ReadHar(refusal.text, "t.har");
    ASSERT_FALSE(capture.ok()) << refusal.text;
    EXPECT_THAT(capture.error().message(), HasSubstr(std::string(refusal.says)));
  }
}

}  // namespace
}  // namespace drydock::scenarios
