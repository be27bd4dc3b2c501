// The rules every publish must keep: each held, and each broken once.
#include "scenarios/runner/conduct.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/media_type.h"
#include "core/text.h"

namespace drydock::scenarios {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kHub = "registry-1.docker.io";
constexpr char kRefused[] = R"({"errors":[{"code":"MANIFEST_INVALID","message":"no"}]})";

struct Ask {
  std::string method = "GET";
  std::string url = "https://registry-1.docker.io/v2/a/b/manifests/v1";
  std::string operation = "manifest.get";
  int status = 200;
  std::string login = {};
  std::string excerpt = {};
  std::string retry_after = {};
  std::string date = {};
  std::string agent = "drydock/0.1";
  int second = 0;
};

Event At(Ask ask) {
  Event event;
  event.sequence = static_cast<std::uint64_t>(ask.second);
  event.time = TimePoint(std::chrono::seconds(ask.second));
  ExchangeEvent exchange;
  exchange.method = std::move(ask.method);
  exchange.url = std::move(ask.url);
  exchange.operation = std::move(ask.operation);
  exchange.status = ask.status;
  exchange.response_excerpt = std::move(ask.excerpt);
  exchange.request_headers.Set("User-Agent", ask.agent);
  if (!ask.login.empty()) {
    exchange.request_headers.Set("Authorization", ask.login);
  }
  if (!ask.retry_after.empty()) {
    exchange.response_headers.Set("Retry-After", ask.retry_after);
  }
  if (!ask.date.empty()) {
    exchange.response_headers.Set("Date", ask.date);
  }
  event.payload = std::move(exchange);
  return event;
}

Event Moved(std::string tag, std::string from, std::string to) {
  Event event;
  event.payload = TagEvent{"hub", "a/b", std::move(tag), std::move(from), std::move(to)};
  return event;
}

Event Waited(std::chrono::minutes span) {
  Event event;
  event.payload = WaitEvent{span, "again"};
  return event;
}

Ask Put(int status, int second) {
  Ask ask;
  ask.method = "PUT";
  ask.operation = "manifest.put";
  ask.status = status;
  ask.excerpt = status == 400 ? kRefused : "";
  ask.second = second;
  return ask;
}

struct ConductRow {
  std::string name;
  std::vector<Event> events;
  std::string says;  // "": all holds
};
void PrintTo(const ConductRow& row, std::ostream* out) { *out << row.name; }

class ConductTest : public ::testing::TestWithParam<ConductRow> {};

TEST_P(ConductTest, IsHeldAgainstTheRules) {
  Stretch stretch;
  stretch.file = "f.json";
  stretch.events = GetParam().events;
  const auto failures = CheckConduct(stretch, kHub);
  if (GetParam().says.empty()) {
    EXPECT_THAT(failures, IsEmpty());
  } else {
    ASSERT_THAT(failures, SizeIs(1));
    EXPECT_THAT(Concat({failures[0].expected, ": ", failures[0].found}),
                HasSubstr(GetParam().says));
  }
}

Ask Late(std::string retry_after, int second, int status = 429, std::string date = {}) {
  Ask ask;
  ask.date = std::move(date);
  ask.status = status;
  ask.retry_after = std::move(retry_after);
  ask.second = second;
  return ask;
}

Ask With(std::string url, std::string login, std::string operation = "cdn.get") {
  Ask ask;
  ask.url = std::move(url);
  ask.login = std::move(login);
  ask.operation = std::move(operation);
  return ask;
}

Ask OfBuilder(Ask ask) {
  ask.agent = "buildkit/v0.13";
  return ask;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ConductTest,
    ::testing::Values(
        ConductRow{"permanent_refusal_once", {At(Put(400, 1))}, ""},
        ConductRow{"permanent_refusal_again",
                   {At(Put(400, 1)), At(Put(400, 2))},
                   "not sent again: PUT registry-1.docker.io/v2/a/b/manifests/v1 after 400 "
                   "MANIFEST_INVALID"},
        ConductRow{"transient_refusal_again", {At(Put(503, 1)), At(Put(201, 2))}, ""},
        ConductRow{"builders_do_as_they_like",
                   {At(OfBuilder(Put(400, 1))), At(OfBuilder(Put(400, 2)))},
                   ""},
        ConductRow{"token_at_home",
                   {At(With("https://registry-1.docker.io/v2/", "Bearer REDACTED", "base"))},
                   ""},
        ConductRow{"password_at_the_token_service",
                   {At(With("https://auth.docker.io/token", "Basic REDACTED", "token"))},
                   ""},
        ConductRow{"token_at_the_token_service",
                   {At(With("https://auth.docker.io/token", "Bearer REDACTED", "token"))},
                   "auth.docker.io/token carries a token"},
        ConductRow{"token_at_the_cdn",
                   {At(With("https://cdn.test/blob", "Bearer REDACTED"))},
                   "cdn.test/blob carries a token"},
        ConductRow{"password_elsewhere",
                   {At(With("https://evil.test/x", "Basic REDACTED"))},
                   "evil.test/x carries a password"},
        ConductRow{"after_the_promise", {At(Late("5", 1)), At(Late("", 6, 200))}, ""},
        ConductRow{"before_the_promise", {At(Late("5", 1)), At(Late("", 5, 200))}, "1s early"},
        ConductRow{"before_the_promised_date",
                   {At(Late("Thu, 01 Jan 1970 00:00:09 GMT", 1)), At(Late("", 5, 200))},
                   "4s early"},
        ConductRow{
            "after_the_promise_of_another_clock",
            {At(Late("Thu, 01 Jan 1970 00:10:09 GMT", 1, 429, "Thu, 01 Jan 1970 00:10:01 GMT")),
             At(Late("", 9, 200))},
            ""},
        ConductRow{
            "before_the_promise_of_another_clock",
            {At(Late("Thu, 01 Jan 1970 00:10:09 GMT", 1, 429, "Thu, 01 Jan 1970 00:10:01 GMT")),
             At(Late("", 8, 200))},
            "1s early"},
        ConductRow{"nonsense_promises_nothing", {At(Late("soon", 1)), At(Late("", 1, 200))}, ""},
        ConductRow{"alias_once", {Moved("latest", "x", "y"), Moved("v1", "", "y")}, ""},
        ConductRow{"alias_twice",
                   {Moved("latest", "x", "y"), Moved("latest", "y", "z")},
                   "latest moved again"},
        ConductRow{"waits", {Waited(std::chrono::minutes(40))}, ""},
        ConductRow{"waits_without_bound",
                   {Waited(std::chrono::minutes(40)), Waited(std::chrono::minutes(40)),
                    Waited(std::chrono::minutes(40))},
                   "stay below 1h: 1h 20m"}),
    [](const auto& row) { return row.param.name; });

TEST(AliasContent, MustBeThere) {
  simulator::Store store;
  const Digest layer = store.PutBlob("a/b", "layer");
  const Digest config = store.PutBlob("a/b", "{}");
  const Digest image =
      store.PutManifest("a/b", media_type::kOciManifest,
                        Concat({R"({"config":{"digest":")", config.ToString(),
                                R"("},"layers":[{"digest":")", layer.ToString(), R"("}]})"}));
  const Digest index =
      store.PutManifest("a/b", media_type::kOciIndex,
                        Concat({R"({"manifests":[{"digest":")", image.ToString(), R"("}]})"}));
  store.SetTag("a/b", "latest", index);
  store.SetTag("a/b", "v1", index);
  Stretch stretch;
  stretch.events = {Moved("latest", "", index.ToString()), Moved("v1", "", index.ToString())};
  EXPECT_THAT(CheckAliases(stretch, store, "a/b"), IsEmpty());
  store.DeleteBlob("a/b", layer);
  ASSERT_THAT(CheckAliases(stretch, store, "a/b"), SizeIs(1));
  EXPECT_THAT(CheckAliases(stretch, store, "a/b")[0].found, HasSubstr(layer.ToString()));
  store.DeleteManifest("a/b", image);
  EXPECT_THAT(CheckAliases(stretch, store, "a/b")[0].found, HasSubstr(image.ToString()));
}

TEST(SecondRun, SendsNothing) {
  Stretch stretch;
  stretch.events = {At({}), At(With("https://auth.docker.io/token", "", "token"))};
  EXPECT_THAT(CheckNothingSent(stretch), IsEmpty());
  stretch.events.push_back(At(Put(201, 3)));
  EXPECT_THAT(CheckNothingSent(stretch), SizeIs(1));
}

}  // namespace
}  // namespace drydock::scenarios
