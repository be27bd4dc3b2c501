// The fake Hub on a real port: one or more isolated worlds (registry, token service on the same
// origin, fault rules, journal) and the control API, behind one Listener.
// Threads: Start and Stop from one thread; all else from any.
// Source: issue 2 section 8, issue 4 section 4; docs/adr/0006-exchange-phases.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"
#include "core/result.h"
#include "simulator/faults/fault_state.h"
#include "simulator/faults/rule.h"
#include "simulator/registry/personalities.h"
#include "simulator/registry/store.h"
#include "simulator/registry/token_service.h"
#include "simulator/server/limits.h"
#include "simulator/server/served_world.h"

namespace drydock::simulator {

class Worlds;

struct ServerOptions {
  std::vector<std::string> hosts = {"127.0.0.1"};  // addresses, at least one
  std::uint16_t port = 0;                          // of all of them; 0: any free one
  bool tls = false;                                // with a certificate authority of its own
  // Of the default world:
  Personality personality;  // its realm becomes this server's own /token
  std::vector<Account> accounts;
  std::vector<FaultRule> faults;
  std::uint64_t seed = 1;
  // What it holds at first, and where that is kept beyond the process; null: nowhere.
  Store content = {};
  std::shared_ptr<Backing> backing = {};
  NeighbourContent neighbours = {};
  std::string journal_path = {};  // file for its journal; "": none

  // Where world requests may have their journals, by the name of the world; "": nowhere.
  std::string journal_folder = {};
  // Bytes that all worlds together may hold in memory of what peers send; 0: no limit.
  std::uint64_t memory_max = 0;

  ServerLimits limits = {};
  // What happened in a world, each event once and in order. Runs on the thread that serves the
  // connection, before its client gets the answer.
  ServedWorld::News news = [](const ServedWorld&, const std::vector<Event>&) {};
};

class RegistryServer {
 public:
  // Binds and serves in the background. `clock` must run in real time and outlive the server.
  // Errors as of Listener::Bind; nothing is left behind then.
  static Result<std::unique_ptr<RegistryServer>> Start(ServerOptions options, Clock& clock);
  ~RegistryServer();  // stops

  std::string base_url() const;  // "http://127.0.0.1:5000", of the first of the hosts
  // The certificate of the authority that clients must trust; "" without TLS.
  std::string ca_pem() const;
  // Ends idle connections, gives running exchanges ServerLimits::grace_time. Once is enough.
  void Stop();

  std::uint64_t connections() const;
  Worlds& worlds();
  // Of the default world.
  std::vector<RuleCount> FaultCounts() const;
  Holdings Held() const;
  // False once a journal's file could not be written to.
  bool JournalsAreWhole() const;

 private:
  struct Parts;
  explicit RegistryServer(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace drydock::simulator
