// The control API of a real server, over its socket.
#include "simulator/server/control_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "simulator/server/control_document.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/server/served_hub.h"

namespace drydock::simulator {
namespace {

using ::testing::HasSubstr;
using testing::RawAnswer;
using testing::RawClient;

constexpr char kBusy[] =
    R"({"faults": [{"name": "busy 1/2", "when": {"operation": "ping"},
                    "do": {"reply": {"status": 503}}}]})";

TEST(ControlApi, IsWhatItsDocumentSays) {
  const Result<json::Value> document = json::Parse(kControlDocument, "openapi");
  ASSERT_TRUE(document.ok());
  EXPECT_EQ("3.1.0", document->Text("openapi"));
  EXPECT_EQ(kControlPrefix, document->At("/servers/0")->Text("url"));
  std::set<std::string> written;
  for (const json::Member& path : *document->Find("paths")->as_object()) {
    for (const json::Member& member : *path.value.as_object()) {
      if (member.key != "parameters") {
        written.insert(Concat({ToLower(member.key), " ", path.key}));
      }
    }
  }
  std::set<std::string> served;
  for (const ControlRoute& route : ControlRoutes()) {
    served.insert(Concat({ToLower(route.method), " ", route.path}));
  }
  EXPECT_EQ(written, served);
}

TEST(ControlApi, TellsItsDocument) {
  ServedHub hub;
  EXPECT_EQ(kControlDocument, hub.Ask("GET", "/_drydock/v1/openapi.json").body);
}

// Every status an answer has is one the document names for it.
TEST(ControlApi, AnswersEveryRouteWithADocumentedStatus) {
  ServedHub hub;
  const Result<json::Value> document = json::Parse(kControlDocument, "openapi");
  for (const char* world : {"default", "nowhere"}) {
    for (const char* body : {"", "{}", "[", R"({"world": "default"})"}) {
      for (const ControlRoute& route : ControlRoutes()) {
        if (route.method == "GET" && !std::string_view(body).empty()) {
          continue;
        }
        std::string path = ReplaceAll(std::string(route.path), "{world}", world);
        path = ReplaceAll(ReplaceAll(path, "{fault}", "f"), "{snapshot}", "s");
        const RawAnswer answer = hub.Ask(route.method, Concat({kControlPrefix, path}), body);
        const json::Value* operation =
            document->Find("paths")->Find(route.path)->Find(ToLower(route.method));
        EXPECT_NE(nullptr, operation->Find("responses")->Find(std::to_string(answer.status)))
            << route.method << " " << path << ": " << answer.status << " " << answer.body;
      }
    }
  }
}

TEST(ControlApi, SaysWhatIsWrong) {
  ServedHub hub;
  const struct {
    std::string method;
    std::string path;
    std::string body;
    int status;
    std::string error;
  } rows[] = {
      {"GET", "/nothing", "", 404, "there is no /nothing; see /_drydock/v1/openapi.json"},
      {"PUT", "/worlds", "", 405, "PUT: this path takes GET, POST"},
      {"GET", "/worlds/x", "", 404, "there is no world \"x\""},
      {"POST", "/worlds", "", 400, "body:1: "},
      {"POST", "/worlds", "[]", 400, "body: expected an object, found: array"},
      {"POST", "/worlds", "{\n\"name\": \"a\", \"nmae\": \"b\"}", 400,
       "body:2: world: unknown key \"nmae\""},
      {"POST", "/worlds", R"({"name": "a", "name": "b"})", 400, "name"},
      {"POST", "/worlds", R"({"name": "No"})", 400, "name: expected a-z"},
      {"POST", "/worlds", R"({"name": "default"})", 409, "there is a world \"default\" already"},
      {"POST", "/worlds", R"({"name": "a", "personality": "qay"})", 400, "unknown: \"qay\""},
      {"POST", "/worlds", R"({"name": "a", "traits": []})", 400, "expected an object of names"},
      {"POST", "/worlds", R"({"name": "a", "traits": {"delete-blobs": true}})", 400,
       "traits: \"delete-blobs\": expected a string, found: true"},
      {"POST", "/worlds", R"({"name": "a", "traits": {"delete-blob": "no"}})", 400,
       "unknown trait \"delete-blob\"; did you mean delete-blobs?"},
      {"POST", "/worlds", R"({"name": "a", "traits": {"delete-blobs": "maybe"}})", 400,
       "\"maybe\" is none of: yes, no"},
      {"POST", "/worlds", R"({"name": "a", "npm": {"host": "N"}})", 400, "lower-case host name"},
      {"POST", "/worlds", R"({"name": "a", "forge": {"host": "g", "token": 12345}})", 400,
       "expected a string"},
      {"POST", "/worlds", R"({"name": "a", "port": 70000})", 400, "expected 0 to 65535"},
      {"POST", "/worlds", R"({"name": "a", "port": -1})", 400, "port"},
      {"POST", "/worlds", R"({"name": "a", "address": "192.0.2.1"})", 400, "cannot listen"},
      {"POST", "/worlds", R"({"name": "a", "hosts": ["A.test"]})", 400, "lower-case host name"},
      {"POST", "/worlds", R"({"name": "a", "snapshot": "s"})", 404, "there is no snapshot \"s\""},
      {"POST", "/worlds", R"({"name": "a", "accounts": [{"name": "b", "password": 12345}]})", 400,
       "expected a string"},
      {"DELETE", "/worlds/default", "", 409, "the default world stays"},
      {"POST", "/worlds/default/time", R"({"advance": "-1h"})", 400, "advance"},
      {"POST", "/worlds/default/time", R"({"advance": "99999999h"})", 400, "too far ahead"},
      {"GET", "/worlds/default/journal?from=x", "", 400, "expected numbers"},
      {"POST", "/worlds/default/faults", R"({"faults": [{"name": "x"}]})", 400, "body:1: fault"},
      {"PUT", "/snapshots/S", R"({"world": "default"})", 400, "snapshot: expected a-z"},
      {"DELETE", "/snapshots/s", "", 404, "there is no snapshot \"s\""},
  };
  for (const auto& row : rows) {
    const json::Value answer = hub.Control(row.status, row.method, row.path, row.body);
    EXPECT_THAT(std::string(answer.Text("error")), HasSubstr(row.error)) << row.body;
    EXPECT_THAT(std::string(answer.Text("error")), ::testing::Not(HasSubstr("12345")));
  }
  EXPECT_EQ("GET, POST", hub.Ask("PUT", "/_drydock/v1/worlds").Field("Allow"));
  EXPECT_EQ(403, hub.Ask("GET", "/_drydock/v1/worlds", "", "Origin: http://evil.test\r\n").status);
  EXPECT_EQ(404, hub.Ask("GET", "/_drydock/v2/worlds").status);
  EXPECT_EQ(1U, hub.Control(200, "GET", "/worlds").Find("worlds")->as_array()->size());
}

TEST(ControlApi, RefusesHugeBodies) {
  ServedHub hub;
  const std::string huge(kControlBodyMax + 1, ' ');
  EXPECT_EQ(413, hub.Ask("POST", "/_drydock/v1/worlds", huge).status);
}

TEST(ControlApi, KeepsWorldsApart) {
  ServedHub hub;
  ServedHub::Push(*hub.client, "app/usual", "usual");
  const json::Value by_port = hub.Control(201, "POST", "/worlds", R"({"name": "p", "port": 0})");
  const json::Value by_address =
      hub.Control(201, "POST", "/worlds", R"({"name": "a", "address": "127.0.0.2"})");
  hub.Control(201, "POST", "/worlds", R"({"name": "h", "hosts": ["registry.test"]})");
  EXPECT_EQ(Concat({"http://127.0.0.2:", std::to_string(hub.port)}), by_address.Text("baseUrl"));
  const std::string url(by_port.Text("baseUrl"));
  RawClient at_port(static_cast<std::uint16_t>(*ParseUnsigned(url.substr(url.rfind(':') + 1))));
  RawClient at_address(hub.port, "", "127.0.0.2");
  // RequestText names the host registry.test: what has a door of its own does not care.
  ServedHub::Push(at_port, "app/port", "port");
  ServedHub::Push(at_address, "app/address", "address");
  ServedHub::Push(*hub.client, "app/host", "host");
  const std::pair<const char*, const char*> rows[] = {
      {"default", "app/usual"}, {"p", "app/port"}, {"a", "app/address"}, {"h", "app/host"}};
  for (const auto& [world, repository] : rows) {
    const json::Value state = hub.Control(200, "GET", Concat({"/worlds/", world, "/state"}));
    ASSERT_EQ(1U, state.Find("repositories")->as_array()->size()) << world;
    EXPECT_EQ(repository, state.At("/repositories/0")->Text("name"));
    EXPECT_EQ(2,
              hub.Control(200, "GET", Concat({"/worlds/", world})).Find("requests")->as_integer());
  }
  hub.Control(204, "DELETE", "/worlds/a");
  EXPECT_FALSE(RawClient(hub.port, "", "127.0.0.2").ok());
  EXPECT_EQ(421, ServedHub::AskAt(at_address, "GET", "/v2/").status) << "not the default world";
  hub.Control(404, "GET", "/worlds/a");
  hub.Control(201, "POST", "/worlds", R"({"name": "a", "address": "127.0.0.2"})");
  EXPECT_TRUE(RawClient(hub.port, "", "127.0.0.2").ok());
}

TEST(ControlApi, AddsSwitchesAndRemovesFaults) {
  ServedHub hub;
  EXPECT_EQ(200, hub.Ask("GET", "/v2/").status);
  hub.Control(201, "POST", "/worlds/default/faults", kBusy);
  hub.Control(409, "POST", "/worlds/default/faults", kBusy);
  EXPECT_EQ(503, hub.Ask("GET", "/v2/").status);
  EXPECT_EQ(200, hub.Ask("GET", "/_drydock/v1/worlds/default").status) << "never the control API";
  const json::Value fault = hub.Control(200, "GET", "/worlds/default/faults/busy%201%2F2");
  EXPECT_EQ("reply 503", fault.Text("effect"));
  for (const char* count : {"offered", "matched", "fired", "seen"}) {
    EXPECT_EQ(1, fault.Find(count)->as_integer()) << count;
  }
  hub.Control(200, "PATCH", "/worlds/default/faults/busy%201%2F2", R"({"armed": false})");
  EXPECT_EQ(200, hub.Ask("GET", "/v2/").status);
  hub.Control(204, "DELETE", "/worlds/default/faults/busy%201%2F2");
  hub.Control(404, "GET", "/worlds/default/faults/busy%201%2F2");
  hub.Control(201, "POST", "/worlds/default/faults", kBusy);
  hub.Control(204, "DELETE", "/worlds/default/faults");
  EXPECT_EQ(200, hub.Ask("GET", "/v2/").status);
}

TEST(ControlApi, SnapshotsAreWhatTheyWere) {
  ServedHub hub;
  ServedHub::Push(*hub.client, "app/one", "one");
  hub.Control(201, "PUT", "/snapshots/full", R"({"world": "default"})");
  ServedHub::Push(*hub.client, "app/two", "two");
  const json::Value made =
      hub.Control(201, "POST", "/worlds", R"({"name": "w", "snapshot": "full"})");
  EXPECT_EQ(1, made.Find("repositories")->as_integer());
  EXPECT_EQ(2, hub.Control(200, "GET", "/worlds/default").Find("repositories")->as_integer());
  EXPECT_EQ(1, hub.Control(200, "POST", "/worlds/default/reset", R"({"snapshot": "full"})")
                   .Find("repositories")
                   ->as_integer());
  const json::Value empty = hub.Control(200, "POST", "/worlds/default/reset");
  EXPECT_EQ(0, empty.Find("repositories")->as_integer());
  EXPECT_EQ(0, empty.Find("requests")->as_integer());
  EXPECT_EQ("full", *hub.Control(200, "GET", "/snapshots").At("/snapshots/0")->as_string());
  hub.Control(204, "DELETE", "/snapshots/full");
  EXPECT_EQ(1, hub.Control(200, "GET", "/worlds/w").Find("repositories")->as_integer());
}

TEST(ControlApi, AdvancesOneWorldsTime) {
  ServedHub hub;
  hub.Control(201, "POST", "/worlds", R"({"name": "w"})");
  const auto now = [&](std::string_view world) {
    return *ParseRfc3339(hub.Control(200, "GET", Concat({"/worlds/", world, "/time"})).Text("now"));
  };
  hub.Control(200, "POST", "/worlds/w/time", R"({"advance": "6h"})");
  EXPECT_GE(now("w") - now("default"), std::chrono::minutes(350));
  EXPECT_EQ("6h", hub.Control(200, "GET", "/worlds/w/time").Text("ahead"));
  EXPECT_EQ("0ms", hub.Control(200, "GET", "/worlds/default/time").Text("ahead"));
}

TEST(ControlApi, GivesTheJournalInTwoForms) {
  ServedHub hub;
  hub.Ask("GET", "/v2/");
  hub.Ask("GET", "/v2/app/tags/list?n=2");
  const RawAnswer lines = hub.Ask("GET", "/_drydock/v1/worlds/default/journal?from=1&limit=1");
  const Result<json::Value> event = json::Parse(lines.body, "line");
  ASSERT_TRUE(event.ok()) << lines.body;
  EXPECT_EQ("tags.list", event->Text("operation"));
  const json::Value har = hub.Control(200, "GET", "/worlds/default/journal.har");
  EXPECT_EQ("1.2", har.Find("log")->Text("version"));
  const json::Value* entry = har.At("/log/entries/1");
  ASSERT_NE(nullptr, entry);
  EXPECT_EQ("GET", entry->Find("request")->Text("method"));
  EXPECT_EQ("n", entry->At("/request/queryString/0")->Text("name"));
  EXPECT_EQ(404, entry->Find("response")->Find("status")->as_integer());
  EXPECT_THAT(std::string(entry->At("/response/content")->Text("text")), HasSubstr("NAME_UNKNOWN"));
}

TEST(Worlds, ListTagsLateWhenToldTo) {
  ServedHub hub;
  hub.Control(201, "POST", "/worlds", R"({"name": "w", "hosts": ["registry.test", "hub.docker.com"],
      "traits": {"tag-list-lag": "3600", "sparse-manifests": "yes"}})");
  const std::string index = R"({"schemaVersion":2,"manifests":[]})";
  ASSERT_EQ(201, hub.Ask("PUT", "/v2/acme/app/manifests/v1", index,
                         "Content-Type: application/vnd.oci.image.index.v1+json\r\n")
                     .status);
  const auto listed = [&] {
    EXPECT_TRUE(hub.client->Send(
        "GET /v2/repositories/acme/app/tags/ HTTP/1.1\r\nHost: hub.docker.com\r\n\r\n"));
    return hub.client->ReadAnswer().body;
  };
  EXPECT_THAT(listed(), HasSubstr(R"("count":0)"));
  hub.Control(200, "POST", "/worlds/w/time", R"({"advance": "1h"})");
  EXPECT_THAT(listed(), HasSubstr(R"("count":1)"));
}

TEST(Worlds, AreMadeAndDroppedAtOnce) {
  ServedHub hub;
  Duration best = std::chrono::seconds(1);
  for (int i = 0; i < 50; ++i) {
    const Duration began = hub.clock.Elapsed();
    const auto made = hub.server->worlds().Make({"w", AnonymousPersonality(), {}, {}, 1}, {});
    const Duration there = hub.clock.Elapsed();
    ASSERT_TRUE(made.ok() && hub.server->worlds().Drop("w").ok());
    best = std::min(best, std::max(there - began, hub.clock.Elapsed() - there));
  }
  // Well under a millisecond where nothing else runs; sanitizers and busy machines take longer.
  EXPECT_LT(best, std::chrono::milliseconds(20)) << "the fastest of fifty, each with its own port";
}

TEST(ServedWorld, AnswersForTheHubsOwnApiByItsHost) {
  ServedHub hub;
  ASSERT_EQ(202, hub.Ask("POST", "/v2/acme/app/blobs/uploads/").status);
  const std::string digest = Digest::Of("x").ToString();
  ASSERT_EQ(201,
            hub.Ask("POST", Concat({"/v2/acme/app/blobs/uploads/?digest=", digest}), "x").status);
  ASSERT_TRUE(
      hub.client->Send("GET /v2/repositories/acme/app/ HTTP/1.1\r\nHost: hub.docker.com\r\n\r\n"));
  const testing::RawAnswer page = hub.client->ReadAnswer(false);
  EXPECT_EQ(200, page.status);
  EXPECT_NE(page.body.find(R"("namespace":"acme")"), std::string::npos) << page.body;
}

constexpr char kNeighbours[] = R"(
  "npm": {"host": "npm.test", "packages": {
    "left-pad": {"latest": "1.3.0", "versions": {"1.3.0": {}}}}},
  "forge": {"host": "git.test", "token": "s3cret", "repositories": {"me/app": {"runs": [
    {"id": 336, "workflow": "publish.yml", "ref": "v1", "conclusion": "failure",
     "jobs": [{"id": 7, "name": "base-decide", "log": "Computed base tag: base-01\n"}]}]}}})";

TEST(Worlds, HaveNeighboursByTheirHosts) {
  ServedHub hub;
  const auto port_of = [&](const json::Value& world) {
    const std::string url(world.Text("baseUrl"));
    return static_cast<std::uint16_t>(*ParseUnsigned(url.substr(url.rfind(':') + 1)));
  };
  const json::Value made = hub.Control(201, "POST", "/worlds",
                                       Concat({R"({"name": "p", "port": 0,)", kNeighbours, "}"}));
  EXPECT_EQ("npm.test", made.Find("neighbours")->Text("npm"));
  EXPECT_EQ("git.test", made.Find("neighbours")->Text("forge"));
  const json::Value named =
      hub.Control(201, "POST", "/worlds",
                  Concat({R"({"name": "h", "hosts": ["hub.test"],)", kNeighbours, "}"}));
  EXPECT_EQ(3U, named.Find("hosts")->as_array()->size());
  const auto ask = [](RawClient& client, const std::string& host, const std::string& target,
                      const std::string& fields = "") {
    EXPECT_TRUE(
        client.Send(Concat({"GET ", target, " HTTP/1.1\r\nHost: ", host, "\r\n", fields, "\r\n"})));
    return client.ReadAnswer();
  };
  RawClient at_port(port_of(made));
  RawClient at_name(hub.port);
  for (RawClient* client : {&at_port, &at_name}) {
    for (const char* host : {"npm.test", "npm.test:4873"}) {
      const RawAnswer version = ask(*client, host, "/left-pad/latest");
      EXPECT_EQ(200, version.status);
      EXPECT_THAT(version.body, HasSubstr(Concat({"http://", host, "/left-pad/-/left-pad-1.3.0"})));
    }
    const std::string log = "/api/v1/repos/me/app/actions/jobs/7/logs";
    EXPECT_EQ(401, ask(*client, "git.test", log).status);
    EXPECT_EQ("Computed base tag: base-01\n",
              ask(*client, "git.test", log, "Authorization: token s3cret\r\n").body);
  }
  EXPECT_EQ(404, ask(*hub.client, "elsewhere.test", "/left-pad/latest").status);
  const RawAnswer lines = hub.Ask("GET", "/_drydock/v1/worlds/p/journal");
  EXPECT_THAT(lines.body, HasSubstr("forge.log"));
  EXPECT_THAT(lines.body, ::testing::Not(HasSubstr("s3cret")));
  hub.Control(200, "POST", "/worlds/p/reset");
  EXPECT_EQ(200, ask(at_port, "npm.test", "/left-pad").status);
}

TEST(Worlds, NeighboursMeetFaults) {
  ServedHub hub;
  hub.Control(201, "POST", "/worlds",
              Concat({R"({"name": "h", "hosts": ["hub.test"], "faults": [
                {"name": "late", "when": {"operation": "npm.*"},
                 "do": {"reply": {"status": 503}}}],)",
                      kNeighbours, "}"}));
  ASSERT_TRUE(hub.client->Send("GET /left-pad HTTP/1.1\r\nHost: npm.test\r\n\r\n"));
  EXPECT_EQ(503, hub.client->ReadAnswer().status);
}

TEST(Worlds, ChangeTraitsOfTheirPersonality) {
  ServedHub hub;
  const json::Value made = hub.Control(201, "POST", "/worlds", R"({"name": "w",
      "hosts": ["registry.test"], "traits": {"delete-blobs": "no", "manifest-bytes": "100"}})");
  EXPECT_EQ("no", made.Find("traits")->Text("delete-blobs"));
  ServedHub::Push(*hub.client, "app/one", "one");
  const std::string blob = "/v2/app/one/blobs/" + Digest::Of("one").ToString();
  EXPECT_EQ(405, hub.Ask("DELETE", blob).status);
  EXPECT_EQ(413, hub.Ask("PUT", "/v2/app/one/manifests/v1", std::string(101, ' ')).status);
}

TEST(Worlds, WriteTheirJournalsIntoTheServersFolder) {
  const testing::TempFolder folder;
  ServerOptions options = ServedHub::Plain();
  options.journal_folder = folder.path().string();
  options.journal_path = folder.At("usual.jsonl");
  ServedHub hub(std::move(options));
  const json::Value made = hub.Control(
      201, "POST", "/worlds", R"({"name": "w", "hosts": ["registry.test"], "journal": true})");
  EXPECT_EQ(folder.At("w.jsonl"), made.Text("journal"));
  hub.Control(201, "POST", "/worlds", R"({"name": "quiet", "hosts": ["quiet.test"]})");
  hub.Ask("GET", "/v2/");
  EXPECT_THAT(testing::ReadFile(folder.At("w.jsonl")), HasSubstr("\"operation\":\"ping\""));
  hub.Control(200, "POST", "/worlds/w/reset");
  hub.Ask("GET", "/v2/app/tags/list");
  EXPECT_THAT(testing::ReadFile(folder.At("w.jsonl")), HasSubstr("tags.list"));
  EXPECT_THAT(testing::ReadFile(folder.At("w.jsonl")), HasSubstr("ping"));
  EXPECT_EQ("", testing::ReadFile(folder.At("quiet.jsonl")));
  EXPECT_EQ("", testing::ReadFile(folder.At("usual.jsonl")));
  // A name that is taken costs nobody a journal.
  hub.Control(409, "POST", "/worlds", R"({"name": "w", "hosts": ["v.test"], "journal": true})");
  EXPECT_THAT(testing::ReadFile(folder.At("w.jsonl")), HasSubstr("ping"));
  EXPECT_TRUE(hub.server->JournalsAreWhole());
}

TEST(Worlds, WithoutAPlaceForTheirJournalsAreNotMade) {
  ServedHub plain;
  const json::Value refused =
      plain.Control(400, "POST", "/worlds", R"({"name": "w", "journal": true})");
  EXPECT_THAT(std::string(refused.Text("error")), HasSubstr("without --journal-folder"));
  const testing::TempFolder folder;
  ServerOptions options = ServedHub::Plain();
  options.journal_folder = folder.At("absent");
  ServedHub hub(std::move(options));
  hub.Control(503, "POST", "/worlds", R"({"name": "w", "address": "127.0.0.3", "journal": true})");
  hub.Control(404, "GET", "/worlds/w");
  hub.Control(201, "POST", "/worlds", R"({"name": "w", "address": "127.0.0.3"})");
}

TEST(Worlds, AWorldIsResetToItsFirstContent) {
  ServerOptions options = ServedHub::Plain();
  options.content.PutBlob("acme/app", "x");
  ServedHub hub(std::move(options));
  const std::string blob = "/v2/acme/app/blobs/" + Digest::Of("x").ToString();
  ASSERT_EQ(202, hub.Ask("DELETE", blob).status);
  EXPECT_EQ(404, hub.Ask("HEAD", blob).status);
  hub.Control(200, "POST", "/worlds/default/reset");
  EXPECT_EQ(200, hub.Ask("HEAD", blob).status);
}

}  // namespace
}  // namespace drydock::simulator
