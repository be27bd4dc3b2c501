#include "simulator/server/registry_server.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text.h"
#include "simulator/server/control_api.h"
#include "simulator/server/listener.h"
#include "simulator/server/tls_identity.h"
#include "simulator/server/worlds.h"

namespace drydock::simulator {
namespace {

Result<std::unique_ptr<TlsIdentity>> MakeIdentity(const ServerOptions& options, TimePoint now) {
  if (!options.tls) {
    return std::unique_ptr<TlsIdentity>();
  }
  std::vector<std::string> names = UsualTlsNames();
  names.insert(names.end(), options.hosts.begin(), options.hosts.end());
  return TlsIdentity::Make(names, now);
}

// To a client whose world was dropped while it was connected.
Response Misdirected() {
  constexpr char kText[] = "the world that was served here was dropped\n";
  Response response;
  response.status = 421;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                      {"Content-Length", std::to_string(sizeof kText - 1)},
                      {"Connection", "close"}};
  response.body = Body::FromString(kText);
  return response;
}

}  // namespace

// In order of construction: each uses those above it.
struct RegistryServer::Parts {
  Parts(ServerOptions given, std::unique_ptr<TlsIdentity> tls, Clock& machine)
      : options(std::move(given)),
        clock(machine),
        identity(std::move(tls)),
        context{clock,
                options.limits,
                identity == nullptr ? "http" : "https",
                [this](RequestHead head, Body& body, const std::shared_ptr<Peer>& peer) {
                  return Serve(std::move(head), body, peer);
                },
                [this](const Caller& caller, const std::string& text) {
                  if (const Worlds::Shared world = worlds->For(caller, "")) {
                    world->Note(text);
                  }
                },
                [this](Phase phase, const Caller& caller) {
                  const Worlds::Shared world = worlds->For(caller, "");
                  return world == nullptr ? std::nullopt : world->Opened(phase, caller);
                }},
        listener(context, identity.get()) {}

  // Listens on every host with the same port.
  Status Bind() {
    for (const std::string& host : options.hosts) {
      const Result<std::uint16_t> bound = listener.Bind({host, options.port});
      if (!bound) {
        return bound.error();
      }
      options.port = *bound;
    }
    return Ok{};
  }

  Status Furnish() {
    const Endpoint usual{options.hosts.front(), options.port};
    worlds.emplace(clock, context.scheme, usual,
                   Worlds::Doors{[this](const Endpoint& endpoint) { return OpenDoor(endpoint); },
                                 [this](const Endpoint& endpoint) { listener.Unbind(endpoint); }},
                   options.news, memory);
    control.emplace(ControlContext{*worlds, usual, [this] { return listener.connections(); },
                                   [this] { return listener.live(); }, options.journal_folder,
                                   memory});
    const Result<Worlds::Shared> made = worlds->Make({std::string(kDefaultWorld),
                                                      options.personality,
                                                      options.accounts,
                                                      options.faults,
                                                      options.seed,
                                                      std::exchange(options.content, {}),
                                                      options.backing,
                                                      options.neighbours,
                                                      {},
                                                      nullptr,
                                                      options.journal_path},
                                                     {});
    return made ? Status(Ok{}) : Status(made.error());
  }

  // A server that listens on all addresses listens on every world's.
  Result<std::uint16_t> OpenDoor(const Endpoint& endpoint) {
    const bool ipv6 = endpoint.address.find(':') != std::string::npos;
    const bool covered =
        endpoint.port == options.port &&
        std::any_of(options.hosts.begin(), options.hosts.end(), [&](const std::string& host) {
          return host == "::" || (host == "0.0.0.0" && !ipv6);
        });
    return covered ? endpoint.port : listener.Bind(endpoint);
  }

  Served Serve(RequestHead head, Body& body, const std::shared_ptr<Peer>& peer) {
    if (ControlApi::Takes(head.url.path)) {
      Result<Response> response = control->Answer(head, body);
      if (!response) {
        return {response.error()};
      }
      return {Answer{std::move(*response), std::nullopt}};
    }
    const Worlds::Shared world = worlds->For(head.caller, head.url.host);
    if (world == nullptr) {
      return {Answer{Misdirected(), std::nullopt}};
    }
    return {world->Serve(std::move(head), body, peer), world};
  }

  Worlds::Shared Usual() const { return worlds->Find(kDefaultWorld); }

  ServerOptions options;
  Clock& clock;
  std::shared_ptr<MemoryBudget> memory =
      options.memory_max == 0 ? nullptr : std::make_shared<MemoryBudget>(options.memory_max);
  std::unique_ptr<TlsIdentity> identity;  // null: plain HTTP
  ConnectionContext context;
  std::optional<Worlds> worlds;
  std::optional<ControlApi> control;
  Listener listener;
};

RegistryServer::RegistryServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RegistryServer::~RegistryServer() { Stop(); }

Result<std::unique_ptr<RegistryServer>> RegistryServer::Start(ServerOptions options, Clock& clock) {
  Result<std::unique_ptr<TlsIdentity>> identity = MakeIdentity(options, clock.Now());
  if (!identity) {
    return identity.error();
  }
  auto parts = std::make_unique<Parts>(std::move(options), std::move(*identity), clock);
  if (const Status bound = parts->Bind(); !bound) {
    return bound.error();
  }
  if (const Status furnished = parts->Furnish(); !furnished) {
    return furnished.error();
  }
  parts->listener.Start();
  return std::unique_ptr<RegistryServer>(new RegistryServer(std::move(parts)));
}

std::string RegistryServer::base_url() const { return parts_->worlds->BaseUrl(kDefaultWorld); }
std::string RegistryServer::ca_pem() const {
  return parts_->identity == nullptr ? "" : parts_->identity->ca_pem();
}
void RegistryServer::Stop() { parts_->listener.Stop(); }
std::uint64_t RegistryServer::connections() const { return parts_->listener.connections(); }
Worlds& RegistryServer::worlds() { return *parts_->worlds; }
std::vector<RuleCount> RegistryServer::FaultCounts() const {
  return parts_->Usual()->faults().Counts();
}
Holdings RegistryServer::Held() const { return parts_->Usual()->Held(); }
bool RegistryServer::JournalsAreWhole() const {
  const std::vector<Worlds::Shared> all = parts_->worlds->All();
  return std::all_of(all.begin(), all.end(), [](const Worlds::Shared& world) {
    return world->spec().journal == nullptr || world->spec().journal->whole();
  });
}

}  // namespace drydock::simulator
