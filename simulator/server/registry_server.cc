#include "simulator/server/registry_server.h"

#include <optional>
#include <utility>

#include "core/rng.h"
#include "core/text.h"
#include "simulator/registry/cdn.h"
#include "simulator/registry/registry.h"
#include "simulator/server/listener.h"
#include "simulator/world/internet.h"

namespace drydock::simulator {
namespace {

constexpr char kTokenPath[] = "/token";

std::string Authority(const std::string& host, std::uint16_t port) {
  const bool bare_ipv6 = host.find(':') != std::string::npos;
  return Concat({bare_ipv6 ? "[" : "", host, bare_ipv6 ? "]" : "", ":", std::to_string(port)});
}

}  // namespace

// In order of construction: each uses those above it.
struct RegistryServer::Parts {
  Parts(ServerOptions given, Clock& clock, Journal& journal)
      : options(std::move(given)),
        faults(options.faults, options.seed),
        internet(clock, journal, faults),
        context{internet, journal, clock, options.limits, options.on_event, {}},
        listener(context) {}

  void Furnish(Clock& clock, Journal& journal, std::uint16_t port) {
    authority = Authority(options.host, port);
    const Rng rng = Rng(options.seed).Fork("serve");
    const std::string secret = rng.Fork("token secret").Hex(32);
    if (options.personality.tokens) {
      options.personality.tokens->realm = kTokenPath;
    }
    if (options.personality.cdn) {
      options.personality.cdn->host = kCdnSelf;
    }
    registry.emplace(authority, options.personality, clock, rng.Fork("registry"), journal, secret);
    registry->Admit(options.accounts);
    if (options.personality.tokens) {
      tokens.emplace(TokenServiceOptions{.rule = *options.personality.tokens,
                                         .secret = secret,
                                         .accounts = options.accounts,
                                         .private_repositories = {}},
                     registry->store(), clock, rng.Fork("tokens"));
    }
    cdn.emplace(registry->store(), clock, secret);
    hub.emplace(*registry, tokens ? &*tokens : nullptr, *cdn, kTokenPath);
    internet.Attach("*", *hub);
  }

  ServerOptions options;
  FaultState faults;
  Internet internet;
  ConnectionContext context;
  std::string authority;
  std::optional<Registry> registry;
  std::optional<TokenService> tokens;
  std::optional<Cdn> cdn;
  std::optional<SingleOriginHub> hub;
  Listener listener;
};

RegistryServer::RegistryServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RegistryServer::~RegistryServer() { Stop(); }

Result<std::unique_ptr<RegistryServer>> RegistryServer::Start(ServerOptions options, Clock& clock,
                                                              Journal& journal) {
  auto parts = std::make_unique<Parts>(std::move(options), clock, journal);
  const Result<std::uint16_t> port = parts->listener.Bind(parts->options.host, parts->options.port);
  if (!port) {
    return port.error();
  }
  parts->Furnish(clock, journal, *port);
  parts->listener.Start();
  return std::unique_ptr<RegistryServer>(new RegistryServer(std::move(parts)));
}

std::string RegistryServer::base_url() const { return "http://" + parts_->authority; }
void RegistryServer::Stop() { parts_->listener.Stop(); }
std::uint64_t RegistryServer::connections() const { return parts_->listener.connections(); }
std::vector<RuleCount> RegistryServer::FaultCounts() const { return parts_->faults.Counts(); }

Holdings RegistryServer::Held() const {
  const Store& store = std::as_const(*parts_->registry).store();
  Holdings held;
  for (const std::string& repository : store.Repositories()) {
    ++held.repositories;
    held.tags += store.Tags(repository).size();
  }
  held.blobs = store.blob_count();
  held.blob_bytes = store.blob_bytes();
  held.open_uploads = parts_->registry->OpenUploads().size();
  return held;
}

}  // namespace drydock::simulator
