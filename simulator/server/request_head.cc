#include "simulator/server/request_head.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::size_t kExcerptMax = 40;  // bytes of a peer's text that a message repeats

bool IsTokenChar(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

bool IsVisible(char c) { return c > ' ' && c != '\x7f'; }

// Field values: visible characters, blanks and bytes above ASCII.
bool IsValueChar(char c) { return IsVisible(c) || c == ' ' || c == '\t' || (c & '\x80') != 0; }

// A peer's bytes, made fit to print. What follows a "?" may be a credential.
std::string Excerpt(std::string_view text) {
  const std::size_t query = text.find('?');
  const bool whole = text.size() <= kExcerptMax && query == std::string_view::npos;
  std::string shown(text.substr(0, std::min(kExcerptMax, query)));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return !IsVisible(c) && c != ' '; }, '?');
  return Concat({"\"", shown, whole ? "" : "…", "\""});
}

RejectedHead Reject(int status, std::string_view what, std::string_view piece) {
  return {status, Concat({what, ": ", Excerpt(piece)})};
}

// What begins a line, without what may be a credential behind it.
std::string_view FirstWord(std::string_view line) {
  return line.substr(0, line.find_first_of(" \t:\r\n"));
}

std::string_view SkipEmptyLines(std::string_view bytes) {
  while (bytes.substr(0, 2) == "\r\n") {
    bytes.remove_prefix(2);
  }
  return bytes;
}

std::optional<RejectedHead> ReadRequestLine(std::string_view line, const ServerLimits& limits,
                                            HttpHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return Reject(400, "not a request line", FirstWord(line));
  }
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!IsToken(head.method)) {
    return Reject(400, "not a method", head.method);
  }
  if (head.target.size() > limits.target_bytes_max) {
    return Reject(414, "request target is too long", head.target);
  }
  if (!std::all_of(head.target.begin(), head.target.end(), IsVisible)) {
    return Reject(400, "request target has a blank, control or non-ASCII character", head.target);
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    const bool other = version.substr(0, 5) == "HTTP/";
    return Reject(other ? 505 : 400, other ? "HTTP version is not served" : "not an HTTP version",
                  version);
  }
  head.minor_version = version.back() - '0';
  return std::nullopt;
}

std::optional<RejectedHead> ReadField(std::string_view line, HttpHead& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return Reject(400, "header line without a colon", FirstWord(line));
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Trim(line.substr(colon + 1));
  if (!IsToken(name)) {  // a folded line begins with a blank and ends here too
    return Reject(400, "not a header field name", name);
  }
  if (!std::all_of(value.begin(), value.end(), IsValueChar)) {
    return Reject(400, "control character in the value of a header field", name);
  }
  head.headers.Add(name, value);
  return std::nullopt;
}

// Fills the URL from the target and the Host field.
std::optional<RejectedHead> ResolveTarget(HttpHead& head) {
  const std::vector<std::string> hosts = head.headers.All("Host");
  if (hosts.size() > 1) {
    return Reject(400, "more than one Host field", hosts[1]);
  }
  if (hosts.empty() && head.minor_version > 0) {
    return Reject(400, "no Host field", head.target);
  }
  std::string text = head.target;
  if (head.target.front() == '/') {
    text = Concat(
        {"http://", hosts.empty() || hosts[0].empty() ? "localhost" : hosts[0], head.target});
  }
  Result<Url> url = Url::Parse(text);
  if (!url) {
    return Reject(400, "neither a path nor an http URL", head.target);
  }
  head.url = std::move(*url);
  head.url.scheme = "http";
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> HeadLength(std::string_view bytes) {
  const std::string_view head = SkipEmptyLines(bytes);
  const std::size_t end = head.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  return bytes.size() - head.size() + end + 4;
}

std::optional<RejectedHead> RefuseEarly(std::string_view bytes, const ServerLimits& limits) {
  if (bytes.substr(0, 2) == "\x16\x03") {
    return RejectedHead{400, "this port speaks plain HTTP, and the client began a TLS handshake"};
  }
  const std::string_view head = SkipEmptyLines(bytes);
  if (!head.empty() && head != "\r" && !IsToken(head.substr(0, head.find(' ')))) {
    return Reject(400, "not a request line", FirstWord(head));
  }
  if (bytes.size() < limits.head_bytes_max) {
    return std::nullopt;
  }
  const bool in_first_line = head.find("\r\n") == std::string_view::npos;
  return in_first_line ? Reject(414, "request line is too long", head)
                       : Reject(431, "request head is too long", FirstWord(head));
}

std::variant<HttpHead, RejectedHead> ParseHead(std::string_view bytes, const ServerLimits& limits) {
  HttpHead head;
  std::string_view rest = SkipEmptyLines(bytes);
  std::size_t fields = 0;
  for (bool first = true; rest != "\r\n"; first = false) {
    const std::size_t end = rest.find("\r\n");
    if (end == std::string_view::npos) {
      return Reject(400, "request head has no end", FirstWord(rest));
    }
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (!first && ++fields > limits.fields_max) {
      return Reject(431, "too many header fields", FirstWord(line));
    }
    const std::optional<RejectedHead> rejected =
        first ? ReadRequestLine(line, limits, head) : ReadField(line, head);
    if (rejected) {
      return *rejected;
    }
  }
  if (const std::optional<RejectedHead> rejected = ResolveTarget(head)) {
    return *rejected;
  }
  return head;
}

std::variant<BodyFraming, RejectedHead> RequestFraming(const HttpHead& head) {
  const std::vector<std::string> lengths = head.headers.All("Content-Length");
  const std::vector<std::string> codings = head.headers.All("Transfer-Encoding");
  if (!codings.empty()) {
    if (!lengths.empty()) {
      return Reject(400, "Transfer-Encoding together with Content-Length", lengths[0]);
    }
    if (head.minor_version == 0) {
      return Reject(400, "Transfer-Encoding in HTTP/1.0", codings[0]);
    }
    if (codings.size() > 1 || !EqualsIgnoringCase(codings[0], "chunked")) {
      return Reject(501, "transfer coding is not served", codings.back());
    }
    return BodyFraming{BodyFraming::Kind::kChunked, 0};
  }
  if (lengths.empty()) {
    return BodyFraming{};
  }
  const std::optional<std::uint64_t> length = ParseUnsigned(lengths[0]);
  if (lengths.size() > 1 || !length) {
    return Reject(400, "not one Content-Length", lengths.back());
  }
  return *length == 0 ? BodyFraming{} : BodyFraming{BodyFraming::Kind::kLength, *length};
}

bool WantsKeepAlive(const HttpHead& head) {
  bool keep = head.minor_version > 0;
  for (const std::string& value : head.headers.All("Connection")) {
    for (const std::string& option : Split(value, ',')) {
      if (EqualsIgnoringCase(Trim(option), "close")) {
        return false;
      }
      keep = keep || EqualsIgnoringCase(Trim(option), "keep-alive");
    }
  }
  return keep;
}

bool ExpectsContinue(const HttpHead& head) {
  return head.minor_version > 0 && EqualsIgnoringCase(head.headers.Get("Expect"), "100-continue");
}

}  // namespace drydock::simulator
