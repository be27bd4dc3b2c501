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
  std::size_t kept = 0;
  for (const auto& client : clients) {
    const RawAnswer answer = client->ReadAnswer();
    EXPECT_EQ("GET /a", answer.body);
    if (answer.Field("Connection") == "close") {
      client->EndSending();
    } else {
      ++kept;  // and goes on occupying a place
    }
  }
  EXPECT_LE(kept, limits.connections_max / 2);
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
  const Result<std::uint16_t> taken = second.Bind("127.0.0.1", rig.port);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(ErrorCode::kConflict, taken.error().code());
  EXPECT_NE(std::string::npos, taken.error().message().find("the port is in use"))
      << taken.error().message();
  const Result<std::uint16_t> nowhere = second.Bind("192.0.2.1", 0);
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(ErrorCode::kInvalid, nowhere.error().code());
  const Result<std::uint16_t> nonsense = second.Bind("not an address", 0);
  ASSERT_FALSE(nonsense.ok());
  EXPECT_EQ(ErrorCode::kInvalid, nonsense.error().code());
}

}  // namespace
}  // namespace drydock::simulator
