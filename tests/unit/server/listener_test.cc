#include "simulator/server/listener.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/server/rig.h"

namespace drydock::simulator {
namespace {

using testing::End;
using testing::RawAnswer;
using testing::RawClient;
using testing::RequestText;

TEST(Listener, MakesRoomForWhoWaits) {
  ServerLimits limits;
  limits.connections_max = 4;
  Rig rig({}, limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(std::make_unique<RawClient>(rig.port));
    ASSERT_TRUE(clients.back()->Send(RequestText("GET", "/a")));
  }
  for (const auto& client : clients) {
    EXPECT_EQ("GET /a", client->ReadAnswer().body);
  }
}

TEST(Listener, TakesSeveralAddresses) {
  Rig rig;
  ASSERT_TRUE(rig.listener.Bind({"127.0.0.2", rig.port}).ok());
  ASSERT_TRUE(rig.listener.Bind({"::1", rig.port}).ok());
  for (const char* host : {"127.0.0.1", "127.0.0.2", "::1"}) {
    RawClient client(rig.port, "", host);
    ASSERT_TRUE(client.Send(RequestText("GET", "/a"))) << host;
    EXPECT_EQ("GET /a", client.ReadAnswer().body) << host;
  }
  rig.listener.Unbind({"127.0.0.2", rig.port});
  EXPECT_FALSE(RawClient(rig.port, "", "127.0.0.2").ok());
  EXPECT_TRUE(RawClient(rig.port, "", "::1").ok());
}

TEST(Listener, StopsIdleConnectionsAtOnceAndLetsOthersFinish) {
  Rig rig;
  RawClient idle(rig.port);
  ASSERT_TRUE(idle.Send(RequestText("GET", "/a")));
  EXPECT_EQ("GET /a", idle.ReadAnswer().body);
  RawClient busy(rig.port);
  ASSERT_TRUE(busy.Send(RequestText("PUT", "/sink", "Content-Length: 6\r\n") + "abc"));
  ASSERT_TRUE(rig.witness.WaitForBytes(3));

  std::thread stopper([&rig] { rig.listener.Stop(); });
  EXPECT_EQ("", idle.ReadToEnd());
  EXPECT_EQ(End::kFin, idle.end());
  ASSERT_TRUE(busy.Send("def"));
  const RawAnswer answer = busy.ReadAnswer();
  EXPECT_EQ(Digest::Of("abcdef").ToString(), answer.Field("Digest"));
  EXPECT_EQ("close", answer.Field("Connection"));
  busy.EndSending();
  stopper.join();
  EXPECT_FALSE(RawClient(rig.port).ok());
}

TEST(Listener, BreaksOffWhatTakesTooLong) {
  ServerLimits limits;
  limits.grace_time = std::chrono::milliseconds(50);
  Rig rig({}, limits);
  RawClient busy(rig.port);
  ASSERT_TRUE(busy.Send(RequestText("PUT", "/sink", "Content-Length: 6\r\n") + "abc"));
  ASSERT_TRUE(rig.witness.WaitForBytes(3));
  rig.listener.Stop();
  EXPECT_EQ("", busy.ReadToEnd());
}

TEST(Listener, SaysWhyItCannotListen) {
  Rig rig;
  Listener second(rig.context);
  const Result<std::uint16_t> taken = second.Bind({"127.0.0.1", rig.port});
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(ErrorCode::kConflict, taken.error().code());
  EXPECT_NE(std::string::npos, taken.error().message().find("the port is in use"))
      << taken.error().message();
  const Result<std::uint16_t> nowhere = second.Bind({"192.0.2.1", 0});
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(ErrorCode::kInvalid, nowhere.error().code());
  const Result<std::uint16_t> nonsense = second.Bind({"not an address", 0});
  ASSERT_FALSE(nonsense.ok());
  EXPECT_EQ(ErrorCode::kInvalid, nonsense.error().code());
}

}  // namespace
}  // namespace drydock::simulator
