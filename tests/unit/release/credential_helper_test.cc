#include "publisher/build/credential_helper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/text.h"
#include "publisher/build/child_process.h"
#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CredentialHelperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    before_ = RunChild({"/bin/sh", "-c", "printf %s \"$PATH\""}, {})->output;
    ::setenv("PATH", Concat({folder_.path().string(), ":", before_}).c_str(), 1);
  }
  void TearDown() override { ::setenv("PATH", before_.c_str(), 1); }

  void Helper(std::string_view script) const {
    const std::string file =
        folder_.Write("docker-credential-fake", Concat({"#!/bin/sh\n", script}));
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }

  testing::TempFolder folder_;
  std::string before_;
};

TEST_F(CredentialHelperTest, IsAskedByItsOwnProtocol) {
  Helper("read server; printf '{\"Username\": \"%s\", \"Secret\": \"%s\"}' \"$1\" \"$server\"\n");
  const auto hub = AskCredentialHelper("fake", "docker.io");
  ASSERT_TRUE(hub.ok()) << hub.error().message();
  ASSERT_TRUE(hub->has_value());
  EXPECT_EQ((*hub)->username, "get");
  EXPECT_EQ((*hub)->secret, "https://index.docker.io/v1/");
  EXPECT_EQ((*AskCredentialHelper("fake", "ghcr.io"))->secret, "ghcr.io");
}

TEST_F(CredentialHelperTest, MayKeepNothing) {
  Helper("echo credentials not found in native keychain; exit 1\n");
  const auto none = AskCredentialHelper("fake", "ghcr.io");
  ASSERT_TRUE(none.ok()) << none.error().message();
  EXPECT_FALSE(none->has_value());
}

TEST_F(CredentialHelperTest, FailuresAreToldWithoutWhatItPrinted) {
  Helper("echo s3cret; echo the keychain is locked >&2; exit 2\n");
  const auto locked = AskCredentialHelper("fake", "ghcr.io");
  ASSERT_FALSE(locked.ok());
  EXPECT_THAT(locked.error().message(),
              AllOf(HasSubstr("docker-credential-fake: exit code 2: the keychain is locked"),
                    Not(HasSubstr("s3cret"))));
  Helper("echo s3cret\n");
  EXPECT_THAT(AskCredentialHelper("fake", "ghcr.io").error().message(),
              AllOf(HasSubstr("no user name and secret"), Not(HasSubstr("s3cret"))));
  EXPECT_EQ(AskCredentialHelper("not-there", "ghcr.io").error().code(), ErrorCode::kNotFound);
  for (const std::string_view name : {"", "../x", "a b", "a/b"}) {
    EXPECT_EQ(AskCredentialHelper(name, "ghcr.io").error().code(), ErrorCode::kInvalid) << name;
  }
}

}  // namespace
}  // namespace drydock::publisher
