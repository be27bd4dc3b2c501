// The HTML report: what stands in the file. How it looks and works is tested in a real browser
// (tests/browser).
#include "scenarios/report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "core/json.h"
#include "core/text.h"
#include "scenarios/report/report_data.h"

namespace drydock::scenarios {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ScenarioResult Sample() {
  ScenarioResult result;
  result.file = "scenarios/x.json";
  result.title = "</script><!-- a title";
  result.seed = 3;
  StepResult step;
  step.name = "host-publish";
  step.kind = "host-publish";
  step.verdict = "partial";
  step.output = "Authorization: Bearer abcdefghijklmnop\n</script>";
  result.main.steps = {step};
  ExchangeEvent exchange;
  exchange.ordinal = 1;
  exchange.method = "GET";
  exchange.url = "https://registry-1.docker.io/v2/";
  exchange.operation = "ping";
  exchange.status = 401;
  exchange.request_headers.Add("Accept", "a/b");
  exchange.response_headers.Add("Accept", "a/b");
  Event event;
  event.sequence = 5;
  event.actor = "host";
  event.payload = exchange;
  result.main.events = {event};
  result.main.faults = {{"edge", 4, 3, 2, 1}};
  result.main.observations = {{7, "host-publish", "verdict partial", "partial", true, 5}};
  result.twin = Play{};
  return result;
}

std::string Page() {
  return ToHtml({{"scenarios/x.json", Sample()},
                 {"y.json", Error(ErrorCode::kInvalid, "y.json:1: <wrong>")}});
}

// What stands between the element with this id and its end.
std::string ElementText(const std::string& page, const std::string& id) {
  const std::size_t at = page.find(Concat({"id=\"", id, "\">"}));
  const std::size_t start = at + id.size() + 6;
  return page.substr(start, page.find("</script>", start) - start);
}

TEST(HtmlTest, NoTextEndsTheElementItStandsIn) {
  const auto index = json::Parse(ElementText(Page(), "index"), "index");
  ASSERT_TRUE(index.ok()) << index.error().message();
  EXPECT_EQ(index->At("/0/title")->as_string()[0], "</script><!-- a title");
  EXPECT_EQ(index->At("/0/fired")->as_integer(), 2);
  EXPECT_EQ(index->At("/1/error")->as_string()[0], "y.json:1: <wrong>");
}

TEST(HtmlTest, TheScenarioIsPackedAndItsProgramsOutputRedacted) {
  const auto packed = FromBase64(ElementText(Page(), "scenario-0"));
  ASSERT_TRUE(packed.has_value());
  std::string text(1 << 16, '\0');
  uLongf size = text.size();
  ASSERT_EQ(uncompress(reinterpret_cast<Bytef*>(text.data()), &size,
                       reinterpret_cast<const Bytef*>(packed->data()), packed->size()),
            Z_OK);
  text.resize(size);
  EXPECT_THAT(text, Not(HasSubstr("abcdefghijklmnop")));
  const auto data = json::Parse(text, "scenario");
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->At("/plays/0/events/0/lane")->as_string()[0], "registry");
  EXPECT_EQ(data->At("/plays/0/seen/0/found")->as_string()[0], "partial");
  EXPECT_EQ(data->At("/plays/1/key")->as_string()[0], "twin");
  EXPECT_EQ(data->At("/headers")->as_array()->size(), 1U) << "equal fields are kept once";
}

TEST(HtmlTest, ThePageAsksForNothingAndRunsNothingElse) {
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("script-src 'sha256-"));
  for (const char* outside : {" src=", "href=\"http", "url(", "@import", "fetch("}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
}

TEST(HtmlTest, TheSameResultsGiveTheSameBytes) { EXPECT_EQ(Page(), Page()); }

TEST(LaneTest, NamesTheServerByWhatItWasAsked) {
  const auto lane = [](std::string operation, std::string url) {
    ExchangeEvent exchange;
    exchange.operation = std::move(operation);
    exchange.url = std::move(url);
    return LaneOf(exchange);
  };
  EXPECT_EQ(lane("token", "https://ghcr.io/token"), "token service");
  EXPECT_EQ(lane("blob.get", "https://ghcr.io/v2/a/blobs/x"), "registry");
  EXPECT_EQ(lane("cdn.get", "https://cdn.example/x"), "CDN");
  EXPECT_EQ(lane("hub.tags", "https://hub.docker.com/v2/x"), "Hub API");
  EXPECT_EQ(lane("npm.tarball", "https://npm.example/x"), "npm");
  EXPECT_EQ(lane("forge.runs", "https://git.test/x"), "forge");
  EXPECT_EQ(lane("", "https://registry-1.docker.io/x"), "registry");
  EXPECT_EQ(lane("", "https://elsewhere.example/x"), "elsewhere.example");
}

}  // namespace
}  // namespace drydock::scenarios
