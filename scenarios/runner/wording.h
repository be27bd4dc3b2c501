// Words for people: colours, cutting and wrapping, and what a request asked and got, short enough
// for a line. Internal to the reports. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "core/journal.h"

namespace drydock::scenarios {

// Colours by meaning.
class Paint {
 public:
  explicit Paint(bool colour) : colour_(colour) {}
  std::string Bad(std::string_view text) const { return Wrapped("31", text); }
  std::string Good(std::string_view text) const { return Wrapped("32", text); }
  std::string Warn(std::string_view text) const { return Wrapped("33", text); }
  std::string Quiet(std::string_view text) const { return Wrapped("2", text); }
  std::string Strong(std::string_view text) const { return Wrapped("1", text); }

 private:
  std::string Wrapped(std::string_view code, std::string_view text) const;
  bool colour_;
};

// Columns that a terminal needs for UTF-8 text: some characters, such as "⚡", take two.
std::size_t Columns(std::string_view text);
// At most `columns` columns of `text`, "…" last when it was longer.
std::string Cut(std::string_view text, std::size_t columns);
// Whether a word that is longer than a line stays whole, for what may be searched or copied, or is
// broken, for a terminal that would break it in the wrong place.
enum class LongWords { kWhole, kBroken };
// `text` broken at blanks into lines of at most `columns` columns, all but the first after `indent`
// blanks.
std::string Wrap(std::string_view text, std::size_t columns, std::size_t indent,
                 LongWords words = LongWords::kWhole);
// The text without what no person reads: digests and upload ids to their beginnings, the values of
// _state left out, the builder's "ERROR: failed to solve: " dropped.
std::string Gist(std::string_view text);
// "hub", "token service", "npm": a server's name as people say it.
std::string PeerName(std::string_view url);
// What an exchange is about: "blob 0123456789ab", "manifest latest", a path.
std::string Subject(const ExchangeEvent& exchange);
// What came back, in one line: "400 Bad request, HTML".
std::string AnswerText(const ExchangeEvent& exchange);

// "sha256:0123456789ab" for a digest, anything else as it stands.
std::string Short(std::string_view reference);
// "0123456789ab" for a digest.
std::string Bare(std::string_view digest);

}  // namespace drydock::scenarios
