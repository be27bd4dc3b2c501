#include "core/journal.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/text.h"

namespace drydock {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kRedacted = "REDACTED";
constexpr std::size_t kExcerptBytesMax = 2048;

constexpr std::array<std::string_view, 6> kSecretHeaders = {
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-registry-auth", "x-api-key"};
constexpr std::array<std::string_view, 10> kSecretNames = {
    "token",  "access_token", "refresh_token",        "id_token",        "password",
    "secret", "signature",    "x-amz-security-token", "x-amz-signature", "client_secret"};

template <class Names>
bool Contains(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view secret) { return EqualsIgnoringCase(secret, name); });
}

// "Bearer abc" keeps "Bearer": the scheme helps a reader and tells nothing.
std::string RedactedCredential(std::string_view value) {
  const std::size_t blank = value.find(' ');
  return blank == std::string_view::npos ? std::string(kRedacted)
                                         : Concat({value.substr(0, blank), " ", kRedacted});
}

// Everything between the quotes of `"name" : "…"`, for each secret name.
std::string RedactedJsonMembers(std::string text) {
  for (const std::string_view name : kSecretNames) {
    const std::string key = Concat({"\"", name, "\""});
    std::size_t at = text.find(key);
    while (at != std::string::npos) {
      std::size_t open = text.find_first_not_of(" \t\r\n:", at + key.size());
      if (open == std::string::npos || text[open] != '"') {
        at = text.find(key, at + key.size());
        continue;
      }
      std::size_t close = open + 1;
      while (close < text.size() && text[close] != '"') {
        close += text[close] == '\\' ? 2 : 1;
      }
      close = std::min(close, text.size());
      text.replace(open + 1, close - open - 1, kRedacted);
      at = text.find(key, open + kRedacted.size());
    }
  }
  return text;
}

// A JWT or a Basic credential quoted inside free text, as clients print them in debug output.
std::string RedactedSchemes(std::string text) {
  for (const std::string_view scheme : {"Bearer ", "Basic "}) {
    std::size_t at = text.find(scheme);
    while (at != std::string::npos) {
      const std::size_t start = at + scheme.size();
      const std::size_t end = std::min(text.find_first_of(" \t\r\n\"',;", start), text.size());
      if (end - start >= 8 && text.compare(start, 6, "realm=") != 0) {
        text.replace(start, end - start, kRedacted);
      }
      at = text.find(scheme, start);
    }
  }
  return text;
}

void Redact(EventPayload& payload) {
  if (auto* exchange = std::get_if<ExchangeEvent>(&payload)) {
    if (exchange->url.find('?') != std::string::npos) {
      exchange->url = RedactedUrl(exchange->url);
    }
    exchange->request_headers = Redacted(std::move(exchange->request_headers));
    exchange->response_headers = Redacted(std::move(exchange->response_headers));
    if (!exchange->response_excerpt.empty()) {
      exchange->response_excerpt =
          RedactedText(std::string_view(exchange->response_excerpt).substr(0, kExcerptBytesMax));
    }
  } else if (auto* note = std::get_if<NoteEvent>(&payload)) {
    note->text = RedactedText(note->text);
  } else if (auto* step = std::get_if<StepEvent>(&payload)) {
    step->detail = RedactedText(step->detail);
  }
}

Json ToJson(const Headers& headers) {
  Json list = Json::array();
  for (const auto& [name, value] : headers) {
    list.push_back(Json::array({name, value}));
  }
  return list;
}

void PutUnlessEmpty(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) {
    json[key] = value;
  }
}

struct Writer {
  Json& json;

  void operator()(const ExchangeEvent& event) const {
    json["event"] = "exchange";
    json["ordinal"] = event.ordinal;
    json["method"] = event.method;
    json["url"] = event.url;
    PutUnlessEmpty(json, "operation", event.operation);
    PutUnlessEmpty(json, "repository", event.repository);
    PutUnlessEmpty(json, "reference", event.reference);
    json["requestHeaders"] = ToJson(event.request_headers);
    json["requestBytes"] = event.request_bytes;
    json["status"] = event.status;
    PutUnlessEmpty(json, "reason", event.reason);
    json["responseHeaders"] = ToJson(event.response_headers);
    json["responseBytes"] = event.response_bytes;
    PutUnlessEmpty(json, "responseExcerpt", event.response_excerpt);
    PutUnlessEmpty(json, "lost", event.lost);
  }
  void operator()(const FaultEvent& event) const {
    json["event"] = "fault";
    json["rule"] = event.rule;
    json["phase"] = event.phase;
    json["effect"] = event.effect;
    json["exchange"] = event.exchange;
    PutUnlessEmpty(json, "key", event.key);
  }
  void operator()(const WaitEvent& event) const {
    json["event"] = "wait";
    json["micros"] = event.span.count();
    json["reason"] = event.reason;
  }
  void operator()(const StepEvent& event) const {
    json["event"] = event.edge == StepEvent::Edge::kBegin ? "step-begin" : "step-end";
    json["step"] = event.step;
    PutUnlessEmpty(json, "outcome", event.outcome);
    PutUnlessEmpty(json, "detail", event.detail);
  }
  void operator()(const TagEvent& event) const {
    json["event"] = "tag";
    json["host"] = event.host;
    json["repository"] = event.repository;
    json["tag"] = event.tag;
    PutUnlessEmpty(json, "from", event.from);
    PutUnlessEmpty(json, "to", event.to);
  }
  void operator()(const NoteEvent& event) const {
    json["event"] = "note";
    json["text"] = event.text;
  }
};

}  // namespace

std::uint64_t Journal::Append(std::string_view actor, EventPayload payload) {
  Redact(payload);
  const std::lock_guard lock(mutex_);
  const std::uint64_t sequence = dropped_ + events_.size();
  events_.push_back({sequence, clock_.Now(), std::string(actor), std::move(payload)});
  return sequence;
}

std::vector<Event> Journal::Snapshot(std::uint64_t first_sequence) const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t wanted = first_sequence - std::min(first_sequence, dropped_);
  const auto first = std::min<std::uint64_t>(wanted, events_.size());
  return {events_.begin() + static_cast<std::ptrdiff_t>(first), events_.end()};
}

std::uint64_t Journal::size() const {
  const std::lock_guard lock(mutex_);
  return dropped_ + events_.size();
}

void Journal::DropBefore(std::uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  while (!events_.empty() && dropped_ < sequence) {
    events_.pop_front();
    ++dropped_;
  }
}

std::string Journal::ToJsonLines() const {
  const std::lock_guard lock(mutex_);
  std::string lines;
  for (const Event& event : events_) {
    lines += ToJson(event);
    lines += '\n';
  }
  return lines;
}

std::string ToJson(const Event& event) {
  Json json;
  json["sequence"] = event.sequence;
  json["time"] = FormatRfc3339(event.time);
  json["actor"] = event.actor;
  std::visit(Writer{json}, event.payload);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Headers Redacted(Headers headers) {
  for (auto& [name, value] : headers) {
    if (Contains(kSecretHeaders, name)) {
      value = RedactedCredential(value);
    } else if (EqualsIgnoringCase(name, "location")) {
      value = RedactedUrl(value);
    }
  }
  return headers;
}

std::string RedactedUrl(std::string_view url) {
  const std::size_t question = url.find('?');
  if (question == std::string_view::npos) {
    return std::string(url);
  }
  auto pairs = Split(url.substr(question + 1), '&');
  for (std::string& pair : pairs) {
    const std::string_view name = std::string_view(pair).substr(0, pair.find('='));
    if (Contains(kSecretNames, PercentDecode(name))) {
      pair = Concat({name, "=", kRedacted});
    }
  }
  return Concat({url.substr(0, question), "?", Join(pairs, "&")});
}

std::string RedactedText(std::string_view text) {
  return RedactedSchemes(RedactedJsonMembers(std::string(text)));
}

}  // namespace drydock
