// How BuildKit gets past a registry's 401: the challenge of the first refused request decides the
// scheme, tokens are fetched for the scopes the work needs and shared by its requests, and a token
// refused twice for one request is thrown away once. One Authorizer serves one repository and one
// direction (pull or push), as BuildKit keeps them. Threads: actors of one world, in turn.
// Source: captures auth/buildx--*, faults 401-once-*; containerd's and BuildKit's authorizers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/http.h"
#include "core/result.h"
#include "core/transport.h"
#include "simulator/buildkit/buildx.h"

namespace drydock::simulator::buildkit {

// "repository:app/one:pull,push", sorted, one entry a repository.
using Scopes = std::vector<std::string>;
Scopes MergedScopes(const Scopes& a, const Scopes& b);

class Authorizer {
 public:
  using OnToken = std::function<void(const std::string& host, const Scopes& scopes)>;

  // The references must outlive the Authorizer. `on_token` hears of every token fetched.
  Authorizer(World& world, Transport& transport, std::optional<RegistryLogin> login,
             OnToken on_token);

  // Adds what the present challenge asks for; nothing before the first challenge. Fetches a token
  // when there is none for `scopes`. Errors carry BuildKit's text without "failed to authorize: ".
  Status Authorize(Headers& headers, const Scopes& scopes);

  // Takes in a 401. Ok: send again. kDenied with containerd's words when that is pointless;
  // `repeated` says that the same request had an answer before this one.
  Status TakeChallenge(const Response& refused, bool repeated);

 private:
  struct Token {
    std::string text;
    TimePoint expires{};
    bool in_flight = false;
    std::optional<Error> failure;  // of the latest fetch; those who waited for it share it
  };
  struct Challenge {
    bool basic = false;
    std::string realm;
    std::string service;
    std::string error;
    Scopes scopes;
    std::map<std::string, Token> tokens;  // by scopes, joined
  };

  static std::optional<Challenge> ParseChallenge(const std::string& value);
  Result<Token> FetchToken(const Challenge& challenge, const Scopes& scopes);
  Result<Token> AskForToken(Request request);

  Status AwaitFlight(const Token& token);

  World& world_;
  Transport& transport_;
  std::optional<RegistryLogin> login_;
  OnToken on_token_;
  std::shared_ptr<Challenge> challenge_;  // shared with fetches that outlive its replacement
};

}  // namespace drydock::simulator::buildkit
