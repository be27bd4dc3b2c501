// What the reader takes and refuses, and that the schema editors use says the same.
#include "simulator/faults/read_rules.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/text.h"
#include "simulator/faults/operations.h"
#include "simulator/faults/servable.h"
#include "simulator/registry/route.h"
#include "tests/unit/runner/json_schema.h"

namespace drydock::simulator {
namespace {

// A fault file with one rule; `body` is what follows the name.
std::string Rule(std::string_view body) {
  return Concat({"{\"faults\": [\n{\"name\": \"x\",\n", body, "}]}"});
}

FaultRule Read(std::string_view body) {
  auto rules = ParseFaultFile(Rule(body), "f.json");
  EXPECT_TRUE(rules.ok()) << body << "\n" << (rules ? "" : rules.error().message());
  return rules && !rules->empty() ? rules->front() : FaultRule{};
}

std::string ErrorOf(std::string_view text) {
  const auto rules = ParseFaultFile(text, "f.json");
  return rules ? "" : rules.error().message();
}

// What scenario.schema.json says about one rule; "" when it has nothing against it.
std::string SchemaSays(const std::string& text) {
  static const json::Value kSchema =
      *json::ParseFile(std::string(DRYDOCK_SOURCE_DIR) + "/scenarios/scenario.schema.json");
  const auto document = json::Parse(text, "f.json", {.comments = true});
  if (!document) {
    return "no JSON";
  }
  return testing::SchemaComplaint(kSchema, *kSchema.At("/$defs/fault"), *document->At("/faults/0"));
}

constexpr std::string_view kReply = R"("do": {"reply": {"status": 503}})";

std::string When(std::string_view when, std::string_view effect = kReply) {
  return Concat({"\"when\": {", when, "}, ", effect});
}

TEST(ReadRules, TakesWhatTheDocumentShows) {
  const char* bodies[] = {
      R"("do": {"reply": {"status": 503}})",
      R"("armed": false, "when": {}, "do": {"reply": {"status": 400, "page": "hub-edge"}})",
      R"("do": {"reply": {"status": 502, "page": "nginx"}, "at": "request-head"})",
      R"("do": {"reply": {"status": 429, "error": "TOOMANYREQUESTS", "message": "slow down",
               "headers": {"Retry-After": "30"}}, "at": "decide"})",
      R"("do": {"reply": {"status": 404, "reason": "Gone fishing", "text": "404 page not found"}})",
      R"("do": {"edit-reply": {"drop": "Docker-Content-Digest"}})",
      R"("do": {"edit-reply": {"status": 200, "reason": "Fine", "drop": ["A", "B"],
               "set": {"Location": "{value-path}"}, "add": {"Link": "x"}}})",
      R"("do": {"cut": "rst", "at": "request-head"})",
      R"("when": {"operation": "upload.patch"},
         "do": {"cut": "rst", "at": "request-body", "after-bytes": 1048576})",
      R"("do": {"cut": "fin", "at": "decide"})",
      R"("do": {"cut": "rst", "at": "response-head"})",
      R"("do": {"cut": "rst", "at": "response-body", "after-bytes": 0})",
      R"("when": {"operation": "manifest.put"}, "do": {"commit": "apply", "reply": {"status": 504}})",
      R"("when": {"operation": "manifest.put"}, "do": {"commit": "apply", "cut": "fin"})",
      R"("when": {"operation": "manifest.put"}, "do": {"commit": "none", "reply": {"status": 201}})",
      R"("when": {"operation": "upload.commit"},
         "do": {"commit": {"after": "2s"}, "reply": {"status": 503}})",
      R"("when": {"operation": "upload.patch"}, "do": {"commit": {"bytes": 1000}})",
      R"("when": {"operation": "upload.patch"}, "do": {"commit": {"bytes": 0}, "cut": "rst"})",
      R"("when": {"method": ["PUT", "PATCH"], "operation": ["upload.*", "manifest.put"], "client": "ci",
                  "host": "registry-1.docker.io", "repository": "joakimp/*", "from": "2026-05-23T00:00:00Z",
                  "until": "2026-06-01T00:00:00Z"}, "do": {"reply": {"status": 400}})",
      R"("when": {"operation": "manifest.put", "reference": "v*", "reference-kind": "tag", "role": "top",
                  "media-type": "application/vnd.oci.image.index.v1+json",
                  "headers": {"Authorization": true, "X-Odd": false, "Accept": "*json*"},
                  "manifest": {"/manifests/*/mediaType": "*cacheconfig*", "/subject": false, "/config": true}},
         "do": {"reply": {"status": 400, "error": "MANIFEST_INVALID"}})",
      R"("when": {"operation": "manifest.get", "status": 200,
                  "since": {"operation": "manifest.put", "status": 201, "same": ["repository", "tag"],
                            "first": true, "after": "1.5s", "for": "1m"}},
         "do": {"edit-reply": {"status": 404}})",
      R"("when": {"operation": "upload.commit", "since": {"operation": "blob.head",
                  "headers": {"Accept": "*vnd.buildkit.cacheconfig.v0*"}, "same": "digest"}},
         "do": {"reply": {"status": 400, "page": "hub-edge"}})",
      R"("do": {"hold": "70s", "at": "response-head"})",
      R"("do": {"raw-reply": "HTTP/1.1 200 OK\n\n", "commit": "apply"})",
      R"("do": {"bytes": {"flip": 1, "truncate": 2, "encoding": "gzip"}})",
      R"("do": {"bytes": {"flip": 1}, "at": "request-body"})",
      R"("do": {"bytes": {"flip": "all", "stored": true}})",
      R"("do": {"bytes": {"coded": "gzip", "encoding": "br"}})",
      R"("do": {"redirect": {"status": 307}})",
      R"("do": {"redirect": {"status": 308, "to": "other-scheme", "hops": 3}, "at": "request-head"})",
      R"("when": {"operation": "manifest.put"},
         "do": {"redirect": {"status": 302, "to": {"host": "a.b:1"}, "hops": "endless"}, "commit": "apply"})",
      R"("do": {"redirect": {"status": 302, "to": {"port": 81}}})",
      R"("when": {"operation": "upload.*"}, "do": {"cut": "rst", "at": "session-body", "after-bytes": 3})",
      R"("do": {"hold": "1s", "at": "session-body", "after-bytes": 3})",
      R"("do": {"early-reply": {"status": 413}, "at": "session-body", "after-bytes": 3})",
      R"("do": {"actor": {"does": [{"spoil": "{digest}", "flip": "all"}]}})",
      R"("do": {"cut": "fin", "at": "response-body", "after-bytes": "all"})",
      R"("do": {"connect-fault": "refused", "hold": "1s"})",
      R"("do": {"connect-fault": {"goaway": "NO_ERROR"}, "at": "response-head"})",
      R"("do": {"connect-fault": "reset", "at": "tls"})",
      R"("do": {"connect-fault": {"tls-alert": "internal_error"}})",
      R"("when": {"address": "203.0.113.*", "connection": 3, "protocol": "HTTP/1.1"},
         "do": {"connect-fault": "silent"}, "times": {"first": 1, "per": ["address", "replica"]})",
      R"("when": {"operation": "ping", "connection": {"from": 2, "to": 2}}, "do": {"reply": {"status": 500}})",
      R"("when": {"operation": "upload.patch", "size": {"content-length": {"from": 4194305},
                  "session": {"to": 5}, "blob": {"from": 1, "to": 2}},
                  "age": {"request": "1s", "session": {"from": "1s"}, "token": {"to": "5m"}}},
         "do": {"reply": {"status": 416}})",
      R"("do": {"hold": "forever", "at": "request-body", "after-bytes": 3})",
      R"("do": {"hold": "1s", "commit": "apply", "reply": {"status": 524}})",
      R"("do": {"hold": "1s", "cut": "rst", "at": "response-body", "after-bytes": 0})",
      R"("do": {"hold": {"until": {"operation": "manifest.put", "status": 201}, "at-most": "5m"},
                "at": "decide"})",
      R"("do": {"throttle": {"up": 1, "down": 2, "burst": 3}})",
      R"("do": {"throttle": {"down": 2}, "at": "response-head"})",
      R"("do": {"early-reply": {"status": 413, "page": "nginx", "then": "stop"}, "after-bytes": 5})",
      R"("do": {"early-reply": {"status": 413}, "at": "request-head"})",
      R"("do": {"reply": {"status": 500}}, "times": 2)",
      R"("do": {"reply": {"status": 500}}, "times": {"nth": 3})",
      R"("do": {"reply": {"status": 500}}, "times": {"first": 3, "per": "repository"})",
      R"("do": {"reply": {"status": 500}}, "times": {"after": 3, "per": ["client", "connection", "host"]})",
      R"("do": {"reply": {"status": 500}}, "times": {"every": 3, "per": ["session"]})",
      R"("do": {"reply": {"status": 500}}, "times": {"from": 2, "to": 4, "per": ["digest"]})",
      R"("do": {"reply": {"status": 500}}, "times": {"chance": "1/20", "per": ["tag"]})",
  };
  for (const char* body : bodies) {
    EXPECT_EQ(ErrorOf(Rule(body)), "") << body;
    EXPECT_EQ(SchemaSays(Rule(body)), "") << body;
  }
}

struct Refused {
  std::string body;       // what follows the name
  std::string complaint;  // part of the message
  bool schema = true;     // the schema refuses it as well
};

void ExpectRefused(const std::vector<Refused>& rows) {
  for (const Refused& row : rows) {
    const std::string message = ErrorOf(Rule(row.body));
    EXPECT_NE(message.find(row.complaint), std::string::npos)
        << row.body << "\n  said: " << message;
    EXPECT_EQ(message.rfind("f.json:", 0), 0u) << message;
    EXPECT_EQ(SchemaSays(Rule(row.body)).empty(), !row.schema) << row.body;
  }
}

TEST(ReadRules, RefusesWrongShapes) {
  const std::string reply(kReply);
  ExpectRefused({
      {"\"when\": {}", "missing key \"do\""},
      {"\"wen\": {}, " + reply, "did you mean \"when\""},
      {"\"when\": []," + reply, "expected an object"},
      {"\"armed\": 1, " + reply, "\"armed\": expected true or false"},
      {R"("do": {})", "does nothing"},
      {R"("do": {"at": "decide"})", "does nothing"},
      {R"("do": {"reply": {"status": 503}, "cut": "rst", "at": "decide"})", "has two effects"},
      {R"("do": {"reply": {}})", "missing key \"status\""},
      {R"("do": {"reply": {"status": 100}})", "expected 200 to 599, found: 100"},
      {R"("do": {"reply": {"status": 600}})", "expected 200 to 599, found: 600"},
      {R"("do": {"reply": {"status": 204, "text": "x"}})", "204 has no body", false},
      {R"("do": {"reply": {"status": 500, "page": "apache"}})", "no such page: \"apache\""},
      {R"("do": {"reply": {"status": 500, "page": "nginx", "text": "x"}})", "more than one body"},
      {R"("do": {"reply": {"status": 500, "message": "x"}})", "needs an \"error\""},
      {R"("do": {"reply": {"status": 500, "reason": "a\r\nb"}})", "one line", false},
      {R"("do": {"reply": {"status": 500, "headers": {}}})", "object of header fields"},
      {R"("do": {"reply": {"status": 500, "headers": {"A b": "c"}}})", "header field's name",
       false},
      {R"("do": {"reply": {"status": 500, "headers": {"A": "b\nc"}}})", "on one line", false},
      {R"("do": {"reply": {"status": 500, "headers": {"A": 1}}})", "header field's name"},
      {R"("do": {"edit-reply": {}})", "changes nothing"},
      {R"("do": {"edit-reply": {"drop": []}})", "string or an array of strings"},
      {R"("do": {"edit-reply": {"drop": "a b"}})", "names of header fields", false},
      {R"("do": {"edit-reply": {"status": 700}})", "expected 200 to 599"},
      {R"("do": {"cut": "hard", "at": "decide"})", "expected \"rst\" or \"fin\", found: \"hard\""},
      {R"("do": {"commit": "maybe", "reply": {"status": 500}})", "expected \"apply\", \"none\""},
      {R"("do": {"commit": {}, "reply": {"status": 500}})", "either \"after\" or \"bytes\""},
      {R"("do": {"commit": {"after": "1s", "bytes": 1}, "cut": "rst"})", "either \"after\" or"},
      {When(R"("operation": "manifest.putt")"), "did you mean \"manifest.put\"", false},
      {When(R"("operation": [])"), "string or an array"},
      {When(R"("status": 99)", R"("do": {"edit-reply": {"status": 500}})"), "expected 100 to 599"},
      {When(R"("reference-kind": "branch")"), "found: \"branch\""},
      {When(R"("role": "boss")"), "found: \"boss\""},
      {When(R"("headers": {})"), "expected an object with a member for each test"},
      {When(R"("headers": {"Accept": 7})"), "expected a glob, true (is there)"},
      {When(R"("manifest": {"config": true})"), "JSON pointers", false},
      {When(R"("from": "yesterday")"), "expected a UTC time"},
      {When(R"("from": "2026-05-23T00:00:00Z", "until": "2026-05-23T00:00:00Z")"), "is empty",
       false},
      {When(R"("since": {})"), "missing key \"operation\""},
      {When(R"("since": {"operation": "ping", "for": "0s"})"), "the window is empty", false},
      {When(R"("since": {"operation": "ping", "same": "mood"})"), "found: \"mood\""},
      {When(R"("since": {"operation": "ping", "until": "1s"})"), "unknown key \"until\""},
  });
}

TEST(ReadRules, RefusesWrongShapesOfWhatTheWireDoes) {
  ExpectRefused({
      {R"("do": {"hold": "0s", "at": "decide"})", "expected a time such as", false},
      {R"("do": {"hold": "soon", "at": "decide"})", "expected a time such as"},
      {R"("do": {"hold": {"at-most": "1s"}, "at": "decide"})", "missing key \"until\""},
      {R"("do": {"hold": {"until": {"status": 201}}, "at": "decide"})", "the event that ends"},
      {R"("do": {"raw-reply": ""})", "expected the bytes"},
      {R"("do": {"bytes": {}})", "changes nothing", false},
      {R"("do": {"bytes": {"encoding": "rot13"}})", "found: \"rot13\""},
      {R"("do": {"bytes": {"coded": "br"}})", "found: \"br\""},
      {R"("do": {"bytes": {"flip": "some"}})", "\"flip\": expected"},
      {R"("do": {"redirect": {}})", "missing key \"status\""},
      {R"("do": {"redirect": {"status": 200}})", "found: 200"},
      {R"("do": {"redirect": {"status": 302, "to": "nowhere"}})", "found: \"nowhere\""},
      {R"("do": {"redirect": {"status": 302, "to": {}}})", "either \"host\" or \"port\""},
      {R"("do": {"redirect": {"status": 302, "to": {"port": 0}}})", "expected 1 to 65535"},
      {R"("do": {"redirect": {"status": 302, "to": {"host": "a/b"}}})", "expected a host", false},
      {R"("do": {"redirect": {"status": 302, "hops": 0}})", "expected 1 to 999"},
      {R"("do": {"redirect": {"status": 302, "hops": "many"}})", "expected 1 to 999"},
      {R"("do": {"actor": {"does": [{"spoil": "{digest}"}]}})", "spoil\": changes nothing", false},
      {R"("do": {"connect-fault": "goaway"})", "{\"goaway\": CODE}"},
      {R"("do": {"connect-fault": {"refused": "x"}})", "connect-fault: expected one of"},
      {R"("do": {"connect-fault": "tls-alert"})", "{\"tls-alert\": CODE}"},
      {R"("do": {"connect-fault": {"tls-alert": "panic"}})", "found: \"panic\""},
      {When(R"("connection": 0)"), "expected a number from 1 on"},
      {When(R"("connection": {})"), "expected \"from\", \"to\" or both"},
      {When(R"("connection": {"from": 3, "to": 2})"), "no connection has such a number", false},
      {When(R"("protocol": "HTTP/2")"), "expected \"HTTP/1.0\" or \"HTTP/1.1\""},
      {When(R"("size": {})"), "has no member", false},
      {When(R"("size": {"blob": {}})"), "expected \"from\", \"to\" or both", false},
      {When(R"("size": {"blob": {"from": 3, "to": 2}})"), "nothing lies between", false},
      {When(R"("age": {"token": "soon"})"), "expected a time such as"},
      {R"("do": {"throttle": {"burst": 3}})", "slows nothing down", false},
      {R"("do": {"throttle": {"up": 0}})", "1 byte a second or more"},
      {R"("do": {"early-reply": {"status": 413, "then": "wait"}})", "found: \"wait\""},
      {R"("do": {"early-reply": {"then": "close"}})", "missing key \"status\""},
  });
}

TEST(ReadRules, RefusesCountsThatCannotBe) {
  const std::string reply(kReply);
  ExpectRefused({
      {reply + ", \"times\": 0", "expected 1 or more, found: 0"},
      {reply + ", \"times\": -1", "expected 1 or more, found: -1"},
      {reply + ", \"times\": \"twice\"", "expected a number or an object"},
      {reply + ", \"times\": {}", "expected one of \"nth\""},
      {reply + ", \"times\": {\"nth\": 0}", "\"nth\": expected 1 or more"},
      {reply + ", \"times\": {\"first\": 0}", "\"first\": expected 1 or more"},
      {reply + ", \"times\": {\"every\": 0}", "\"every\": expected 1 or more"},
      {reply + ", \"times\": {\"nth\": 1, \"first\": 1}", "expected one of \"nth\""},
      {reply + ", \"times\": {\"from\": 3}", "go together"},
      {reply + ", \"times\": {\"to\": 3}", "go together"},
      {reply + ", \"times\": {\"from\": 3, \"to\": 2}", "expected 3 or more, found: 2", false},
      {reply + ", \"times\": {\"chance\": \"1/0\"}", "ratio between 0 and 1"},
      {reply + ", \"times\": {\"chance\": \"2/1\"}", "ratio between 0 and 1", false},
      {reply + ", \"times\": {\"chance\": \"0/7\"}", "ratio between 0 and 1"},
      {reply + ", \"times\": {\"chance\": \"0.5\"}", "ratio between 0 and 1"},
      {reply + ", \"times\": {\"chance\": \"7\"}", "ratio between 0 and 1"},
      {reply + ", \"times\": {\"nth\": 1, \"per\": \"planet\"}", "found: \"planet\""},
  });
}

TEST(ReadRules, RefusesEffectsThatCannotApplyThere) {
  ExpectRefused({
      {R"("do": {"cut": "rst"})", "\"cut\" needs \"at\""},
      {R"("do": {"cut": "rst", "at": "apply"})", "cannot apply at \"apply\""},
      {R"("do": {"cut": "rst", "at": "request-body"})", "needs \"after-bytes\""},
      {R"("do": {"cut": "rst", "at": "decide", "after-bytes": 3})", "that acts within a body"},
      {R"("do": {"reply": {"status": 500}, "after-bytes": 3})", "that acts within a body"},
      {R"("do": {"reply": {"status": 500}, "at": "response-head"})", "cannot apply at"},
      {R"("do": {"edit-reply": {"status": 500}, "at": "decide"})",
       "always acts at \"response-head\""},
      {R"("do": {"edit-reply": {"status": 500}, "commit": "apply"})", "cannot stand beside"},
      {R"("do": {"commit": "apply"})", "what the client is told"},
      {R"("do": {"commit": "apply", "hold": "1s"})", "what the client is told"},
      {R"("do": {"commit": "none", "early-reply": {"status": 413}})", "cannot stand beside"},
      {R"("do": {"cut": "rst", "at": "request-body", "after-bytes": "all"})",
       "belongs to a cut at \"response-body\"", false},
      {R"("do": {"bytes": {"encoding": "gzip"}, "at": "request-body"})", "are about an answer",
       false},
      {R"("do": {"bytes": {"stored": true, "flip": 0}, "at": "request-body"})", "taken in already",
       false},
      {R"("do": {"bytes": {"stored": true}})", "changes nothing", false},
      {R"("do": {"bytes": {"stored": true, "flip": 0, "coded": "gzip"}})", "\"coded\" is about",
       false},
      {When(R"("operation": "blob.get")", R"("do": {"bytes": {"stored": true, "flip": 0}})"),
       "can never match", false},
      {R"("do": {"cut": "rst", "at": "session-body"})", "needs \"after-bytes\""},
      {R"("do": {"early-reply": {"status": 413}, "at": "session-body"})", "needs \"after-bytes\"",
       false},
      {R"("do": {"bytes": {"flip": 0}, "at": "session-body"})", "cannot apply at"},
      {R"("do": {"redirect": {"status": 302}, "at": "response-head"})", "cannot apply at"},
      {When(R"("operation": "manifest.put")",
            R"("do": {"cut": "rst", "at": "session-body", "after-bytes": 1})"),
       "brings no bytes of an upload session", false},
      {When(R"("operation": "upload.status")",
            R"("do": {"cut": "rst", "at": "session-body", "after-bytes": 1})"),
       "brings no bytes of an upload session", false},
      {R"("do": {"connect-fault": "refused", "at": "tls"})", "always acts at \"tcp\"", false},
      {When(R"("operation": "blob.get", "size": {"content-length": {"to": 1}})"),
       "has no request body", false},
      {When(R"("operation": "blob.get", "age": {"session": "1s"})"), "has no upload session",
       false},
      {When(R"("operation": "manifest.put", "size": {"blob": {"to": 1}})"), "is about no blob",
       false},
      {When(R"("operation": "manifest.put", "size": {"manifest": {"to": 1}})",
            R"("do": {"cut": "rst", "at": "request-head"})"),
       "before the manifest is complete", false},
      {When(R"("status": 200)", R"("do": {"connect-fault": "refused"})"),
       "before there is an answer", false},
      {R"("do": {"hold": "1s"})", "\"hold\" needs \"at\""},
      {R"("do": {"hold": "1s", "at": "response-body"})", "needs \"after-bytes\""},
      {R"("do": {"throttle": {"up": 1}, "at": "response-head"})", "which has come by then", false},
      {R"("do": {"throttle": {"up": 1}, "cut": "rst", "at": "decide"})", "has two effects"},
      {R"("do": {"commit": "none"})", "what the client is told"},
      {R"("do": {"commit": {"after": "1s"}})", "what the client is told"},
      {R"("do": {"commit": "none", "cut": "rst", "at": "decide"})", "always acts at \"decide\""},
      {When(R"("operation": "blob.get")", R"("do": {"commit": "none", "reply": {"status": 200}})"),
       "a read does none", false},
      {When(R"("operation": "manifest.get")", R"("do": {"commit": {"bytes": 1}})"),
       "has no request body", false},
      {When(R"("operation": ["blob.*", "tags.list"])",
            R"("do": {"cut": "rst", "at": "request-body", "after-bytes": 1})"),
       "has no request body", false},
      {When(R"("operation": "*.head")",
            R"("do": {"cut": "rst", "at": "response-body", "after-bytes": 1})"),
       "has no response body", false},
  });
}

TEST(ReadRules, RefusesRulesThatCanNeverMatch) {
  const std::string edit = R"("do": {"edit-reply": {"status": 500}})";
  ExpectRefused({
      {When(R"("status": 201)"), "before there is an answer", false},
      {When(R"("operation": "manifest.put", "role": "top")",
            R"("do": {"cut": "rst", "at": "request-head"})"),
       "before the manifest is complete", false},
      {When(R"("operation": "manifest.put", "manifest": {"/config": true})",
            R"("do": {"reply": {"status": 400}, "at": "request-head"})"),
       "before the manifest is complete", false},
      {When(R"("operation": "manifest.get", "role": "top")", edit), "only a manifest.put", false},
      {When(R"("operation": "upload.*", "manifest": {"/config": true})"), "only a manifest.put",
       false},
      {When(R"("operation": "blob.head", "method": "GET")"), "\"method\": can never match", false},
      {When(R"("method": "BREW")"), "\"method\": can never match", false},
      {When(R"("operation": "ping", "repository": "a/b")"), "has no repository: \"a/b\"", false},
      {When(R"("operation": "upload.status", "reference": "v1")"), "has no reference", false},
      {When(R"("operation": "blob.get", "reference-kind": "tag")"), "never about a tag", false},
      {When(R"("operation": "npm.tarball", "reference-kind": "digest")"), "never about a digest",
       false},
      {When(R"("operation": "upload.start")",
            std::string(kReply) + R"(, "times": {"nth": 1, "per": "session"})"),
       "has no session", false},
      {When(R"("operation": "blob.get")",
            std::string(kReply) + R"(, "times": {"nth": 1, "per": "tag"})"),
       "has no tag", false},
      {When(R"("operation": "token")",
            std::string(kReply) + R"(, "times": {"nth": 1, "per": "replica"})"),
       "has no replica", false},
      {When(R"("operation": "blob.get", "since": {"operation": "manifest.put", "same": "tag"})"),
       "\"since\": can never match: an exchange that matches has no tag", false},
      {When(R"("operation": "manifest.get", "since": {"operation": "ping", "same": "repository"})"),
       "since: \"same\": can never match", false},
      {When(R"("since": {"operation": "ping", "reference": "v1"})"), "since: \"reference\"", false},
  });
}

TEST(ReadRules, ErrorsNameTheLine) {
  EXPECT_EQ(
      ErrorOf("{\"faults\": [\n{\"name\": \"a\",\n\"do\": {\n\"reply\": {\"status\": 42}}}]}"),
      "f.json:4: reply: \"status\": expected 200 to 599, found: 42");
  EXPECT_EQ(ErrorOf("{\"faults\": [\n{\"name\": \"a\",\n\"when\": {\"operation\": \"ping\",\n"
                    "\"repository\": \"b\"}, \"do\": {\"cut\": \"rst\", \"at\": \"decide\"}}]}"),
            "f.json:4: when: \"repository\": can never match: an exchange that matches has no "
            "repository: \"b\"");
}

TEST(ReadRules, FilesAndNames) {
  EXPECT_EQ(ErrorOf("[]"), "f.json:1: fault file: expected an object, found array: array");
  EXPECT_EQ(ErrorOf("{}"), "f.json:1: fault file: missing key \"faults\"");
  EXPECT_EQ(ErrorOf("{\"faults\": 3}"), "f.json:1: faults: expected an array, found: 3");
  EXPECT_EQ(ErrorOf("{\"faults\": [], \"fault\": 1}"),
            "f.json:1: fault file: unknown key \"fault\"; did you mean \"faults\"?");
  EXPECT_EQ(ErrorOf("{\"faults\": [3]}"), "f.json:1: fault: expected an object, found number: 3");
  EXPECT_EQ(ErrorOf("{"), "f.json:1: " + ErrorOf("{").substr(10));
  const std::string one = R"({"name": "a", "do": {"reply": {"status": 500}}})";
  EXPECT_EQ(ErrorOf(Concat({"{\"faults\": [", one, ",\n", one, "]}"})),
            "f.json:2: fault: another fault has this name: \"a\" (on line 1)");
  EXPECT_NE(ErrorOf(R"({"faults": [{"name": "", "do": {"reply": {"status": 500}}}]})")
                .find("printable characters"),
            std::string::npos);
  std::string many = "{\"faults\": [";
  for (std::size_t i = 0; i <= kFaultRulesMax; ++i) {
    many += Concat(
        {i == 0 ? "" : ",", ReplaceAll(one, "\"a\"", Concat({"\"", std::to_string(i), "\""}))});
  }
  EXPECT_NE(ErrorOf(many + "]}").find("at most 1000 rules"), std::string::npos);
  EXPECT_EQ(ReadFaultFile("/nonexistent/faults.json").error().code(), ErrorCode::kNotFound);
}

TEST(ReadRules, ReadsAFile) {
  const std::string path = ::testing::TempDir() + "drydock_faults_test.json";
  std::ofstream(path) << "// commented\n" << Rule(kReply);
  const auto rules = ReadFaultFile(path);
  ASSERT_TRUE(rules.ok()) << rules.error().message();
  EXPECT_EQ(rules->front().name, "x");
  EXPECT_EQ(rules->front().line, 3u);
  std::remove(path.c_str());
}

// A newcomer copies it from there.
TEST(ReadRules, TakesTheFileOfTheReadme) {
  std::ifstream file(std::string(DRYDOCK_SOURCE_DIR) + "/README.md");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  constexpr std::string_view kBegin = "cat > cache-400.json <<'END'\n";
  const auto begin = text.find(kBegin);
  ASSERT_NE(begin, std::string::npos);
  text.erase(0, begin + kBegin.size());
  const auto rules = ParseFaultFile(text.substr(0, text.find("\nEND\n")), "README.md");
  ASSERT_TRUE(rules.ok()) << rules.error().message();
  EXPECT_EQ(rules->size(), 1u);
}

TEST(ReadRules, BindsEachEffectToItsPhase) {
  struct Row {
    const char* effect;
    Phase phase;
    const char* description;
  };
  const Row rows[] = {
      {R"("reply": {"status": 503})", Phase::kDecide, "reply 503"},
      {R"("reply": {"status": 503}, "at": "request-head")", Phase::kRequestHead, "reply 503"},
      {R"("edit-reply": {"status": 503})", Phase::kResponseHead, "edit-reply"},
      {R"("cut": "rst", "at": "request-head")", Phase::kRequestHead, "cut rst"},
      {R"("cut": "fin", "at": "request-body", "after-bytes": 7)", Phase::kRequestBody,
       "cut fin after 7 bytes"},
      {R"("cut": "rst", "at": "response-body", "after-bytes": 7)", Phase::kResponseBody,
       "cut rst after 7 bytes"},
      {R"("commit": "apply", "cut": "rst")", Phase::kResponseHead, "cut rst, work done"},
      {R"("commit": "none", "reply": {"status": 201})", Phase::kDecide, "reply 201, work not done"},
      {R"("commit": {"after": "2s"}, "reply": {"status": 503})", Phase::kDecide,
       "reply 503, work done 2s later"},
      {R"("commit": {"bytes": 5})", Phase::kRequestBody, "work done with 5 bytes"},
  };
  for (const Row& row : rows) {
    const FaultRule rule = Read(Concat({R"("when": {"method": "PUT"}, "do": {)", row.effect, "}"}));
    EXPECT_EQ(rule.phase, row.phase) << row.effect;
    EXPECT_EQ(Describe(rule), row.description);
  }
}

TEST(ReadRules, ReadsRepliesWithTheirBodies) {
  const auto reply = [](std::string_view body) {
    return std::get<Reply>(Read(Concat({R"("do": {"reply": {"status": 400)", body, "}}"})).answer);
  };
  const Reply empty = reply("");
  EXPECT_EQ(empty.reason, "Bad Request");
  EXPECT_EQ(empty.body, "");
  EXPECT_TRUE(empty.headers.fields().empty());

  const Reply edge = reply(R"(, "page": "hub-edge")");
  EXPECT_EQ(edge.reason, "Bad request");
  EXPECT_EQ(edge.headers.Get("Content-Type"), "text/html");
  EXPECT_EQ(edge.body,
            "<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n"
            "</body></html>\n");

  const Reply nginx =
      reply(R"(, "page": "nginx", "reason": "Nope", "headers": {"Server": "mine"})");
  EXPECT_EQ(nginx.reason, "Nope");
  EXPECT_EQ(nginx.headers.Get("Server"), "mine");
  EXPECT_EQ(nginx.body,
            "<html>\r\n<head><title>400 Bad Request</title></head>\r\n<body>\r\n"
            "<center><h1>400 Bad Request</h1></center>\r\n<hr><center>nginx</center>\r\n"
            "</body>\r\n</html>\r\n");

  const Reply error = reply(R"(, "error": "MANIFEST_INVALID", "message": "say \"no\"")");
  EXPECT_EQ(error.headers.Get("Content-Type"), "application/json");
  const auto body = json::Parse(error.body, "body");
  ASSERT_TRUE(body.ok()) << error.body;
  EXPECT_EQ(body->At("/errors/0")->Text("code"), "MANIFEST_INVALID");
  EXPECT_EQ(body->At("/errors/0")->Text("message"), "say \"no\"");

  EXPECT_EQ(reply(R"(, "text": "plain")").headers.Get("Content-Type"), "text/plain; charset=utf-8");
}

TEST(Operations, HoldEveryNameOfTheRegistry) {
  for (const OperationRow& row : OperationRows()) {
    if (!row.name.empty()) {
      EXPECT_EQ(FittingOperations({std::string(row.name)}, {}).size(), 1u) << row.name;
    }
  }
  EXPECT_EQ(FittingOperations({std::string(kTokenOperation)}, {}).size(), 1u);
  for (const OperationFacts& facts : AllOperations()) {
    const std::string_view site = facts.name.substr(0, facts.name.find('.'));
    EXPECT_TRUE(IsOperationName(facts.name) || site == "cdn" || site == "npm" || site == "hub" ||
                site == "forge")
        << facts.name;
  }
}

TEST(ReadRules, AServerRefusesWhatItCannotPlay) {
  constexpr ServedBy kPlain{};
  constexpr ServedBy kTls{.tls = true};
  constexpr ServedBy kByName{.tls = true, .own_address = false};
  const struct {
    std::string_view rule;
    ServedBy served;
    std::string_view wrong;  // "": nothing
  } rows[] = {
      {R"("do": {"cut": "rst", "at": "decide"})", kPlain, ""},
      {R"("do": {"connect-fault": "reset"})", kPlain, ""},
      {R"("do": {"connect-fault": "refused"}, "times": {"first": 2, "per": "address"})", kPlain,
       ""},
      {R"("when": {"address": "127.*", "connection": {"from": 2}, "from": "2026-05-28T06:00:00Z"},
          "do": {"connect-fault": "silent"})",
       kPlain, ""},
      {R"("when": {"host": "auth.docker.io"}, "do": {"connect-fault": "expired"},
          "times": {"first": 1, "per": "host"})",
       kTls, ""},
      {R"("when": {"since": {"operation": "ping"}}, "do": {"connect-fault": "untrusted"})", kByName,
       ""},
      {R"("do": {"connect-fault": "lookup-error"})", kTls, "exists in process only"},
      {R"("do": {"connect-fault": "no-answer"})", kTls, "exists in process only"},
      {R"("do": {"connect-fault": {"goaway": "NO_ERROR"}})", kTls, "exists in process only"},
      {R"("do": {"connect-fault": "tls-silent"})", kPlain,
       "\"tls-silent\" acts in a TLS handshake"},
      {R"("do": {"connect-fault": "refused"})", kByName, "no address of its own"},
      {R"("when": {"operation": "manifest.put"}, "do": {"connect-fault": "reset"})", kTls,
       "\"operation\" is about a request"},
      {R"("when": {"age": {"connection": "1s"}}, "do": {"connect-fault": "reset"})", kTls,
       "\"size\" or \"age\" is about a request"},
      {R"("when": {"host": "h"}, "do": {"connect-fault": "reset"})", kTls, "told the \"host\" in"},
      {R"("when": {"since": {"operation": "ping", "same": "host"}},
          "do": {"connect-fault": "reset"})",
       kTls, "\"same\" is about a request"},
      {R"("do": {"connect-fault": "reset"}, "times": {"first": 1, "per": "client"})", kTls,
       "a new connection has no client"},
      {R"("do": {"connect-fault": "reset", "hold": "1s"})", kTls, "cannot be held"},
  };
  for (const auto& row : rows) {
    const auto rules = ParseFaultFile(Rule(row.rule), "f.json");
    ASSERT_TRUE(rules.ok()) << row.rule << ": " << rules.error().message();
    const Status served = CheckServable(*rules, row.served);
    EXPECT_EQ(served.ok(), row.wrong.empty()) << row.rule;
    if (!served.ok()) {
      EXPECT_NE(served.error().message().find(row.wrong), std::string::npos)
          << served.error().message();
    }
  }
}

}  // namespace
}  // namespace drydock::simulator
