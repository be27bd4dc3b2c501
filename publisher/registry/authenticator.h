// Tokens and passwords for registries. Tokens are kept by registry and scope until shortly before
// they expire. A password goes only to the registry it belongs to and to that registry's own token
// service; a token only to the registry. Threads: an Authenticator belongs to one thread; the
// TokenShelf it keeps tokens on may be shared among them.
// Source: distribution token authentication; incidents token-expiry-mid-push,
// location-cross-host-credentials, hub-login-lockout-429, insufficient-scope-permanent.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/transport.h"
#include "publisher/registry/challenge.h"
#include "publisher/registry/credentials.h"
#include "publisher/registry/failure.h"

namespace drydock::publisher {

inline constexpr std::string_view kUserAgent = "drydock/0.1";  // of every request of the publisher

// What several threads know of the same registries' tokens. Nothing waits while it is locked.
class TokenShelf {
 public:
  struct Token {
    std::string authorization;
    Duration expires{};  // on Clock::Elapsed()
  };

  std::string Find(std::string_view registry, std::string_view scope, Duration now);
  void Put(std::string_view registry, std::string_view scope, Token token);
  // Unless another thread has put a newer one meanwhile than `authorization`.
  void Drop(std::string_view registry, std::string_view scope, std::string_view authorization);

  // A write to `repository` was taken.
  void NoteWrite(std::string_view registry, std::string_view repository);
  // It was refused with 403. True when that may be a flake: writes were taken before, and not more
  // than two were refused since the last of them.
  bool NoteRefusal(std::string_view registry, std::string_view repository);

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, int> refusals_;  // since the last write, if any
  std::map<std::pair<std::string, std::string>, Token> tokens_;
};

// How long a request may take, its answer included.
struct RequestTime {
  Duration span = std::chrono::seconds(60);
  Deadline run_ends = kNoDeadline;  // no request reaches beyond it

  // For one that begins at `now` and may take `patience`; 0: `span`.
  Deadline From(Duration now, Duration patience = Duration::zero()) const {
    return std::min(now + (patience > Duration::zero() ? patience : span), run_ends);
  }
};

class Authenticator {
 public:
  Authenticator(Transport& transport, Clock& clock, Credentials credentials, RequestTime time,
                std::shared_ptr<TokenShelf> shelf = nullptr);

  // The Authorization value to send along from the start: a token still good, or a Basic password
  // once the registry has asked for one; "" when there is none yet.
  std::string Remembered(std::string_view registry, std::string_view scope);

  // Answers the challenge of a 401 and gives the new Authorization value. `scope` is what the
  // request needs ("repository:a/b:pull,push"); the challenge's own scope is used when `scope` is
  // empty. Asks the token service once; its refusal is deterministic, its 5xx transient.
  Outcome<std::string> Answer(std::string_view registry, const Url& registry_origin,
                              std::string_view scope, const std::vector<std::string>& challenges);

  // Drops `authorization`, which the registry no longer takes.
  void Forget(std::string_view registry, std::string_view scope, std::string_view authorization);

  TokenShelf& shelf() { return *shelf_; }

 private:
  Outcome<std::string> FetchToken(std::string_view registry, const Url& registry_origin,
                                  std::string_view scope, const Challenge& challenge);
  Outcome<std::string> KeepToken(std::string_view registry, std::string_view scope,
                                 const Url& service, std::string_view body, Duration asked);

  Transport& transport_;
  Clock& clock_;
  Credentials credentials_;
  RequestTime time_;
  std::shared_ptr<TokenShelf> shelf_;
};

// Whether a registry's password may go to a token service: the same host, Docker Hub's own pair, or
// a host under the same parent domain; https unless the registry itself is plain http.
bool MaySendPassword(const Url& registry_origin, const Url& realm);

}  // namespace drydock::publisher
