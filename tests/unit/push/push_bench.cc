#include "tests/unit/push/push_bench.h"

#include <gtest/gtest.h>

#include "core/media_type.h"
#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "simulator/registry/personalities.h"

namespace drydock::publisher {
namespace {

const TimePoint kPushStart = *ParseRfc3339("2026-05-28T06:00:00Z");
constexpr std::string_view kTokenSecret = "the token secret of this test";

std::vector<simulator::FaultRule> FaultsFrom(std::string_view rules) {
  if (rules.empty()) {
    return {};
  }
  auto read = simulator::ParseFaultFile(Concat({"{\"faults\": [", rules, "]}"}), "faults");
  EXPECT_TRUE(read) << (read ? "" : read.error().message());
  return read ? *read : std::vector<simulator::FaultRule>();
}

std::string Noise(std::string_view seed, std::uint64_t bytes) {
  Rng rng = Rng(7).Fork(seed);
  std::string noise;
  noise.reserve(bytes + 8);
  while (noise.size() < bytes) {
    const std::uint64_t next = rng.Next();
    noise.append(reinterpret_cast<const char*>(&next), sizeof(next));
  }
  noise.resize(bytes);
  return noise;
}

std::string DescriptorOf(std::string_view type, const Digest& digest, std::uint64_t size,
                         std::string_view more = "") {
  return Concat({R"({"mediaType":")", type, R"(","digest":")", digest.ToString(), R"(","size":)",
                 std::to_string(size), more, "}"});
}

// Hands a transport's requests to the bench's `between`.
class BetweenTransport : public Transport {
 public:
  BetweenTransport(std::unique_ptr<Transport> network, const Between& between)
      : network_(std::move(network)), between_(between) {}
  Result<Response> Send(Request request, Deadline deadline) override {
    return between_ ? between_(*network_, std::move(request), deadline)
                    : network_->Send(std::move(request), deadline);
  }

 private:
  std::unique_ptr<Transport> network_;
  const Between& between_;
};

}  // namespace

LayoutMade MakeLayout(const testing::TempFolder& folder, const std::string& name,
                      const std::vector<std::vector<std::uint64_t>>& images,
                      const std::string& layer_members, const std::string& settings) {
  LayoutMade made;
  made.folder = folder.At(name);
  const auto put = [&](const std::string& bytes) {
    Digest digest = Digest::Of(bytes);
    folder.Write(Concat({name, "/blobs/sha256/", digest.hex()}), bytes);
    return digest;
  };
  folder.Write(name + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  std::vector<std::string> children;
  std::size_t top_size = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    std::vector<std::string> layers;
    for (std::size_t n = 0; n < images[i].size(); ++n) {
      const Digest layer =
          put(Noise(Concat({name, std::to_string(i), "-", std::to_string(n)}), images[i][n]));
      made.layers.push_back(layer);
      layers.push_back(DescriptorOf(media_type::kOciLayerGzip, layer, images[i][n], layer_members));
    }
    const std::string config = Concat({R"({"architecture":"a)", std::to_string(i),
                                       R"(","os":"linux","rootfs":{"type":"layers"})",
                                       settings.empty() ? "" : ",\"config\":", settings, "}"});
    const std::string manifest =
        Concat({R"({"schemaVersion":2,"mediaType":")", media_type::kOciManifest, R"(","config":)",
                DescriptorOf(media_type::kOciConfig, put(config), config.size()), R"(,"layers":[)",
                Join(layers, ","), "]}"});
    made.top = put(manifest);
    top_size = manifest.size();
    children.push_back(DescriptorOf(
        media_type::kOciManifest, made.top, top_size,
        Concat({R"(,"platform":{"os":"linux","architecture":"a)", std::to_string(i), R"("})"})));
  }
  if (images.size() > 1) {
    const std::string index = Concat({R"({"schemaVersion":2,"mediaType":")", media_type::kOciIndex,
                                      R"(","manifests":[)", Join(children, ","), "]}"});
    made.top = put(index);
    top_size = index.size();
  }
  folder.Write(
      name + "/index.json",
      Concat({R"({"schemaVersion":2,"manifests":[)",
              DescriptorOf(images.size() > 1 ? media_type::kOciIndex : media_type::kOciManifest,
                           made.top, top_size,
                           R"(,"annotations":{"org.opencontainers.image.ref.name":"v1"})"),
              "]}"}));
  return made;
}

PushBench::PushBench(const simulator::Personality& personality, std::string_view faults)
    : world(1, kPushStart),
      journal(world.clock()),
      run(std::make_unique<RunJournal>(world.clock())),
      faults_(FaultsFrom(faults), 1),
      internet_(world.clock(), journal, faults_),
      registry(std::string(kPushedTo), personality, world.clock(), world.Fork("hub"), journal,
               std::string(kTokenSecret)),
      tokens_({.rule = personality.tokens.value_or(simulator::TokenRule()),
               .secret = std::string(kTokenSecret),
               .accounts = {{"joakimp", "password"}},
               .private_repositories = {}},
              registry.store(), world.clock(), world.Fork("tokens")) {
  internet_.Attach(std::string(kPushedTo), registry);
  internet_.Attach("auth.docker.io", tokens_);
}

Outcome<PushReport> PushBench::Push(const LayoutMade& layout, PushOptions options,
                                    std::string_view tag) {
  options.credentials["docker.io"] = {"joakimp", "password"};
  const auto image = ReadLayoutImage(layout.folder, "");
  EXPECT_TRUE(image) << (image ? "" : image.error().message());
  Outcome<PushReport> pushed = LocalFailure("the world ended");
  RunAsActor([&] {
    const Lanes actors = ActorLanes();
    const auto transport = actors.connect();
    Pusher pusher(*transport, actors, world.clock(), world.Fork("pusher"), journal, *run,
                  std::move(options));
    pushed = pusher.Push(*image, *ImageReference::Parse(Concat({kTarget, ":", tag})));
  });
  return pushed;
}

Lanes PushBench::ActorLanes() {
  Lanes actors;
  actors.count = lanes;
  actors.connect = [this]() -> std::unique_ptr<Transport> {
    return std::make_unique<BetweenTransport>(internet_.Connect(world, "203.0.113.7", "host"),
                                              between);
  };
  actors.run_together = [this](std::vector<Lanes::Task> tasks) {
    std::vector<simulator::World::Task> named;
    named.reserve(tasks.size());
    for (Lanes::Task& task : tasks) {
      named.emplace_back(Concat({"lane ", std::to_string(named.size() + 1)}), std::move(task));
    }
    world.RunTogether(std::move(named));
  };
  return actors;
}

void PushBench::RunAsActor(const std::function<void()>& work) {
  world.Spawn("host", work);
  const Status ran = world.Run();
  EXPECT_TRUE(ran) << (ran ? "" : ran.error().message());
}

std::vector<SentRequest> PushBench::Requests() const {
  std::vector<SentRequest> requests;
  for (const Event& event : journal.Snapshot()) {
    if (const auto* exchange = std::get_if<ExchangeEvent>(&event.payload)) {
      requests.push_back({exchange->operation, exchange->reference, exchange->status,
                          exchange->request_bytes,
                          std::string(exchange->request_headers.Get("Authorization"))});
    }
  }
  return requests;
}

std::vector<SentRequest> PushBench::RequestsOf(std::string_view operation) const {
  std::vector<SentRequest> found = Requests();
  std::erase_if(found, [&](const SentRequest& one) { return one.operation != operation; });
  return found;
}

std::uint64_t PushBench::BlobBytesReceived() const {
  std::uint64_t bytes = 0;
  for (const SentRequest& request : Requests()) {
    bytes += request.operation.starts_with("upload.") ? request.bytes : 0;
  }
  return bytes;
}

std::vector<std::string> PushBench::Writes() const {
  std::vector<std::string> writes;
  for (const SentRequest& request : Requests()) {
    if (request.operation == "manifest.put") {
      writes.push_back(Concat({"manifest.put ", request.reference}));
    } else if (request.operation.starts_with("upload.") && request.operation != "upload.status") {
      writes.push_back(request.operation);
    }
  }
  return writes;
}

void PushBench::ExpectWhole(const LayoutMade& layout, std::string_view tag) const {
  EXPECT_EQ(TagNow(tag), layout.top.ToString());
  const auto image = ReadLayoutImage(layout.folder, "");
  ASSERT_TRUE(image);
  for (const Manifest& manifest : image->manifests) {
    const auto* stored = registry.store().FindManifest(kTarget, manifest.digest);
    ASSERT_NE(stored, nullptr) << manifest.digest.ToString();
    EXPECT_EQ(Digest::Of(*stored->bytes), manifest.digest);
  }
  for (const LayoutBlob& blob : image->blobs) {
    EXPECT_TRUE(registry.store().FindBlob(kTarget, blob.digest)) << blob.digest.ToString();
  }
}

std::string PushBench::TagNow(std::string_view tag) const {
  const auto digest = registry.store().FindTag(kTarget, tag);
  return digest ? digest->ToString() : "";
}

std::vector<std::string> PushBench::Waits() const {
  std::vector<std::string> waits;
  for (const Event& event : journal.Snapshot()) {
    if (const auto* wait = std::get_if<WaitEvent>(&event.payload)) {
      waits.push_back(wait->reason);
    }
  }
  return waits;
}

}  // namespace drydock::publisher
