// The token service of Docker Hub (auth.docker.io) as a Site: Basic or form credentials in, Bearer
// tokens out. Fewer rights than asked for are not an error: the token just says less. That a
// person's access token may less than asked for is one, where the rule says so (Docker Hub).
// Threads: one at a time, as Site says. Source: distribution "Token Authentication Specification"
// and "Docker Registry v2 authentication using OAuth2"; wire-behaviour.md section 4; incidents
// `insufficient-scope-permanent`, `token-expiry-mid-push`, `hub-login-lockout-429`.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/rng.h"
#include "simulator/exchange.h"
#include "simulator/registry/account.h"
#include "simulator/registry/personality.h"
#include "simulator/registry/store.h"
#include "simulator/registry/token.h"
#include "simulator/registry/window_counter.h"

namespace drydock::simulator {

struct TokenServiceOptions {
  TokenRule rule;
  std::string secret;  // shared with the Registry that takes the tokens
  std::vector<Account> accounts;
  std::set<std::string, std::less<>> private_repositories;  // only their owner may pull them
};

// Rights: everybody pulls public repositories that exist; owners do all in their namespace, so that
// a first push can create a repository; nothing is granted on names that are not
// "namespace/repository" (official images are "library/…", which no account owns). An access token
// takes rights away, never adds any.
class TokenService : public Site {
 public:
  // `clock` and `store` (the registry's) must outlive the service.
  TokenService(TokenServiceOptions options, const Store& store, Clock& clock, Rng rng);

  std::unique_ptr<Exchange> Begin(RequestHead head) override;

 private:
  class TokenExchange;

  std::optional<Identity> ReadRefreshToken(std::string_view token) const;
  std::string RefreshToken(const Identity& identity, TimePoint now);
  // The actions of `asked` that somebody has.
  std::vector<std::string> Granted(const Identity& identity, const Scope& asked) const;
  Response Issue(const TokenRule& rule, const Identity& identity, const std::vector<Scope>& scopes,
                 bool offline);

  TokenServiceOptions options_;
  WindowCounter failures_;
  const Store& store_;
  Clock& clock_;
  Rng rng_;
};

// Registry, token service and CDN behind one host, for a server with a single port: a request for
// the path of the realm goes to `tokens`, one for the CDN's paths to `cdn`, all others to
// `registry`. All must outlive it; `tokens` may be null.
class SingleOriginHub : public Site {
 public:
  SingleOriginHub(Site& registry, Site* tokens, Site& cdn, std::string token_path = "/token");

  std::unique_ptr<Exchange> Begin(RequestHead head) override;
  void Act(const Deed& deed) override { registry_.Act(deed); }
  std::optional<std::string> Find(Held what, std::string_view repository,
                                  std::string_view name) const override {
    return registry_.Find(what, repository, name);
  }
  std::size_t OpenUploadCount() const override { return registry_.OpenUploadCount(); }

 private:
  Site& registry_;
  Site* tokens_;
  Site& cdn_;
  std::string token_path_;
};

}  // namespace drydock::simulator
