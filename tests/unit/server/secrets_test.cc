// Nothing a client says in confidence comes out anywhere: not in the journal, the HAR, the metrics,
// the state or the lines on the terminal.
#include <gtest/gtest.h>

#include <algorithm>
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

const std::string kSecret = "Hunter2-is-secret";
const std::string kBasic = Base64(Concat({"acme:", kSecret}));

ServerOptions HubOfAcme() {
  ServerOptions options;
  options.personality = DockerHubPersonality();
  options.accounts.push_back({});
  options.accounts[0].name = "acme";
  options.accounts[0].password = kSecret;
  return options;
}

// Logs in and pushes; gives the tokens that were handed out.
std::vector<std::string> LogInAndPush(ServedHub& hub) {
  const RawAnswer answer = hub.Ask(
      "GET",
      "/token?service=registry.docker.io&scope=repository:acme/app:pull,push&offline_token=true",
      "", Concat({"Authorization: Basic ", kBasic, "\r\n"}));
  EXPECT_EQ(200, answer.status) << answer.body;
  const Result<json::Value> document = json::Parse(answer.body, "token");
  std::vector<std::string> tokens;
  for (const char* member : {"token", "access_token", "refresh_token"}) {
    if (const std::string text(document ? document->Text(member) : ""); !text.empty()) {
      tokens.push_back(text);
    }
  }
  EXPECT_FALSE(tokens.empty());
  if (!tokens.empty()) {
    ServedHub::Push(*hub.client, "acme/app", "blob",
                    Concat({"Authorization: Bearer ", tokens.front(), "\r\n"}));
  }
  hub.Ask("POST", "/token",
          Concat({"grant_type=password&service=registry.docker.io&client_id=x&username=acme",
                  "&password=", kSecret}),
          "Content-Type: application/x-www-form-urlencoded\r\n");
  return tokens;
}

// Everywhere in a request where somebody might put a secret.
void AskWithSecrets(ServedHub& hub) {
  for (const char* field : {"Cookie: id=", "X-Registry-Auth: ", "Proxy-Authorization: ",
                            "authorization: ", "AUTHORIZATION: Basic ", "Authorization: Bearer x ",
                            "Authorization:\tBasic\t", "X-Api-Key: "}) {
    hub.Ask("GET", "/v2/acme/app/tags/list", "", Concat({field, kSecret, "\r\n"}));
  }
  for (const char* target : {"/token?password=", "/v2/?access_token=", "/v2/?PASSWORD=",
                             "/v2/?a=1&%70assword=", "/v2/acme/app/blobs/uploads/?token="}) {
    hub.Ask("GET", target + kSecret);
  }
}

// What is refused before it is a request.
void SendNonsense(const ServedHub& hub) {
  for (const std::string& bytes :
       {"GET / HTTP/1.1\r\nAuthorization Basic " + kBasic + "\r\n\r\n",
        "GET / HTTP/1.1\r\nAuthorization : Basic " + kBasic + "\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic " + kBasic + "\x01\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic\r\n " + kBasic + "\r\n\r\n",
        "GET /v2/?token=" + kSecret + " x HTTP/1.1\r\n\r\n",
        "Authorization: Bearer " + kSecret + "\r\n\r\n"}) {
    RawClient client(hub.port);
    client.Send(bytes);
    client.EndSending();
    client.ReadToEnd();
  }
}

TEST(Secrets, StayWithTheServer) {
  std::mutex mutex;
  std::string said;
  ServerOptions options = HubOfAcme();
  options.news = [&](const ServedWorld&, const std::vector<Event>& events) {
    const std::lock_guard lock(mutex);
    for (const Event& event : events) {
      said += ActivityLine(event, false) + "\n" + ToJson(event) + "\n";
    }
  };
  ServedHub hub(std::move(options));
  std::vector<std::string> secrets = LogInAndPush(hub);
  secrets.insert(secrets.end(), {kSecret, kBasic});
  AskWithSecrets(hub);
  SendNonsense(hub);
  hub.Control(201, "POST", "/worlds",
              Concat({R"({"name": "w", "personality": "docker-hub", "accounts": )",
                      R"([{"name": "acme", "password": ")", kSecret, R"("}]})"}));
  std::string told = hub.Ask("POST", "/_drydock/v1/worlds",
                             Concat({R"({"name": "v", "accounts": [{"name": "a", "password": [")",
                                     kSecret, R"("]}]})"}))
                         .body;
  for (const char* path :
       {"/worlds", "/worlds/w", "/metrics", "/worlds/default/state", "/worlds/default/journal",
        "/worlds/default/journal.har", "/worlds/default/faults", "/worlds/w/journal"}) {
    told += hub.Ask("GET", Concat({"/_drydock/v1", path})).body;
  }
  const std::lock_guard lock(mutex);
  said += told;
  EXPECT_NE(std::string::npos, said.find("acme/app")) << "there must be something to look through";
  for (const std::string& secret : secrets) {
    const std::size_t at = said.find(secret);
    EXPECT_EQ(std::string::npos, at)
        << secret << " came out: "
        << said.substr(std::min(said.size(), at) - std::min<std::size_t>(at, 200), 400);
  }
}

}  // namespace
}  // namespace drydock::simulator
