// The worlds of one server: which there are, which of them a request is for, and the snapshots they
// can be made from. A world is chosen by the address and port that was connected to, or else by the
// host name in the request (or in the TLS handshake); what fits none is for the default world.
// Threads: every method from any thread. Source: issue 4 section 4.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "simulator/exchange.h"
#include "simulator/faults/servable.h"
#include "simulator/registry/store.h"
#include "simulator/server/served_world.h"
#include "simulator/server/socket.h"

namespace drydock::simulator {

inline constexpr std::string_view kDefaultWorld = "default";
inline constexpr std::size_t kWorldsMax = 10'000;
inline constexpr std::size_t kSnapshotsMax = 1'000;
inline constexpr std::size_t kHostsMax = 16;  // names of one world

// How a world is reached: by an endpoint of its own, by host names, or both.
struct WorldDoor {
  std::optional<Endpoint> endpoint;
  std::vector<std::string> hosts;  // lower case, without a port
};

class Worlds {
 public:
  // Opens and closes the endpoints of worlds.
  struct Doors {
    // Gives the port; errors as of Listener::Bind.
    std::function<Result<std::uint16_t>(const Endpoint&)> open;
    std::function<void(const Endpoint&)> close;
  };

  // `clock` must outlive it. `scheme` is "http" or "https"; `usual` is where the server listens
  // anyway, which is the default world's door.
  // `memory` is what all worlds together may have from their peers; null: no limit.
  Worlds(Clock& clock, std::string scheme, Endpoint usual, Doors doors, ServedWorld::News news,
         std::shared_ptr<MemoryBudget> memory = nullptr);

  using Shared = std::shared_ptr<ServedWorld>;

  // Makes a world; with `snapshot`, of that content. A door without anything means a free port of
  // the usual address. kConflict when the name, a host or the endpoint is taken or there are too
  // many, kNotFound without such a snapshot, kInvalid for a name or host that is none, kUnavailable
  // when its journal's file cannot be written.
  Result<Shared> Make(WorldSpec spec, WorldDoor door, std::string_view snapshot = "");
  // Closes its endpoint; exchanges under way are finished. kConflict for the default world.
  Status Drop(std::string_view name);
  // Puts a new world of the same description in its place: with its first content or a snapshot's,
  // its first faults, a new journal and the machine's time. Exchanges under way end in the old one.
  // kConflict for a world that is kept on disk.
  Result<Shared> Reset(std::string_view name, std::string_view snapshot = "");

  Shared Find(std::string_view name) const;  // null when there is none
  std::vector<Shared> All() const;           // by name
  // The world of a request; null when it came to the endpoint of a world that was dropped.
  Shared For(const Caller& caller, std::string_view host) const;
  // "http://127.0.0.2:5000"; "" for an unknown world.
  std::string BaseUrl(std::string_view name) const;
  std::vector<std::string> Hosts(std::string_view name) const;
  // How a world with this door, or of this name, is reached.
  ServedBy ServedAs(const WorldDoor& door) const;
  ServedBy ServedAs(std::string_view name) const;

  // Keeps what a world's registry holds now under a name, in place of what had it.
  Status Keep(std::string_view snapshot, std::string_view world);
  std::vector<std::string> Snapshots() const;
  bool DropSnapshot(std::string_view snapshot);

  // What names worlds and snapshots: a letter or digit, then up to 62 of these and ". _ -".
  static bool IsName(std::string_view text);

 private:
  struct Entry {
    Shared world;
    WorldDoor door;
    std::string authority;
  };

  Status CheckNew(const WorldSpec& spec, const WorldDoor& door) const;
  Result<const Store*> Content(std::string_view snapshot) const;

  Clock& clock_;
  std::string scheme_;
  Endpoint usual_;
  Doors doors_;
  ServedWorld::News news_;
  std::shared_ptr<MemoryBudget> memory_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, Entry, std::less<>> worlds_;
  std::map<std::string, std::string, std::less<>> by_endpoint_;  // "127.0.0.2:5000" -> world
  std::map<std::string, std::string, std::less<>> by_host_;
  std::set<std::string, std::less<>> closed_;  // endpoints whose connections may live on
  std::map<std::string, Store, std::less<>> snapshots_;
};

}  // namespace drydock::simulator
