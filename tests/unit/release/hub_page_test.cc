// The Hub's page of a repository, against the fake management API.
#include "publisher/release/hub_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "simulator/faults/fault_state.h"
#include "simulator/faults/read_rules.h"
#include "simulator/neighbours/hub_api.h"
#include "simulator/world/internet.h"
#include "simulator/world/world.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;

constexpr char kName[] = "joakimp/web";

class HubPageTest : public ::testing::Test {
 protected:
  explicit HubPageTest(std::string_view rules = "") : faults_(RulesOf(rules), 1) {
    store_.SetTag(kName, "v1", Digest::Of("one"));
    internet_.Attach("hub.docker.com", hub_);
    transport_ = internet_.Connect(world_, "203.0.113.7", "host");
  }

  static std::vector<simulator::FaultRule> RulesOf(std::string_view text) {
    const auto rules = text.empty() ? std::vector<simulator::FaultRule>()
                                    : simulator::ParseFaultFile(text, "faults").value();
    return rules;
  }

  Outcome<bool> Update(const HubPage& page, const std::string& password = "secret") {
    HubPageClient client(*transport_, world_.clock(), Rng(1), journal_,
                         *Url::Parse("https://hub.docker.com"));
    return client.Update(page, {"joakimp", password});
  }

  int Requests(std::string_view operation) const {
    int count = 0;
    for (const Event& event : journal_.Snapshot()) {
      const auto* exchange = std::get_if<ExchangeEvent>(&event.payload);
      count += exchange != nullptr && exchange->operation == operation ? 1 : 0;
    }
    return count;
  }

  simulator::World world_{1, *ParseRfc3339("2026-05-28T06:00:00Z")};
  Journal journal_{world_.clock()};
  simulator::FaultState faults_;
  simulator::Store store_;
  simulator::TagHistory history_;
  simulator::HubApi hub_{{"key", {{"joakimp", "secret"}, {"other", "own"}}, {}},
                         store_,
                         history_,
                         world_.clock(),
                         Rng(2)};
  simulator::Internet internet_{world_.clock(), journal_, faults_};
  std::unique_ptr<Transport> transport_;
};

TEST_F(HubPageTest, IsChangedAndThenLeftAsItIs) {
  const HubPage page{kName, "# web\n", "A web server"};
  const auto changed = Update(page);
  ASSERT_TRUE(changed.ok()) << changed.failure().ToString();
  EXPECT_TRUE(changed.value());
  EXPECT_EQ(hub_.PageOf(kName).full_description, "# web\n");
  EXPECT_EQ(hub_.PageOf(kName).description, "A web server");
  const auto again = Update({kName, "# web\n", std::nullopt});
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again.value());
  EXPECT_EQ(hub_.PageOf(kName).description, "A web server");
  EXPECT_EQ(Requests("hub.repository.patch"), 1);
}

TEST_F(HubPageTest, ThatIsTooLongIsNotSent) {
  EXPECT_TRUE(CheckHubPage({kName, std::string(25'000, 'x'), std::string(100, 'x')}));
  EXPECT_THAT(Update({kName, std::string(25'003, 'x'), {}}).failure().words,
              HasSubstr("shorten it by 3"));
  // Characters of the long one, bytes of the short one.
  std::string accents;
  for (int i = 0; i < 60; ++i) {
    accents += "\xC3\xA9";
  }
  EXPECT_TRUE(CheckHubPage({kName, accents, {}}));
  EXPECT_THAT(Update({kName, "x", accents}).failure().words, HasSubstr("120 bytes"));
  EXPECT_THAT(Update({"web", "x", {}}).failure().words, HasSubstr("NAMESPACE/NAME"));
  EXPECT_EQ(journal_.size(), 0U);
}

TEST_F(HubPageTest, ARefusedLoginIsSaidSo) {
  const auto refused = Update({kName, "x", {}}, "wrong");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure().status, 401);
  EXPECT_EQ(refused.failure().attempts, 1);
  EXPECT_EQ(hub_.PageOf(kName).full_description, "");
}

class MovedHubTest : public HubPageTest {
 protected:
  MovedHubTest()
      : HubPageTest(R"({"faults": [{"name": "moved",
          "when": {"operation": "hub.repository.patch"},
          "do": {"reply": {"status": 301, "headers": {"Location": "/v2/repositories/x/"}}}}]})") {}
};

TEST_F(MovedHubTest, ARedirectedChangeIsNotFollowed) {
  const auto moved = Update({kName, "x", {}});
  ASSERT_FALSE(moved.ok());
  EXPECT_THAT(moved.failure().words, HasSubstr("redirects the change to /v2/repositories/x/"));
  EXPECT_EQ(Requests("hub.repository.patch"), 1);
}

class BusyHubTest : public HubPageTest {
 protected:
  BusyHubTest()
      : HubPageTest(R"({"faults": [
          {"name": "lost", "when": {"operation": "hub.repository.patch"},
           "do": {"cut": "rst", "at": "response-head"}, "times": 1},
          {"name": "busy", "when": {"operation": "hub.login"},
           "do": {"reply": {"status": 503}}, "times": 1}]})") {}
};

TEST_F(BusyHubTest, GetsThereAllTheSame) {
  const auto changed = Update({kName, "x", {}});
  ASSERT_TRUE(changed.ok()) << changed.failure().ToString();
  EXPECT_EQ(hub_.PageOf(kName).full_description, "x");
}

}  // namespace
}  // namespace drydock::publisher
