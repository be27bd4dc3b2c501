#include "simulator/neighbours/hub_api.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "tests/unit/neighbours/standing_clock.h"

namespace drydock::simulator {
namespace {

struct Seen {
  int status = 0;
  Headers headers;
  std::string body;
};

const std::string kPage = "/v2/repositories/joakimp/web/";

class HubApiTest : public ::testing::Test {
 protected:
  HubApiTest() {
    Push("v1", Digest::Of("one"));
    Push("v2", Digest::Of("two"));
  }

  void Push(const std::string& tag, const Digest& digest) {
    const auto from = store_.SetTag("joakimp/web", tag, digest);
    history_.Add("joakimp/web", tag, {clock_.now, from, digest});
  }

  Seen Ask(std::string method, const std::string& target, const std::string& body = {},
           Headers headers = {}) {
    const auto exchange = hub_.Begin({std::move(method),
                                      Url::Parse("https://hub.docker.com" + target).value(),
                                      std::move(headers),
                                      body.size(),
                                      {}});
    EXPECT_FALSE(exchange->Decide().has_value());
    exchange->Receive(body);
    operation_ = exchange->route().operation;
    Response response = exchange->Apply();
    auto text = ReadAll(response.body, 1 << 22);
    return {response.status, response.headers, *text};
  }

  std::string LogIn(std::string_view password = "secret") {
    const Seen seen = Ask("POST", "/v2/users/login/",
                          Concat({R"({"username":"joakimp","password":")", password, "\"}"}));
    const auto parsed = json::Parse(seen.body, "login");
    return parsed ? std::string(parsed->Text("token")) : "";
  }

  Seen Patch(const std::string& json, std::string_view password = "secret",
             const std::string& target = kPage, std::string_view scheme = "JWT ") {
    return Ask("PATCH", target, json, {{"Authorization", Concat({scheme, LogIn(password)})}});
  }

  std::string Tags(std::string_view query = "") {
    const auto parsed = json::Parse(Ask("GET", Concat({kPage, "tags/", query})).body, "tags");
    std::vector<std::string> names;
    for (const json::Value& one : *parsed->Find("results")->as_array()) {
      names.emplace_back(one.Text("name"));
    }
    return Join(names, " ");
  }

  StandingClock clock_{"2026-05-28T06:00:00Z"};
  Store store_;
  TagHistory history_;
  HubApi hub_{{"key",
               {{"joakimp", "secret", {{"pat-read", TokenPermission::kRead}}}, {"other", "own"}},
               std::chrono::minutes(10)},
              store_,
              history_,
              clock_,
              Rng(1)};
  std::string operation_;
};

TEST_F(HubApiTest, LogsInWithPasswordOrAccessToken) {
  EXPECT_NE(LogIn(), "");
  EXPECT_NE(LogIn("pat-read"), "");
  EXPECT_EQ(operation_, "hub.login");
  const Seen wrong = Ask("POST", "/v2/users/login/", R"({"username":"joakimp","password":"x"})");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.body, R"({"detail":"Incorrect authentication credentials"})");
  EXPECT_EQ(Ask("POST", "/v2/users/login/", "no json").status, 401);
  EXPECT_EQ(Ask("GET", "/v2/users/login/").status, 405);
}

TEST_F(HubApiTest, KeepsTheDescription) {
  EXPECT_EQ(Patch(R"({"full_description":"# Box","description":"A box"})").status, 200);
  EXPECT_EQ(operation_, "hub.repository.patch");
  EXPECT_EQ(hub_.PageOf("joakimp/web").full_description, "# Box");
  EXPECT_EQ(Patch(R"({"description":"Another"})", "secret", kPage, "Bearer ").status, 200);
  const Seen page = Ask("GET", kPage);
  EXPECT_EQ(operation_, "hub.repository.get");
  EXPECT_NE(page.body.find(R"("description":"Another","full_description":"# Box")"),
            std::string::npos)
      << page.body;
}

TEST_F(HubApiTest, CountsCharactersOfTheLongAndBytesOfTheShort) {
  std::string wide;  // two bytes a character
  for (std::size_t i = 0; i < HubApi::kDescriptionMax; ++i) {
    wide += "\xc3\xa9";
  }
  EXPECT_EQ(Patch(Concat({R"({"full_description":")", wide, "\"}"})).status, 200);
  const Seen long_one = Patch(Concat({R"({"full_description":")", wide, "x\"}"}));
  EXPECT_EQ(long_one.status, 400);
  EXPECT_EQ(long_one.body,
            R"({"message":"httperror 400: request had 1 validation error","errinfo":)"
            R"({"fielderrors":{"full_description":"Exceeded max number of characters"}}})");
  EXPECT_EQ(hub_.PageOf("joakimp/web").full_description, wide);
  EXPECT_EQ(Patch(Concat({R"({"description":")", std::string(100, 'x'), "\"}"})).status, 200);
  EXPECT_EQ(Patch(Concat({R"({"description":")", std::string(99, 'x'), "\xc3\xa9\"}"})).status,
            400);
}

TEST_F(HubApiTest, WithoutTheLastSlashNothingChanges) {
  const Seen moved = Patch(R"({"description":"x"})", "secret", "/v2/repositories/joakimp/web");
  EXPECT_EQ(moved.status, 301);
  EXPECT_EQ(moved.headers.Get("Location"), kPage);
  EXPECT_EQ(Ask("GET", std::string(moved.headers.Get("Location"))).status, 200);
  EXPECT_EQ(hub_.PageOf("joakimp/web").description, "");
}

TEST_F(HubApiTest, RefusesWhoMayNotWrite) {
  EXPECT_EQ(Ask("PATCH", kPage, "{}").status, 401);
  EXPECT_EQ(Ask("PATCH", kPage, "{}", {{"Authorization", "JWT made-up"}}).status, 401);
  const Seen narrow = Patch("{}", "pat-read");
  EXPECT_EQ(narrow.status, 403);
  EXPECT_EQ(narrow.body, R"({"message":"insufficient scope","errinfo":{}})");
  store_.PutBlob("other/web", "x");
  EXPECT_EQ(Patch("{}", "secret", "/v2/repositories/other/web/").status, 403);
  EXPECT_EQ(Patch("[]").status, 400);
  EXPECT_EQ(Patch("{}", "secret", "/v2/repositories/joakimp/none/").status, 404);
  EXPECT_EQ(Ask("DELETE", kPage).status, 405);
  EXPECT_EQ(Ask("GET", "/v3/").status, 404);
  EXPECT_EQ(operation_, "");
}

TEST_F(HubApiTest, ListsTagsAsTheyWereALagAgo) {
  EXPECT_EQ(Tags(), "");
  clock_.now += std::chrono::minutes(10);
  EXPECT_EQ(Tags(), "v1 v2");
  const Digest old = *store_.FindTag("joakimp/web", "v1");
  Push("v1", Digest::Of("new"));
  Push("v3", Digest::Of("three"));
  history_.Add("joakimp/web", "v2", {clock_.now, store_.FindTag("joakimp/web", "v2"), {}});
  store_.DeleteTag("joakimp/web", "v2");
  const Seen lagging = Ask("GET", kPage + "tags/");
  EXPECT_NE(lagging.body.find(Concat({R"("name":"v1","digest":")", old.ToString()})),
            std::string::npos)
      << lagging.body;
  EXPECT_EQ(Tags(), "v1 v2");
  clock_.now += std::chrono::minutes(10);
  EXPECT_EQ(Tags(), "v1 v3");
}

TEST_F(HubApiTest, PagesTheTagList) {
  clock_.now += std::chrono::minutes(10);
  EXPECT_EQ(Tags("?page_size=1"), "v1");
  EXPECT_EQ(Tags("?page_size=1&page=2"), "v2");
  EXPECT_EQ(Tags("?page=3"), "");
  const Seen first = Ask("GET", kPage + "tags/?page_size=1");
  EXPECT_NE(first.body.find(R"("count":2,"next":"https://hub.docker.com/v2/repositories/joakimp/)"
                            R"(web/tags/?page=2&page_size=1","previous":null)"),
            std::string::npos)
      << first.body;
}

}  // namespace
}  // namespace drydock::simulator
