// What an exchange must look like for a rule to be about it, as far as it alone tells.
// Threads: plain values. Source: incidents.md 9.1 (M1-M6, M11).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace drydock::simulator {

// A test on the values a name has: one of them fits a glob, there is one, there is none.
struct ValueTest {
  enum class Kind { kFits, kPresent, kAbsent };
  std::string name;  // of a header field, or a JSON pointer whose "*" is any element
  Kind kind = Kind::kFits;
  std::string glob;
};

// Which connections by their ordinal, both ends inclusive.
struct Ordinals {
  std::uint64_t from = 1;
  std::uint64_t to = std::numeric_limits<std::uint64_t>::max();

  bool Has(std::uint64_t ordinal) const { return ordinal >= from && ordinal <= to; }
};

// What the head, the route and the answer of an exchange must look like; texts are globs, an empty
// list and an absent value take everything.
struct ExchangePattern {
  enum class ReferenceKind { kTag, kDigest };
  std::vector<std::string> methods;
  std::vector<std::string> operations;
  std::optional<std::string> client;
  std::optional<std::string> address;   // it asks from
  std::optional<Ordinals> connection;   // it asks on
  std::optional<std::string> protocol;  // "HTTP/1.1"
  std::optional<std::string> host;
  std::optional<std::string> repository;
  std::optional<std::string> reference;
  std::optional<ReferenceKind> reference_kind;
  std::optional<std::string> media_type;  // the request's Content-Type without its parameters
  std::vector<ValueTest> headers;         // of the request
  std::optional<int> status;              // of the answer as the server gave it
  std::optional<std::size_t> replica;     // that got the request, from 1 on
};

}  // namespace drydock::simulator
