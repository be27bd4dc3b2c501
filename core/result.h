// A value or an error: the only way drydock code reports failure. Nothing of ours throws.
// Threads: plain values, no sharing. Source: docs/adr/0001-own-result.md.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace drydock {

// Grouped by what the caller does next, not by where the failure came from.
enum class ErrorCode {
  kInvalid,      // the input is wrong; say so and stop
  kNotFound,     // the named thing is not there
  kConflict,     // the state is not what the caller assumed
  kDenied,       // not allowed
  kUnavailable,  // never sent or not reachable; nothing happened on the other side
  kTimeout,      // a deadline passed
  kAmbiguous,    // sent, but the answer was lost: the outcome is unknown until asked
  kCancelled,    // the run is being stopped or was killed; unwind without side effects
  kInternal,     // a bug of ours or of a library
};

// "invalid", "not-found", … as used in journals and reports.
std::string_view Name(ErrorCode code);

// Message order is "where: what: the offending piece".
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error with "where: " put in front of its message.
  Error At(std::string_view where) const;

 private:
  ErrorCode code_;
  std::string message_;
};

struct Ok {};

// Holds a T or an Error. Reading the wrong side is a programming error and aborts
// (std::get on the variant throws, and nothing catches).
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value)
      : held_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error)
      : held_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return std::get<0>(held_); }
  const T& value() const& { return std::get<0>(held_); }
  T&& value() && { return std::get<0>(std::move(held_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return std::get<1>(held_); }
  Error&& error() && { return std::get<1>(std::move(held_)); }

 private:
  std::variant<T, Error> held_;
};

using Status = Result<Ok>;

}  // namespace drydock
