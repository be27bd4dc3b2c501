// Debian's skopeo 1.9 against `drydock serve`. The sequences and the texts of failures are those
// that this client showed against a reference registry (wire-sequences `skopeo1.9-*`, wire-errors
// "skopeo 1.9").
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "core/text.h"
#include "simulator/faults/connect_fault.h"
#include "simulator/world/go_words.h"
#include "tests/e2e/oci_layout.h"
#include "tests/e2e/served.h"

namespace drydock::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kToServer[] = "--dest-tls-verify=false";
constexpr char kFromServer[] = "--src-tls-verify=false";
constexpr char kOneLayerPush[] =
    "ping 200, blob.head 404, blob.head 404, upload.start 202, upload.patch 202, "
    "upload.commit 201, blob.head 404, upload.start 202, upload.patch 202, upload.commit 201, "
    "manifest.put 201";

int Skopeo(const std::vector<std::string>& arguments, std::string* said = nullptr) {
  std::vector<std::string> argv = {"skopeo", "--insecure-policy"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return RunClient(argv, said);
}

class Skopeo19 : public ::testing::Test {
 protected:
  TempFolder folder_;
};

TEST_F(Skopeo19, CopiesAnImageInAndOut) {
  const Served server;
  const OciLayout image(folder_, "one", {"amd64"}, 500'000);
  ASSERT_EQ(0, Skopeo({"copy", kToServer, image.Reference(), server.Docker("app/one:v1")}));
  EXPECT_EQ(kOneLayerPush, server.Sequence());

  ASSERT_EQ(0, Skopeo({"copy", kFromServer, server.Docker("app/one:v1"),
                       Concat({"oci:", folder_.At("out"), ":v1"})}));
  EXPECT_EQ(BlobsOf(folder_.At("one")), BlobsOf(folder_.At("out")));
}

TEST_F(Skopeo19, SendsNothingTwice) {
  const Served server;
  const OciLayout image(folder_, "one", {"amd64"}, 50'000);
  ASSERT_EQ(0, Skopeo({"copy", kToServer, image.Reference(), server.Docker("app/one:v1")}));
  const std::size_t before = server.Requests().size();
  ASSERT_EQ(0, Skopeo({"copy", kToServer, image.Reference(), server.Docker("app/one:v1")}));
  const std::vector<Seen> requests = server.Requests();
  for (std::size_t i = before; i < requests.size(); ++i) {
    EXPECT_THAT(requests[i].operation, ::testing::AnyOf("ping", "blob.head", "manifest.put"));
  }
}

TEST_F(Skopeo19, PushesAndPullsThroughTlsItCanTrust) {
  const TempFolder certs;
  const std::string accounts = folder_.Write(
      "accounts.json", R"({"accounts": [{"name": "acme", "password": "pass-of-acme"}]})");
  Served server(
      {"--ca-out", certs.At("ca.crt"), "--personality", "docker-hub", "--accounts", accounts});
  const OciLayout image(folder_, "one", {"amd64"}, 500'000);
  const std::string there = server.Docker("acme/one:v1");
  std::string said;
  EXPECT_NE(0, Skopeo({"copy", image.Reference(), there}, &said));
  EXPECT_THAT(said, HasSubstr("x509: certificate signed by unknown authority"));
  EXPECT_NE(0, Skopeo({"copy", "--dest-cert-dir", certs.path(), "--dest-creds", "acme:wrong",
                       image.Reference(), there}));
  ASSERT_EQ(0, Skopeo({"copy", "--dest-cert-dir", certs.path(), "--dest-creds", "acme:pass-of-acme",
                       image.Reference(), there},
                      &said))
      << said;
  ASSERT_EQ(0, Skopeo({"copy", "--src-cert-dir", certs.path(), there,
                       Concat({"oci:", folder_.At("out"), ":v1"})},
                      &said))
      << said;
  EXPECT_EQ(BlobsOf(folder_.At("one")), BlobsOf(folder_.At("out")));
  EXPECT_EQ(0, server.Stop(SIGTERM));
  EXPECT_THAT(server.JournalText(), HasSubstr("TLS handshake failed"));
  EXPECT_THAT(server.JournalText(), ::testing::Not(HasSubstr("pass-of-acme")));
}

TEST_F(Skopeo19, ReadsBlobsByWayOfTheCdnInTheClearToo) {
  const OciLayout image(folder_, "one", {"amd64"}, 500'000);
  const Served server(
      {"--personality", "docker-hub", "--preload", Concat({"acme/one=", image.path()})});
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    const std::string from = ReplaceAll(server.Docker("acme/one:v1"), "127.0.0.1", host);
    const std::string out = folder_.At("out-" + host);
    std::string said;
    ASSERT_EQ(0, Skopeo({"copy", kFromServer, from, Concat({"oci:", out, ":v1"})}, &said)) << said;
    EXPECT_EQ(BlobsOf(image.path()), BlobsOf(out));
  }
  const std::string once =
      "ping 401, token 200, manifest.get 200, blob.get 307, cdn.get 200, blob.get 307, cdn.get 200";
  EXPECT_EQ(Concat({once, ", ", once}), server.Sequence());
}

TEST_F(Skopeo19, CopiesAllPlatformsInAndOut) {
  const Served server;
  const OciLayout image(folder_, "two", {"amd64", "arm64"}, 100'000);
  ASSERT_EQ(0,
            Skopeo({"copy", "--all", kToServer, image.Reference(), server.Docker("app/two:v1")}));
  std::string raw;
  ASSERT_EQ(0,
            Skopeo({"inspect", "--raw", "--tls-verify=false", server.Docker("app/two:v1")}, &raw));
  EXPECT_EQ(image.top(), Digest::Of(raw));

  ASSERT_EQ(0, Skopeo({"copy", "--all", kFromServer, server.Docker("app/two:v1"),
                       Concat({"oci:", folder_.At("out"), ":v1"})}));
  EXPECT_EQ(BlobsOf(folder_.At("two")), BlobsOf(folder_.At("out")));
}

TEST_F(Skopeo19, InspectsListsAndDeletes) {
  const Served server;
  const OciLayout image(folder_, "one", {"amd64"}, 5'000);
  for (const char* tag : {"app/one:v2", "app/one:v10", "app/other:v1"}) {
    ASSERT_EQ(0, Skopeo({"copy", kToServer, image.Reference(), server.Docker(tag)}));
  }
  std::string said;
  ASSERT_EQ(0, Skopeo({"list-tags", "--tls-verify=false", server.Docker("app/one")}, &said));
  EXPECT_THAT(said, HasSubstr("\"Tags\": [\n        \"v10\",\n        \"v2\"\n    ]"));
  ASSERT_EQ(0, Skopeo({"inspect", "--tls-verify=false", server.Docker("app/one:v2")}, &said));
  EXPECT_THAT(said, HasSubstr(Concat({"\"Digest\": \"", image.top().ToString(), "\""})));

  ASSERT_EQ(0, Skopeo({"delete", "--tls-verify=false", server.Docker("app/one:v2")}));
  EXPECT_NE(0, Skopeo({"inspect", "--tls-verify=false", server.Docker("app/one:v2")}, &said));
  EXPECT_THAT(said, HasSubstr("manifest unknown"));
  EXPECT_EQ(0, Skopeo({"inspect", "--tls-verify=false", server.Docker("app/other:v1")}));
}

TEST_F(Skopeo19, FailsAsRecordedWhenAnUploadAnswers400Html) {
  constexpr char kPage[] =
      R"(StatusCode: 400, <html>\r\n<head><title>400 Bad Request</title></head...)";
  const struct {
    const char* operation;
    std::string text;
  } rows[] = {
      {"upload.start", "writing blob: initiating layer upload to /v2/app/one/blobs/uploads/ in "},
      {"upload.patch", "writing blob: uploading layer chunked: "},
      {"upload.commit", "writing blob: uploading layer to http://"},
      {"manifest.put", "writing manifest: uploading manifest v1 to "},
  };
  const OciLayout image(folder_, "one", {"amd64"}, 50'000);
  for (const auto& row : rows) {
    SCOPED_TRACE(row.operation);
    const auto server = Served::WithFaults(
        Concat({R"({"faults": [{"name": "html", "when": {"operation": ")", row.operation,
                R"("}, "do": {"reply": {"status": 400, "page": "nginx"}}}]})"}));
    std::string said;
    EXPECT_EQ(1,
              Skopeo({"copy", kToServer, image.Reference(), server->Docker("app/one:v1")}, &said));
    EXPECT_THAT(said, HasSubstr(row.text));
    EXPECT_THAT(said, HasSubstr(kPage));
    EXPECT_EQ(row.operation, server->Requests().back().operation) << "it did not end there";
    EXPECT_EQ(0, server->Stop(SIGTERM));
    EXPECT_THAT(server->out(), HasSubstr("fault html  offered "));
    EXPECT_THAT(server->out(), HasSubstr("matched 1  fired 1  seen 1\n"));
  }
}

TEST_F(Skopeo19, NoticesAConnectionResetInABlob) {
  const auto server = Served::WithFaults(R"({"faults": [{
      "name": "reset", "when": {"operation": "blob.get", "reference-kind": "digest"},
      "do": {"cut": "rst", "at": "response-body", "after-bytes": 500000}}]})");
  const OciLayout image(folder_, "one", {"amd64"}, 1'000'000);
  ASSERT_EQ(0, Skopeo({"copy", kToServer, image.Reference(), server->Docker("app/one:v1")}));
  std::string said;
  EXPECT_EQ(1, Skopeo({"copy", kFromServer, server->Docker("app/one:v1"),
                       Concat({"oci:", folder_.At("out"), ":v1"})},
                      &said));
  EXPECT_THAT(said, HasSubstr("read: connection reset by peer"));
}

std::string InspectIt(const std::string& reference, const std::vector<std::string>& flags) {
  std::vector<std::string> words = {"inspect", reference};
  words.insert(words.end(), flags.begin(), flags.end());
  std::string said;
  EXPECT_EQ(1, Skopeo(words, &said));
  return ReplaceAll(said, "\\\"", "\"");
}

// As the model of skopeo words it, up to what the model cannot know: ports, times, the resolver.
TEST_F(Skopeo19, SaysOfConnectionsWhatItsModelSays) {
  using Kind = simulator::ConnectFault::Kind;
  const struct {
    const char* fault;
    simulator::ConnectFault modelled;
  } rows[] = {
      {R"("tls-silent")", {Kind::kTlsSilent, ""}},
      {R"("wrong-name")", {Kind::kWrongName, ""}},
      {R"("expired")", {Kind::kExpired, ""}},
      {R"("untrusted")", {Kind::kUntrusted, ""}},
      {R"({"tls-alert": "handshake_failure"})", {Kind::kTlsAlert, "handshake_failure"}},
      {R"({"tls-alert": "access_denied"})", {Kind::kTlsAlert, "access_denied"}},
      {R"({"tls-alert": "protocol_version"})", {Kind::kTlsAlert, "protocol_version"}},
      {R"({"tls-alert": "insufficient_security"})", {Kind::kTlsAlert, "insufficient_security"}},
  };
  const TempFolder certs;
  for (const auto& row : rows) {
    SCOPED_TRACE(row.fault);
    const std::string rules = folder_.Write(
        "faults.json",
        Concat({R"({"faults": [{"name": "x", "do": {"connect-fault": )", row.fault, "}}]}"}));
    Served server({"--ca-out", certs.At("ca.crt"), "--faults", rules});
    const std::string host = Concat({"localhost:", std::to_string(server.port())});
    const std::string said =
        InspectIt(Concat({"docker://", host, "/a/b"}), {"--cert-dir", certs.path()});
    const Url url = Url::Parse(Concat({"https://", host, "/v2/"})).value();
    const Error cause = simulator::ErrorFor(row.modelled, false, true);
    EXPECT_THAT(said, HasSubstr(Concat({"Get \"", url.ToString(),
                                        "\": ", simulator::InGo(cause, url, "client").text})));
  }
}

TEST_F(Skopeo19, SaysOfHostsThatAreNotThereWhatItsModelSays) {
  const std::string nobody = InspectIt("docker://127.0.0.1:1/a/b", {"--tls-verify=false"});
  EXPECT_THAT(nobody, HasSubstr(": dial tcp 127.0.0.1:1: connect: connection refused"));
  const std::string nowhere = InspectIt("docker://nothere.invalid/a/b", {});
  EXPECT_THAT(nowhere, HasSubstr(": dial tcp: lookup nothere.invalid"));
}

constexpr char kAccounts[] = R"({"accounts": [{"name": "acme", "password": "right-horse"}]})";

TEST_F(Skopeo19, PushesToTheHubWithTheRightPasswordOnly) {
  const Served server(
      {"--personality", "docker-hub", "--accounts", folder_.Write("accounts.json", kAccounts)});
  const OciLayout image(folder_, "one", {"amd64"}, 50'000);
  const auto push = [&](const std::string& credentials, std::string* said) {
    return Skopeo({"copy", "--dest-creds", credentials, kToServer, image.Reference(),
                   server.Docker("acme/one:v1")},
                  said);
  };
  std::string said;
  EXPECT_EQ(1, push("acme:wrong-horse", &said));
  EXPECT_THAT(said, HasSubstr("unable to retrieve auth token: invalid username/password: "));
  EXPECT_EQ("ping 401, token 401", server.Sequence());

  EXPECT_EQ(0, push("acme:right-horse", &said)) << said;
  EXPECT_EQ(Concat({"ping 401, token 401, ping 401, token 200, ",
                    std::string_view(kOneLayerPush).substr(std::string_view("ping 200, ").size())}),
            server.Sequence());
  // Everybody pulls what is public.
  EXPECT_EQ(0, Skopeo({"inspect", "--tls-verify=false", server.Docker("acme/one:v1")}));
  EXPECT_THAT(server.JournalText(), ::testing::Not(HasSubstr("horse")));
}

TEST_F(Skopeo19, PushesToTheHubOnlyWhenItMay) {
  const Served server(
      {"--personality", "docker-hub", "--accounts", folder_.Write("accounts.json", kAccounts)});
  const OciLayout image(folder_, "one", {"amd64"}, 5'000);
  std::string said;
  EXPECT_EQ(1, Skopeo({"copy", kToServer, image.Reference(), server.Docker("acme/one:v1")}, &said));
  EXPECT_THAT(said, HasSubstr("denied"));
  EXPECT_EQ(1, Skopeo({"copy", "--dest-creds", "acme:right-horse", kToServer, image.Reference(),
                       server.Docker("other/one:v1")},
                      &said));
  EXPECT_THAT(said, HasSubstr("denied"));
}

}  // namespace
}  // namespace drydock::testing
