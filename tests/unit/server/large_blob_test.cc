// Blobs that are larger than what is held in one piece: hashed in a second thread on their way in,
// sent by the kernel on their way out.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "simulator/server/worlds.h"
#include "simulator/storage/disk_store.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tls_client.h"
#include "tests/unit/server/served_hub.h"

namespace drydock::simulator {
namespace {

using testing::RawAnswer;
using testing::RawClient;

// 20 MB that differ everywhere.
std::string Large(char first) {
  std::string bytes(20'000'000, first);
  for (std::size_t i = 0; i < bytes.size(); i += 1000) {
    bytes.replace(i, 8, std::to_string(10'000'000 + i).substr(0, 8));
  }
  return bytes;
}

std::string BlobPath(const std::string& bytes) {
  return Concat({"/v2/team/app/blobs/", Digest::Of(bytes).ToString()});
}

void ComesBackWhole(ServerOptions options) {
  const std::string bytes = Large('x');
  ServedHub hub(std::move(options));
  ServedHub::Push(*hub.client, "team/app", bytes);
  EXPECT_TRUE(hub.Ask("GET", BlobPath(bytes)).body == bytes);
  const RawAnswer part = hub.Ask("GET", BlobPath(bytes), "", "Range: bytes=9999990-19999989\r\n");
  EXPECT_EQ(206, part.status);
  EXPECT_TRUE(part.body == bytes.substr(9'999'990, 10'000'000));
  RawClient gone(hub.port);
  EXPECT_TRUE(gone.Send(testing::RequestText("GET", BlobPath(bytes))));
  EXPECT_FALSE(gone.Quiet(std::chrono::seconds(10)));
  gone.Vanish();  // a write to nobody must not end the process
  EXPECT_EQ(200, hub.Ask("GET", BlobPath(bytes)).status);
}

TEST(LargeBlob, ComesBackWholeFromMemory) { ComesBackWhole(ServedHub::Plain()); }

TEST(LargeBlob, ComesBackWholeFromDisk) {
  const testing::TempFolder folder;
  Result<OpenedStore> opened = OpenDiskStore(folder.At("store"));
  ASSERT_TRUE(opened.ok());
  ServerOptions options = ServedHub::Plain();
  options.content = std::move(opened->content);
  options.backing = std::move(opened->backing);
  ComesBackWhole(std::move(options));
}

TEST(LargeBlob, GoesThroughTls) {
  const std::string bytes = Large('t');
  ServerOptions options = ServedHub::Plain();
  const auto writer = options.content.NewBlob();
  ASSERT_TRUE(writer->Append(bytes).ok());
  options.content.PutBlob("team/app", Digest::Of(bytes), *writer->Take());
  options.tls = true;
  ServedHub hub(std::move(options));
  testing::TlsClient client(hub.port, hub.server->ca_pem(), "localhost");
  ASSERT_TRUE(client.ok()) << client.why();
  EXPECT_TRUE(client.Send(testing::RequestText("GET", BlobPath(bytes), "Connection: close\r\n")));
  const std::string answer = client.ReadToEnd();
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + bytes)) << answer.substr(0, 300);
}

TEST(LargeBlob, IsPushedBesideOthers) {
  ServedHub hub(ServedHub::Plain());
  std::vector<std::thread> pushers;
  for (const char first : {'a', 'b', 'c', 'd'}) {
    pushers.emplace_back([&hub, first] {
      RawClient client(hub.port);
      ServedHub::Push(client, "team/app", Large(first));
    });
  }
  for (std::thread& pusher : pushers) {
    pusher.join();
  }
  EXPECT_EQ(4u, hub.server->Held().blobs);
}

TEST(LargeBlob, WithTheWrongDigestIsRefusedAndGone) {
  ServedHub hub(ServedHub::Plain());
  const std::string bytes = Large('w');
  const RawAnswer answer = hub.Ask(
      "POST", "/v2/team/app/blobs/uploads/?digest=" + Digest::Of("other").ToString(), bytes);
  EXPECT_EQ(400, answer.status);
  EXPECT_NE(std::string::npos, answer.body.find("DIGEST_INVALID")) << answer.body;
  EXPECT_EQ(0u, hub.server->Held().blobs);
}

// The exchange outlives the request, and with it what it hashes.
TEST(LargeBlob, IsCommittedLater) {
  ServerOptions options = ServedHub::Plain();
  FaultRule later;
  later.name = "later";
  later.when.exchange.operations = {"upload.start"};
  later.phase = Phase::kDecide;
  later.answer = Reply{504, "", {}, ""};
  later.commit = {Commit::Mode::kLater, std::chrono::hours(1), 0};
  options.faults = {later};
  ServedHub hub(std::move(options));
  const std::string bytes = Large('l');
  EXPECT_EQ(
      504,
      hub.Ask("POST", Concat({"/v2/team/app/blobs/uploads/?digest=", Digest::Of(bytes).ToString()}),
              bytes)
          .status);
  EXPECT_EQ(404, hub.Ask("HEAD", BlobPath(bytes)).status);
  const auto world = hub.server->worlds().Find(kDefaultWorld);
  world->clock().Advance(std::chrono::hours(2));
  EXPECT_EQ(200, hub.Ask("HEAD", BlobPath(bytes)).status);
}

}  // namespace
}  // namespace drydock::simulator
