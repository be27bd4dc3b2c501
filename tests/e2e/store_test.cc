// `drydock serve --store` and `--preload` with real clients and real kills.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "core/rng.h"
#include "core/text.h"
#include "tests/e2e/oci_layout.h"
#include "tests/e2e/served.h"
#include "tests/support/raw_client.h"

namespace drydock::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kManifestType[] = "application/vnd.oci.image.manifest.v1+json";

int Skopeo(const std::vector<std::string>& arguments, std::string* said = nullptr) {
  std::vector<std::string> argv = {"skopeo", "--insecure-policy"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return RunClient(argv, said);
}

// Runs the program to its end, which a store that cannot be used brings about.
int RunServe(std::vector<std::string> flags, std::string* err) {
  std::vector<std::string> argv = {DRYDOCK_PROGRAM, "serve", "--port", "0"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  Child child(argv);
  const int exit_code = child.Wait(std::chrono::seconds(20));
  *err = child.err();
  return exit_code;
}

class StoreOnDisk : public ::testing::Test {
 protected:
  std::unique_ptr<Served> Serve(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--store", folder_.At("store")});
    return std::make_unique<Served>(more);
  }

  TempFolder folder_;
};

TEST_F(StoreOnDisk, IsReadBySkopeoAndServedAgain) {
  const OciLayout image(folder_, "multi", {"amd64", "arm64"}, 300'000);
  {
    const auto server = Serve();
    ASSERT_EQ(0, Skopeo({"copy", "--all", "--dest-tls-verify=false", image.Reference(),
                         server->Docker("team/app:v1")}));
    ASSERT_EQ(0, Skopeo({"copy", "--all", "--dest-tls-verify=false", image.Reference(),
                         server->Docker("other:v2")}));
    EXPECT_EQ(0, server->Stop(SIGTERM));
  }
  std::string said;
  ASSERT_EQ(0, Skopeo({"copy", "--all", Concat({"oci:", folder_.At("store/team/app"), ":v1"}),
                       Concat({"oci:", folder_.At("out"), ":v1"})},
                      &said))
      << said;
  EXPECT_EQ(BlobsOf(folder_.At("multi")), BlobsOf(folder_.At("out")));

  const auto again = Serve();
  ASSERT_EQ(0, Skopeo({"copy", "--all", "--src-tls-verify=false", again->Docker("other:v2"),
                       Concat({"oci:", folder_.At("out2"), ":v1"})}));
  EXPECT_EQ(BlobsOf(folder_.At("multi")), BlobsOf(folder_.At("out2")));
}

TEST_F(StoreOnDisk, StartsWithArchivesThatSkopeoWrote) {
  const OciLayout image(folder_, "multi", {"amd64", "arm64"}, 300'000);
  const std::string oci = folder_.At("images.tar");
  const std::string docker = folder_.At("saved.tar");
  std::string said;
  ASSERT_EQ(
      0, Skopeo({"copy", "--all", image.Reference(), Concat({"oci-archive:", oci, ":team/app:v1"})},
                &said))
      << said;
  ASSERT_EQ(0, Skopeo({"--override-arch=amd64", "copy", image.Reference(),
                       Concat({"docker-archive:", docker, ":docker.io/team/saved:v2"})},
                      &said))
      << said;
  const Served server({"--preload", oci, "--preload", docker});
  ASSERT_EQ(0, Skopeo({"copy", "--all", "--src-tls-verify=false", server.Docker("team/app:v1"),
                       Concat({"oci:", folder_.At("out"), ":v1"})},
                      &said))
      << said;
  EXPECT_EQ(BlobsOf(folder_.At("multi")), BlobsOf(folder_.At("out")));
  ASSERT_EQ(0,
            Skopeo({"--override-arch=amd64", "copy", "--src-tls-verify=false",
                    server.Docker("team/saved:v2"), Concat({"oci:", folder_.At("saved"), ":v2"})},
                   &said))
      << said;
  EXPECT_EQ(3U, BlobsOf(folder_.At("saved")).size());
}

TEST_F(StoreOnDisk, IsOpenInOneServerOnly) {
  const auto server = Serve();
  std::string err;
  EXPECT_EQ(1, RunServe({"--store", folder_.At("store")}, &err));
  EXPECT_EQ(Concat({"drydock serve: ", folder_.At("store"),
                    ": another drydock serve has this store open; stop that one, or choose another "
                    "folder\n"}),
            err);
}

TEST_F(StoreOnDisk, SaysWhatIsDamaged) {
  const OciLayout image(folder_, "one", {"amd64"}, 10'000);
  ASSERT_EQ(0, Serve({"--preload", Concat({"team/app=", folder_.At("one")})})->Stop(SIGTERM));
  const std::string blob =
      folder_.At("store/team/app/blobs/sha256/") + std::string(image.top().hex());
  std::filesystem::resize_file(blob, 10);
  std::string err;
  EXPECT_EQ(2, RunServe({"--store", folder_.At("store")}, &err));
  EXPECT_THAT(err,
              ::testing::StartsWith(Concat({"drydock serve: ", blob, ": damaged or cut short"})));
  EXPECT_EQ(1, std::count(err.begin(), err.end(), '\n'));

  EXPECT_EQ(2, RunServe({"--store", folder_.At("one")}, &err));
  EXPECT_THAT(err, HasSubstr("an OCI image layout, not a store"));
  EXPECT_EQ(2, RunServe({"--preload", folder_.At("nowhere")}, &err));
  EXPECT_THAT(err, HasSubstr("neither a folder with an OCI image layout, nor an archive"));
}

TEST_F(StoreOnDisk, StartsWithLayoutsAndSeeds) {
  const OciLayout image(folder_, "one", {"amd64"}, 10'000);
  const std::string seed = folder_.Write("seed.json", R"({"repositories": {
      "library/debian": {"tags": {
        "12": {"platforms": ["linux/amd64", "linux/arm64"], "layers": [2000, 0]},
        "latest": "12"}}}})");
  const Served server({"--preload", folder_.At("one"), "--preload", seed});
  for (const char* name : {"one:v1", "library/debian:latest"}) {
    std::string said;
    EXPECT_EQ(0, Skopeo({"copy", "--all", "--src-tls-verify=false", server.Docker(name),
                         Concat({"oci:", folder_.At("out"), ":x"})},
                        &said))
        << said;
  }
}

TEST_F(StoreOnDisk, StartsWithALayoutOfUmociAndIsReadByIt) {
  const auto umoci = [](std::vector<std::string> words) {
    words.insert(words.begin(), "umoci");
    std::string said;
    EXPECT_EQ(0, RunClient(words, &said)) << said;
    return said;
  };
  const std::string made = folder_.At("made");
  umoci({"init", "--layout", made});
  umoci({"new", "--image", made + ":v1"});
  umoci({"insert", "--image", made + ":v1", folder_.Write("motd", "hello"), "/etc/motd"});
  EXPECT_EQ(0, Serve({"--preload", Concat({"team/app=", made})})->Stop(SIGTERM));

  const std::string kept = folder_.At("store/team/app");
  EXPECT_EQ("v1\n", umoci({"ls", "--layout", kept}));
  umoci({"unpack", "--image", kept + ":v1", folder_.At("bundle")});
  EXPECT_EQ("hello", ReadFile(folder_.path() / "bundle/rootfs/etc/motd"));
}

// Pushes images of one layer and one config of its own until the server is gone, and remembers what
// was acknowledged.
class Pusher {
 public:
  explicit Pusher(std::uint64_t seed) : rng_(seed) {}

  void PushUntilKilled(std::uint16_t port) {
    RawClient client(port);
    while (PushBlob(client, rng_.Hex(20'000)) && PushBlob(client, rng_.Hex(40)) &&
           PutManifest(client)) {
    }
  }

  // All that was acknowledged is there, and all tags are whole.
  void Check(std::uint16_t port) const {
    RawClient client(port);
    for (const auto& [digest, bytes] : blobs_) {
      ASSERT_TRUE(client.Send(RequestText("GET", "/v2/app/blobs/" + digest)));
      ASSERT_EQ(bytes, client.ReadAnswer().body) << digest;
    }
    for (const auto& [tag, manifest] : tags_) {
      ASSERT_TRUE(client.Send(RequestText("GET", "/v2/app/manifests/" + tag)));
      ASSERT_EQ(manifest, client.ReadAnswer().body) << tag;
    }
    ASSERT_TRUE(client.Send(RequestText("GET", "/v2/app/tags/list")));
    const RawAnswer list = client.ReadAnswer();
    const auto parsed = json::Parse(list.body, "list");
    ASSERT_TRUE(parsed.ok());
    const json::Value* tags = parsed->Find("tags");
    const std::size_t listed =
        tags == nullptr || tags->as_array() == nullptr ? 0 : tags->as_array()->size();
    EXPECT_GE(listed, tags_.size());
    EXPECT_LE(listed, tags_.size() + 1);
  }

  std::size_t acknowledged() const { return blobs_.size() + tags_.size(); }

 private:
  // The status of the answer; 0 when the server was gone.
  static int Ask(RawClient& client, const std::string& request) {
    return client.Send(request) ? client.ReadAnswer().status : 0;
  }

  bool PushBlob(RawClient& client, const std::string& bytes) {
    const std::string digest = Digest::Of(bytes).ToString();
    const int status =
        Ask(client, RequestText("POST", "/v2/app/blobs/uploads/?digest=" + digest,
                                "Content-Type: application/octet-stream\r\n", bytes));
    if (status == 201) {
      blobs_[digest] = bytes;
      last_.push_back(
          Concat({R"("digest":")", digest, R"(","size":)", std::to_string(bytes.size())}));
    }
    return status == 201;
  }

  bool PutManifest(RawClient& client) {
    const std::string config = last_.back();
    const std::string layer = last_[last_.size() - 2];
    const std::string manifest = Concat(
        {R"({"schemaVersion":2,"mediaType":")", kManifestType,
         R"(","config":{"mediaType":"application/vnd.oci.image.config.v1+json",)", config,
         R"(},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar",)", layer, "}]}"});
    const std::string tag = "v" + std::to_string(tags_.size());
    const bool put = Ask(client, RequestText("PUT", "/v2/app/manifests/" + tag,
                                             Concat({"Content-Type: ", kManifestType, "\r\n"}),
                                             manifest)) == 201;
    if (put) {
      tags_[tag] = manifest;
    }
    return put;
  }

  Rng rng_;
  std::map<std::string, std::string> blobs_;
  std::map<std::string, std::string> tags_;
  std::vector<std::string> last_;
};

TEST_F(StoreOnDisk, LosesNothingAcknowledgedWhenKilled) {
  Rng rng(7);
  Pusher pusher(8);
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE(round);
    const auto server = Serve();
    pusher.Check(server->port());
    std::thread pushing([&] { pusher.PushUntilKilled(server->port()); });
    SystemClock().SleepFor(std::chrono::microseconds(5'000 + rng.Below(150'000))).ok();
    server->Stop(SIGKILL);
    pushing.join();
  }
  pusher.Check(Serve()->port());
  EXPECT_GT(pusher.acknowledged(), 30U);
}

}  // namespace
}  // namespace drydock::testing
