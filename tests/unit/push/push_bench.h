// A registry, a layout on disk and a pusher whose lanes are actors, in virtual time, for tests of
// the push. Threads: as the world's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/journal.h"
#include "publisher/push/pusher.h"
#include "simulator/faults/fault_state.h"
#include "simulator/registry/registry.h"
#include "simulator/registry/token_service.h"
#include "simulator/world/internet.h"
#include "simulator/world/world.h"
#include "tests/support/temp_folder.h"

namespace drydock::publisher {

inline constexpr std::string_view kPushedTo = "registry-1.docker.io";
inline constexpr std::string_view kTarget = "joakimp/app";
inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;

// An image layout: one image for each list of layer sizes, an index over them when there are
// several. Bytes depend on nothing but the arguments.
struct LayoutMade {
  std::string folder;
  Digest top = Digest::Of("");
  std::vector<Digest> layers;  // in order
};
LayoutMade MakeLayout(const testing::TempFolder& folder, const std::string& name,
                      const std::vector<std::vector<std::uint64_t>>& images,
                      const std::string& layer_members = "", const std::string& settings = "");

// Stands between a lane and the network: may act before, after or in place of a request.
using Between =
    std::function<Result<Response>(Transport& network, Request request, Deadline deadline)>;

struct SentRequest {
  std::string operation;
  std::string reference;
  int status = 0;
  std::uint64_t bytes = 0;
  std::string authorization;
};

class PushBench {
 public:
  explicit PushBench(const simulator::Personality& personality, std::string_view faults = "");

  Outcome<PushReport> Push(const LayoutMade& layout, PushOptions options = {},
                           std::string_view tag = "v1");
  Lanes ActorLanes();
  // Runs `work` as an actor, to its end.
  void RunAsActor(const std::function<void()>& work);
  // Every request the registry saw, in order.
  std::vector<SentRequest> Requests() const;
  std::vector<SentRequest> RequestsOf(std::string_view operation) const;
  // Bytes of blobs that reached the registry, in whatever request.
  std::uint64_t BlobBytesReceived() const;
  std::vector<std::string> Writes() const;  // "upload.patch", "manifest.put v1", …
  // The tag names the layout's image, and everything under it is there, byte for byte.
  void ExpectWhole(const LayoutMade& layout, std::string_view tag = "v1") const;
  std::string TagNow(std::string_view tag = "v1") const;
  std::vector<std::string> Waits() const;
  simulator::FaultState& faults() { return faults_; }

  simulator::World world;
  Journal journal;
  Between between;
  std::size_t lanes = 3;
  std::unique_ptr<RunJournal> run;  // in memory unless replaced

 private:
  simulator::FaultState faults_;
  simulator::Internet internet_;

 public:
  simulator::Registry registry;

 private:
  simulator::TokenService tokens_;
};

}  // namespace drydock::publisher
