// How a builder's log becomes a Failure. Lines are read from the last one upwards; the first that
// names a cause wins. Only some builders show the body of an answer, so that often just "the
// registry tier" can be blamed. Output of build steps counts only where a step failed.
// Source: tests/captures/client-errors.jsonl (buildx, docker, buildah, skopeo).
#include <algorithm>
#include <array>

#include "core/journal.h"
#include "core/text.h"
#include "publisher/registry/failure.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kLogBytesMax = 1u << 20;  // of the end of a log
constexpr std::size_t kWordsMax = 500;

constexpr std::string_view kDigits = "0123456789";

bool Contains(std::string_view text, std::string_view piece) {
  return text.find(piece) != std::string_view::npos;
}

// The text after the first `mark`; nullopt when it is not there.
std::optional<std::string_view> After(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string_view::npos ? std::nullopt : std::optional(text.substr(at + mark.size()));
}

// "#8 0.213 text" and, in the excerpt at the end, "0.213 text": what a build step printed itself.
bool IsStepOutput(std::string_view line) {
  if (line.starts_with('#')) {
    line.remove_prefix(std::min(line.find(' '), line.size() - 1) + 1);
  }
  const std::size_t dot = line.find_first_not_of(kDigits);
  if (dot == 0 || dot == std::string_view::npos || line[dot] != '.') {
    return false;
  }
  const std::size_t end = line.find_first_not_of(kDigits, dot + 1);
  return end != std::string_view::npos && end > dot + 1 && line[end] == ' ';
}

// The message without what clients put around it.
std::string_view Message(std::string_view line) {
  if (const auto message = After(line, "level=fatal msg=\"")) {
    line = *message;
    line.remove_suffix(line.ends_with('"') ? 1 : 0);
  }
  if (line.starts_with('#') && Contains(line, " ERROR: ")) {
    line = *After(line, " ERROR: ");
  }
  for (const std::string_view prefix :
       {"ERROR: ", "Error: ", "error: ", "failed to build: ", "failed to solve: "}) {
    line.remove_prefix(line.starts_with(prefix) ? prefix.size() : 0);
  }
  return line;
}

// A status code at the start of `text`, and what follows it.
struct StatusSeen {
  int status = 0;
  std::string_view rest;
};
std::optional<StatusSeen> StatusAt(std::string_view text) {
  const auto status = ParseUnsigned(text.substr(0, 3));
  const bool longer = text.size() > 3 && Contains(kDigits, text.substr(3, 1));
  if (text.size() < 3 || longer || !status || *status < 100 || *status > 599) {
    return std::nullopt;
  }
  return StatusSeen{static_cast<int>(*status), text.substr(3)};
}

// What a line tells of one answer.
struct AnswerTold {
  AnswerSeen seen;
  bool body_told = false;
};

// "unexpected status from PUT request to http://…: 400 Bad Request: <html>".
std::optional<AnswerTold> ToldWithRequest(std::string_view line) {
  const auto told = After(line, "unexpected status from ");
  const std::size_t blank = told ? told->find(' ') : std::string_view::npos;
  const auto url = told ? After(*told, " request to ") : std::nullopt;
  const std::size_t end = url ? url->find(": ") : std::string_view::npos;
  const auto status = end == std::string_view::npos ? std::nullopt : StatusAt(url->substr(end + 2));
  if (!status) {
    return std::nullopt;
  }
  AnswerTold answer;
  answer.seen.method = std::string(told->substr(0, blank));
  answer.seen.url = std::string(url->substr(0, end));
  answer.seen.status = status->status;
  if (const auto body = After(status->rest, ": ")) {
    answer.seen.body = std::string(*body);
    answer.body_told = true;
  }
  return answer;
}

// The request that other clients describe in words.
std::string MethodInWords(std::string_view line) {
  struct Row {
    std::string_view words;
    std::string_view method;
  };
  constexpr std::array<Row, 19> kRows = {{{"Put \"", "PUT"},
                                          {"Patch \"", "PATCH"},
                                          {"Post \"", "POST"},
                                          {"Head \"", "HEAD"},
                                          {"Get \"", "GET"},
                                          {"initiating layer upload", "POST"},
                                          {"uploading layer chunked", "PATCH"},
                                          {"uploading layer to", "PUT"},
                                          {"uploading manifest", "PUT"},
                                          {"trying to reuse blob", "HEAD"},
                                          {"pinging container registry", "GET"},
                                          {"reading manifest", "GET"},
                                          {"fetching blob", "GET"},
                                          {"reading blob", "GET"},
                                          {"pulling image configuration", "GET"},
                                          {"httpReadSeeker", "GET"},
                                          {"resolve source metadata", "GET"},
                                          {"Error response from daemon", "GET"},
                                          {"unknown blob", "GET"}}};
  const std::string lower = ToLower(line);
  for (const Row& row : kRows) {
    if (Contains(line, row.words) || Contains(lower, row.words)) {
      return std::string(row.method);
    }
  }
  return "";
}

// The URL a Go client quotes: `Put "http://…": …` or `uploading layer to http://…: …`.
std::string UrlInWords(std::string_view line) {
  const std::size_t start = std::min(line.find("http://"), line.find("https://"));
  if (start == std::string_view::npos) {
    return "";
  }
  std::string_view url = line.substr(start);
  url = url.substr(0, url.find_first_of("\" "));
  url.remove_suffix(url.ends_with(':') ? 1 : 0);
  return std::string(url);
}

// The status as clients without the request tell it.
std::optional<StatusSeen> ToldStatus(std::string_view line) {
  constexpr std::array<std::string_view, 10> kMarks = {
      "unexpected status: ",        "unexpected HTTP status: ", "StatusCode: ",
      "status code from registry ", "error parsing HTTP ",      "response status code ",
      "unexpected status code ",    "unexpected http status: ", "[http ",
      "destination repository "};
  for (const std::string_view mark : kMarks) {
    auto rest = After(line, mark);
    if (!rest) {
      continue;
    }
    if (const auto status = StatusAt(*rest)) {
      return status;
    }
    // A name or URL may stand before it: "… code https://host/v2/…: 503 Service Unavailable".
    for (auto piece = After(*rest, ": "); piece; piece = After(*piece, ": ")) {
      if (const auto status = StatusAt(*piece)) {
        return status;
      }
    }
  }
  return std::nullopt;
}

// "unknown: <html>…<title>400 Bad Request</title>…": a page where a registry's message was
// expected.
std::optional<AnswerTold> ToldInPage(std::string_view line) {
  const auto page = After(line, "unknown: <html");
  const auto title = page ? After(*page, "<title>") : std::nullopt;
  const auto status = title ? StatusAt(*title) : std::nullopt;
  if (!status) {
    return std::nullopt;
  }
  AnswerTold answer;
  answer.seen.method = "PUT";
  answer.seen.status = status->status;
  answer.seen.body = Concat({"<html", *page});
  answer.body_told = true;
  return answer;
}

std::optional<AnswerTold> ToldAnswer(std::string_view line) {
  if (auto answer = ToldWithRequest(line)) {
    return answer;
  }
  if (auto answer = ToldInPage(line)) {
    return answer;
  }
  const auto status = ToldStatus(line);
  if (!status) {
    return std::nullopt;
  }
  AnswerTold answer;
  answer.seen.status = status->status;
  answer.seen.method = MethodInWords(line);
  answer.seen.url = UrlInWords(line);
  const std::size_t markup = status->rest.find('<');
  if (markup != std::string_view::npos) {
    answer.seen.body = std::string(status->rest.substr(markup));
    answer.body_told = true;
  }
  return answer;
}

// A registry's own words, in the middle of a chain of ": ".
struct Saying {
  std::string_view words;
  std::string_view code;
  int status;
};
constexpr std::array<Saying, 19> kSayings = {{
    {"insufficient_scope", "DENIED", 401},
    {"toomanyrequests", "TOOMANYREQUESTS", 429},
    {"unauthorized", "UNAUTHORIZED", 401},
    {"authentication required", "UNAUTHORIZED", 401},
    {"invalid username/password", "UNAUTHORIZED", 401},
    {"denied", "DENIED", 403},
    {"requested access to the resource is denied", "DENIED", 403},
    {"manifest blob unknown", "MANIFEST_BLOB_UNKNOWN", 400},
    {"blob unknown to registry", "MANIFEST_BLOB_UNKNOWN", 400},
    {"blob unknown", "BLOB_UNKNOWN", 404},
    {"unknown blob", "BLOB_UNKNOWN", 404},
    {"blob upload unknown", "BLOB_UPLOAD_UNKNOWN", 404},
    {"blob upload unknown to registry", "BLOB_UPLOAD_UNKNOWN", 404},
    {"digest invalid", "DIGEST_INVALID", 400},
    {"provided digest did not match uploaded content", "DIGEST_INVALID", 400},
    {"manifest unknown", "MANIFEST_UNKNOWN", 404},
    {"name unknown", "NAME_UNKNOWN", 404},
    {"repository name not known to registry", "NAME_UNKNOWN", 404},
    {"manifest invalid", "MANIFEST_INVALID", 400},
}};

const Saying* FindSaying(std::string_view line) {
  const std::string flat = ReplaceAll(ToLower(line), "\\n", ": ");
  const std::string padded = Concat({": ", flat, ": "});
  for (const Saying& saying : kSayings) {
    if (Contains(padded, Concat({": ", saying.words, ": "}))) {
      return &saying;
    }
  }
  return nullptr;
}

bool IsTokenService(std::string_view line) {
  return Contains(line, "oauth token") || Contains(line, "failed to authorize") ||
         Contains(line, "unable to retrieve auth token");
}

bool IsNetwork(std::string_view line) {
  constexpr std::array<std::string_view, 17> kWords = {"connection reset by peer",
                                                       "broken pipe",
                                                       "use of closed network connection",
                                                       "i/o timeout",
                                                       "TLS handshake timeout",
                                                       "unexpected EOF",
                                                       "no such host",
                                                       "connection refused",
                                                       "emporary failure in name resolution",
                                                       "network is unreachable",
                                                       "no route to host",
                                                       "context deadline exceeded",
                                                       "sent GOAWAY",
                                                       "PROTOCOL_ERROR",
                                                       "request canceled while waiting",
                                                       "server closed idle connection",
                                                       "Client.Timeout exceeded"};
  return line.ends_with(": EOF") ||
         std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return Contains(line, word); });
}

// Troubles of the building machine, with what to do.
std::string_view AdviceForBuilder(std::string_view line) {
  struct Row {
    std::string_view words;
    std::string_view advice;
  };
  constexpr std::array<Row, 5> kRows = {
      {{"no space left on device", "Free space on the building machine (docker system prune)."},
       {"Cannot connect to the Docker daemon", "Start Docker on this machine."},
       {"exec format error", "Install QEMU's binfmt handlers for the foreign platform."},
       {"no builder ", "Create the builder first (docker buildx create --use)."},
       {"failed to calculate checksum of ref", "A file that the Dockerfile copies is missing."}}};
  for (const Row& row : kRows) {
    if (Contains(line, row.words)) {
      return row.advice;
    }
  }
  return "";
}

// Fills in what the line itself says, up to a page that it quotes.
Failure WithWords(Failure failure, std::string_view line) {
  const std::string_view message = Message(line);
  const std::string_view words = Trim(message.substr(0, message.find("<html")));
  const std::string url = UrlInWords(words);
  const std::string open = ReplaceAll(std::string(words), url, RedactedUrl(url));
  failure.words = RedactedText(std::string_view(open).substr(0, kWordsMax));
  return failure;
}

// An answer that the log gives the status of, and perhaps the body.
Failure FromTold(const AnswerTold& told, std::string_view line) {
  Failure failure = ClassifyAnswer(told.seen, TimePoint());
  if (failure.next == NextMove::kAsk) {
    failure.next = NextMove::kRetry;  // a builder asks by itself before it sends anything again
  }
  if (!told.body_told) {
    failure.body = BodyKind::kUnknown;
    failure.answerer = Answerer::kRegistryTier;
    const bool lost_session = failure.status == 404 && Contains(failure.url, "/blobs/uploads/");
    const bool refused = failure.status == 401 || failure.status == 404 || failure.status == 405;
    if (refused && !lost_session) {
      failure.persistence = Persistence::kDeterministic;
      failure.next = NextMove::kStop;
      failure.advice = failure.status == 401 ? "Check the login (docker login)." : "";
    }
  }
  return WithWords(std::move(failure), line);
}

// An answer that the log gives in the registry's own words.
Failure FromSaying(const Saying& saying, std::string_view line) {
  AnswerSeen seen;
  seen.method = MethodInWords(line);
  if (seen.method.empty()) {
    seen.method = "PUT";
  }
  seen.url = UrlInWords(line);
  seen.status = saying.status;
  seen.body = Concat({R"({"errors":[{"code":")", saying.code, R"("}]})"});
  if (saying.status == 401) {
    seen.headers.Add("WWW-Authenticate", "Bearer realm=\"r\",error=\"insufficient_scope\"");
  }
  Failure failure = WithWords(ClassifyAnswer(seen, TimePoint()), line);
  if (saying.status == 401) {
    failure.advice = "Check the login and its rights to the repository (docker login).";
  }
  if (failure.next == NextMove::kAsk) {
    failure.next = NextMove::kRetry;
  }
  return failure;
}

Failure AsTokenService(Failure failure) {
  failure.answerer = Answerer::kTokenService;
  if (failure.status == 401 || failure.status == 403) {
    failure.persistence = Persistence::kDeterministic;
    failure.next = NextMove::kStop;
    failure.advice = "Check the login (docker login).";
  }
  return failure;
}

Failure FromNetwork(std::string_view line, bool certificate) {
  Failure failure;
  failure.answerer = Answerer::kNetwork;
  failure.method = MethodInWords(line);
  failure.url = RedactedUrl(UrlInWords(line));
  failure.persistence = certificate ? Persistence::kDeterministic : Persistence::kTransient;
  failure.next = certificate ? NextMove::kStop : NextMove::kRetry;
  failure.advice = certificate ? "The server's certificate is not trusted by the builder." : "";
  return WithWords(std::move(failure), line);
}

// An image or a layer that the build wanted to read is not there.
bool IsMissingSource(std::string_view line) {
  return line.ends_with(": not found") && (Contains(line, "failed to resolve source metadata") ||
                                           Contains(line, "could not fetch content descriptor"));
}

Failure FromMissingSource(std::string_view line) {
  Failure failure;
  if (Contains(line, "no match for platform")) {
    failure.answerer = Answerer::kBuilder;
    failure.advice = "The image that the build starts from lacks one of the platforms.";
    return WithWords(std::move(failure), line);
  }
  failure.answerer = Answerer::kRegistryTier;
  failure.status = 404;
  failure.method = "GET";
  failure.advice = Contains(line, "content descriptor")
                       ? "A manifest names content that the registry no longer has."
                       : "The image that the build starts from is gone; publish it first.";
  return WithWords(std::move(failure), line);
}

// A step that asked npm for a package: "npm error code E404", in older versions "npm ERR! code …".
std::optional<Failure> FromNpm(const std::vector<std::string>& lines, std::size_t end) {
  std::string code;
  std::string_view told;
  for (std::size_t i = 0; i < end; ++i) {
    const std::string_view line = lines[i];
    if (!Contains(line, "npm error ") && !Contains(line, "npm ERR! ")) {
      continue;
    }
    if (const auto word = After(line, " code E")) {
      code = Concat({"E", word->substr(0, word->find_first_of(" \r"))});
    }
    if (Contains(line, " - GET ") || Contains(line, "No matching version") ||
        Contains(line, "network request to")) {
      told = line;
    } else if (told.empty()) {
      told = line;
    }
  }
  if (code.empty()) {
    return std::nullopt;
  }
  Failure failure;
  failure.answerer = Answerer::kPackageRegistry;
  failure.code = code;
  failure.status = static_cast<int>(ParseUnsigned(code.substr(1)).value_or(0));
  if (failure.status == 401 || failure.status == 403) {
    failure.advice = "npm refused the package; check the registry's address and its login.";
  } else {
    failure.persistence = Persistence::kTransient;
    failure.next = failure.status == 429 ? NextMove::kWait : NextMove::kRetry;
    failure.advice =
        "A version can be announced minutes before it can be fetched; wait for it or "
        "release under the next one.";
  }
  const std::size_t start = std::min(told.find("npm "), told.size());
  return WithWords(std::move(failure), told.substr(start));
}

// A build step of the Dockerfile failed: `end` is the line that says so.
Failure FromStep(const std::vector<std::string>& lines, std::size_t end) {
  if (auto failure = FromNpm(lines, end)) {
    return *failure;
  }
  Failure failure;
  failure.answerer = Answerer::kBuilder;
  failure.advice = "A step of the Dockerfile failed; its output stands above in the log.";
  for (std::size_t i = 0; i < end; ++i) {
    if (const auto advice = AdviceForBuilder(lines[i]); !advice.empty()) {
      failure.advice = std::string(advice);
    }
  }
  return WithWords(std::move(failure), lines[end]);
}

bool IsStepFailure(std::string_view line) {
  return Contains(line, "did not complete successfully") || Contains(line, "building at STEP ") ||
         Contains(line, "while running runtime: exit status");
}

// The cause that the line at `at` names, if it names one.
std::optional<Failure> CauseAt(const std::vector<std::string>& lines, std::size_t at) {
  const std::string_view line = lines[at];
  if (line.empty() || IsStepOutput(line)) {
    return std::nullopt;
  }
  if (const auto advice = AdviceForBuilder(line); !advice.empty()) {
    Failure failure;
    failure.answerer = Answerer::kBuilder;
    failure.advice = std::string(advice);
    return WithWords(std::move(failure), line);
  }
  if (IsStepFailure(line)) {
    return FromStep(lines, at);
  }
  if (const auto told = ToldAnswer(line)) {
    Failure failure = FromTold(*told, line);
    return IsTokenService(line) ? AsTokenService(std::move(failure)) : failure;
  }
  if (IsMissingSource(line)) {
    return FromMissingSource(line);
  }
  if (const Saying* saying = FindSaying(Message(line))) {
    Failure failure = FromSaying(*saying, line);
    return IsTokenService(line) ? AsTokenService(std::move(failure)) : failure;
  }
  if (Contains(line, "x509: ") || Contains(line, "certificate verify failed")) {
    return FromNetwork(line, true);
  }
  if (IsNetwork(line)) {
    return FromNetwork(line, false);
  }
  return std::nullopt;
}

bool WroteCache(const std::vector<std::string>& lines, std::string_view cause) {
  for (const std::string_view words :
       {"error writing manifest blob", "error writing layer blob", "error writing config blob"}) {
    if (Contains(cause, words)) {
      return true;
    }
  }
  return !Contains(cause, "failed to push ") &&
         std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
           return line.starts_with("> exporting cache to ");
         });
}

// The lines, trimmed; an HTML page that an error message quotes stays on the message's line.
std::vector<std::string> LinesOf(std::string_view log) {
  if (log.size() > kLogBytesMax) {
    log.remove_prefix(log.size() - kLogBytesMax);
  }
  std::vector<std::string> lines;
  bool in_page = false;
  for (const std::string& raw : Split(log, '\n')) {
    const std::string_view line = Trim(raw);
    if (in_page && !line.starts_with('#')) {
      lines.back() += Concat({" ", line});
    } else {
      lines.emplace_back(line);
    }
    in_page = Contains(lines.back(), "<html") && !Contains(lines.back(), "</html>");
  }
  return lines;
}

Failure WithoutCause(const std::vector<std::string>& lines, int exit_code) {
  Failure failure;
  failure.answerer = Answerer::kBuilder;
  failure.words = Concat({"exit code ", std::to_string(exit_code)});
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (!line->empty()) {
      failure.words += ": " + RedactedText(Message(*line).substr(0, kWordsMax));
      break;
    }
  }
  failure.advice = exit_code == 137 ? "The builder was killed; it may have run out of memory."
                                    : "Read the builder's log.";
  return failure;
}

}  // namespace

Failure ClassifyBuildLog(std::string_view log, int exit_code) {
  const std::vector<std::string> lines = LinesOf(log);
  for (std::size_t at = lines.size(); at-- > 0;) {
    auto failure = CauseAt(lines, at);
    if (!failure) {
      continue;
    }
    failure->cache_export = WroteCache(lines, lines[at]);
    if (failure->cache_export) {
      failure->advice = "Only the cache export failed; build again without a cache option.";
    }
    return *failure;
  }
  return WithoutCause(lines, exit_code);
}

}  // namespace drydock::publisher
