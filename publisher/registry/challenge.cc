#include "publisher/registry/challenge.h"

#include <algorithm>

#include "core/text.h"

namespace drydock::publisher {
namespace {

// Reads a field from left to right. Every call makes progress or is at the end.
class FieldReader {
 public:
  explicit FieldReader(std::string_view field) : rest_(field) {}

  bool AtEnd() const { return rest_.empty(); }
  bool At(char c) const { return !rest_.empty() && rest_.front() == c; }
  void Skip() { rest_.remove_prefix(rest_.empty() ? 0 : 1); }

  // Skips blanks; true when there were some.
  bool SkipBlanks() { return !TakeWhile(" \t").empty(); }
  void SkipSeparators() { TakeWhile(" \t,"); }

  std::string_view Token() {
    return TakeWhile(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~");
  }

  // token68 up to a comma or the end; "" (and nothing taken) when what follows is no token68.
  std::string_view Token68() {
    const std::string_view before = rest_;
    const std::size_t size =
        TakeWhile("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/").size();
    const std::size_t padding = TakeWhile("=").size();
    TakeWhile(" \t");
    if (size == 0 || !(AtEnd() || At(','))) {
      rest_ = before;
      return {};
    }
    return before.substr(0, size + padding);
  }

  // A quoted string or whatever stands up to the next blank or comma.
  std::string Value() {
    if (!At('"')) {
      const std::size_t end = std::min(rest_.find_first_of(" \t,"), rest_.size());
      const std::string_view taken = rest_.substr(0, end);
      rest_.remove_prefix(end);
      return std::string(taken);
    }
    Skip();
    std::string text;
    while (!AtEnd() && !At('"')) {
      if (At('\\') && rest_.size() > 1) {
        Skip();
      }
      text += rest_.front();
      Skip();
    }
    Skip();
    return text;
  }

 private:
  std::string_view TakeWhile(std::string_view allowed) {
    const std::size_t end = std::min(rest_.find_first_not_of(allowed), rest_.size());
    const std::string_view taken = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return taken;
  }

  std::string_view rest_;
};

void AddParameter(std::vector<Challenge>& challenges, std::string_view name, std::string value) {
  if (!challenges.empty() && challenges.back().parameters.size() < kChallengeParametersMax) {
    challenges.back().parameters.emplace(ToLower(name), std::move(value));
  }
}

}  // namespace

std::string_view Challenge::Get(std::string_view name) const {
  const auto found = parameters.find(std::string(name));
  return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<Challenge> ParseChallenges(std::string_view field) {
  std::vector<Challenge> challenges;
  FieldReader reader(field);
  for (reader.SkipSeparators(); !reader.AtEnd(); reader.SkipSeparators()) {
    const std::string_view word = reader.Token();
    if (word.empty()) {
      reader.Skip();
      continue;
    }
    const bool blanks = reader.SkipBlanks();
    if (reader.At('=')) {
      reader.Skip();
      reader.SkipBlanks();
      AddParameter(challenges, word, reader.Value());
      continue;
    }
    if (challenges.size() == kChallengesMax) {
      break;
    }
    Challenge challenge;
    challenge.scheme = ToLower(word);
    // A lone word after a scheme is its token68; a lone word after a comma is another scheme.
    challenge.token68 = blanks ? std::string(reader.Token68()) : "";
    challenges.push_back(std::move(challenge));
  }
  return challenges;
}

std::optional<Challenge> BestChallenge(const std::vector<std::string>& fields) {
  std::optional<Challenge> basic;
  for (const std::string& field : fields) {
    for (Challenge& challenge : ParseChallenges(field)) {
      if (challenge.scheme == "bearer" && !challenge.Get("realm").empty()) {
        return std::move(challenge);
      }
      if (challenge.scheme == "basic" && !basic) {
        basic = std::move(challenge);
      }
    }
  }
  return basic;
}

}  // namespace drydock::publisher
