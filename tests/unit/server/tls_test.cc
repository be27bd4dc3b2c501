// TLS on a real loopback socket, with an OpenSSL client that checks what it is shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/text.h"
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
