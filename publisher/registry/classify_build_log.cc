// How a builder's log becomes a Failure. Lines are read from the last one upwards; the first that
// names a cause wins. Only some builders show the body of an answer, so that often just "the
// registry tier" can be blamed. Output of build steps counts only where a step failed.
// Source: tests/captures/client-errors.jsonl (buildx, docker, buildah, skopeo).
#include <algorithm>
#include <array>

#include "core/journal.h"
#include "core/text.h"
#include "publisher/registry/build_log_line.h"
#include "publisher/registry/failure.h"
#include "publisher/registry/retry.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kLogBytesMax = 1u << 20;  // of the end of a log
constexpr std::size_t kLineBytesMax = 500;

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
  failure.words = RedactedText(std::string_view(open).substr(0, kLineBytesMax));
  return failure;
}

// A builder asks by itself before it sends anything again, resumes nothing and knows one shape of
// request only.
Failure ForBuilder(Failure failure) {
  const bool same_bytes_again = failure.next == NextMove::kRestart;  // which were not right before
  if (MayGoAway(failure) && !same_bytes_again) {
    failure.next = failure.next == NextMove::kWait ? NextMove::kWait : NextMove::kRetry;
  } else {
    failure.next = NextMove::kStop;
    failure.persistence = same_bytes_again ? Persistence::kDeterministic : failure.persistence;
  }
  return failure;
}

// An answer that the log gives the status of, and perhaps the body.
Failure FromTold(const AnswerTold& told, std::string_view line) {
  Failure failure = ForBuilder(ClassifyAnswer(told.seen, TimePoint()));
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
  Failure failure = WithWords(ForBuilder(ClassifyAnswer(seen, TimePoint())), line);
  if (saying.status == 401) {
    failure.advice = "Check the login and its rights to the repository (docker login).";
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
    if (const std::size_t mark = line.find(" code E"); mark != std::string_view::npos) {
      const std::string_view word = line.substr(mark + std::string_view(" code ").size());
      code = std::string(word.substr(0, word.find(' ')));
    }
    const bool tells = Contains(line, " - GET ") || Contains(line, "No matching version") ||
                       Contains(line, "network request to");
    told = tells || told.empty() ? line : told;
  }
  if (code.empty()) {
    return std::nullopt;
  }
  Failure failure;
  failure.answerer = Answerer::kPackageRegistry;
  failure.code = code;
  failure.status = static_cast<int>(ParseUnsigned(code.substr(1, 3)).value_or(0));
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
      failure.words += ": " + RedactedText(Message(*line).substr(0, kLineBytesMax));
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
