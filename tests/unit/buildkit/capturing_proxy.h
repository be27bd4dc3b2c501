// Stands where the capturing proxy stood: between the builder and the registry. Records every
// exchange, injects the faults a capture names, in the proxy's own terms, and asks for credentials
// as it did. Nothing of simulator/faults is used, so that a slip there cannot hide one here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "core/transport.h"
#include "simulator/world/world.h"
#include "tests/unit/buildkit/capture.h"

namespace drydock::simulator::buildkit {

struct ProxyLogin {
  enum class Scheme { kBasic, kBearer };
  Scheme scheme = Scheme::kBearer;
  std::string user = "u";
  std::string password = "p";
  bool oauth = false;  // whether POST to the token endpoint is answered; 404 otherwise
};

class CapturingProxy : public Transport {
 public:
  // All references must outlive the proxy.
  CapturingProxy(World& world, Transport& registry) : world_(world), registry_(registry) {}

  // The rules of one line of faults.jsonl. A path in a rule that names the layer of the captured
  // image is replaced by `layer`.
  void Inject(const json::Value& faults, const std::string& layer = "");
  void Ask(ProxyLogin login) { login_ = std::move(login); }

  Result<Response> Send(Request request, Deadline deadline) override;

  // In the order in which requests began.
  std::vector<WireExchange> exchanges() const;
  // When each faulted request began, on the world's clock.
  const std::vector<Duration>& faulted() const { return faulted_; }
  void Clear();

 private:
  struct Rule {
    std::string route;
    std::vector<std::string> methods;
    std::string path;
    std::set<std::uint64_t> nth;  // empty: all
    std::uint64_t matched = 0;
    const json::Value* action = nullptr;
  };
  struct Record {
    WireExchange exchange;
    std::shared_ptr<std::string> body;
  };

  Result<Response> Forward(Request request, Deadline deadline);
  Result<Response> Act(const json::Value& action, Request request, Deadline deadline);
  std::optional<Response> Refuse(const Request& request);
  Response GiveToken(const Request& request, const std::string& form);
  Rule* Match(const Request& request);

  World& world_;
  Transport& registry_;
  json::Value faults_;
  std::vector<Rule> rules_;
  std::optional<ProxyLogin> login_;
  std::set<std::string> tokens_;  // valid ones; those with push rights begin with "push"
  std::uint64_t next_token_ = 1;
  bool revoked_ = false;
  std::vector<std::unique_ptr<Record>> records_;
  std::vector<Duration> faulted_;
};

}  // namespace drydock::simulator::buildkit
