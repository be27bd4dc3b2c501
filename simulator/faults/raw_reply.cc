#include "simulator/faults/raw_reply.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "core/text.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator {
namespace {

constexpr std::size_t kRawBytesMax = 1'048'576;

Error NoHttp(std::string_view why) {
  return Error(ErrorCode::kAmbiguous, Concat({"what came is no HTTP: ", why}));
}

// Takes a line without its end, which may be a bare line feed (RFC 9112 2.2); nullopt when it has
// none.
std::optional<std::string_view> TakeLine(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view line = bytes.substr(0, end);
  line.remove_suffix(line.ends_with('\r') ? 1 : 0);
  bytes.remove_prefix(end + 1);
  return line;
}

// "HTTP/1.1 429 Too Many Requests"
bool ReadStatusLine(std::string_view line, Response& response) {
  const bool version = line.rfind("HTTP/1.1 ", 0) == 0 || line.rfind("HTTP/1.0 ", 0) == 0;
  const std::string_view digits = version ? line.substr(9, 3) : "";
  const auto status = digits.size() == 3 ? ParseUnsigned(digits) : std::nullopt;
  if (!status || (line.size() > 12 && line[12] != ' ')) {
    return false;
  }
  response.status = static_cast<int>(*status);
  response.reason = line.size() > 13 ? line.substr(13) : "";
  return true;
}

// The status line and the fields. What is no field is passed over.
Status ReadHead(std::string_view& bytes, Response& response) {
  const auto status_line = TakeLine(bytes);
  if (!status_line || !ReadStatusLine(*status_line, response)) {
    return NoHttp("the status line");
  }
  for (;;) {
    const auto line = TakeLine(bytes);
    if (!line) {
      return NoHttp("a head without an end");
    }
    if (line->empty()) {
      return Ok{};
    }
    const std::size_t colon = line->find(':');
    const std::string_view value =
        colon == std::string_view::npos ? "" : Trim(line->substr(colon + 1));
    if (!value.empty()) {
      response.headers.Add(line->substr(0, colon), value);
    }
  }
}

// The digits a text begins with, as strtoull reads them; 0 for none.
std::uint64_t LeadingNumber(std::string_view text) {
  const std::size_t sign = !text.empty() && text[0] == '+' ? 1 : 0;
  const std::size_t end = std::min(text.find_first_not_of("0123456789", sign), text.size());
  return !text.empty() && text[0] == '-'
             ? kEndOfBody
             : ParseUnsigned(text.substr(sign, end - sign)).value_or(end > sign ? kEndOfBody : 0);
}

// What is left of chunked framing; false when its end is missing.
bool Unchunk(std::string_view bytes, std::string& body) {
  for (;;) {
    const auto line = TakeLine(bytes);
    std::size_t digits = 0;
    std::uint64_t size = 0;
    while (line && digits < std::min<std::size_t>(line->size(), 8) &&
           std::isxdigit(static_cast<unsigned char>((*line)[digits])) != 0) {
      const char c = static_cast<char>(std::tolower(static_cast<unsigned char>((*line)[digits])));
      size = size * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
      ++digits;
    }
    if (digits == 0) {
      return false;
    }
    if (size == 0) {
      return TakeLine(bytes).has_value();
    }
    body += bytes.substr(0, size);
    if (bytes.size() < size) {
      return false;
    }
    bytes.remove_prefix(size);
    const auto end = TakeLine(bytes);
    if (!end || !end->empty()) {
      return false;
    }
  }
}

// A text, and then the end of the connection where there should be more.
class CutText : public BodyReader {
 public:
  explicit CutText(std::string text) : text_(Body::FromString(std::move(text))) {}
  Result<std::size_t> Read(std::span<char> into) override {
    const auto size = text_.Read(into);
    return size && *size > 0 ? size : Error(ErrorCode::kAmbiguous, "answer's body: it broke off");
  }

 private:
  Body text_;
};

}  // namespace

std::string Describe(const RawReply& raw) {
  return Concat({"raw-reply of ", std::to_string(raw.bytes.size()), " bytes"});
}

Result<Response> ReadAsClient(std::string_view method, std::string_view bytes) {
  Response response;
  do {
    response = Response();
    if (const Status read = ReadHead(bytes, response); !read) {
      return read.error();
    }
  } while (response.status == 100);
  const Headers& headers = response.headers;
  std::string body;
  std::optional<std::uint64_t> length;
  bool whole = true;
  if (response.status == 204 || method == "HEAD") {
    length = 0;
  } else if (ToLower(headers.Get("Transfer-Encoding")) == "chunked") {
    whole = Unchunk(bytes, body);
  } else if (headers.Has("Content-Length")) {
    length = LeadingNumber(headers.Get("Content-Length"));
    body = bytes.substr(0, *length);
    whole = bytes.size() >= *length;
  } else {
    body = bytes;
  }
  response.body = whole ? Body::FromString(std::move(body))
                        : Body::FromReader(std::make_unique<CutText>(std::move(body)), length);
  return response;
}

namespace reading {

void ReadRawReply(json::Source& source, const json::Value& value, FaultRule& rule) {
  const std::string* text = value.as_string();
  if (text == nullptr || text->empty() || text->size() > kRawBytesMax) {
    source.Fail(value.line(),
                Concat({"raw-reply: expected the bytes of the answer as a text of at ",
                        "most 1 MiB, found: ", value.Excerpt()}));
    return;
  }
  rule.answer = RawReply{*text};
}

}  // namespace reading
}  // namespace drydock::simulator
