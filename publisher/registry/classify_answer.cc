// How an HTTP answer, or the want of one, becomes a Failure: reads it, and asks the table of
// classification.h what it means.
#include <algorithm>
#include <array>

#include "core/journal.h"
#include "core/json.h"
#include "core/text.h"
#include "publisher/registry/challenge.h"
#include "publisher/registry/classification.h"
#include "publisher/registry/failure.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kWordsMax = 300;
constexpr std::uint64_t kUnixTimeFrom = 1'000'000'000;  // a Retry-After above it is a date
constexpr Duration kRetryAfterMax = std::chrono::hours(24 * 7);

bool ContainsIgnoringCase(std::string_view text, std::string_view word) {
  return ToLower(text).find(ToLower(word)) != std::string::npos;
}

bool StartsWithIgnoringCase(std::string_view text, std::string_view start) {
  return EqualsIgnoringCase(text.substr(0, start.size()), start);
}

// Blanks and control characters as one blank, tags of markup left out, cut to a readable length.
std::string OneLine(std::string_view text, bool markup) {
  std::string line;
  bool in_tag = false;
  for (const char c : text) {
    if (markup && (c == '<' || c == '>')) {
      in_tag = c == '<';
    }
    const bool blank = static_cast<unsigned char>(c) <= ' ' || (markup && c == '>');
    if (blank && !in_tag && !line.empty() && line.back() != ' ') {
      line += ' ';
    } else if (!blank && !in_tag) {
      line += c;
    }
    if (line.size() >= kWordsMax) {
      return line + "…";
    }
  }
  return std::string(Trim(line));
}

// What stands between <name> and </name>, whatever the case.
std::string_view Element(std::string_view text, std::string_view name) {
  const std::string lower = ToLower(text);
  const std::string open = Concat({"<", ToLower(name), ">"});
  const std::size_t start = lower.find(open);
  if (start == std::string::npos) {
    return {};
  }
  const std::size_t inside = start + open.size();
  return text.substr(inside, std::min(lower.find("</", inside), text.size()) - inside);
}

// What a body says about itself.
struct Said {
  BodyKind kind = BodyKind::kEmpty;
  std::string code;   // the first of the "errors" that has one
  std::string words;  // one line
};

// The string after `"name":` in JSON that may have been cut.
std::string_view MemberInText(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(Concat({"\"", name, "\""}));
  if (at == std::string_view::npos) {
    return {};
  }
  const std::size_t open = text.find_first_not_of(" \t\r\n:", at + name.size() + 2);
  if (open == std::string_view::npos || text[open] != '"') {
    return {};
  }
  return text.substr(open + 1, text.find('"', open + 1) - open - 1);
}

// A code is a word in capitals; anything else in its place is not taken for one.
bool IsErrorCode(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

// The message, and the detail where it is one of words: registries put the reason into either.
std::string MessageAndDetail(const json::Value& error) {
  std::string text(error.Text("message"));
  std::string detail(error.Text("detail"));
  const json::Value* value = error.Find("detail");
  if (value != nullptr && value->as_object() != nullptr) {
    for (const json::Member& member : *value->as_object()) {
      if (const std::string* words = member.value.as_string()) {
        detail += Concat({detail.empty() ? "" : ", ", member.key, ": ", *words});
      }
    }
  }
  if (!detail.empty() && text.find(detail) == std::string::npos) {
    text += Concat({text.empty() ? "" : ": ", detail});
  }
  return text;
}

Said SaidInJson(const json::Value& value) {
  Said said;
  said.kind = BodyKind::kOtherJson;
  const json::Value* errors = value.Find("errors");
  const json::Value::Array* list = errors == nullptr ? nullptr : errors->as_array();
  if (list != nullptr && !list->empty() && IsErrorCode(list->front().Text("code"))) {
    said.kind = BodyKind::kRegistryJson;
    said.code = std::string(list->front().Text("code"));
    said.words = OneLine(MessageAndDetail(list->front()), false);
    return said;
  }
  for (const std::string_view name : {"message", "details", "error_description", "error"}) {
    if (!value.Text(name).empty()) {
      said.words = OneLine(value.Text(name), false);
      return said;
    }
  }
  return said;
}

Said SaidInJsonText(std::string_view body) {
  if (const auto value = json::Parse(body, "answer"); value.ok()) {
    return SaidInJson(*value);
  }
  Said said;
  said.kind = BodyKind::kText;
  if (body.find("\"errors\"") != std::string_view::npos &&
      IsErrorCode(MemberInText(body, "code"))) {
    said.kind = BodyKind::kRegistryJson;
    said.code = std::string(MemberInText(body, "code"));
    said.words = OneLine(MemberInText(body, "message"), false);
  }
  return said;
}

Said SaidInMarkup(std::string_view body, bool xml) {
  Said said;
  said.kind = xml ? BodyKind::kXml : BodyKind::kHtml;
  if (xml) {
    said.words = OneLine(Concat({Element(body, "Code"), " ", Element(body, "Message")}), false);
  } else {
    said.words = OneLine(Element(body, "title"), false);
  }
  if (said.words.empty()) {
    said.words = OneLine(body, true);
  }
  return said;
}

Said WhatIsSaid(const Headers& headers, std::string_view body) {
  if (StartsWithIgnoringCase(body, "\xEF\xBB\xBF")) {
    body.remove_prefix(3);
  }
  body = Trim(body);
  Said said;
  if (body.empty()) {
    return said;
  }
  if (body.front() == '{' || body.front() == '[') {
    said = SaidInJsonText(body);
  } else if (body.front() == '<') {
    const bool html = StartsWithIgnoringCase(body, "<html") ||
                      StartsWithIgnoringCase(body, "<!doctype html") ||
                      !Element(body, "title").empty();
    const bool xml = StartsWithIgnoringCase(body, "<?xml") ||
                     StartsWithIgnoringCase(body, "<error") ||
                     ContainsIgnoringCase(headers.Get("Content-Type"), "xml");
    said = SaidInMarkup(body, xml && !html);
  } else {
    said.kind = BodyKind::kText;
  }
  if (said.kind == BodyKind::kText) {
    said.words = OneLine(body, false);
  }
  return said;
}

bool IsProxy(const AnswerSeen& seen) {
  return seen.status == 407 || seen.status == 511 || seen.headers.Has("Proxy-Authenticate") ||
         seen.headers.Has("X-Squid-Error") ||
         StartsWithIgnoringCase(seen.headers.Get("Server"), "squid");
}

Answerer WhoAnswered(const AnswerSeen& seen, BodyKind kind) {
  if (kind == BodyKind::kRegistryJson) {
    return Answerer::kRegistry;
  }
  if (IsProxy(seen)) {
    return Answerer::kProxy;
  }
  // The registry names itself in a header, which matters when there is no body to tell.
  const bool own_header = seen.headers.Has("Docker-Distribution-Api-Version");
  switch (kind) {
    case BodyKind::kHtml:
    case BodyKind::kXml:
    case BodyKind::kText:
      return Answerer::kEdge;
    case BodyKind::kOtherJson:
      return own_header ? Answerer::kRegistry : Answerer::kEdge;
    case BodyKind::kUnknown:
    case BodyKind::kEmpty:
    case BodyKind::kRegistryJson:
      break;
  }
  return own_header ? Answerer::kRegistry : Answerer::kRegistryTier;
}

Whose WhoseOf(Answerer answerer, BodyKind kind) {
  switch (answerer) {
    case Answerer::kRegistry:
      return Whose::kRegistry;
    case Answerer::kProxy:
      return Whose::kProxy;
    case Answerer::kEdge:
      return kind == BodyKind::kHtml ? Whose::kPage : Whose::kOther;
    default:
      return Whose::kNobody;
  }
}

std::uint8_t HintsOf(const AnswerSeen& seen, bool told_when) {
  const auto challenge = BestChallenge(seen.headers.All("WWW-Authenticate"));
  const bool short_scope = challenge && challenge->Get("error") == "insufficient_scope";
  const int login = !challenge ? kNoChallenge : short_scope ? kInsufficientScope : kChallenge;
  return static_cast<std::uint8_t>(login | (told_when ? kRetryAfter : kNoRetryAfter) |
                                   (seen.wrote_before ? kWroteBefore : kNoHint));
}

void SortByTable(const Occurrence& occurrence, Failure& failure) {
  const ClassificationRow& row = FindRow(occurrence);
  failure.persistence = row.persistence;
  failure.next = row.next;
  failure.advice = std::string(row.advice);
}

Failure Describe(const AnswerSeen& seen, TimePoint now) {
  Said said = WhatIsSaid(seen.headers, seen.body);
  if (said.kind == BodyKind::kEmpty && seen.method == "HEAD") {
    said.kind = BodyKind::kUnknown;
  }
  Failure failure;
  failure.status = seen.status;
  failure.body = said.kind;
  failure.code = std::move(said.code);
  failure.method = seen.method;
  failure.url = RedactedUrl(seen.url);
  failure.words = RedactedText(said.words);
  // A moment is meant by the clock of whoever names it.
  const TimePoint theirs = ParseHttpDate(seen.headers.Get("Date")).value_or(now);
  for (const std::string_view name : {"Retry-After", "X-Retry-After"}) {
    if (!failure.retry_after) {
      failure.retry_after = ParseRetryAfter(seen.headers.Get(name), theirs);
    }
  }
  return failure;
}

}  // namespace

BodyKind KindOfBody(const Headers& headers, std::string_view body) {
  return WhatIsSaid(headers, body).kind;
}

Failure ClassifyAnswer(const AnswerSeen& seen, TimePoint now) {
  Failure failure = Describe(seen, now);
  failure.answerer = WhoAnswered(seen, failure.body);
  SortByTable({.route = seen.route.value_or(RouteOf(seen.method, seen.url)),
               .status = seen.status,
               .whose = WhoseOf(failure.answerer, failure.body),
               .code = failure.code,
               .words = failure.words,
               .hints = HintsOf(seen, failure.retry_after.has_value())},
              failure);
  return failure;
}

Failure ClassifyTokenAnswer(const AnswerSeen& seen, TimePoint now) {
  Failure failure = Describe(seen, now);
  const bool proxy = IsProxy(seen);
  failure.answerer = proxy ? Answerer::kProxy : Answerer::kTokenService;
  SortByTable({.route = Route::kToken,
               .status = seen.status,
               .whose = proxy                             ? Whose::kProxy
                        : failure.body == BodyKind::kHtml ? Whose::kPage
                                                          : Whose::kTokenService,
               .code = failure.code,
               .words = failure.words,
               .hints = HintsOf(seen, failure.retry_after.has_value())},
              failure);
  return failure;
}

Failure ClassifyLoss(std::string_view method, std::string_view url, const Error& error,
                     std::optional<Route> route) {
  Failure failure;
  failure.method = std::string(method);
  failure.url = RedactedUrl(url);
  failure.words = RedactedText(error.message());
  std::optional<Phase> phase;
  switch (error.code()) {
    case ErrorCode::kUnavailable:
      phase = Phase::kUnsent;
      break;
    case ErrorCode::kTimeout:
    case ErrorCode::kAmbiguous:
      phase = Phase::kLost;
      break;
    case ErrorCode::kDenied:
      phase = Phase::kUntrusted;
      break;
    case ErrorCode::kCancelled:
      failure.cancelled = true;
      failure.next = method == "GET" || method == "HEAD" ? NextMove::kStop : NextMove::kAsk;
      break;
    case ErrorCode::kInvalid:
    case ErrorCode::kNotFound:
    case ErrorCode::kConflict:
    case ErrorCode::kInternal:
      break;
  }
  if (phase) {
    failure.answerer = Answerer::kNetwork;
    SortByTable(
        {.route = route.value_or(RouteOf(method, url)), .phase = *phase, .words = failure.words},
        failure);
  }
  return failure;
}

std::optional<Duration> ParseRetryAfter(std::string_view value, TimePoint now) {
  value = Trim(value);
  std::optional<Duration> wait;
  if (const auto number = ParseUnsigned(value); number && *number >= kUnixTimeFrom) {
    if (*number < kUnixTimeFrom * 10) {
      wait = TimePoint(std::chrono::seconds(*number)) - now;
    }
  } else if (number) {
    wait = std::chrono::seconds(*number);
  } else if (const auto date = ParseHttpDate(value)) {
    wait = *date - now;
  }
  if (!wait || *wait <= Duration::zero() || *wait > kRetryAfterMax) {
    return std::nullopt;
  }
  return wait;
}

}  // namespace drydock::publisher
