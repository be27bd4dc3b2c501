// Nothing a client says in confidence comes out anywhere: not in the journal, the HAR, the metrics,
// the state or the lines on the terminal.
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "core/text.h"
#include "simulator/server/activity.h"
#include "tests/unit/server/served_hub.h"

namespace drydock::simulator {
namespace {

using testing::RawAnswer;
using testing::RawClient;

constexpr char kSecret[] = "Hunter2-is-secret";

TEST(Secrets, StayWithTheServer) {
  std::mutex mutex;
  std::string said;
  ServerOptions options;
  options.personality = DockerHubPersonality();
  options.accounts.push_back({});
  options.accounts[0].name = "acme";
  options.accounts[0].password = kSecret;
  options.news = [&](const ServedWorld&, const std::vector<Event>& events) {
    const std::lock_guard lock(mutex);
    for (const Event& event : events) {
      said += ActivityLine(event, false) + "\n" + ToJson(event) + "\n";
    }
  };
  ServedHub hub(std::move(options));
  std::vector<std::string> secrets = {kSecret, Base64(Concat({"acme:", kSecret}))};
  const std::string basic = Concat({"Authorization: Basic ", secrets[1], "\r\n"});
  const RawAnswer token = hub.Ask(
      "GET",
      "/token?service=registry.docker.io&scope=repository:acme/app:pull,push&offline_token=true",
      "", basic);
  ASSERT_EQ(200, token.status) << token.body;
  const Result<json::Value> document = json::Parse(token.body, "token");
  ASSERT_TRUE(document.ok());
  for (const char* member : {"token", "access_token", "refresh_token"}) {
    if (const std::string text(document->Text(member)); !text.empty()) {
      secrets.push_back(text);
    }
  }
  const std::string bearer = Concat({"Authorization: Bearer ", document->Text("token"), "\r\n"});
  ServedHub::Push(*hub.client, "acme/app", "blob", bearer);
  hub.Ask(
      "POST", "/token",
      Concat({"grant_type=password&service=registry.docker.io&client_id=x&username=acme&password=",
              kSecret}),
      "Content-Type: application/x-www-form-urlencoded\r\n");
  const std::string s = kSecret;
  for (const std::string& fields :
       {"Cookie: id=" + s + "\r\n", "X-Registry-Auth: " + s + "\r\n",
        "Proxy-Authorization: " + s + "\r\n", "authorization: " + s + "\r\n",
        "AUTHORIZATION: Basic " + s + "\r\n", "Authorization: Bearer " + s + " " + s + "\r\n",
        "Authorization:\tBasic\t" + s + "\r\n", "X-Api-Key: " + s + "\r\n"}) {
    hub.Ask("GET", "/v2/acme/app/tags/list", "", fields);
  }
  for (const std::string& target :
       {"/token?password=" + s, "/v2/?access_token=" + s, "/v2/?PASSWORD=" + s,
        "/v2/?a=1&%70assword=" + s, "/v2/acme/app/blobs/uploads/?token=" + s}) {
    hub.Ask("GET", target);
  }
  // What is refused before it is a request.
  for (const std::string& bytes :
       {"GET / HTTP/1.1\r\nAuthorization Basic " + secrets[1] + "\r\n\r\n",
        "GET / HTTP/1.1\r\nAuthorization : Basic " + secrets[1] + "\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic " + secrets[1] + "\x01\r\n\r\n",
        "GET /v2/?token=" + s + " x HTTP/1.1\r\n\r\n", "Authorization: Bearer " + s + "\r\n\r\n"}) {
    RawClient client(hub.port);
    client.Send(bytes);
    client.EndSending();
    client.ReadToEnd();
  }
  hub.Control(201, "POST", "/worlds",
              Concat({R"({"name": "w", "personality": "docker-hub", "accounts": )",
                      R"([{"name": "acme", "password": ")", kSecret, R"("}]})"}));
  hub.Control(400, "POST", "/worlds",
              Concat({R"({"name": "v", "accounts": [{"name": "acme", "password": [")", kSecret,
                      R"("]}]})"}));
  for (const char* path :
       {"/worlds", "/worlds/w", "/metrics", "/worlds/default/state", "/worlds/default/journal",
        "/worlds/default/journal.har", "/worlds/default/faults", "/worlds/w/journal"}) {
    said += hub.Ask("GET", Concat({"/_drydock/v1", path})).body;
  }
  const std::lock_guard lock(mutex);
  EXPECT_NE(std::string::npos, said.find("acme/app")) << "there must be something to look through";
  for (const std::string& secret : secrets) {
    const std::size_t at = said.find(secret);
    EXPECT_EQ(std::string::npos, at)
        << secret << " came out: " << said.substr(at - std::min<std::size_t>(at, 200), 400);
  }
}

}  // namespace
}  // namespace drydock::simulator
