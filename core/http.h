// HTTP as data: headers, URLs, streamed bodies, requests and responses. No socket and no meaning.
// Threads: values; a Body belongs to one thread at a time.
// Source: RFC 9110 (fields, references), RFC 3986 section 5 (resolving a relative Location).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace drydock {

// Header fields in the order they were added; names compare without regard to case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  void Add(std::string_view name, std::string_view value);
  // Replaces every field of that name by one.
  void Set(std::string_view name, std::string_view value);
  void Remove(std::string_view name);
  // The first value of that name; nullptr when there is none.
  const std::string* Find(std::string_view name) const;
  // The first value, or "" when there is none.
  std::string_view Get(std::string_view name) const;
  // Every value of that name.
  std::vector<std::string> All(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name) != nullptr; }

  const std::vector<Field>& fields() const { return fields_; }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  auto begin() { return fields_.begin(); }
  auto end() { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

// Where the bytes of a body go.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // All of `bytes`; after an error nobody knows how many arrived.
  virtual Status Write(std::string_view bytes) = 0;
  // Up to `length` bytes of the open file `descriptor` from `offset` on, as many as went without
  // passing through this process. 0: none can, or the file ends there; read and Write them.
  virtual Result<std::uint64_t> WriteFile(int descriptor, std::uint64_t offset,
                                          std::uint64_t length);
};

// Bytes that are pulled. One reader, one pass.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // Fills the front of `into`; 0 means the end. An error ends the body: what came before it stays
  // valid, nothing more follows (kAmbiguous: the peer went away in the middle).
  virtual Result<std::size_t> Read(std::span<char> into) = 0;
  // All that is left to `sink`, with as little copying as the reader can do. The error of either.
  virtual Status WriteTo(BodySink& sink);
};

// A message body: a reader and, if known, its length in bytes. Move-only; read once.
class Body {
 public:
  Body() = default;  // empty
  static Body FromString(std::string text);
  // Reads `shared` from `offset`, `length` bytes (clamped to what is there) without copying it.
  static Body FromShared(std::shared_ptr<const std::string> shared, std::size_t offset = 0,
                         std::size_t length = std::string::npos);
  static Body FromReader(std::unique_ptr<BodyReader> reader, std::optional<std::uint64_t> length);

  // The length announced to the peer; nullopt means unknown (chunked framing).
  std::optional<std::uint64_t> length() const { return length_; }
  Result<std::size_t> Read(std::span<char> into);
  Status WriteTo(BodySink& sink);

 private:
  std::unique_ptr<BodyReader> reader_;
  std::optional<std::uint64_t> length_ = 0;
};

// The rest of the body as one text; kInvalid when it is longer than `bytes_max`.
Result<std::string> ReadAll(Body& body, std::size_t bytes_max);

// An absolute http or https URL, split and not decoded.
struct Url {
  std::string scheme = "https";
  std::string host;  // with ":port" when one was written
  std::string path = "/";
  std::string query;  // without "?"

  // kInvalid unless "http(s)://host[:port][/path][?query]"; a fragment is dropped.
  static Result<Url> Parse(std::string_view text);
  // `location` as a reference relative to this URL (absolute, "//host/…", "/path", "path",
  // "?query").
  Result<Url> Resolve(std::string_view location) const;
  std::string Origin() const;  // "https://host"
  std::string Target() const;  // "/path?query"
  std::string ToString() const { return Origin() + Target(); }
  // The decoded value of the first query parameter of that name.
  std::optional<std::string> QueryValue(std::string_view name) const;
  // Adds "name=value" to the query; the value is percent-encoded, ":" and "/" kept readable.
  void AddQuery(std::string_view name, std::string_view value);

  friend bool operator==(const Url&, const Url&) = default;
};

struct Request {
  std::string method = "GET";
  Url url;
  Headers headers;
  Body body;
};

struct Response {
  int status = 200;
  std::string reason;  // as received or sent; may be empty
  Headers headers;
  Body body;
};

// "Bad Request" for 400; "" for a status without a registered phrase.
std::string_view ReasonPhrase(int status);

}  // namespace drydock
