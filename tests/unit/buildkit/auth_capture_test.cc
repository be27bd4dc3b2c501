// The model against captures of runs that had to authenticate. The builder pushed the same layer to
// other repositories before, and the registry forgot it since: hence the attempts to mount it.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "core/text.h"
#include "tests/unit/buildkit/capture.h"
#include "tests/unit/buildkit/rehearsal.h"
#include "tests/unit/buildkit/wire_form.h"

namespace drydock::simulator::buildkit {
namespace {

struct Case {
  const char* capture;
  const char* pushed_before;  // repository the layer was pushed to; "" for none
  ProxyLogin login;
  BuildxOptions options;
  // How far the second blob gets before the first one's refusal stops it is chance: the lines are
  // compared as a set.
  bool racing = false;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.capture; }

BuildxOptions WrongPassword() {
  BuildxOptions options;
  options.logins["registry.test"] = {"u", "wrong"};
  return options;
}

constexpr auto kBasic = ProxyLogin::Scheme::kBasic;
constexpr auto kBearer = ProxyLogin::Scheme::kBearer;

std::vector<Case> Cases() {
  const BuildxOptions logged_in = Rehearsal::LoggedIn();
  return {
      {"buildx--push-basic", "app/bearer-post", {kBasic, "u", "p", false}, logged_in},
      {"buildx--push-bearer-get", "", {kBearer, "u", "p", false}, logged_in},
      {"buildx--push-bearer-post", "app/bearer-get", {kBearer, "u", "p", true}, logged_in},
      {"buildx--push-bearer-wrong-password", "", {kBearer, "u", "p", false}, WrongPassword()},
      {"buildx--push-bearer-anonymous-push",
       "app/bearer-post",
       {kBearer, "u", "p", false},
       {},
       true},
  };
}

std::vector<std::string> AsSet(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

class AuthCapture : public ::testing::TestWithParam<Case> {};

TEST_P(AuthCapture, IsWhatTheModelSends) {
  const Case& test = GetParam();
  const Capture capture = LoadCapture(test.capture);
  Rehearsal rehearsal;
  rehearsal.NewBuilder(test.options);
  if (*test.pushed_before != '\0') {
    const CommandResult before =
        rehearsal.Run(Concat({"docker buildx build --provenance=false --push -t registry.test/",
                              test.pushed_before, ":v1 ctx/one"}));
    ASSERT_EQ(before.exit_code, 0) << before.log;
    rehearsal.NewRegistry();
  }
  rehearsal.proxy().Ask(test.login);
  rehearsal.proxy().Clear();
  const CommandResult result = rehearsal.Run(capture.command);
  std::vector<std::string> captured = WireForm(capture.exchanges);
  std::vector<std::string> modelled = WireForm(rehearsal.proxy().exchanges());
  if (test.racing) {
    captured = AsSet(std::move(captured));
    modelled = AsSet(std::move(modelled));
  }
  EXPECT_EQ(Join(captured, "\n"), Join(modelled, "\n")) << result.log;
  EXPECT_EQ(capture.exit_code, result.exit_code) << result.log;
  EXPECT_EQ(FinalError(capture.log), FinalError(result.log));
}

// The captured build wrote a file; the model pushes, which is cut off here.
TEST(AnonymousPull, GetsATokenForWhatItReads) {
  const Capture capture = LoadCapture("buildx--pull-bearer-anonymous");
  Rehearsal rehearsal;
  const CommandResult before = rehearsal.Run(
      "docker buildx build --provenance=false --push -t registry.test/app/pub:v1 ctx/one");
  ASSERT_EQ(before.exit_code, 0) << before.log;
  rehearsal.NewBuilder(BuildxOptions());
  rehearsal.proxy().Ask({});
  rehearsal.proxy().Clear();
  rehearsal.Run(capture.command);
  std::vector<WireExchange> exchanges = rehearsal.proxy().exchanges();
  const auto push =
      std::find_if(exchanges.begin(), exchanges.end(), [](const WireExchange& exchange) {
        return exchange.path.find("app/output") != std::string::npos;
      });
  exchanges.erase(push, exchanges.end());
  EXPECT_EQ(Join(WireForm(capture.exchanges), "\n"), Join(WireForm(exchanges), "\n"));
}

std::string CaseName(const ::testing::TestParamInfo<Case>& info) {
  return ReplaceAll(std::string(info.param.capture).substr(8), "-", "_");
}

INSTANTIATE_TEST_SUITE_P(Captures, AuthCapture, ::testing::ValuesIn(Cases()), CaseName);

}  // namespace
}  // namespace drydock::simulator::buildkit
