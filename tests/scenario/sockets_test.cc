// Every scenario without faults of the wire twice: its publisher in process, and its publisher on
// real sockets before the served Hub. The journals are equal; the stated normalisation is
// connection numbers, which each way counts for itself and no journal holds.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/text.h"
#include "tests/scenario/plays.h"
#include "tests/scenario/socket_way.h"

namespace drydock::testing {
namespace {

// The first line in which two journals differ, and what stands there; "" when they are equal.
std::string FirstDifference(const std::string& left, const std::string& right) {
  const auto lefts = Split(left, '\n');
  const auto rights = Split(right, '\n');
  for (std::size_t line = 0; line < std::max(lefts.size(), rights.size()); ++line) {
    const std::string& a = line < lefts.size() ? lefts[line] : "the end";
    const std::string& b = line < rights.size() ? rights[line] : "the end";
    if (a != b) {
      return Concat({"line ", std::to_string(line + 1), "\n in process ", a, "\n on sockets ", b});
    }
  }
  return "";
}

class SocketsTest : public ::testing::TestWithParam<std::string> {};

// Two effects are the wire's own. An answer that comes before the request was sent: the client in
// process looks for one only when it has sent everything, and what a broken connection still lets
// through to the other one is up to the kernel. A connection that does not come about: in process
// every exchange opens one, on sockets they share them.
bool IsOfTheWire(const simulator::FaultRule& rule) {
  return std::holds_alternative<simulator::EarlyReply>(rule.answer) ||
         std::holds_alternative<simulator::ConnectFault>(rule.answer);
}

bool HasFaultOfTheWire(const scenarios::Scenario& scenario) {
  return std::any_of(scenario.faults.begin(), scenario.faults.end(), IsOfTheWire);
}

// The files with such faults, by name: to load all files for that would cost every test.
const std::set<std::string> kOfTheWire = {
    "client_faults_thrice",           "dns_failure",
    "hub_regional_and_cloud_outages", "location_wrong_scheme_or_port",
    "proxy_body_limit_413",           "pull_scope_challenge_then_401_put_2022_06_01",
    "tls_handshake_timeout",          "token_expiry_mid_body_eof",
    "wrong_or_expired_certificate"};

std::vector<std::string> FilesOfTheWire(bool wanted) {
  std::vector<std::string> files = FilesIn("scenarios/incidents");
  std::erase_if(files, [&](const std::string& file) {
    return (kOfTheWire.count(TestName(file)) != 0) != wanted;
  });
  return files;
}

TEST(SocketsTestFiles, AreLeftOutForAFaultOfTheWireOnly) {
  const auto files = FilesOfTheWire(true);
  EXPECT_EQ(files.size(), kOfTheWire.size());
  for (const std::string& file : files) {
    EXPECT_TRUE(HasFaultOfTheWire(Load(file))) << file;
  }
}

TEST_P(SocketsTest, GiveTheSameJournal) {
  const auto scenario = Load(GetParam());
  ASSERT_FALSE(HasFaultOfTheWire(scenario)) << "the two ways are not comparable: name it above";
  scenarios::RunOptions options;
  options.twin = false;
  options.script = false;
  const auto inside = Play(scenario, options);
  SocketWay sockets;
  options.connect = sockets.connector();
  const auto outside = Play(scenario, options);
  ASSERT_TRUE(inside.ok() && outside.ok());
  EXPECT_GT(sockets.exchanges(), 0U);
  EXPECT_EQ(Failures(*outside), "");
  EXPECT_EQ(FirstDifference(inside->journal, outside->journal), "");
}

INSTANTIATE_TEST_SUITE_P(Files, SocketsTest, ::testing::ValuesIn(FilesOfTheWire(false)),
                         [](const auto& each) { return TestName(each.param); });

}  // namespace
}  // namespace drydock::testing
