#include "simulator/faults/raw_reply.h"

#include <algorithm>

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
  const auto status = version ? ParseUnsigned(line.substr(9, 3)) : std::nullopt;
  if (!status || *status < 100 || (line.size() > 12 && line[12] != ' ')) {
    return false;
  }
  response.status = static_cast<int>(*status);
  response.reason = line.size() > 13 ? line.substr(13) : "";
  return true;
}

}  // namespace

std::string Describe(const RawReply& raw) {
  return Concat({"raw-reply of ", std::to_string(raw.bytes.size()), " bytes"});
}

Result<Response> ReadRawAnswer(std::string_view bytes) {
  Response response;
  const auto status_line = TakeLine(bytes);
  if (!status_line || !ReadStatusLine(*status_line, response)) {
    return NoHttp("the status line");
  }
  for (;;) {
    const auto line = TakeLine(bytes);
    if (!line) {
      return NoHttp("a head that does not end");
    }
    if (line->empty()) {
      break;
    }
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos || colon == 0) {
      return NoHttp("a field without a colon");
    }
    response.headers.Add(line->substr(0, colon), Trim(line->substr(colon + 1)));
  }
  const auto length = ParseUnsigned(response.headers.Get("Content-Length"));
  response.body = Body::FromString(std::string(
      bytes.substr(0, length ? std::min<std::uint64_t>(*length, bytes.size()) : bytes.size())));
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
