// A whole server on a free port, asked as a client asks it. Threads: the test's, beside the
// server's.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "core/json.h"
#include "core/text.h"
#include "simulator/server/registry_server.h"
#include "simulator/server/worlds.h"
#include "tests/support/raw_client.h"

namespace drydock::simulator {

class ServedHub {
 public:
  explicit ServedHub(ServerOptions options = Plain()) {
    Result<std::unique_ptr<RegistryServer>> started =
        RegistryServer::Start(std::move(options), clock);
    EXPECT_TRUE(started.ok());
    server = std::move(*started);
    const std::string url = server->base_url();
    port = static_cast<std::uint16_t>(*ParseUnsigned(url.substr(url.rfind(':') + 1)));
    client = std::make_unique<testing::RawClient>(port);
  }

  static ServerOptions Plain() {
    ServerOptions options;
    options.personality = AnonymousPersonality();
    return options;
  }

  testing::RawAnswer Ask(std::string_view method, std::string_view target,
                         std::string_view body = "", std::string_view fields = "") {
    return AskAt(*client, method, target, body, fields);
  }
  static testing::RawAnswer AskAt(testing::RawClient& at, std::string_view method,
                                  std::string_view target, std::string_view body = "",
                                  std::string_view fields = "") {
    EXPECT_TRUE(at.Send(testing::RequestText(method, target, fields, body)));
    return at.ReadAnswer(method == "HEAD");
  }
  // Of the control API, as JSON; the status must be `status`.
  json::Value Control(int status, std::string_view method, std::string_view path,
                      std::string_view body = "") {
    const testing::RawAnswer answer = Ask(method, Concat({"/_drydock/v1", path}), body);
    EXPECT_EQ(status, answer.status) << method << " " << path << ": " << answer.body;
    if (answer.body.empty()) {
      return {};
    }
    const Result<json::Value> document = json::Parse(answer.body, "answer");
    EXPECT_TRUE(document.ok()) << answer.body;
    return document ? *document : json::Value();
  }
  // Puts a blob into a repository of the registry `at` is connected to.
  static void Push(testing::RawClient& at, std::string_view repository, std::string_view bytes,
                   std::string_view fields = "") {
    const std::string digest = Digest::Of(bytes).ToString();
    const testing::RawAnswer opened =
        AskAt(at, "POST", Concat({"/v2/", repository, "/blobs/uploads/"}), "", fields);
    EXPECT_EQ(202, opened.status);
    const std::string location = opened.Field("Location");
    const std::size_t path = location.find("/v2/");
    ASSERT_NE(std::string::npos, path) << opened.head;
    const std::string target = location.substr(path);
    const char* joint = target.find('?') == std::string::npos ? "?" : "&";
    const testing::RawAnswer closed =
        AskAt(at, "PUT", Concat({target, joint, "digest=", digest}), bytes, fields);
    EXPECT_EQ(201, closed.status) << closed.body;
  }

  SystemClock clock;
  std::unique_ptr<RegistryServer> server;
  std::uint16_t port = 0;
  std::unique_ptr<testing::RawClient> client;
};

}  // namespace drydock::simulator
