// What Go programs say of requests that found no answer. That real ones say so:
// tests/e2e/skopeo_test.cc and the captures of BuildKit.
#include "simulator/world/go_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator/faults/connect_fault.h"

namespace drydock::simulator {
namespace {

using Kind = ConnectFault::Kind;

Url UrlOf(const std::string& text) { return Url::Parse(text).value(); }

struct Row {
  const char* name;
  ConnectFault fault;
  const char* text;
  bool temporary;
};

class GoWordsTest : public ::testing::TestWithParam<Row> {};

TEST_P(GoWordsTest, OfAConnectFault) {
  const Row& row = GetParam();
  const Error cause = ErrorFor(row.fault, false, true).At("GET https://r.test/v2/");
  const GoWords words = InGo(cause, UrlOf("https://r.test/v2/"), "here");
  EXPECT_EQ(words.text, row.text);
  EXPECT_EQ(words.temporary, row.temporary);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, GoWordsTest,
    ::testing::Values(
        Row{"Lookup", {Kind::kLookupError, ""}, "dial tcp: lookup r.test: no such host", false},
        Row{"Refused",
            {Kind::kRefused, ""},
            "dial tcp r.test:443: connect: connection refused",
            false},
        Row{"NoAnswer", {Kind::kNoAnswer, ""}, "dial tcp r.test:443: i/o timeout", true},
        Row{"Reset",
            {Kind::kReset, ""},
            "read tcp here->r.test: read: connection reset by peer",
            true},
        Row{"TlsSilent", {Kind::kTlsSilent, ""}, "net/http: TLS handshake timeout", true},
        Row{"SilentInTheHandshake", {Kind::kSilent, ""}, "net/http: TLS handshake timeout", true},
        Row{"Alert", {Kind::kTlsAlert, "access_denied"}, "remote error: tls: access denied", false},
        Row{"AlertOfTheVersion",
            {Kind::kTlsAlert, "protocol_version"},
            "remote error: tls: protocol version not supported",
            false},
        Row{"AlertOfTheLevel",
            {Kind::kTlsAlert, "insufficient_security"},
            "remote error: tls: insufficient security level",
            false},
        Row{"WrongName",
            {Kind::kWrongName, ""},
            "x509: certificate is valid for another-host.invalid, not r.test",
            false},
        Row{"Expired",
            {Kind::kExpired, ""},
            "x509: certificate has expired or is not yet valid",
            false},
        Row{"Untrusted",
            {Kind::kUntrusted, ""},
            "x509: certificate signed by unknown authority",
            false},
        Row{"GoAway",
            {Kind::kGoAway, "ENHANCE_YOUR_CALM"},
            "http2: server sent GOAWAY and closed the connection; LastStreamID=1, "
            "ErrCode=ENHANCE_YOUR_CALM, debug=\"\"",
            false},
        Row{"StreamReset",
            {Kind::kStreamReset, "INTERNAL_ERROR"},
            "stream error: stream ID 1; INTERNAL_ERROR; received from peer",
            false}),
    [](const auto& each) { return each.param.name; });

TEST(GoWordsTest, OfABrokenConnection) {
  const Url url = UrlOf("http://r.test:5000/v2/");
  const auto said = [&](ErrorCode code, const char* message) {
    return InGo(Error(code, message), url, "here");
  };
  EXPECT_EQ(said(ErrorCode::kAmbiguous, "x: connection closed before an answer").text, "EOF");
  EXPECT_EQ(said(ErrorCode::kAmbiguous, "x: connection reset before an answer").text,
            "read tcp here->r.test:5000: read: connection reset by peer");
  EXPECT_EQ(said(ErrorCode::kUnavailable, "r.test: nothing listens there").text,
            "dial tcp r.test:5000: connect: connection refused");
  EXPECT_FALSE(said(ErrorCode::kAmbiguous, "x: what came is no HTTP: no status").temporary);
}

}  // namespace
}  // namespace drydock::simulator
