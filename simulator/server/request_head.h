// The head of an HTTP/1.1 request, as bytes and as data, and how its body is framed. Strict: what
// RFC 9112 lets a server refuse is refused, since a lenient reader hides a client's defect. Pure.
// Threads: values. Source: RFC 9112 sections 2, 3, 5, 6; docs/adr/0007-own-http-framing.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/http.h"
#include "simulator/server/limits.h"

namespace drydock::simulator {

struct HttpHead {
  std::string method;
  std::string target;     // as sent
  int minor_version = 1;  // HTTP/1.0 or HTTP/1.1
  Headers headers;        // in the order and spelling of the wire
  Url url;                // scheme http, host from the Host field (or an absolute target)
};

// Why the server answers without asking anybody, and then closes.
struct RejectedHead {
  int status = 400;
  std::string what;  // "field name has a blank: \"Host \""
};

// The length of the first head in `bytes`, its empty line included; nullopt when it is not complete
// yet. Empty lines before the request line do not end a head.
std::optional<std::size_t> HeadLength(std::string_view bytes);

// What can be refused before a head is complete: bytes that begin no request line (a TLS
// handshake), or too many of them.
std::optional<RejectedHead> RefuseEarly(std::string_view bytes, const ServerLimits& limits);

// `bytes` is one complete head.
std::variant<HttpHead, RejectedHead> ParseHead(std::string_view bytes, const ServerLimits& limits);

struct BodyFraming {
  enum class Kind { kNone, kLength, kChunked };
  Kind kind = Kind::kNone;
  std::uint64_t length = 0;  // kLength
};

std::variant<BodyFraming, RejectedHead> RequestFraming(const HttpHead& head);

// Whether the client wants the connection to stay open after the answer.
bool WantsKeepAlive(const HttpHead& head);
bool ExpectsContinue(const HttpHead& head);

}  // namespace drydock::simulator
