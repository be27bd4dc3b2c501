// TLS on a real loopback socket, with an OpenSSL client that checks what it is shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "simulator/server/tls_identity.h"
#include "tests/support/tls_client.h"
#include "tests/unit/server/rig.h"

namespace drydock::simulator {
namespace {

using testing::End;
using ::testing::HasSubstr;
using testing::RawClient;
using testing::RequestText;
using ::testing::StartsWith;
using testing::TlsClient;
using testing::TlsEnd;

std::unique_ptr<TlsIdentity> MakeIdentity() {
  SystemClock clock;
  auto made = TlsIdentity::Make(UsualTlsNames(), clock.Now());
  EXPECT_TRUE(made.ok());
  return made ? std::move(*made) : nullptr;
}

struct TlsRig {
  explicit TlsRig(std::vector<FaultRule> rules = {}, ServerLimits limits = {})
      : rig(std::move(rules), limits, identity.get()) {}

  std::unique_ptr<TlsIdentity> identity = MakeIdentity();
  Rig rig;
};

FaultRule TlsCut(Phase phase, Cut::Manner manner, std::optional<std::uint64_t> bytes) {
  FaultRule rule;
  rule.name = "cut";
  rule.phase = phase;
  rule.answer = CutConnection{manner};
  rule.after_bytes = bytes;
  return rule;
}

std::string Closing(std::string_view path) {
  return RequestText("GET", path, "Connection: close\r\n");
}

std::string BodyOf(const std::string& answer) {
  const std::size_t head = answer.find("\r\n\r\n");
  return head == std::string::npos ? "" : answer.substr(head + 4);
}

TEST(Tls, ShowsACertificateForEveryNameAClientUses) {
  TlsRig tls;
  for (const char* name : {"localhost", "127.0.0.1", "::1", "registry-1.docker.io",
                           "auth.docker.io", "a.world.test", "Upper.Case"}) {
    TlsClient client(tls.rig.port, tls.identity->ca_pem(), name);
    ASSERT_TRUE(client.ok()) << name << ": " << client.why();
    ASSERT_TRUE(client.Send(Closing("/a")));
    EXPECT_EQ("GET /a", BodyOf(client.ReadToEnd())) << name;
    EXPECT_EQ(TlsEnd::kGoodbye, client.end()) << name;
  }
}

TEST(Tls, IsRefusedByWhoDoesNotKnowTheAuthority) {
  TlsRig tls;
  {
    const TlsClient client(tls.rig.port, "", "localhost");
    EXPECT_FALSE(client.ok());
    EXPECT_EQ("unable to get local issuer certificate", client.why());
  }
  const auto other = MakeIdentity();
  EXPECT_FALSE(TlsClient(tls.rig.port, other->ca_pem(), "localhost").ok());
  tls.rig.listener.Stop();
  EXPECT_THAT(tls.rig.journal.ToJsonLines(), HasSubstr("TLS handshake failed: "));
}

TEST(Tls, CertifiesNamesAndAddressesOnly) {
  SystemClock clock;
  for (const char* name : {"", "two words", "a,DNS:evil.test", "a/b", "\xff"}) {
    EXPECT_FALSE(TlsIdentity::Make({name}, clock.Now()).ok()) << name;
  }
}

TEST(Tls, CarriesManyBytesBothWays) {
  TlsRig tls;
  TlsClient client(tls.rig.port, tls.identity->ca_pem(), "localhost");
  const std::string body(2'000'000, 'u');
  ASSERT_TRUE(client.Send(RequestText("PUT", "/sink", "", body)));
  EXPECT_THAT(client.ReadThrough("\r\n\r\n"), HasSubstr("Digest: " + Digest::Of(body).ToString()));
  ASSERT_TRUE(client.Send(Closing("/big")));
  EXPECT_EQ(std::string(TestExchange::kBigBytes, 'b'), BodyOf(client.ReadToEnd()));
}

TEST(Tls, CutsAreWhatTheySay) {
  const struct {
    Phase phase;
    Cut::Manner manner;
    std::optional<std::uint64_t> bytes;
    TlsEnd end;
  } rows[] = {
      {Phase::kResponseBody, Cut::Manner::kFin, 12'345, TlsEnd::kFinAlone},
      {Phase::kResponseBody, Cut::Manner::kRst, 12'345, TlsEnd::kReset},
      {Phase::kDecide, Cut::Manner::kFin, {}, TlsEnd::kFinAlone},
      {Phase::kDecide, Cut::Manner::kRst, {}, TlsEnd::kReset},
  };
  for (const auto& row : rows) {
    TlsRig tls({TlsCut(row.phase, row.manner, row.bytes)});
    TlsClient client(tls.rig.port, tls.identity->ca_pem(), "localhost");
    ASSERT_TRUE(client.Send(RequestText("GET", "/big")));
    EXPECT_EQ(row.bytes.value_or(0), BodyOf(client.ReadToEnd()).size());
    EXPECT_EQ(row.end, client.end());
  }
}

std::vector<FaultRule> ConnectFaults(std::string_view fault, std::string_view when = "{}") {
  auto read = ParseFaultFile(Concat({R"({"faults": [{"name": "f", "when": )", when,
                                     R"(, "do": {"connect-fault": )", fault, "}}]}"}),
                             "f");
  EXPECT_TRUE(read.ok()) << (read ? "" : read.error().message());
  return read ? std::move(*read) : std::vector<FaultRule>();
}

TEST(Tls, CertificatesAreWrongAsARuleSays) {
  const struct {
    const char* fault;
    const char* why;
  } rows[] = {
      {R"("wrong-name")", "hostname mismatch"},
      {R"("expired")", "certificate has expired"},
      {R"("untrusted")", "unable to get local issuer certificate"},
  };
  for (const auto& row : rows) {
    for (const char* name : {"auth.docker.io", "a.world.test"}) {
      TlsRig tls(ConnectFaults(row.fault));
      const TlsClient client(tls.rig.port, tls.identity->ca_pem(), name);
      EXPECT_FALSE(client.ok()) << row.fault;
      EXPECT_EQ(row.why, client.why()) << row.fault;
      EXPECT_EQ(1u, tls.rig.faults.Counts()[0].seen);
    }
  }
}

TEST(Tls, AHandshakeIsRefusedInItsOwnWords) {
  const std::pair<const char*, int> rows[] = {{"handshake_failure", 40},
                                              {"access_denied", 49},
                                              {"protocol_version", 70},
                                              {"internal_error", 80},
                                              {"unrecognized_name", 112}};
  for (const auto& [name, number] : rows) {
    TlsRig tls(ConnectFaults(Concat({R"({"tls-alert": ")", name, "\"}"})));
    const TlsClient client(tls.rig.port, tls.identity->ca_pem(), "localhost");
    EXPECT_FALSE(client.ok());
    EXPECT_EQ(number, client.alert()) << name;
  }
}

TEST(Tls, AHandshakeIsResetOrNeverAnswered) {
  ServerLimits limits;
  limits.head_time = std::chrono::milliseconds(20);  // which is not the end of a silence
  for (const char* fault : {R"("tls-silent")", R"("silent")"}) {
    TlsRig tls(ConnectFaults(fault), limits);
    const TlsClient client(tls.rig.port, tls.identity->ca_pem(), "localhost",
                           std::chrono::milliseconds(60));
    EXPECT_FALSE(client.ok()) << fault;
    EXPECT_EQ(TlsEnd::kStillOpen, client.end()) << fault;
    EXPECT_TRUE(client.Quiet(std::chrono::milliseconds(30))) << fault;
    EXPECT_EQ(1u, tls.rig.faults.Counts()[0].fired) << fault;
  }
  for (const char* fault : {R"("reset")", R"("reset", "at": "tls")", R"("refused")"}) {
    TlsRig tls(ConnectFaults(fault));
    const TlsClient client(tls.rig.port, tls.identity->ca_pem(), "localhost");
    EXPECT_FALSE(client.ok()) << fault;
    EXPECT_EQ(TlsEnd::kReset, client.end()) << fault;
  }
}

TEST(Tls, AHandshakesNameIsTheHostOfARule) {
  for (const char* fault : {R"("expired")", R"("reset", "at": "tls")", R"("tls-silent")"}) {
    TlsRig tls(ConnectFaults(fault, R"({"host": "auth.docker.io"})"));
    EXPECT_TRUE(TlsClient(tls.rig.port, tls.identity->ca_pem(), "registry-1.docker.io").ok());
    EXPECT_FALSE(TlsClient(tls.rig.port, tls.identity->ca_pem(), "auth.docker.io",
                           std::chrono::milliseconds(200))
                     .ok());
    EXPECT_TRUE(TlsClient(tls.rig.port, tls.identity->ca_pem(), "localhost").ok());
  }
}

TEST(Tls, TellsWhoSpeaksPlainHttp) {
  TlsRig tls;
  RawClient client(tls.rig.port);
  ASSERT_TRUE(client.Send(RequestText("GET", "/")));
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.0 400 Bad Request\r\n"));
  EXPECT_EQ(End::kFin, client.end());
}

TEST(Tls, GivesAHandshakeSoMuchTime) {
  ServerLimits limits;
  limits.head_time = std::chrono::milliseconds(50);
  TlsRig tls({}, limits);
  for (const char* bytes : {"", "\x16\x03\x01\x02"}) {
    RawClient client(tls.rig.port);
    ASSERT_TRUE(client.Send(bytes));
    EXPECT_EQ("", client.ReadToEnd());
    EXPECT_NE(End::kStillOpen, client.end());
  }
}

}  // namespace
}  // namespace drydock::simulator
