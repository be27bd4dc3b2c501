#include "simulator/server/registry_server.h"

#include <optional>
#include <utility>

#include "core/rng.h"
#include "core/text.h"
#include "simulator/registry/registry.h"
#include "simulator/server/listener.h"
#include "simulator/server/tls_identity.h"
#include "simulator/world/internet.h"

namespace drydock::simulator {
namespace {

constexpr char kTokenPath[] = "/token";

}  // namespace

// In order of construction: each uses those above it.
struct RegistryServer::Parts {
  Parts(ServerOptions given, std::unique_ptr<TlsIdentity> tls, Clock& clock, Journal& journal)
      : options(std::move(given)),
        identity(std::move(tls)),
        faults(options.faults, options.seed),
        internet(clock, journal, faults),
        context{clock, options.limits,
                [this](RequestHead head, Body& body) {
                  Served served{internet.Serve(std::move(head), body)};
                  options.on_event();
                  return served;
                },
                [this, &journal](const Caller& /*caller*/, const std::string& text) {
                  journal.Append("server", NoteEvent{text});
                  options.on_event();
                }},
        listener(context, identity.get()) {}

  void Furnish(Clock& clock, Journal& journal) {
    authority = Authority({options.hosts.front(), port});
    const Rng rng = Rng(options.seed).Fork("serve");
    const std::string secret = rng.Fork("token secret").Hex(32);
    if (options.personality.tokens) {
      options.personality.tokens->realm = kTokenPath;
    }
    registry.emplace(authority, options.personality, clock, rng.Fork("registry"), journal, secret);
    if (!options.personality.tokens) {
      internet.Attach("*", *registry);
      return;
    }
    tokens.emplace(TokenServiceOptions{.rule = *options.personality.tokens,
                                       .secret = secret,
                                       .accounts = options.accounts,
                                       .private_repositories = {}},
                   registry->store(), clock, rng.Fork("tokens"));
    hub.emplace(*registry, *tokens, kTokenPath);
    internet.Attach("*", *hub);
  }

  // Listens on every host with the same port.
  Status Bind() {
    for (std::size_t i = 0; i < options.hosts.size(); ++i) {
      const Result<std::uint16_t> bound = listener.Bind({options.hosts[i], port});
      if (!bound) {
        return bound.error();
      }
      port = *bound;
    }
    return Ok{};
  }

  ServerOptions options;
  std::uint16_t port = options.port;
  std::unique_ptr<TlsIdentity> identity;  // null: plain HTTP
  FaultState faults;
  Internet internet;
  ConnectionContext context;
  std::string authority;
  std::optional<Registry> registry;
  std::optional<TokenService> tokens;
  std::optional<SingleOriginHub> hub;
  Listener listener;
};

RegistryServer::RegistryServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RegistryServer::~RegistryServer() { Stop(); }

Result<std::unique_ptr<RegistryServer>> RegistryServer::Start(ServerOptions options, Clock& clock,
                                                              Journal& journal) {
  std::unique_ptr<TlsIdentity> identity;
  if (options.tls) {
    std::vector<std::string> names = UsualTlsNames();
    names.insert(names.end(), options.hosts.begin(), options.hosts.end());
    Result<std::unique_ptr<TlsIdentity>> made = TlsIdentity::Make(names, clock.Now());
    if (!made) {
      return made.error();
    }
    identity = std::move(*made);
  }
  auto parts = std::make_unique<Parts>(std::move(options), std::move(identity), clock, journal);
  if (const Status bound = parts->Bind(); !bound) {
    return bound.error();
  }
  parts->Furnish(clock, journal);
  parts->listener.Start();
  return std::unique_ptr<RegistryServer>(new RegistryServer(std::move(parts)));
}

std::string RegistryServer::base_url() const {
  return (parts_->identity == nullptr ? "http://" : "https://") + parts_->authority;
}
std::string RegistryServer::ca_pem() const {
  return parts_->identity == nullptr ? "" : parts_->identity->ca_pem();
}
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
