// How an HTTP answer becomes a Failure: whose it is, by body first; whether it may go away and what
// to do, by status, then code, then words.
#include <algorithm>
#include <array>

#include "core/journal.h"
#include "core/json.h"
#include "core/text.h"
#include "publisher/registry/challenge.h"
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

Said SaidInJson(const json::Value& value) {
  Said said;
  said.kind = BodyKind::kOtherJson;
  const json::Value* errors = value.Find("errors");
  const json::Value::Array* list = errors == nullptr ? nullptr : errors->as_array();
  if (list != nullptr && !list->empty() && IsErrorCode(list->front().Text("code"))) {
    said.kind = BodyKind::kRegistryJson;
    said.code = std::string(list->front().Text("code"));
    said.words = OneLine(list->front().Text("message"), false);
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

bool IsRead(std::string_view method) { return method == "GET" || method == "HEAD"; }

void MayGoAway(Failure& failure, NextMove next, std::string_view advice = "") {
  failure.persistence = Persistence::kTransient;
  failure.next = next;
  failure.advice = std::string(advice);
}

void Stop(Failure& failure, std::string_view advice) {
  failure.persistence = Persistence::kDeterministic;
  failure.next = NextMove::kStop;
  failure.advice = std::string(advice);
}

bool SaysAny(std::string_view words, std::initializer_list<std::string_view> needles) {
  return std::any_of(needles.begin(), needles.end(),
                     [&](std::string_view needle) { return ContainsIgnoringCase(words, needle); });
}

bool IsLockout(std::string_view words) {
  return SaysAny(words, {"too many failed login attempts", "too many login attempts"});
}

void SortTooMany(Failure& failure) {
  if (IsLockout(failure.words)) {
    return Stop(failure,
                "The account or address is locked out; correct the login, wait, and do not let "
                "anything try it meanwhile.");
  }
  if (!failure.retry_after && SaysAny(failure.words, {"pull rate limit"})) {
    // The window is hours long: nothing to wait for here, though it does end.
    MayGoAway(failure, NextMove::kStop,
              "The pull limit lasts for hours; log in or come back when it has passed.");
    return;
  }
  MayGoAway(failure, NextMove::kWait);
}

void SortUnauthorized(Failure& failure, const Headers& headers) {
  const auto challenge = BestChallenge(headers.All("WWW-Authenticate"));
  if (!challenge) {
    if (failure.answerer == Answerer::kRegistry) {
      return Stop(failure, "The registry refused the login and asks for none; check the account.");
    }
    return MayGoAway(failure, NextMove::kRetry);
  }
  if (challenge->Get("error") == "insufficient_scope") {
    return Stop(failure,
                "The login has no right to do this; check the repository's name and the access "
                "token's permissions.");
  }
  MayGoAway(failure, NextMove::kReauthenticate);
}

void SortForbidden(Failure& failure) {
  if (failure.answerer != Answerer::kRegistry && failure.answerer != Answerer::kRegistryTier) {
    return MayGoAway(failure, NextMove::kRetry,
                     "Something between here and the registry blocks the request; it is not the "
                     "registry's refusal.");
  }
  if (SaysAny(failure.words, {"manifest class", "media type", "mediatype"})) {
    return Stop(failure,
                "The registry does not take this kind of manifest; nothing is wrong with "
                "the login.");
  }
  if (SaysAny(failure.words, {"quota", "storage limit"})) {
    return Stop(failure, "The account's space is used up; free some or extend it.");
  }
  if (SaysAny(failure.words, {"immutable", "already exists"})) {
    return Stop(failure, "The tag may not be moved; publish under another one.");
  }
  Stop(failure, "Check that the login may write to this repository.");
}

void SortNotFound(Failure& failure) {
  if (failure.answerer != Answerer::kRegistry) {
    // Outages answer 404 and 405 for things that are there.
    return MayGoAway(failure, NextMove::kRetry,
                     "The answer is not the registry's own; whether the thing is there is open.");
  }
  if (failure.code == "BLOB_UPLOAD_UNKNOWN") {
    return MayGoAway(failure, NextMove::kRetry);
  }
  if (failure.code == "NAME_UNKNOWN" && !IsRead(failure.method)) {
    return Stop(failure, "Create the repository first.");
  }
  Stop(failure, "");
}

// 400 and the 4xx without a rule of their own: the request itself is not taken.
void SortRejected(Failure& failure) {
  if (failure.answerer == Answerer::kRegistry) {
    if (failure.code == "BLOB_UPLOAD_INVALID" || failure.code == "BLOB_UPLOAD_UNKNOWN") {
      return MayGoAway(failure, NextMove::kAsk);
    }
    return Stop(failure, "");
  }
  if (failure.status == 413) {
    return Stop(failure, "Something before the registry limits the size of a request.");
  }
  Stop(failure, "The request was turned away before the registry; the same request will be again.");
}

void SortServerError(Failure& failure) {
  if (failure.status == 501 || failure.status == 505) {
    return Stop(failure, "The server does not know this kind of request.");
  }
  if (failure.status == 507) {
    return Stop(failure, "The registry has no space left.");
  }
  if (failure.status == 511) {
    return Stop(failure, "The network wants a login of its own.");
  }
  if (!IsRead(failure.method)) {
    return MayGoAway(failure, NextMove::kAsk);
  }
  MayGoAway(failure, failure.retry_after ? NextMove::kWait : NextMove::kRetry);
}

// A success that is none: the wrong kind of answer, from somebody else perhaps.
void SortStrangeSuccess(Failure& failure) {
  if (!IsRead(failure.method)) {
    return MayGoAway(failure, NextMove::kAsk);
  }
  if (failure.body == BodyKind::kHtml) {
    return Stop(failure, "Something else than a registry answers at this address.");
  }
  MayGoAway(failure, NextMove::kRetry);
}

void SortByStatus(Failure& failure, const Headers& headers) {
  const bool unknown_blob =
      failure.code == "MANIFEST_BLOB_UNKNOWN" || failure.code == "BLOB_UNKNOWN";
  if (unknown_blob && failure.method == "PUT") {
    // A registry can need some seconds to see what it has just taken.
    return MayGoAway(failure, NextMove::kRetry);
  }
  if (failure.code == "TOOMANYREQUESTS" || failure.status == 429) {
    return SortTooMany(failure);
  }
  if (failure.status >= 500) {
    return SortServerError(failure);
  }
  if (failure.status < 300) {
    return SortStrangeSuccess(failure);
  }
  if (failure.status < 400) {
    return Stop(failure, "The registry points elsewhere; name that place directly.");
  }
  switch (failure.status) {
    case 401:
      return SortUnauthorized(failure, headers);
    case 403:
      return SortForbidden(failure);
    case 404:
    case 405:
      return SortNotFound(failure);
    case 407:
      return Stop(failure, "The proxy wants a login.");
    case 408:
    case 421:
    case 425:
      return MayGoAway(failure, NextMove::kRetry);
    default:
      return SortRejected(failure);
  }
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
  failure.retry_after = ParseRetryAfter(seen.headers.Get("Retry-After"), now);
  return failure;
}

}  // namespace

BodyKind KindOfBody(const Headers& headers, std::string_view body) {
  return WhatIsSaid(headers, body).kind;
}

Failure ClassifyAnswer(const AnswerSeen& seen, TimePoint now) {
  Failure failure = Describe(seen, now);
  failure.answerer = WhoAnswered(seen, failure.body);
  SortByStatus(failure, seen.headers);
  return failure;
}

Failure ClassifyTokenAnswer(const AnswerSeen& seen, TimePoint now) {
  Failure failure = Describe(seen, now);
  failure.answerer = IsProxy(seen) ? Answerer::kProxy : Answerer::kTokenService;
  if (failure.status == 429 || failure.code == "TOOMANYREQUESTS") {
    SortTooMany(failure);
  } else if (failure.status >= 500) {
    // Asking for a token changes nothing, so there is nothing to find out before asking again.
    failure.method = "GET";
    SortServerError(failure);
    failure.method = seen.method;
  } else if (failure.status == 403 && failure.body == BodyKind::kHtml) {
    MayGoAway(failure, NextMove::kRetry, "Something before the token service blocks the request.");
  } else if (failure.status == 408) {
    MayGoAway(failure, NextMove::kRetry);
  } else if (failure.status == 401 || failure.status == 403) {
    Stop(failure,
         "Check the login (docker login); if it is right, the registry's login service is out of "
         "order and the run can be resumed later.");
  } else {
    Stop(failure, "The token service does not understand the request; check the registry's name.");
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
