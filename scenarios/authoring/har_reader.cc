#include "scenarios/authoring/har_reader.h"

#include <algorithm>
#include <utility>

#include "core/json.h"
#include "core/text.h"

namespace drydock::scenarios {
namespace {

using json::Source;
using json::Value;

// Browsers keep the call stack of a request in its entry, level by level.
constexpr std::size_t kHarDepthMax = 512;
constexpr std::size_t kDateAndTime = 19;  // "2026-05-28T06:00:00"

const Value::Array& ElementsOf(const Value* value) {
  static const Value::Array kNone;
  return value == nullptr || value->as_array() == nullptr ? kNone : *value->as_array();
}

std::uint64_t Count(const Value* value) {
  const auto number = value == nullptr ? std::nullopt : value->as_integer();
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

bool IsHttp(std::string_view url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

// The text of an answer, decoded; the beginning of one that is long.
void ReadContent(const Value& content, CapturedExchange& exchange) {
  std::string body(content.Text("text"));
  if (content.Text("encoding") == "base64") {
    body = FromBase64(body).value_or("");
  }
  exchange.body_cut = body.size() > kHarBodyBytesMax;
  body.resize(std::min(body.size(), kHarBodyBytesMax));
  exchange.response_bytes = std::max<std::uint64_t>(body.size(), Count(content.Find("size")));
  exchange.body = std::move(body);
}

// Why no complete answer came, in the words of whoever captured.
std::string LostReason(const Value& entry, const Value& response, int status) {
  for (const std::string_view key : {"_error", "_errorMessage"}) {
    if (!response.Text(key).empty()) {
      return std::string(response.Text(key));
    }
  }
  if (!entry.Text("comment").empty() && entry.Find("comment")->as_string() != nullptr) {
    const std::string_view comment = entry.Text("comment");
    if (status == 0 || comment.find(" bytes") != std::string_view::npos) {
      return std::string(comment);
    }
  }
  return status == 0 ? "no answer" : "";
}

class HarReader {
 public:
  explicit HarReader(Source& source) : source_(source) {}

  Capture Read(const Value& document) {
    const Value* log = document.Find("log");
    const Value* entries = log == nullptr ? nullptr : log->Find("entries");
    if (entries == nullptr || entries->as_array() == nullptr) {
      source_.Fail(document.line(), R"(no HAR: expected {"log": {"entries": [...]}})");
      return {};
    }
    if (entries->as_array()->size() > kHarEntriesMax) {
      source_.Fail(entries->line(),
                   Concat({"entries: expected at most ", std::to_string(kHarEntriesMax),
                           ", found: ", std::to_string(entries->as_array()->size())}));
      return {};
    }
    Capture capture;
    if (const Value* creator = log->Find("creator")) {
      capture.creator = Trim(Concat({creator->Text("name"), " ", creator->Text("version")}));
    }
    for (const Value& entry : *entries->as_array()) {
      ReadEntry(entry, capture);
    }
    std::stable_sort(capture.exchanges.begin(), capture.exchanges.end(),
                     [](const CapturedExchange& a, const CapturedExchange& b) {
                       return a.time && b.time && *a.time < *b.time;
                     });
    return capture;
  }

 private:
  void ReadEntry(const Value& entry, Capture& capture) {
    const Value* request = entry.Find("request");
    const Value* response = entry.Find("response");
    if (request == nullptr || response == nullptr) {
      source_.Fail(entry.line(), R"(entry: expected an object with "request" and "response")");
      return;
    }
    const std::string_view address = request->Text("url");
    if (!IsHttp(address)) {
      ++capture.skipped;
      return;
    }
    const auto url = Url::Parse(address);
    if (!url || request->Text("method").empty()) {
      source_.Fail(request->line(), "request: expected a \"method\" and an absolute \"url\"");
      return;
    }
    CapturedExchange exchange;
    exchange.line = entry.line();
    exchange.time = ParseHarTime(entry.Text("startedDateTime"));
    exchange.method = request->Text("method");
    exchange.url = *url;
    exchange.authorized = Fields(*request).Has("Authorization");
    ReadAnswer(entry, *response, exchange);
    capture.exchanges.push_back(std::move(exchange));
  }

  void ReadAnswer(const Value& entry, const Value& response, CapturedExchange& exchange) {
    const Value* status = response.Find("status");
    const auto code = status == nullptr ? std::nullopt : status->as_integer();
    if (!code || *code < 0 || *code > 999) {
      source_.Fail(response.line(), "response: \"status\": expected 0 (no answer) to 999");
      return;
    }
    // A browser gives no status to what was cut short, whatever number it shows.
    exchange.status = *code < 100 ? 0 : static_cast<int>(*code);
    exchange.reason = response.Text("statusText");
    exchange.headers = Fields(response);
    if (const Value* content = response.Find("content")) {
      ReadContent(*content, exchange);
    }
    exchange.lost = LostReason(entry, response, exchange.status);
  }

  static Headers Fields(const Value& message) {
    Headers headers;
    for (const Value& field : ElementsOf(message.Find("headers"))) {
      const std::string_view name = field.Text("name");
      if (!name.empty() && !name.starts_with(':')) {  // pseudo-fields of HTTP/2
        headers.Add(name, field.Text("value"));
      }
    }
    return headers;
  }

  Source& source_;
};

}  // namespace

std::optional<TimePoint> ParseHarTime(std::string_view text) {
  if (text.size() <= kDateAndTime) {
    return std::nullopt;
  }
  const auto seconds = ParseRfc3339(Concat({text.substr(0, kDateAndTime), "Z"}));
  std::string_view rest = text.substr(kDateAndTime);
  Duration fraction{};
  if (rest.starts_with('.')) {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    std::string digits(rest.substr(1, std::min<std::size_t>(end - 1, 6)));
    digits.resize(6, '0');
    fraction = Duration(static_cast<std::int64_t>(ParseUnsigned(digits).value_or(0)));
    rest.remove_prefix(end);
  }
  Duration offset{};
  if (rest != "Z") {
    const auto hours = rest.size() == 6 ? ParseUnsigned(rest.substr(1, 2)) : std::nullopt;
    const auto minutes = rest.size() == 6 ? ParseUnsigned(rest.substr(4, 2)) : std::nullopt;
    if (!hours || !minutes || *hours > 23 || *minutes > 59 || rest[3] != ':' ||
        (rest[0] != '+' && rest[0] != '-')) {
      return std::nullopt;
    }
    offset = std::chrono::minutes(static_cast<std::int64_t>(*hours * 60 + *minutes));
    offset = rest[0] == '-' ? -offset : offset;
  }
  return seconds ? std::optional(*seconds + fraction - offset) : std::nullopt;
}

Result<Capture> ReadHar(std::string_view text, std::string_view source) {
  if (text.size() > kHarBytesMax) {
    return Error(ErrorCode::kInvalid, Concat({source, ": too long: ", HumanBytes(text.size()),
                                              " (expected at most 256 MiB)"}));
  }
  if (text.starts_with("\xEF\xBB\xBF")) {  // some exporters on Windows begin with it
    text.remove_prefix(3);
  }
  const auto document = json::Parse(text, source, {.comments = false, .depth_max = kHarDepthMax});
  if (!document) {
    return document.error();
  }
  Source errors{std::string(source)};
  Capture capture = HarReader(errors).Read(*document);
  const Status status = errors.status();
  if (!status) {
    return status.error();
  }
  return capture;
}

}  // namespace drydock::scenarios
