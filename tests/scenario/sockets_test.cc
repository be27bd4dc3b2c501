// Every scenario twice: its publisher in process, and its publisher on real sockets before the
// served Hub. The journals are equal; the stated normalisation is connection numbers, which each
// way counts for itself and no journal holds.
#include <gtest/gtest.h>

#include <algorithm>

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

TEST_P(SocketsTest, GiveTheSameJournal) {
  const auto scenario = Load(GetParam());
  if (std::any_of(scenario.faults.begin(), scenario.faults.end(), IsOfTheWire)) {
    GTEST_SKIP() << "it has a fault that is of the wire";
  }
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

INSTANTIATE_TEST_SUITE_P(Files, SocketsTest, ::testing::ValuesIn(FilesIn("scenarios/incidents")),
                         [](const auto& each) { return TestName(each.param); });

}  // namespace
}  // namespace drydock::testing
