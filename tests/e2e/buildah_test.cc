// Debian's buildah 1.28 against `drydock serve`. The sequences and the texts of failures are those
// that this client showed against a reference registry (wire-sequences `buildah1.28-*`, wire-errors
// "buildah 1.28"). buildah's storage wants root; without it these tests fail and say so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "core/text.h"
#include "tests/e2e/served.h"

namespace drydock::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kOneLayerPush[] =
    "ping 200, blob.head 404, upload.start 202, upload.patch 202, upload.commit 201, "
    "blob.head 404, upload.start 202, upload.patch 202, upload.commit 201, manifest.put 201";

class Buildah128 : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(0U, ::geteuid()) << "buildah's vfs storage wants root; run this test as root";
    folder_.Write("context/hello", "hello from nowhere\n");
    folder_.Write("context/Dockerfile", "FROM scratch\nCOPY hello /hello\n");
  }

  int Buildah(const std::vector<std::string>& arguments, std::string* said = nullptr) {
    std::vector<std::string> argv = {
        "buildah",          "--root", folder_.At("storage"), "--runroot", folder_.At("run"),
        "--storage-driver", "vfs",    "--registries-conf",   "/dev/null"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return RunClient(argv, said, {"BUILDAH_ISOLATION=chroot"});
  }

  void Build(const std::string& name, const std::string& architecture) {
    std::string said;
    ASSERT_EQ(0, Buildah({"bud", "--platform", "linux/" + architecture, "--tag", name,
                          folder_.At("context")},
                         &said))
        << said;
  }

  TempFolder folder_;
};

TEST_F(Buildah128, BuildsFromScratchAndPushes) {
  const Served server;
  Build("one:v1", "amd64");
  std::string said;
  ASSERT_EQ(0,
            Buildah({"push", "--tls-verify=false", "one:v1", server.Docker("app/one:v1")}, &said))
      << said;
  EXPECT_EQ(kOneLayerPush, server.Sequence());

  ASSERT_EQ(0, Buildah({"rmi", "one:v1"}));
  ASSERT_EQ(0, Buildah({"pull", "--tls-verify=false", server.Docker("app/one:v1")}, &said)) << said;
  EXPECT_EQ("manifest.get 200, blob.get 200, blob.get 200",
            server.Sequence().substr(std::string_view(kOneLayerPush).size() +
                                     std::string_view(", ping 200, ").size()));
}

TEST_F(Buildah128, PushesAllPlatformsOfAList) {
  const Served server;
  ASSERT_EQ(0, Buildah({"manifest", "create", "list"}));
  for (const char* architecture : {"amd64", "arm64"}) {
    folder_.Write("context/hello", Concat({"hello from ", architecture, "\n"}));
    Build(architecture, architecture);
    ASSERT_EQ(0, Buildah({"manifest", "add", "list", Concat({"localhost/", architecture})}));
  }
  std::string said;
  ASSERT_EQ(0, Buildah({"manifest", "push", "--all", "--tls-verify=false", "list",
                        server.Docker("app/two:v1")},
                       &said))
      << said;
  std::size_t by_digest = 0;
  const std::vector<Seen> requests = server.Requests();
  for (const Seen& request : requests) {
    by_digest +=
        request.operation == "manifest.put" && request.reference.find(':') != std::string::npos;
  }
  EXPECT_EQ(2U, by_digest);
  EXPECT_EQ("manifest.put", requests.back().operation);
  EXPECT_EQ("v1", requests.back().reference);

  std::string raw;
  ASSERT_EQ(0, RunClient({"skopeo", "inspect", "--raw", "--tls-verify=false",
                          server.Docker("app/two:v1")},
                         &raw));
  EXPECT_THAT(raw, HasSubstr("\"architecture\":\"amd64\""));
  EXPECT_THAT(raw, HasSubstr("\"architecture\":\"arm64\""));
}

TEST_F(Buildah128, FailsAsRecordedWhenAnUploadAnswers400Html) {
  constexpr char kPage[] =
      "StatusCode: 400, <html>\r\n<head><title>400 Bad Request</title></head...";
  const struct {
    const char* operation;
    std::string text;
  } rows[] = {
      {"upload.start", "writing blob: initiating layer upload to /v2/app/one/blobs/uploads/ in "},
      {"upload.patch", "writing blob: uploading layer chunked: "},
      {"upload.commit", "writing blob: uploading layer to http://"},
      {"manifest.put", "writing manifest: uploading manifest v1 to "},
  };
  Build("one:v1", "amd64");
  for (const auto& row : rows) {
    SCOPED_TRACE(row.operation);
    const auto server = Served::WithFaults(
        Concat({R"({"faults": [{"name": "html", "when": {"operation": ")", row.operation,
                R"("}, "do": {"reply": {"status": 400, "page": "nginx"}}}]})"}));
    std::string said;
    EXPECT_EQ(125, Buildah({"push", "--tls-verify=false", "one:v1", server->Docker("app/one:v1")},
                           &said));
    EXPECT_THAT(said, HasSubstr(Concat({"Error: pushing image \"one:v1\" to \"",
                                        server->Docker("app/one:v1"), "\": ", row.text})));
    EXPECT_THAT(said, HasSubstr(kPage));
    EXPECT_EQ(row.operation, server->Requests().back().operation) << "it did not end there";
    EXPECT_EQ(0, server->Stop(SIGTERM));
    EXPECT_THAT(server->out(), HasSubstr("matched 1  fired 1  seen 1\n"));
  }
}

TEST_F(Buildah128, PushesToTheHubWithTheRightPasswordOnly) {
  const Served server(
      {"--personality", "docker-hub", "--accounts",
       folder_.Write("accounts.json", R"({"accounts": [{"name": "acme", "password": "horse"}]})")});
  Build("one:v1", "amd64");
  const auto push = [&](const std::string& credentials, std::string* said) {
    return Buildah({"push", "--tls-verify=false", "--creds", credentials, "one:v1",
                    server.Docker("acme/one:v1")},
                   said);
  };
  std::string said;
  EXPECT_EQ(125, push("acme:donkey", &said));
  EXPECT_THAT(said, HasSubstr("unable to retrieve auth token: invalid username/password: "));
  EXPECT_EQ("ping 401, token 401", server.Sequence());
  EXPECT_EQ(0, push("acme:horse", &said)) << said;
}

}  // namespace
}  // namespace drydock::testing
