// Route, status and body of an answer against whose it is, whether it may go away and what comes
// next. The rows are the shapes of incidents.md sections D to F and of wire-behaviour.md section 6.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "publisher/registry/failure.h"
#include "tests/unit/publisher/scripted_transport.h"

namespace drydock::publisher {

void PrintTo(Answerer answerer, std::ostream* out) { *out << Name(answerer); }
void PrintTo(Persistence persistence, std::ostream* out) { *out << Name(persistence); }
void PrintTo(BodyKind kind, std::ostream* out) { *out << Name(kind); }

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kD = Persistence::kDeterministic;
constexpr auto kT = Persistence::kTransient;
constexpr auto kStop = NextMove::kStop;
constexpr auto kRetry = NextMove::kRetry;
constexpr auto kWait = NextMove::kWait;
constexpr auto kAsk = NextMove::kAsk;

const TimePoint kNow = *ParseRfc3339("2026-05-28T06:00:00Z");

// Bodies as they stand in the captures and incidents.
constexpr const char* kNone = "";
constexpr const char* kNginx =
    "<html>\r\n<head><title>400 Bad Request</title></head>\r\n<body>\r\n<center><h1>400 Bad "
    "Request</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
constexpr const char* kS3 =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InvalidArgument</Code><Message>Only "
    "one auth mechanism allowed</Message><AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>";
constexpr const char* kText = "404 page not found\n";
constexpr const char* kHap = "Too Many Requests (HAP429).\n";
constexpr const char* kGateway = R"({"message":"no Route matched with those values"})";

std::string Code(std::string_view code) { return RegistryErrorBody(code); }

struct Row {
  const char* name;
  const char* method;
  int status;
  std::string body;
  Answerer answerer;
  Persistence persistence;
  NextMove next;
  Headers headers = {};
};

const std::vector<Row>& Rows() {
  using enum Answerer;
  static const std::vector<Row> kRows = {
      // 400: the request itself.
      {"manifest refused", "PUT", 400, Code("MANIFEST_INVALID"), kRegistry, kD, kStop},
      {"tag refused", "PUT", 400, Code("TAG_INVALID"), kRegistry, kD, kStop},
      {"digest mismatch", "PUT", 400, Code("DIGEST_INVALID"), kRegistry, kD, kStop},
      {"child not seen yet", "PUT", 400, Code("MANIFEST_BLOB_UNKNOWN"), kRegistry, kT, kRetry},
      {"commit raced", "PUT", 400, Code("BLOB_UPLOAD_INVALID"), kRegistry, kT, kAsk},
      {"name refused", "GET", 400, Code("NAME_INVALID"), kRegistry, kD, kStop},
      {"edge turns a PUT away", "PUT", 400, kNginx, kEdge, kD, kStop},
      {"edge turns a POST away", "POST", 400, kNginx, kEdge, kD, kStop},
      {"edge turns a GET away", "GET", 400, kNginx, kEdge, kD, kStop},
      {"two logins at the store", "GET", 400, kS3, kEdge, kD, kStop},
      {"bare 400", "PUT", 400, kNone, kRegistryTier, kD, kStop},
      {"gateway's 400", "PUT", 400, kGateway, kEdge, kD, kStop},
      // 401.
      {"expired token",
       "PUT",
       401,
       Code("UNAUTHORIZED"),
       kRegistry,
       kT,
       NextMove::kReauthenticate,
       {{"WWW-Authenticate", "Bearer realm=\"https://a/t\""}}},
      {"expired token on HEAD",
       "HEAD",
       401,
       kNone,
       kRegistryTier,
       kT,
       NextMove::kReauthenticate,
       {{"WWW-Authenticate", "Basic realm=\"r\""}}},
      {"no right to push",
       "POST",
       401,
       Code("UNAUTHORIZED"),
       kRegistry,
       kD,
       kStop,
       {{"WWW-Authenticate", "Bearer realm=\"https://a/t\",error=\"insufficient_scope\""}}},
      {"401 without challenge", "GET", 401, Code("UNAUTHORIZED"), kRegistry, kD, kStop},
      {"401 page", "GET", 401, kNginx, kEdge, kT, kRetry},
      // 403.
      {"denied", "POST", 403, Code("DENIED"), kRegistry, kD, kStop},
      {"denied on PUT", "PUT", 403, Code("DENIED"), kRegistry, kD, kStop},
      {"edge blocks", "GET", 403, kNginx, kEdge, kT, kRetry},
      {"edge blocks a PUT", "PUT", 403, kNginx, kEdge, kT, kRetry},
      {"presigned URL too old", "GET", 403, kS3, kEdge, kT, kRetry},
      {"bare 403", "HEAD", 403, kNone, kRegistryTier, kD, kStop},
      {"proxy's 403", "GET", 403, kNginx, kProxy, kT, kRetry, {{"Server", "squid/5.7"}}},
      // 404 and 405: an answer only in the registry's own words.
      {"missing tag", "GET", 404, Code("MANIFEST_UNKNOWN"), kRegistry, kD, kStop},
      {"missing repository", "GET", 404, Code("NAME_UNKNOWN"), kRegistry, kD, kStop},
      {"missing repository on PUT", "PUT", 404, Code("NAME_UNKNOWN"), kRegistry, kD, kStop},
      {"missing child on PUT", "PUT", 404, Code("BLOB_UNKNOWN"), kRegistry, kT, kRetry},
      {"missing blob on GET", "GET", 404, Code("BLOB_UNKNOWN"), kRegistry, kD, kStop},
      {"lost session", "PATCH", 404, Code("BLOB_UPLOAD_UNKNOWN"), kRegistry, kT, kAsk},
      {"partial outage", "GET", 404, kText, kEdge, kT, kRetry},
      {"partial outage on PUT", "PUT", 404, kText, kEdge, kT, kRetry},
      {"404 page", "GET", 404, kNginx, kEdge, kT, kRetry},
      {"bare 404 on HEAD", "HEAD", 404, kNone, kRegistryTier, kT, kRetry},
      {"gateway without route", "GET", 404, kGateway, kEdge, kT, kRetry},
      {"405 page", "PUT", 405, kNginx, kEdge, kT, kRetry},
      {"not supported", "DELETE", 405, Code("UNSUPPORTED"), kRegistry, kD, kStop},
      // Other 4xx.
      {"proxy wants a login", "GET", 407, kNginx, kProxy, kD, kStop},
      {"too slow", "PUT", 408, kNginx, kEdge, kT, kRetry},
      {"conflict", "PUT", 409, Code("TAG_INVALID"), kRegistry, kD, kStop},
      {"length required", "PUT", 411, kNginx, kEdge, kD, kStop},
      {"too large for the proxy", "PATCH", 413, kNginx, kEdge, kD, kStop},
      {"too large for the registry", "PUT", 413, Code("MANIFEST_INVALID"), kRegistry, kD, kStop},
      {"media type refused", "PUT", 415, Code("MANIFEST_INVALID"), kRegistry, kD, kStop},
      {"bare 415", "PUT", 415, kNone, kRegistryTier, kD, kStop},
      {"wrong offset", "PATCH", 416, kNone, kRegistryTier, kD, kStop},
      {"misdirected", "GET", 421, kNone, kRegistryTier, kT, kRetry},
      {"odd 4xx", "GET", 418, kText, kEdge, kD, kStop},
      // 429.
      {"rate limit", "PUT", 429, Code("TOOMANYREQUESTS"), kRegistry, kT, kWait},
      {"abuse limit", "PUT", 429, kHap, kEdge, kT, kWait, {{"Retry-After", "60"}}},
      {"bare 429 on HEAD", "HEAD", 429, kNone, kRegistryTier, kT, kWait},
      {"429 page", "GET", 429, kNginx, kEdge, kT, kWait},
      {"rate limit under a 403", "PUT", 403, Code("TOOMANYREQUESTS"), kRegistry, kT, kWait},
      {"pull limit of hours", "GET", 429,
       RegistryErrorBody("TOOMANYREQUESTS", "You have reached your pull rate limit."), kRegistry,
       kT, kStop},
      {"pull limit that names its end",
       "GET",
       429,
       RegistryErrorBody("TOOMANYREQUESTS", "You have reached your pull rate limit."),
       kRegistry,
       kT,
       kWait,
       {{"Retry-After", "120"}}},
      {"lockout", "GET", 429,
       RegistryErrorBody("TOOMANYREQUESTS", "too many failed login attempts for username"),
       kRegistry, kD, kStop},
      // 5xx.
      {"500 on PUT", "PUT", 500, Code("UNKNOWN"), kRegistry, kT, kAsk},
      {"500 on GET", "GET", 500, Code("UNKNOWN"), kRegistry, kT, kRetry},
      {"500 on HEAD", "HEAD", 500, kNone, kRegistryTier, kT, kRetry},
      {"502 page on POST", "POST", 502, kNginx, kEdge, kT, kAsk},
      {"503 page on PUT", "PUT", 503, kNginx, kEdge, kT, kAsk},
      {"503 on GET", "GET", 503, kNginx, kEdge, kT, kRetry},
      {"503 with a promise", "GET", 503, kNginx, kEdge, kT, kWait, {{"Retry-After", "5"}}},
      {"503 with a promise on PUT", "PUT", 503, kNginx, kEdge, kT, kAsk, {{"Retry-After", "5"}}},
      {"504 on DELETE", "DELETE", 504, kNone, kRegistryTier, kT, kAsk},
      {"524 of the edge", "PUT", 524, kNginx, kEdge, kT, kAsk},
      {"not implemented", "PATCH", 501, kNginx, kEdge, kD, kStop},
      {"version refused", "GET", 505, kNginx, kEdge, kD, kStop},
      {"no space", "PUT", 507, kNone, kRegistryTier, kD, kStop},
      {"captive network", "GET", 511, kNginx, kProxy, kD, kStop},
      // Success that is none, and redirects nobody followed.
      {"login page for a manifest", "GET", 200, kNginx, kEdge, kD, kStop},
      {"200 to a PUT", "PUT", 200, kNginx, kEdge, kT, kAsk},
      {"202 to a PUT", "PUT", 202, kNone, kRegistryTier, kT, kAsk},
      {"206 of the whole", "GET", 206, kNone, kRegistryTier, kT, kRetry},
      {"redirected write", "PUT", 307, kNone, kRegistryTier, kD, kStop},
      {"redirect to nowhere", "GET", 301, kNone, kRegistryTier, kD, kStop},
      // The registry's own header tells when the body does not.
      {"own header, no body",
       "HEAD",
       500,
       kNone,
       kRegistry,
       kT,
       kRetry,
       {{"Docker-Distribution-Api-Version", "registry/2.0"}}},
      {"own header, a page",
       "PUT",
       400,
       kNginx,
       kEdge,
       kD,
       kStop,
       {{"Docker-Distribution-Api-Version", "registry/2.0"}}},
      {"own header, other JSON",
       "GET",
       404,
       kGateway,
       kRegistry,
       kD,
       kStop,
       {{"Docker-Distribution-Api-Version", "registry/2.0"}}},
  };
  return kRows;
}

TEST(ClassifyAnswer, SortsEveryShape) {
  ASSERT_GE(Rows().size(), 60u);
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.name);
    const Failure failure = ClassifyAnswer({row.method, "https://registry.test/v2/a/b/manifests/v1",
                                            row.status, row.headers, row.body},
                                           kNow);
    EXPECT_EQ(failure.answerer, row.answerer);
    EXPECT_EQ(failure.persistence, row.persistence);
    EXPECT_EQ(failure.next, row.next);
    EXPECT_EQ(failure.status, row.status);
    EXPECT_EQ(failure.method, row.method);
  }
}

TEST(ClassifyAnswer, NoTransientFailureButThePullLimitStopsAndNoDeterministicOneGoesOn) {
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.name);
    if (row.persistence == kD) {
      EXPECT_EQ(row.next, kStop);
    } else if (std::string_view(row.name) != "pull limit of hours") {
      EXPECT_NE(row.next, kStop);
    }
  }
}

TEST(ClassifyAnswer, KeepsTheRegistrysWordsInOneLine) {
  const Failure failure =
      ClassifyAnswer({"PUT",
                      "https://registry.test/v2/a/b/manifests/v1",
                      403,
                      {},
                      RegistryErrorBody("DENIED", "requested access\\n is   denied")},
                     kNow);
  EXPECT_EQ(failure.code, "DENIED");
  EXPECT_EQ(failure.ToString(),
            "registry answered 403 DENIED to PUT https://registry.test/v2/a/b/manifests/v1: "
            "requested access is denied (deterministic)");
}

TEST(ClassifyAnswer, TakesTheTitleOfAPageAndTheMessageOfXml) {
  EXPECT_EQ(ClassifyAnswer({"PUT", "https://r/", 400, {}, kNginx}, kNow).words, "400 Bad Request");
  EXPECT_EQ(ClassifyAnswer({"GET", "https://r/", 400, {}, kS3}, kNow).words,
            "InvalidArgument Only one auth mechanism allowed");
  EXPECT_EQ(ClassifyAnswer({"GET", "https://r/", 429, {}, kHap}, kNow).words,
            "Too Many Requests (HAP429).");
  EXPECT_EQ(
      ClassifyAnswer({"GET", "https://r/", 502, {}, "<html><body><b>gone</b> away"}, kNow).words,
      "gone away");
}

TEST(ClassifyAnswer, NeverRepeatsACredential) {
  const Failure failure = ClassifyAnswer(
      {"GET",
       "https://cdn.test/blob?X-Amz-Signature=abc123&token=s3cret",
       403,
       {},
       R"({"errors":[{"code":"DENIED","message":"Bearer eyJhbGciOiJIUzI1NiJ9.x.y is bad"}]})"},
      kNow);
  EXPECT_THAT(failure.ToString(), Not(HasSubstr("abc123")));
  EXPECT_THAT(failure.ToString(), Not(HasSubstr("s3cret")));
  EXPECT_THAT(failure.ToString(), Not(HasSubstr("eyJhbGci")));
}

TEST(ClassifyAnswer, ReadsTheCodeOfABodyThatWasCut) {
  const Failure failure = ClassifyAnswer(
      {"PUT", "https://r/", 400, {}, R"({"errors":[{"code":"MANIFEST_INVALID","message":"no)"},
      kNow);
  EXPECT_EQ(failure.answerer, Answerer::kRegistry);
  EXPECT_EQ(failure.code, "MANIFEST_INVALID");
}

TEST(ClassifyAnswer, TellsAFormatRefusalFromALoginRefusal) {
  const Failure format = ClassifyAnswer(
      {"PUT",
       "https://r/",
       403,
       {},
       RegistryErrorBody("DENIED", "unknown manifest class for application/vnd.oci.empty.v1+json")},
      kNow);
  EXPECT_THAT(format.advice, HasSubstr("kind of manifest"));
  const Failure login =
      ClassifyAnswer({"PUT", "https://r/", 403, {}, RegistryErrorBody("DENIED")}, kNow);
  EXPECT_THAT(login.advice, HasSubstr("login"));
}

TEST(KindOfBody, LetsTheBodyWinOverItsContentType) {
  struct KindRow {
    const char* type;
    std::string body;
    BodyKind kind;
  };
  const std::vector<KindRow> rows = {
      {"application/json", kNginx, BodyKind::kHtml},
      {"text/html", Code("DENIED"), BodyKind::kRegistryJson},
      {"text/html", " \n<!DOCTYPE HTML><title>x</title>", BodyKind::kHtml},
      {"text/xml", "<html xmlns=\"x\"><title>x</title></html>", BodyKind::kHtml},
      {"", kS3, BodyKind::kXml},
      {"application/xml", "<Fault>x</Fault>", BodyKind::kXml},
      {"text/html", "\xEF\xBB\xBF<html>", BodyKind::kHtml},
      {"application/json", "", BodyKind::kEmpty},
      {"application/json", "  \r\n", BodyKind::kEmpty},
      {"application/json", R"({"errors":[]})", BodyKind::kOtherJson},
      {"application/json", R"({"errors":[{"code":5}]})", BodyKind::kOtherJson},
      {"application/json", R"({"errors":"DENIED"})", BodyKind::kOtherJson},
      {"application/json", R"({"token":"x"})", BodyKind::kOtherJson},
      {"application/json", "[1,2]", BodyKind::kOtherJson},
      {"application/json", "{broken", BodyKind::kText},
      {"application/json", kText, BodyKind::kText},
  };
  for (const KindRow& row : rows) {
    SCOPED_TRACE(row.body);
    EXPECT_EQ(KindOfBody({{"Content-Type", row.type}}, row.body), row.kind);
  }
}

TEST(ClassifyTokenAnswer, IsTheTokenServicesAndSortsItsRefusals) {
  struct TokenRow {
    int status;
    std::string body;
    Persistence persistence;
    NextMove next;
  };
  const std::vector<TokenRow> rows = {
      {401, R"({"details":"incorrect username or password"})", kD, kStop},
      {401, kNginx, kD, kStop},
      {403, RegistryErrorBody("DENIED"), kD, kStop},
      {403, kNginx, kT, kRetry},
      {400, R"({"error":"invalid_scope"})", kD, kStop},
      {404, kText, kD, kStop},
      {408, "", kT, kRetry},
      {429, "", kT, kWait},
      {429, RegistryErrorBody("TOOMANYREQUESTS", "too many failed login attempts"), kD, kStop},
      {500, "", kT, kRetry},
      {502, kNginx, kT, kRetry},
      {503, "", kT, kRetry},
  };
  for (const TokenRow& row : rows) {
    SCOPED_TRACE(std::to_string(row.status) + row.body);
    const Failure failure =
        ClassifyTokenAnswer({"GET", "https://auth.test/token", row.status, {}, row.body}, kNow);
    EXPECT_EQ(failure.answerer, Answerer::kTokenService);
    EXPECT_EQ(failure.persistence, row.persistence);
    EXPECT_EQ(failure.next, row.next);
  }
}

TEST(ClassifyLoss, KnowsWhatMayHaveHappened) {
  struct LossRow {
    const char* method;
    ErrorCode code;
    Answerer answerer;
    Persistence persistence;
    NextMove next;
  };
  const std::vector<LossRow> rows = {
      {"GET", ErrorCode::kUnavailable, Answerer::kNetwork, kT, kRetry},
      {"PUT", ErrorCode::kUnavailable, Answerer::kNetwork, kT, kRetry},
      {"GET", ErrorCode::kAmbiguous, Answerer::kNetwork, kT, kRetry},
      {"HEAD", ErrorCode::kTimeout, Answerer::kNetwork, kT, kRetry},
      {"PUT", ErrorCode::kAmbiguous, Answerer::kNetwork, kT, kAsk},
      {"PATCH", ErrorCode::kAmbiguous, Answerer::kNetwork, kT, kAsk},
      {"POST", ErrorCode::kTimeout, Answerer::kNetwork, kT, kAsk},
      {"DELETE", ErrorCode::kAmbiguous, Answerer::kNetwork, kT, kAsk},
      {"GET", ErrorCode::kDenied, Answerer::kNetwork, kD, kStop},
      {"PUT", ErrorCode::kInvalid, Answerer::kLocal, kD, kStop},
      {"GET", ErrorCode::kInternal, Answerer::kLocal, kD, kStop},
  };
  for (const LossRow& row : rows) {
    SCOPED_TRACE(std::string(row.method) + std::string(Name(row.code)));
    const Failure failure = ClassifyLoss(row.method, "https://r/v2/", Error(row.code, "why"));
    EXPECT_EQ(failure.answerer, row.answerer);
    EXPECT_EQ(failure.persistence, row.persistence);
    EXPECT_EQ(failure.next, row.next);
    EXPECT_FALSE(failure.cancelled);
    EXPECT_EQ(failure.status, 0);
  }
  EXPECT_TRUE(ClassifyLoss("GET", "https://r/", Error(ErrorCode::kCancelled, "")).cancelled);
}

TEST(Failure, SpeaksInOneLine) {
  Failure lost =
      ClassifyLoss("PUT", "https://r/x?token=abc", Error(ErrorCode::kAmbiguous, "reset"));
  lost.attempts = 4;
  EXPECT_EQ(lost.ToString(),
            "network: no answer to PUT https://r/x?token=REDACTED: reset (transient, after 4 "
            "attempts)");
  EXPECT_EQ(LocalFailure("no such file").ToString(), "local: no such file (deterministic)");
  Failure stopped = LocalFailure("killed");
  stopped.cancelled = true;
  EXPECT_EQ(stopped.ToString(), "local: killed (stopped)");
}

TEST(ClassifyAnswer, TakesADateByTheClockOfWhoeverNamesIt) {
  const auto seconds = [](Headers headers) -> std::int64_t {
    const Failure failure =
        ClassifyAnswer({"GET", "https://hub/v2/", 429, std::move(headers), ""}, kNow);
    return failure.retry_after
               ? std::chrono::duration_cast<std::chrono::seconds>(*failure.retry_after).count()
               : -1;
  };
  const Headers::Field date{"Date", "Thu, 28 May 2026 06:10:00 GMT"};
  EXPECT_EQ(seconds({{"Retry-After", "Thu, 28 May 2026 06:10:30 GMT"}}), 630);
  EXPECT_EQ(seconds({date, {"Retry-After", "Thu, 28 May 2026 06:10:30 GMT"}}), 30);
  EXPECT_EQ(seconds({date, {"Retry-After", "Thu, 28 May 2026 06:09:30 GMT"}}), -1);
  EXPECT_EQ(seconds({date, {"Retry-After", "60"}}), 60);
  EXPECT_EQ(seconds({date, {"X-Retry-After", "1779948660"}}), 60);
}

TEST(ParseRetryAfter, TakesSecondsDatesAndUnixTimeAndNothingElse) {
  const auto seconds = [](std::string_view text) -> std::int64_t {
    const auto wait = ParseRetryAfter(text, kNow);
    return wait ? std::chrono::duration_cast<std::chrono::seconds>(*wait).count() : -1;
  };
  EXPECT_EQ(seconds("60"), 60);
  EXPECT_EQ(seconds(" 5 "), 5);
  EXPECT_EQ(seconds("21600"), 21600);
  EXPECT_EQ(seconds("Thu, 28 May 2026 06:01:00 GMT"), 60);
  EXPECT_EQ(seconds("1779948060"), 60);  // unix time
  EXPECT_EQ(seconds("Thursday, 28-May-26 06:01:00 GMT"), 60);
  EXPECT_EQ(seconds("Thu May 28 06:01:00 2026"), 60);
  for (const std::string_view nonsense :
       {"", "0", "-5", "1.5", "soon", "Thu, 28 May 2026 05:59:00 GMT", "999999999", "1000000000",
        "99999999999999999999", "1779948060000"}) {
    EXPECT_EQ(seconds(nonsense), -1) << nonsense;
  }
}

}  // namespace
}  // namespace drydock::publisher
