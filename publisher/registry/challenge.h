// WWW-Authenticate challenges, taken apart. Pure and total: any bytes give a list, perhaps empty.
// Threads: pure functions. Source: RFC 9110 section 11.6.1; distribution "token authentication";
// incidents challenge-shape-oddities, token-endpoint-*.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::publisher {

struct Challenge {
  std::string scheme;                             // lower case: "bearer", "basic"
  std::map<std::string, std::string> parameters;  // names in lower case; the first of a name wins
  std::string token68;                            // "Negotiate abc=" carries one

  // The parameter of that (lower-case) name, or "".
  std::string_view Get(std::string_view name) const;
};

inline constexpr std::size_t kChallengesMax = 16;  // of one header field; the rest is dropped
inline constexpr std::size_t kChallengeParametersMax = 32;

// The challenges of one header field, in its order. Quoted strings, escaped characters, stray
// commas, odd case and several challenges in one field are understood; what cannot be read is
// skipped.
std::vector<Challenge> ParseChallenges(std::string_view field);

// The challenge to answer: Bearer with a realm, else Basic; nullopt when there is neither.
std::optional<Challenge> BestChallenge(const std::vector<std::string>& fields);

}  // namespace drydock::publisher
