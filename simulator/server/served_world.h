// One isolated registry of a server with its neighbours: their state, faults, clock and journal,
// and what was counted. What answers is the same code that answers in process
// (simulator/world/internet.h). Threads: every method from any thread. Source: issue 4 section 4;
// docs/adr/0006-exchange-phases.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"
#include "core/rng.h"
#include "simulator/faults/fault_state.h"
#include "simulator/neighbours/hub_api.h"
#include "simulator/neighbours/neighbour_content.h"
#include "simulator/registry/cdn.h"
#include "simulator/registry/memory_budget.h"
#include "simulator/registry/personality.h"
#include "simulator/registry/registry.h"
#include "simulator/registry/store.h"
#include "simulator/registry/token_service.h"
#include "simulator/server/journal_file.h"
#include "simulator/server/shifted_clock.h"
#include "simulator/world/internet.h"

namespace drydock::simulator {

struct WorldSpec {
  std::string name;
  Personality personality;  // its realm becomes the world's own /token
  std::vector<Account> accounts;
  std::vector<FaultRule> faults;
  std::uint64_t seed = 1;
  // What it holds at first, and where that is kept beyond the process; null: nowhere.
  Store content = {};
  std::shared_ptr<Backing> backing = {};
  NeighbourContent neighbours = {};
  std::map<std::string, std::string> traits = {};  // of the personality, as they were changed
  std::shared_ptr<MemoryBudget> memory = {};       // of what peers put into it; null: no limit
  std::string journal_path = {};                   // "": in no file
  std::shared_ptr<JournalFile> journal = {};  // the file once it is open; a reset goes on in it
};

// What a registry holds, for summaries.
struct Holdings {
  std::size_t repositories = 0;
  std::size_t tags = 0;
  std::size_t blobs = 0;
  std::uint64_t blob_bytes = 0;
  std::size_t open_uploads = 0;
};

// What a world's clients did, as its journal told it.
struct WorldCounts {
  std::map<std::pair<std::string, int>, std::uint64_t> requests;  // by operation and status
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t rejected = 0;  // what could not be read as a request
};

class ServedWorld {
 public:
  // Events a world keeps; older ones are dropped once they were told.
  static constexpr std::uint64_t kEventsKept = 10'000;

  using News = std::function<void(const ServedWorld&, const std::vector<Event>&)>;

  // `authority` is what tag events call this registry ("127.0.0.1:5000"). `base` must outlive it.
  // `news` gets each event once, in order, before the client of an exchange gets its answer.
  // `content` is what the registry holds at first instead of the spec's; null: that.
  ServedWorld(WorldSpec spec, const std::string& authority, Clock& base, News news,
              const Store* content = nullptr);

  // As Internet::Serve. The world must live until the answer's body was read.
  Result<Answer> Serve(RequestHead head, Body& body, const std::shared_ptr<Peer>& peer);
  // As Internet::Opened; at Phase::kTls the host is the name of the handshake, or the address.
  std::optional<ConnectFault> Opened(Phase phase, const Caller& caller);
  // A line in the journal.
  void Note(const std::string& text);

  const WorldSpec& spec() const { return spec_; }
  ShiftedClock& clock() { return clock_; }
  FaultState& faults() { return faults_; }
  const FaultState& faults() const { return faults_; }
  const Journal& journal() const { return journal_; }
  // Does what was put off until a time that has come by now.
  void Settle() { internet_.Settle(); }
  // Runs `look` while no exchange changes anything.
  void Look(const std::function<void(const Registry&)>& look);
  // A fork of what the registry holds; uploads under way are not part of it.
  Store Fork();
  Holdings Held();
  WorldCounts Counts() const;

 private:
  void Tell();
  void AttachNeighbours();

  WorldSpec spec_;
  ShiftedClock clock_;
  Journal journal_;
  FaultState faults_;
  Internet internet_;
  std::optional<Registry> registry_;
  std::optional<TokenService> tokens_;
  std::optional<Cdn> cdn_;
  std::optional<SingleOriginHub> hub_;
  std::optional<HubApi> hub_api_;
  std::optional<NpmRegistry> npm_;
  std::optional<Forge> forge_;
  News news_;
  mutable std::mutex telling_;
  std::uint64_t next_untold_ = 0;
  WorldCounts counts_;
};

}  // namespace drydock::simulator
