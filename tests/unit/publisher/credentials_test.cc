#include "publisher/registry/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(ReadDockerConfig, ReadsLoginsUnderTheNamesThatReferencesUse) {
  const std::string text = Concat({R"({
    "auths": {
      "https://index.docker.io/v1/": {"auth": ")",
                                   Base64("joakim:dckr:pat"), R"("},
      "GHCR.io": {"username": "me", "password": "hunter2"},
      "https://registry.test:5000/v2/": {"auth": ")",
                                   Base64("a:b"), R"("},
      "kept.by.helper": {},
      "refresh.only": {"identitytoken": "t"},
      "no.secret": {"auth": ")",
                                   Base64("user:"), R"("}
    },
    "psFormat": "table", "HttpHeaders": {"User-Agent": "x"}
  })"});
  const auto credentials = ReadDockerConfig(text, "config.json");
  ASSERT_TRUE(credentials.ok()) << credentials.error().message();
  ASSERT_EQ(credentials->size(), 3u);
  EXPECT_EQ(credentials->at("docker.io").username, "joakim");
  EXPECT_EQ(credentials->at("docker.io").secret, "dckr:pat");
  EXPECT_EQ(credentials->at("ghcr.io").secret, "hunter2");
  EXPECT_EQ(credentials->at("registry.test:5000").username, "a");
}

TEST(ReadDockerConfig, TakesAFileWithoutLogins) {
  for (const char* text : {"{}", R"({"auths": {}})", R"({"auths": null, "credsStore": "x"})"}) {
    const auto credentials = ReadDockerConfig(text, "config.json");
    ASSERT_TRUE(credentials.ok()) << text;
    EXPECT_TRUE(credentials->empty());
  }
}

TEST(ReadDockerConfig, NamesTheLineAndNeverASecret) {
  struct Row {
    const char* text;
    const char* start;
  };
  const std::vector<Row> rows = {
      {"{\n\"auths\": {\"a.io\": {\"auth\": \"hunter2 hunter2\n", "config.json:"},
      {"[\"hunter2\"]", "config.json:1: "},
      {"{\n\"auths\": [\"hunter2\"]}", "config.json:2: "},
      {"{\"auths\":\n {\"a.io\": \"hunter2\"}}", "config.json:2: "},
      {"{\"auths\": {\"a.io\":\n {\"auth\": \"hunter2!\"}}}", "config.json:2: "},
      {"{\"auths\": {\"a.io\": {\"auth\": \"aHVudGVyMg==\"}}}", "config.json:1: "},
      {"{\"auths\": {\"a.io\": {\"password\": \"hunter2\", \"password\": \"hunter2\"}}}",
       "config.json:1: "},
      {"hunter2", "config.json:1: "},
      {"", "config.json:"},
  };
  for (const Row& row : rows) {
    const auto credentials = ReadDockerConfig(row.text, "config.json");
    ASSERT_FALSE(credentials.ok()) << row.text;
    EXPECT_EQ(credentials.error().code(), ErrorCode::kInvalid);
    EXPECT_THAT(credentials.error().message(), StartsWith(row.start));
    EXPECT_THAT(credentials.error().message(), Not(HasSubstr("hunter2")));
    EXPECT_THAT(credentials.error().message(), Not(HasSubstr("aHVudGVyMg")));
  }
}

TEST(CredentialHelperFor, LooksAtBothWaysToNameOne) {
  struct Row {
    std::string_view text;
    std::string_view registry;
    std::string_view helper;
  };
  for (const Row& row : {
           Row{R"({"credsStore": "osxkeychain"})", "docker.io", "osxkeychain"},
           Row{R"({"credHelpers": {"gcr.io": "gcloud"}})", "gcr.io", "gcloud"},
           Row{R"({"credHelpers": {"gcr.io": "gcloud"}})", "docker.io", ""},
           Row{R"({"credHelpers": {"gcr.io": "gcloud"}, "credsStore": "pass"})", "docker.io",
               "pass"},
           Row{R"({"credHelpers": {"https://index.docker.io/v1/": "a"}, "credsStore": "b"})",
               "docker.io", "a"},
           Row{R"({"credsStore": "", "credHelpers": {}})", "docker.io", ""},
           Row{R"({"auths": {}})", "docker.io", ""},
           Row{"not JSON", "docker.io", ""},
       }) {
    EXPECT_EQ(CredentialHelperFor(row.text, row.registry), row.helper) << row.text;
  }
  EXPECT_EQ(CredentialHelperKey("docker.io"), "https://index.docker.io/v1/");
  EXPECT_EQ(CredentialHelperKey("ghcr.io"), "ghcr.io");
}

TEST(ReadHelperAnswer, TakesASecretAndNothingElse) {
  const auto login = ReadHelperAnswer(R"({"ServerURL": "x", "Username": "me", "Secret": "s3"})");
  ASSERT_TRUE(login.ok());
  EXPECT_EQ(login->username, "me");
  EXPECT_EQ(login->secret, "s3");
  for (const std::string_view answer : {"", "s3cret", "{}", R"({"Username": "me"})",
                                        R"({"Username": "<token>", "Secret": "s3"})"}) {
    const auto none = ReadHelperAnswer(answer);
    ASSERT_FALSE(none.ok()) << answer;
    EXPECT_EQ(none.error().message().find("s3"), std::string::npos);
  }
}

}  // namespace
}  // namespace drydock::publisher
