#include "publisher/registry/failure.h"

#include <array>

#include "core/journal.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

// "registry answered 403 DENIED", "network: no answer", "builder".
std::string WhoSaidWhat(const Failure& failure) {
  const std::string who(Name(failure.answerer));
  if (failure.status != 0) {
    std::string said = Concat({who, " answered ", std::to_string(failure.status)});
    return failure.code.empty() ? said : Concat({said, " ", failure.code});
  }
  if (failure.answerer == Answerer::kNetwork && !failure.method.empty()) {
    return who + ": no answer";
  }
  return failure.code.empty() ? who : Concat({who, " said ", failure.code});
}

}  // namespace

std::string_view Name(Answerer answerer) {
  constexpr std::array<std::string_view, 9> kNames = {
      "registry",         "edge",    "proxy",   "token service", "registry tier",
      "package registry", "network", "builder", "local"};
  return kNames[static_cast<std::size_t>(answerer)];
}

std::string_view Name(Persistence persistence) {
  return persistence == Persistence::kTransient ? "transient" : "deterministic";
}

std::string_view Name(BodyKind kind) {
  constexpr std::array<std::string_view, 7> kNames = {"unknown", "empty", "registry-json", "json",
                                                      "html",    "xml",   "text"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string Failure::ToString() const {
  std::string text = WhoSaidWhat(*this);
  if (!method.empty()) {
    text += Concat({" to ", method, url.empty() ? "" : " ", url});
  }
  if (!words.empty()) {
    text += ": " + words;
  }
  if (cancelled) {
    return text + " (stopped)";
  }
  text += Concat({" (", Name(persistence)});
  if (attempts > 1) {
    text += Concat({", after ", std::to_string(attempts), " attempts"});
  }
  return text + ")";
}

Failure ClassifyLoss(std::string_view method, std::string_view url, const Error& error) {
  Failure failure;
  failure.method = std::string(method);
  failure.url = RedactedUrl(url);
  failure.words = RedactedText(error.message());
  const bool write = method != "GET" && method != "HEAD";
  switch (error.code()) {
    case ErrorCode::kUnavailable:
      failure.answerer = Answerer::kNetwork;
      failure.persistence = Persistence::kTransient;
      failure.next = NextMove::kRetry;
      failure.advice = "Check that the host is right and that this machine reaches it.";
      break;
    case ErrorCode::kTimeout:
    case ErrorCode::kAmbiguous:
      failure.answerer = Answerer::kNetwork;
      failure.persistence = Persistence::kTransient;
      failure.next = write ? NextMove::kAsk : NextMove::kRetry;
      break;
    case ErrorCode::kDenied:
      failure.answerer = Answerer::kNetwork;
      failure.advice =
          "The server's certificate is not trusted; find out who answers in its place before "
          "trying again.";
      break;
    case ErrorCode::kCancelled:
      failure.cancelled = true;
      failure.next = write ? NextMove::kAsk : NextMove::kStop;
      break;
    case ErrorCode::kInvalid:
    case ErrorCode::kNotFound:
    case ErrorCode::kConflict:
    case ErrorCode::kInternal:
      break;
  }
  return failure;
}

Failure LocalFailure(std::string words, std::string advice) {
  Failure failure;
  failure.words = std::move(words);
  failure.advice = std::move(advice);
  return failure;
}

}  // namespace drydock::publisher
