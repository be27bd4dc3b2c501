// Reading JSON that people or peers wrote: every value knows its line, duplicate keys and too much
// depth are errors, nothing throws. For writing JSON, use nlohmann::ordered_json in the .cc file.
// Threads: values. Source: RFC 8259; RFC 6901 for pointers; docs/adr/0005-strict-input.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace drydock::json {

struct Member;

class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::vector<Member>;  // in the file's order

  Value() = default;

  // 1-based line the value starts on; 0 for a value that no text gave.
  std::size_t line() const { return line_; }
  std::string_view KindName() const;  // "object", "array", "string", "number", "boolean", "null"

  bool is_null() const { return std::holds_alternative<std::monostate>(held_); }
  const bool* as_bool() const { return std::get_if<bool>(&held_); }
  const std::string* as_string() const { return std::get_if<std::string>(&held_); }
  const Array* as_array() const { return std::get_if<Array>(&held_); }
  const Object* as_object() const { return std::get_if<Object>(&held_); }
  // A number without fraction that fits; nullopt otherwise.
  std::optional<std::int64_t> as_integer() const;
  std::optional<double> as_number() const;

  // The member of that name; nullptr when this is no object or has none.
  const Value* Find(std::string_view key) const;
  // RFC 6901 pointer ("" is the value itself, "/layers/0/digest"); nullptr when it leads nowhere.
  const Value* At(std::string_view pointer) const;
  // The string member of that name, or "".
  std::string_view Text(std::string_view key) const;

  // A short rendering for messages: scalars as written, "object" and "array" by kind.
  std::string Excerpt() const;

 private:
  friend class TreeBuilder;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> held_;
  std::size_t line_ = 0;
};

struct Member {
  std::string key;
  std::size_t line = 0;
  Value value;
};

struct ParseOptions {
  bool comments = false;       // accept // and /* */ comments
  std::size_t depth_max = 64;  // arrays and objects inside one another
};

// kInvalid with "source:line: what: offending piece". The whole text must be one value.
Result<Value> Parse(std::string_view text, std::string_view source, ParseOptions options = {});

// Reads and parses a file a user wrote (comments allowed). kNotFound when it cannot be read.
Result<Value> ParseFile(const std::string& path);

// The members that a reader knows of each object it took apart.
using KnownKeys = std::map<const Value*, std::set<std::string>>;

// Where errors about one file gather. The first one is the status; later reads go on, so that
// reading code stays a straight list of fields and a person sees everything wrong at once.
class Source {
 public:
  static constexpr std::size_t kErrorsMax = 50;

  explicit Source(std::string file) : file_(std::move(file)) {}

  // "file:line: message". One a line (what follows on the same line tends to follow from it), and
  // kErrorsMax in all; what comes after is dropped.
  void Fail(std::size_t line, std::string_view message);
  // Puts a better message in place of error number `index`.
  void Replace(std::size_t index, std::size_t line, std::string_view message);
  bool ok() const { return errors_.empty(); }
  const std::string& file() const { return file_; }
  // Ok, or the first error.
  Status status() const;
  // All that is wrong, by line.
  std::vector<Error> errors() const;
  std::size_t error_count() const { return errors_.size(); }

  // From now on readers note what they know in `keys`, to hold a schema against them. It must
  // outlive the Source.
  void Note(KnownKeys& keys) { known_keys_ = &keys; }
  KnownKeys* known_keys() const { return known_keys_; }

 private:
  struct At {
    std::size_t line = 0;
    std::string message;
  };
  Error ErrorOf(const At& at) const;

  std::string file_;
  std::vector<At> errors_;
  KnownKeys* known_keys_ = nullptr;
};

// Takes an object apart member by member and then complains about what nobody asked for.
class ObjectReader {
 public:
  // `what` names the object in messages ("step", "fault"). Fails `source` unless `value` is an
  // object.
  ObjectReader(Source& source, const Value& value, std::string_view what);
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  // Required and optional members; nullptr when absent (Required then fails the source).
  const Value* Required(std::string_view key);
  const Value* Optional(std::string_view key);

  // Each reads an optional member into `into` and leaves it alone when the member is absent.
  // Returns true when it was there and right. A wrong type or value fails the source.
  bool Read(std::string_view key, std::string& into);
  bool Read(std::string_view key, bool& into);
  bool Read(std::string_view key, std::int64_t& into);
  bool Read(std::string_view key, std::uint64_t& into);
  bool Read(std::string_view key, int& into);
  bool Read(std::string_view key, Duration& into);   // "1.5s", "10m"
  bool Read(std::string_view key, TimePoint& into);  // RFC 3339, UTC
  bool Read(std::string_view key, std::vector<std::string>& into);
  // As Read, for a member that must be there.
  template <class T>
  bool Require(std::string_view key, T& into) {
    return Required(key) != nullptr && Read(key, into);
  }

  // Fails the source with `message` about the member `key` (or the object when it has none).
  void Fail(std::string_view key, std::string_view message);
  // Fails the source for the first member that was never asked for, naming the nearest known key.
  // One that stands where a required key is missing is what went wrong, not the missing key.
  // "$schema" at the top of a file is always known.
  void Finish();

 private:
  const Value* Typed(std::string_view key, std::string_view expected, bool right,
                     const Value* value);

  Source& source_;
  const Value& value_;
  std::string what_;
  std::vector<std::string> known_;
  std::string missing_;            // the required key whose absence is an error of the source,
  std::size_t missing_error_ = 0;  // namely this one
};

}  // namespace drydock::json
