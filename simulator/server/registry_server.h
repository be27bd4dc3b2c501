// The fake Hub on a real port: a registry of the chosen personality, its token service on the same
// origin, fault rules and the journal, behind one Listener. What answers is the same code that
// answers in process (simulator/world/internet.h). Memory only: its content ends with it.
// Threads: Start and Stop from one thread; Counts and the journal from any.
// Source: issue 2 section 8; docs/adr/0006-exchange-phases.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"
#include "core/result.h"
#include "simulator/faults/fault_state.h"
#include "simulator/faults/rule.h"
#include "simulator/registry/personalities.h"
#include "simulator/registry/token_service.h"
#include "simulator/server/limits.h"

namespace drydock::simulator {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;   // 0: any free one
  Personality personality;  // its realm becomes this server's own /token
  std::vector<Account> accounts;
  std::vector<FaultRule> faults;
  std::uint64_t seed = 1;
  ServerLimits limits = {};
  // Runs after the journal got news, on the thread that serves the connection and before its client
  // gets the answer.
  std::function<void()> on_event = [] {};
};

// What a registry holds, for summaries.
struct Holdings {
  std::size_t repositories = 0;
  std::size_t tags = 0;
  std::size_t blobs = 0;
  std::uint64_t blob_bytes = 0;
  std::size_t open_uploads = 0;
};

class RegistryServer {
 public:
  // Binds and serves in the background. `clock` must run in real time; it and `journal` must
  // outlive the server. Errors as of Listener::Bind; nothing is left behind then.
  static Result<std::unique_ptr<RegistryServer>> Start(ServerOptions options, Clock& clock,
                                                       Journal& journal);
  ~RegistryServer();  // stops

  std::string base_url() const;  // "http://127.0.0.1:5000"
  // Ends idle connections, gives running exchanges ServerLimits::grace_time. Once is enough.
  void Stop();

  std::uint64_t connections() const;
  std::vector<RuleCount> FaultCounts() const;
  // After Stop.
  Holdings Held() const;

 private:
  struct Parts;
  explicit RegistryServer(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace drydock::simulator
