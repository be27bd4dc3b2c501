// `drydock hub-page` itself against the Hub's API of `drydock serve`, over TLS and under the Hub's
// own name: a hosts file of the test's, in a mount namespace of its own (which wants root), says
// where that is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/text.h"
#include "tests/e2e/registry_access.h"
#include "tests/e2e/served.h"
#include "tests/support/temp_folder.h"

namespace drydock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HubPageCommand : public ::testing::Test {
 protected:
  void Begin(const std::string& faults = R"({"faults": []})") {
    server_ = ServeAs(Against::kDockerHub, folder_,
                      {"--faults", folder_.Write("faults.json", faults), "--preload",
                       folder_.Write("seed.json", kSeed)});
    RegistryAccess hub = AccessTo(*server_, Against::kDockerHub, folder_, "127.0.0.1");
    hub.host = "https://index.docker.io/v1/";
    folder_.Write("login/config.json", AuthFile(hub));
    folder_.Write("hosts", "127.0.0.1 localhost hub.docker.com\n");
  }

  // Exit code of a hub-page of that text; said_ is what it printed.
  int Send(const std::string& text, const std::vector<std::string>& flags = {}) {
    std::vector<std::string> argv = {
        "unshare",
        "--mount",
        "sh",
        "-c",
        "mount --bind \"$0\" /etc/hosts && exec \"$@\"",
        folder_.At("hosts"),
        DRYDOCK_PROGRAM,
        "hub-page",
        folder_.Write("page.md", text),
        "acme/app",
        "--api",
        Concat({"https://hub.docker.com:", std::to_string(server_->port())}),
        "--ca-file",
        folder_.At("ca.crt"),
        "--docker-config",
        folder_.At("login")};
    argv.insert(argv.end(), flags.begin(), flags.end());
    return RunClient(argv, &said_);
  }

  static constexpr char kSeed[] = R"({"repositories": {"acme/app": {"tags": {"v1": {}}}}})";

  TempFolder folder_;
  std::unique_ptr<Served> server_;
  std::string said_;
};

TEST_F(HubPageCommand, ChangesThePageOnceAndReadsItBack) {
  Begin();
  EXPECT_EQ(0, Send("# The app\n", {"--short", "an app"})) << said_;
  EXPECT_THAT(said_, HasSubstr("the Hub's page of acme/app was changed"));
  EXPECT_EQ(0, Send("# The app\n", {"--short", "an app"})) << said_;
  EXPECT_THAT(said_, HasSubstr("says so already"));
  const std::string sequence = server_->Sequence();
  EXPECT_EQ(sequence.find("hub.repository.patch 200"), sequence.rfind("hub.repository.patch"))
      << sequence;
  EXPECT_THAT(sequence, Not(HasSubstr("301"))) << "the address ends with a slash";
  EXPECT_THAT(server_->JournalText(), Not(HasSubstr(kPassword)));
}

TEST_F(HubPageCommand, CountsCharactersOfThePageAndBytesOfTheShortText) {
  Begin();
  std::string page;
  for (int i = 0; i < 25'000; ++i) {
    page += "ä";
  }
  const std::string short_text(100, 'x');
  EXPECT_EQ(0, Send(page, {"--short", short_text})) << said_;
  const std::size_t requests = server_->Requests().size();
  EXPECT_EQ(2, Send(page + "x")) << said_;
  EXPECT_THAT(said_, HasSubstr("25001 characters; the Hub takes 25000"));
  EXPECT_EQ(2, Send(page, {"--short", short_text + "x"})) << said_;
  EXPECT_THAT(said_, HasSubstr("100"));
  EXPECT_EQ(requests, server_->Requests().size()) << "nothing was sent";
}

// A redirect would turn the change into a GET that answers 200.
TEST_F(HubPageCommand, FollowsNoRedirect) {
  Begin(R"({"faults": [{"name": "moved", "when": {"operation": "hub.repository.patch"},
     "do": {"reply": {"status": 301, "headers": {"Location": "/v2/repositories/acme/app"}}}}]})");
  EXPECT_NE(0, Send("# The app\n")) << said_;
  EXPECT_THAT(said_, HasSubstr("the Hub redirects the change to"));
  EXPECT_THAT(said_, Not(HasSubstr("was changed")));
}

}  // namespace
}  // namespace drydock::testing
