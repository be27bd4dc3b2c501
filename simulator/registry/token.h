// Bearer tokens: what they allow, how they are signed and checked. They are JWTs (HS256), since
// that is what clients meet at Docker Hub; nobody but the registry may look inside.
// Threads: pure functions; a TokenReader belongs to one thread at a time. Source: distribution
// "Token Authentication Specification" and "Token Scope Documentation"; RFC 7519.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/clock.h"

namespace drydock::simulator {

// "repository:app/web:pull,push"
struct Scope {
  std::string type;
  std::string name;
  std::vector<std::string> actions;

  std::string ToString() const;

  friend bool operator==(const Scope&, const Scope&) = default;
};

// nullopt for a text that is no scope. The name may hold colons ("host:5000/app").
std::optional<Scope> ParseScope(std::string_view text);

struct Grant {
  std::string issuer;
  std::string audience;  // the service it is for
  std::string account;   // "" for anonymous
  TimePoint issued{};    // whole seconds
  TimePoint expires{};
  std::string id;
  std::vector<Scope> access;

  bool Allows(std::string_view type, std::string_view name, std::string_view action) const;
};

std::string SignToken(const Grant& grant, std::string_view secret);
// nullopt when the token is not one of that secret and service, not yet valid, or expired.
std::optional<Grant> CheckToken(std::string_view token, std::string_view secret,
                                std::string_view service, TimePoint now);

// CheckToken for one secret, which reads a token once and remembers what it grants: a client sends
// the same one with every request. Of the good ones it holds 64 at most; of others nothing.
class TokenReader {
 public:
  explicit TokenReader(std::string secret) : secret_(std::move(secret)) {}

  // As CheckToken.
  std::optional<Grant> Check(std::string_view token, std::string_view service, TimePoint now);

  // How many tokens it holds.
  std::size_t held() const { return read_.size(); }

 private:
  std::string secret_;
  std::map<std::string, Grant, std::less<>> read_;
};

}  // namespace drydock::simulator
