// Many connections at once: the silent, the slow and the busy.
#include "simulator/server/connection_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/server/rig.h"

namespace drydock::simulator {
namespace {

using testing::End;
using testing::RawClient;
using testing::RequestText;

using Clients = std::vector<std::unique_ptr<RawClient>>;

Clients Connect(std::uint16_t port, std::size_t count, std::string_view bytes) {
  Clients clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<RawClient>(port));
    EXPECT_TRUE(clients.back()->Send(bytes));
  }
  return clients;
}

// Whether a new client gets its answers one after the other.
void ExpectService(std::uint16_t port) {
  RawClient client(port);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(client.Send(RequestText("GET", "/a")));
    ASSERT_EQ("GET /a", client.ReadAnswer().body);
  }
}

TEST(ConnectionPool, DoesNotNoticeThousandsOfIdlers) {
  ServerLimits limits;
  limits.workers_max = 4;
  Rig rig({}, limits);
  const Clients silent = Connect(rig.port, 1800, "");
  const Clients served = Connect(rig.port, 200, RequestText("GET", "/a"));
  for (const auto& client : served) {
    ASSERT_EQ("GET /a", client->ReadAnswer().body);
  }
  ExpectService(rig.port);
  EXPECT_GE(rig.listener.live(), 2000U);
  for (const auto& client : served) {
    ASSERT_TRUE(client->Send(RequestText("GET", "/again")));
    ASSERT_EQ("GET /again", client->ReadAnswer().body);
  }
}

TEST(ConnectionPool, DoesNotWaitForSlowHeads) {
  ServerLimits limits;
  limits.workers_max = 1;
  Rig rig({}, limits);
  const Clients slow = Connect(rig.port, 200, "GET /slow HTTP/1.1\r\nHost: h");
  ExpectService(rig.port);
  for (const auto& client : slow) {
    ASSERT_TRUE(client->Send("\r\n\r\n"));
    ASSERT_EQ("GET /slow", client->ReadAnswer().body);
  }
}

TEST(ConnectionPool, ToleratesBodiesThatStall) {
  Rig rig;
  const Clients stalled =
      Connect(rig.port, 100, RequestText("PUT", "/sink", "Content-Length: 2\r\n") + "x");
  ASSERT_TRUE(rig.witness.WaitForBytes(stalled.size()));
  ExpectService(rig.port);
  for (const auto& client : stalled) {
    ASSERT_TRUE(client->Send("x"));
    ASSERT_EQ(201, client->ReadAnswer().status);
  }
}

TEST(ConnectionPool, DoesNotWaitForBodiesThatStall) {
  ServerLimits limits;
  limits.workers_max = 1;
  limits.slow_after = std::chrono::milliseconds(1);
  Rig rig({}, limits);
  const Clients stalled =
      Connect(rig.port, 200, RequestText("PUT", "/sink", "Content-Length: 2\r\n") + "x");
  ExpectService(rig.port);
  for (const auto& client : stalled) {
    ASSERT_TRUE(client->Send("x"));
    ASSERT_EQ(201, client->ReadAnswer().status);
  }
}

// No wait of theirs is long; it is what they add up to.
TEST(ConnectionPool, DoesNotWaitForBodiesThatTrickle) {
  ServerLimits limits;
  limits.workers_max = 2;
  limits.slow_after = std::chrono::milliseconds(5);
  Rig rig({}, limits);
  const Clients slow =
      Connect(rig.port, 8, RequestText("PUT", "/sink", "Content-Length: 1000000\r\n") + "x");
  std::atomic<bool> served = false;
  std::thread trickle([&] {
    while (!served) {
      for (const auto& client : slow) {
        client->Send("x");
        static_cast<void>(client->Quiet(std::chrono::milliseconds(1)));
      }
    }
  });
  ExpectService(rig.port);
  served = true;
  trickle.join();
}

TEST(ConnectionPool, DoesNotWaitForAnswersThatNobodyReads) {
  ServerLimits limits;
  limits.workers_max = 1;
  limits.slow_after = std::chrono::milliseconds(1);
  Rig rig({}, limits);
  const Clients deaf =
      Connect(rig.port, 8, RequestText("GET", "/big") + RequestText("GET", "/big"));
  ExpectService(rig.port);
  for (const auto& client : deaf) {
    EXPECT_EQ(TestExchange::kBigBytes, client->ReadAnswer().body.size());
  }
}

TEST(ConnectionPool, BreaksOffTheSlowestWhenTooManyAreSlow) {
  ServerLimits limits;
  limits.workers_max = 1;
  limits.slow_max = 4;
  limits.slow_after = std::chrono::milliseconds(1);
  Rig rig({}, limits);
  const Clients stalled =
      Connect(rig.port, 20, RequestText("PUT", "/sink", "Content-Length: 2\r\n") + "x");
  ExpectService(rig.port);
  std::size_t finished = 0;
  for (const auto& client : stalled) {
    client->Send("x");
    finished += client->ReadAnswer().status == 201 ? 1 : 0;
  }
  EXPECT_LE(finished, limits.slow_max + limits.workers_max);
  EXPECT_GE(finished, 1U);
  ExpectService(rig.port);
}

// They wait for nothing the server could see, and keep every worker on duty.
TEST(ConnectionPool, DoesNotWaitForExchangesThatTakeTheirTime) {
  Rig rig;
  const Clients busy = Connect(rig.port, 2 * std::thread::hardware_concurrency() + 2,
                               RequestText("PUT", "/long", "Content-Length: 1\r\n") + "x");
  ASSERT_TRUE(rig.witness.WaitForBytes(busy.size()));
  ExpectService(rig.port);
  for (const auto& client : busy) {
    EXPECT_EQ(201, client->ReadAnswer().status);
  }
}

TEST(ConnectionPool, LetsTheIdlestGoWhenItIsFull) {
  ServerLimits limits;
  limits.connections_max = 8;
  Rig rig({}, limits);
  const Clients silent = Connect(rig.port, 20, "");
  ExpectService(rig.port);
  for (std::size_t i = 0; i + limits.connections_max < silent.size(); ++i) {
    EXPECT_EQ("", silent[i]->ReadToEnd());
    EXPECT_EQ(End::kFin, silent[i]->end());
  }
  EXPECT_LE(rig.listener.live(), limits.connections_max + 1);
}

TEST(ConnectionPool, EndsTheIdleInTime) {
  ServerLimits limits;
  limits.idle_time = std::chrono::milliseconds(30);
  limits.head_time = std::chrono::milliseconds(30);
  Rig rig({}, limits);
  RawClient silent(rig.port);
  RawClient served(rig.port);
  ASSERT_TRUE(served.Send(RequestText("GET", "/a")));
  EXPECT_EQ(200, served.ReadAnswer().status);
  RawClient slow(rig.port);
  ASSERT_TRUE(slow.Send("GET / HT"));
  EXPECT_EQ("", silent.ReadToEnd());
  EXPECT_EQ("", served.ReadToEnd());
  EXPECT_EQ(408, slow.ReadAnswer().status);
}

}  // namespace
}  // namespace drydock::simulator
