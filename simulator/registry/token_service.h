// The token service of Docker Hub (auth.docker.io) as a Site: Basic or form credentials in, Bearer
// tokens out. Fewer rights than asked for are not an error: the token just says less.
// Threads: one at a time, as Site says. Source: distribution "Token Authentication Specification";
// wire-behaviour.md section 4; incidents `insufficient-scope-permanent`, `token-expiry-mid-push`.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/rng.h"
#include "simulator/exchange.h"
#include "simulator/registry/personality.h"
#include "simulator/registry/store.h"
#include "simulator/registry/token.h"

namespace drydock::simulator {

// Owns the namespace of its name: may pull, push and delete in "name/…".
struct Account {
  std::string name;
  std::string password;
};

struct TokenServiceOptions {
  TokenRule rule;
  std::string secret;  // shared with the Registry that takes the tokens
  std::vector<Account> accounts;
  std::set<std::string, std::less<>> private_repositories;  // only their owner may pull them
};

// Rights: everybody pulls public repositories that exist; owners do all in their namespace, so that
// a first push can create a repository; nothing is granted on names that are not
// "namespace/repository" (official images are "library/…", which no account owns).
class TokenService : public Site {
 public:
  // `clock` and `store` (the registry's) must outlive the service.
  TokenService(TokenServiceOptions options, const Store& store, Clock& clock, Rng rng);

  std::unique_ptr<Exchange> Begin(RequestHead head) override;

 private:
  class TokenExchange;

  bool Knows(std::string_view name, std::string_view password) const;
  // The actions of `asked` that the account ("" is anybody) has.
  std::vector<std::string> Granted(std::string_view account, const Scope& asked) const;
  Response Issue(const std::string& account, const std::vector<Scope>& scopes);

  TokenServiceOptions options_;
  const Store& store_;
  Clock& clock_;
  Rng rng_;
};

// Registry and token service behind one host, for a server with a single port: a request for the
// path of the realm goes to `tokens`, all others to `registry`. Both must outlive it.
class SingleOriginHub : public Site {
 public:
  SingleOriginHub(Site& registry, Site& tokens, std::string token_path = "/token");

  std::unique_ptr<Exchange> Begin(RequestHead head) override;

 private:
  Site& registry_;
  Site& tokens_;
  std::string token_path_;
};

}  // namespace drydock::simulator
